//! What an incoming event is to the console: a kind, what makes it the same as one that came before, and which purchase it
//! names. Pure. It never carries figures: those are read from the marketplace (rule 54 of the protocol).

use crate::kernel::clock::Timestamp;
use crate::text_enum;

text_enum! {
    /// What an event tells of, in the words of the protocol's section 8.
    pub enum Kind {
        /// An agreement began, also a renewal.
        AgreementCreated = "agreement_created",
        /// An agreement was amended: an upgrade, or its renewal settings.
        AgreementAmended = "agreement_amended",
        /// An agreement ended, whatever the reason.
        AgreementEnded = "agreement_ended",
        /// An agreement ends soon.
        AgreementEnding = "agreement_ending",
        /// A renewal comes, or its terms are final.
        RenewalAnnounced = "renewal_announced",
        /// AWS advises a person to look (rule 55).
        AdvisoryIssued = "advisory_issued",
        /// The advice is over.
        AdvisoryResolved = "advisory_resolved",
        /// Entitlements changed.
        LicenseUpdated = "license_updated",
        /// Entitlements are gone.
        LicenseDeprovisioned = "license_deprovisioned",
        /// A step of a request to cancel.
        CancellationRequest = "cancellation_request",
        /// A step of a billing adjustment.
        BillingAdjustment = "billing_adjustment",
        /// The legacy notice that says only that something changed (rule 56).
        EntitlementUpdated = "entitlement_updated",
        /// The legacy notices of subscriptions.
        SubscriptionChanged = "subscription_changed",
        /// The topic asks whether it may send, or says that it stops.
        Subscribing = "subscribing",
        /// Another event of AWS.
        Other = "other",
        /// Nothing that this version can read.
        Unreadable = "unreadable",
    }
}

impl Kind {
    /// Whether a person has to hear of it.
    #[must_use]
    pub const fn is_advisory(self) -> bool {
        matches!(self, Self::AdvisoryIssued | Self::AdvisoryResolved)
    }
}

text_enum! {
    /// What became of an event.
    pub enum State {
        /// Stored, and the marketplace has not been read since.
        Waiting = "waiting",
        /// The marketplace was read after it came.
        Followed = "followed",
        /// It names a purchase that nobody has activated.
        Unmatched = "unmatched",
        /// There is nothing to read for it.
        Ignored = "ignored",
        /// It could not be understood.
        Unreadable = "unreadable",
    }
}

/// What makes two deliveries one event. Any one of them is enough (rule 50).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    /// EventBridge's id.
    pub event: Option<String>,
    /// The request that caused it, with what it tells of.
    pub request: Option<String>,
    /// The message that brought it.
    pub message: Option<String>,
}

/// Which purchase an event names. Everything in it is printable ASCII without blanks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reference {
    /// `l-` and 32 hexadecimal digits: what all forms of a license ARN share.
    pub license_key: Option<String>,
    /// The license ARN, when it came in full.
    pub license_arn: Option<String>,
    /// The agreement.
    pub agreement: Option<String>,
    /// The agreement that it goes on from.
    pub previous_agreement: Option<String>,
    /// The product.
    pub product: Option<String>,
    /// The buyer's account, or a legacy listing's customer identifier.
    pub customer: Option<String>,
}

impl Reference {
    /// Whether a purchase could be found by it.
    #[must_use]
    pub const fn names_a_purchase(&self) -> bool {
        self.license_key.is_some() || self.agreement.is_some() || (self.product.is_some() && self.customer.is_some())
    }
}

/// An event as it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it tells of.
    pub kind: Kind,
    /// What makes it the same as another.
    pub keys: Keys,
    /// Which purchase it names.
    pub about: Reference,
    /// When it happened, as it says itself.
    pub happened_at: Option<Timestamp>,
    /// Whether the marketplace has to be read for it.
    pub state: State,
}
