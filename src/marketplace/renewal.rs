//! Auto renew on or off, from *Modify renewal*. It changes what happens at the end date, never the running term. Other
//! credits for the next term are not offered here yet (REN-3).

use super::agreement::{AgreementEvent, NotNow};
use super::event::{self, EventKind};
use super::ids::AgreementId;
use super::store::agreements as store;
use crate::access::BuyerScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Failed, refuse};
use crate::tx;
use serde_json::json;

/// Why the renewal is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewalRefusal {
    /// The buyer account has no such agreement (MKT-14).
    #[error("no such agreement")]
    NotFound,
    /// It is pending, over, or never came into force.
    #[error(transparent)]
    NotNow(#[from] NotNow),
}

/// Switches auto renew; false when it was so already.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn set_auto_renew(
    db: &Db,
    scope: &BuyerScope,
    who: &Who,
    agreement: &AgreementId,
    on: bool,
) -> Result<bool, Failed<RenewalRefusal>> {
    tx!(db, |tx| {
        let Some(agreement) = store::lock(tx, scope, agreement).await? else {
            return refuse(RenewalRefusal::NotFound);
        };
        if let Err(not_now) = agreement.standing(who.now).after(AgreementEvent::RenewalChanged) {
            return refuse(not_now.into());
        }
        if agreement.auto_renew == on {
            return Ok(false);
        }
        store::set_auto_renew(tx, &agreement.id, on).await?;
        event::record(tx, EventKind::AgreementAmended, &agreement, who.now).await?;
        let entry = Entry::new("agreement.renewal_changed", &agreement.id).in_buyer_account(scope.account());
        audit::record(tx, who, entry.before(json!({ "auto_renew": agreement.auto_renew })).after(json!({ "auto_renew": on }))).await?;
        Ok::<_, Failed<RenewalRefusal>>(true)
    })
}
