//! The port to a marketplace: all that the console ever learns about a purchase comes through here. The shape fits AWS
//! Marketplace (resolve, entitlements, events) and leaves room for marketplaces that want to be told about an
//! activation.

pub mod aws;
pub mod embedded;

use super::license::Source;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventId;
use crate::kernel::secret::Secret;
use async_trait::async_trait;

/// What a registration token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedPurchase {
    /// The key of the purchase.
    pub license_arn: String,
    /// The seller's product.
    pub product_code: String,
    /// Its name, for people.
    pub product_name: String,
    /// The seller's name, for the heading of the activation page.
    pub seller_name: String,
    /// The agreement.
    pub agreement_id: String,
    /// The buyer's 12 digits.
    pub buyer_account_id: String,
    /// When the token ends, where the marketplace tells; else the console counts four hours from the landing (SET-4).
    pub token_expires_at: Option<Timestamp>,
}

/// Why a token does not resolve.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// Unknown or malformed.
    #[error("the registration token is invalid")]
    Invalid,
    /// Older than its four hours.
    #[error("the registration token has expired")]
    Expired,
    /// The marketplace cannot be asked now; nothing is lost by trying again.
    #[error("the marketplace cannot be reached")]
    Unreachable(#[source] anyhow::Error),
}

/// One row of the truth: what a license ARN is worth at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// The dimension's key, `credits` for credit licenses.
    pub dimension: String,
    /// The total, not the last change.
    pub quantity: i64,
    /// End of the contract, or its next renewal.
    pub expires_at: Timestamp,
}

/// How the agreement behind a license ARN stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgreementStanding {
    /// Accepted; payment or provisioning is not finished, so there is no entitlement yet.
    Pending,
    /// In force.
    Active,
    /// Over, whatever the reason.
    Ended,
}

/// How an agreement came to its end, once the marketplace has said so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its term is over and it did not renew.
    Expired,
    /// The next term goes on under another agreement: no revocation (REN-4).
    Renewed,
    /// Another agreement took its place: no revocation.
    Replaced,
    /// By the buyer.
    Cancelled,
    /// By the seller.
    Terminated,
    /// The payment did not arrive.
    NotPaid,
}

/// What is known about the agreement behind a license ARN; for showing and for joining renewals to their contract, never
/// for granting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementFacts {
    /// Its id.
    pub agreement_id: String,
    /// First of its chain of renewals.
    pub initial_agreement_id: String,
    /// The agreement that it renewed or replaced.
    pub previous_agreement_id: Option<String>,
    /// How it stands.
    pub standing: AgreementStanding,
    /// How it ended. An agreement may be past its end without this: then a renewal may be in flight.
    pub ending: Option<Ending>,
    /// The license ARN of the agreement that renewed or replaced it, where the marketplace tells; it may be the same.
    pub successor: Option<String>,
    /// Start of the term.
    pub starts_at: Timestamp,
    /// End of the term.
    pub ends_at: Timestamp,
    /// Whether it renews by itself.
    pub auto_renew: bool,
}

/// A hint that something about a purchase changed. It only triggers a read of the truth.
#[derive(Clone, Debug)]
pub struct Change {
    /// For [`Marketplace::acknowledge`].
    pub id: EventId,
    /// Which purchase.
    pub license_arn: String,
}

/// The marketplace could not answer; the caller keeps what it has and tries again later.
#[derive(Debug, thiserror::Error)]
#[error("the marketplace cannot be reached")]
pub struct Unreachable(#[from] pub anyhow::Error);

/// What a feature used in one hour, for a marketplace that bills by use (CRD-9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The same for the same contract, feature and hour: telling it again makes no difference.
    pub key: String,
    /// The feature.
    pub dimension: String,
    /// The beginning of the hour.
    pub hour_at: Timestamp,
    /// Units, more than zero.
    pub quantity: i64,
}

/// What a marketplace makes of metered usage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metering {
    /// It has every hour.
    Taken,
    /// It has no metering, or not for this purchase.
    NotSupported,
}

/// A marketplace, seen from the console.
#[async_trait]
pub trait Marketplace: Send + Sync {
    /// Which marketplace this is, as License Information names it (LIC-2).
    fn source(&self) -> Source {
        Source::Embedded
    }

    /// Until when it is left alone because too many calls failed, for the person who waits; `None` where it can be asked now.
    fn resumes_at(&self) -> Option<Timestamp> {
        None
    }

    /// What a presented token stands for. Repeatable until the token expires.
    async fn resolve(&self, token: &Secret) -> Result<ResolvedPurchase, ResolveError>;

    /// The entitlements in force, all pages; empty while payment is pending and after the end.
    async fn entitlements(&self, product_code: &str, license_arn: &str) -> Result<Vec<Entitlement>, Unreachable>;

    /// The agreement behind a license ARN; `None` when the marketplace does not know it.
    async fn agreement(&self, license_arn: &str) -> Result<Option<AgreementFacts>, Unreachable>;

    /// Changes that were not acknowledged yet, oldest first, at most `most`. At least once, in any order.
    async fn receive(&self, most: u32) -> Result<Vec<Change>, Unreachable>;

    /// These changes need not come again.
    async fn acknowledge(&self, changes: &[EventId]) -> Result<(), Unreachable>;

    /// Tells the marketplace that the purchase was activated, where it wants to know. Repeatable.
    async fn report_activated(&self, license_arn: &str, at: Timestamp) -> Result<(), Unreachable>;

    /// Tells the marketplace what a purchase used, where it has metering. Repeatable.
    async fn meter(&self, _license_arn: &str, _usage: &[Usage]) -> Result<Metering, Unreachable> {
        Ok(Metering::NotSupported)
    }
}
