//! A row of License Information: where it comes from, what kind it is, and how it stands at an instant. Pure.

use crate::kernel::clock::Timestamp;
use crate::text_enum;
use chrono::TimeDelta;

/// From when on an active license carries the badge *Expires soon* (LIC-3).
pub const EXPIRES_SOON: TimeDelta = TimeDelta::days(30);

text_enum! {
    /// Where a license comes from (LIC-1).
    pub enum Source {
        /// The marketplace of this program.
        Embedded = "embedded",
        /// AWS Marketplace.
        Aws = "aws",
        /// An activation code.
        Code = "code",
    }
}

text_enum! {
    /// What made the item (CRD-6).
    pub enum Kind {
        /// The purchase.
        New = "new",
        /// Credits added in the term.
        Upgrade = "upgrade",
        /// A further term.
        Renewal = "renewal",
        /// An activation code.
        Code = "code",
    }
}

text_enum! {
    /// How a license stands (LIC-3).
    pub enum Status {
        /// Bought and set up, but not activated yet: only a registration.
        NotActivated = "not_activated",
        /// In force.
        Active = "active",
        /// Past its expiration.
        Expired = "expired",
        /// Taken away.
        Revoked = "revoked",
    }
}

impl Source {
    /// The source in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Embedded => "Marketplace",
            Self::Aws => "AWS Marketplace",
            Self::Code => "Activation code",
        }
    }
}

impl Kind {
    /// The kind in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Upgrade => "Upgrade",
            Self::Renewal => "Renewal",
            Self::Code => "Code",
        }
    }
}

impl Status {
    /// The status in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NotActivated => "Not activated",
            Self::Active => "Active",
            Self::Expired => "Expired",
            Self::Revoked => "Revoked",
        }
    }

    /// How an activated license stands at `now`; its last instant is the one before `expires_at` (TIM-3).
    #[must_use]
    pub fn of(revoked_at: Option<Timestamp>, expires_at: Timestamp, now: Timestamp) -> Self {
        match revoked_at {
            Some(_) => Self::Revoked,
            None if now < expires_at => Self::Active,
            None => Self::Expired,
        }
    }

    /// Whether the badge *Expires soon* stands beside it.
    #[must_use]
    pub fn expires_soon(self, expires_at: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Active => expires_at - now <= EXPIRES_SOON,
            Self::NotActivated | Self::Expired | Self::Revoked => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LIC-3: each status at its edge, and the badge only beside *Active*.
    #[test]
    fn a_license_is_active_until_its_expiration_and_expires_soon_in_its_last_thirty_days() {
        let end: Timestamp = "2027-03-02T09:00:00Z".parse().unwrap();
        let tick = TimeDelta::microseconds(1);
        let seen = |now: Timestamp, revoked: Option<Timestamp>| {
            let status = Status::of(revoked, end, now);
            (status.label(), status.expires_soon(end, now))
        };
        assert_eq!(seen(end - EXPIRES_SOON - tick, None), ("Active", false));
        assert_eq!(seen(end - EXPIRES_SOON, None), ("Active", true));
        assert_eq!(seen(end - tick, None), ("Active", true));
        assert_eq!(seen(end, None), ("Expired", false));
        assert_eq!(seen(end - tick, Some(end - tick)), ("Revoked", false));
        assert_eq!(seen(end, Some(end - tick)), ("Revoked", false));
    }
}
