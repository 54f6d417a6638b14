//! The faults that can be switched on, what each does, and which are on. Pure.

use crate::kernel::clock::Timestamp;
use crate::text_enum;
use std::collections::BTreeMap;

text_enum! {
    /// A bad day of a marketplace, by its name in commands and forms.
    pub enum Fault {
        /// What is bought appears late (rule 15).
        ProvisioningDelay = "provisioning-delay",
        /// A payment that seemed to go through does not arrive (rule 16).
        PaymentFails = "payment-fails",
        /// Calls are throttled (rule 7).
        Throttling = "throttling",
        /// First pages are empty and have a token.
        EmptyPages = "empty-pages",
        /// Metering is disabled.
        DisabledApi = "disabled-api",
        /// The service fails.
        InternalError = "internal-error",
        /// Registration tokens are over.
        ExpiredTokens = "expired-tokens",
        /// A token resolves once (rule 22).
        ReplayedTokens = "replayed-tokens",
        /// Events are delivered twice (rule 50).
        DuplicateEvents = "duplicate-events",
        /// Events are not delivered.
        DroppedEvents = "dropped-events",
        /// Events are delivered late.
        LateEvents = "late-events",
        /// Events overtake each other (rule 51).
        ReorderedEvents = "reordered-events",
    }
}

/// The longest delay: a day. What has to wait longer is what the movable clock is for.
pub const VALUE_MAX: i64 = 86_400;
/// The most times that a fault can be asked for.
pub const TIMES_MAX: i64 = 1_000_000;

impl Fault {
    /// Its name for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ProvisioningDelay => "Provisioning delay",
            Self::PaymentFails => "Payment fails after the redirect",
            Self::Throttling => "Throttling",
            Self::EmptyPages => "Empty first pages",
            Self::DisabledApi => "Disabled API",
            Self::InternalError => "Internal error",
            Self::ExpiredTokens => "Expired tokens",
            Self::ReplayedTokens => "Replayed tokens",
            Self::DuplicateEvents => "Duplicate events",
            Self::DroppedEvents => "Dropped events",
            Self::LateEvents => "Late events",
            Self::ReorderedEvents => "Reordered events",
        }
    }

    /// What it does while it is on, one sentence.
    #[must_use]
    pub const fn does(self) -> &'static str {
        match self {
            Self::ProvisioningDelay => "A purchase stays pending for the seconds given: no entitlement until then.",
            Self::PaymentFails => "A purchase is accepted and pending, and rolled back after the seconds given.",
            Self::Throttling => "Calls beyond the number given in a second and account get ThrottlingException.",
            Self::EmptyPages => "The first page of GetEntitlements is empty and has a token.",
            Self::DisabledApi => "ResolveCustomer and the rest of Metering get DisabledApiException.",
            Self::InternalError => "Every call gets InternalServiceErrorException, 500.",
            Self::ExpiredTokens => "ResolveCustomer answers ExpiredTokenException for every registration token.",
            Self::ReplayedTokens => "A registration token resolves once; the second time it gets ExpiredTokenException.",
            Self::DuplicateEvents => "Every event comes a second time, the seconds given later.",
            Self::DroppedEvents => "Events are not delivered; only reading the truth again helps.",
            Self::LateEvents => "Every event comes the seconds given late.",
            Self::ReorderedEvents => "Events wait up to the seconds given, each differently, and overtake each other.",
        }
    }

    /// What its number counts, and how much that is when nobody says; nothing for faults without one.
    #[must_use]
    pub const fn number(self) -> Option<(&'static str, i64)> {
        match self {
            Self::ProvisioningDelay | Self::PaymentFails | Self::LateEvents => Some(("seconds", 60)),
            Self::Throttling => Some(("calls a second", 0)),
            Self::DuplicateEvents => Some(("seconds", 0)),
            Self::ReorderedEvents => Some(("seconds", 10)),
            Self::EmptyPages
            | Self::DisabledApi
            | Self::InternalError
            | Self::ExpiredTokens
            | Self::ReplayedTokens
            | Self::DroppedEvents => None,
        }
    }
}

/// How a fault is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its number; zero where it has none.
    pub value: i64,
    /// How many times more; nothing until it is switched off.
    pub remaining: Option<i64>,
    /// Since when, by the moved clock.
    pub since: Timestamp,
    /// Who switched it on.
    pub by: String,
}

/// The faults that were switched on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(BTreeMap<Fault, Setting>);

impl Faults {
    /// These.
    #[must_use]
    pub const fn of(settings: BTreeMap<Fault, Setting>) -> Self {
        Self(settings)
    }

    /// How one was switched on, used up or not.
    #[must_use]
    pub fn find(&self, fault: Fault) -> Option<&Setting> {
        self.0.get(&fault)
    }

    /// The number of a fault that has an effect now.
    #[must_use]
    pub fn value(&self, fault: Fault) -> Option<i64> {
        self.0.get(&fault).filter(|setting| setting.remaining != Some(0)).map(|setting| setting.value)
    }

    /// Whether a fault has an effect now.
    #[must_use]
    pub fn has(&self, fault: Fault) -> bool {
        self.value(fault).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_that_is_used_up_has_no_effect() {
        let since = "2026-03-02T09:00:00Z".parse().expect("an instant");
        let setting = |remaining| Setting { value: 7, remaining, since, by: "ada".to_owned() };
        let faults = Faults::of(BTreeMap::from([
            (Fault::LateEvents, setting(None)),
            (Fault::Throttling, setting(Some(1))),
            (Fault::DroppedEvents, setting(Some(0))),
        ]));
        assert_eq!((faults.value(Fault::LateEvents), faults.value(Fault::Throttling)), (Some(7), Some(7)));
        assert!(!faults.has(Fault::DroppedEvents) && faults.find(Fault::DroppedEvents).is_some());
        assert!(!faults.has(Fault::EmptyPages));
    }
}
