//! Registration tokens: the proof that *Set up your account* and *Set up product* hand to the browser. Each click makes
//! a new one of 256 random bits that lives four hours from the click; only its hash is kept (SET-1, SET-2).

use super::agreement::{AgreementEvent, NotNow};
use super::catalog::CustomerIdentity;
use super::ids::{AgreementId, LicenseArn};
use super::store::{agreements, tokens as store};
use crate::access::BuyerScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::secret::Secret;
use crate::tx;
use chrono::TimeDelta;
use serde_json::json;

/// A token resolves while less than this has passed since the click.
pub const LIFE: TimeDelta = TimeDelta::hours(4);
/// The same for a token that a buyer's program asked for: it hands it over at once.
pub const LIFE_BY_PROGRAM: TimeDelta = TimeDelta::minutes(30);
/// An expired token is remembered so long that its bearer is told *expired* and not *unknown*.
pub const REMEMBERED: TimeDelta = TimeDelta::days(90);

/// A new token. This is the only time its text is known here.
#[derive(Clone, Debug)]
pub struct Issued {
    /// For the hand-over page, and nowhere else.
    pub token: Secret,
    /// First instant at which it is over.
    pub expires_at: Timestamp,
}

/// Why no token is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueRefusal {
    /// The buyer account has no such agreement (MKT-14).
    #[error("no such agreement")]
    NotFound,
    /// It is over or never came into force.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

/// What a token stands for.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Purchase {
    /// The key of the purchase.
    pub license_arn: LicenseArn,
    /// Its agreement.
    pub agreement_id: AgreementId,
    /// The seller's product.
    pub product_code: String,
    /// Its name.
    pub product_name: String,
    /// The seller.
    pub seller_name: String,
    /// The seller's 12 digits.
    pub seller_id: String,
    /// How the product's customers are named.
    pub customer_identity: CustomerIdentity,
    /// The buyer's 12 digits.
    pub buyer_account_id: String,
    /// First instant at which the token is over.
    pub expires_at: Timestamp,
}

/// Why a token does not resolve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveRefusal {
    /// Nobody was given this token.
    #[error("the token is unknown")]
    Unknown,
    /// Its four hours are over.
    #[error("the token has expired")]
    Expired,
}

/// Issues a token for one click. Earlier ones keep their own time.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn issue(db: &Db, scope: &BuyerScope, who: &Who, agreement: &AgreementId) -> Result<Issued, Failed<IssueRefusal>> {
    issue_for(db, scope, who, agreement, LIFE).await
}

/// The same with a life of its own: what a program asks for lives [`LIFE_BY_PROGRAM`].
///
/// # Errors
/// A refusal, or any storage error.
pub async fn issue_for(
    db: &Db,
    scope: &BuyerScope,
    who: &Who,
    agreement: &AgreementId,
    life: TimeDelta,
) -> Result<Issued, Failed<IssueRefusal>> {
    let token = Secret::generate();
    let (hash, expires_at) = (token.hash(), who.now + life);
    tx!(db, |tx| {
        let Some(agreement) = agreements::lock(tx, scope, agreement).await? else {
            return refuse(IssueRefusal::NotFound);
        };
        if let Err(not_now) = agreement.standing(who.now).after(AgreementEvent::SetUp) {
            return refuse(not_now.into());
        }
        let key = agreements::lock_arn(tx, &agreement.license_arn).await?.ok_or(Error::NotFound)?;
        if key.set_up_at.is_none() {
            agreements::set_up(tx, &agreement.license_arn, who.now).await?;
        }
        store::insert(tx, &hash, &agreement, scope.person(), who.now, expires_at).await?;
        let entry = Entry::new("subscription.set_up_started", &agreement.id).in_buyer_account(scope.account());
        audit::record(tx, who, entry.after(json!({ "expires_at": expires_at.to_rfc3339() }))).await?;
        Ok::<_, Failed<IssueRefusal>>(())
    })?;
    Ok(Issued { token, expires_at })
}

/// What a presented token stands for; the same answer as often as it is asked while it lives (SET-2).
///
/// # Errors
/// A refusal, or any storage error.
pub async fn resolve(db: &Db, token: &Secret, now: Timestamp) -> Result<Purchase, Failed<ResolveRefusal>> {
    match store::find(db, &token.hash()).await? {
        None => refuse(ResolveRefusal::Unknown),
        Some(purchase) if now < purchase.expires_at => Ok(purchase),
        Some(_) => refuse(ResolveRefusal::Expired),
    }
}

/// Forgets tokens that expired long ago; how many.
///
/// # Errors
/// Any storage error.
pub async fn sweep(db: &Db, now: Timestamp) -> Result<u64, Error> {
    store::delete_expired(db, now - REMEMBERED).await
}
