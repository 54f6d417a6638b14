//! A request by program to switch the renewal of a contract on or off. Like a quote it changes nothing until it is accepted,
//! and then it does what the page *Modify renewal* does ([`super::renewal`]), once however often it is accepted.

use super::agreement::AgreementEvent;
use super::ids::{AgreementId, QuoteId};
use super::quote::LIFE;
use super::renewal::{self, Chosen, RenewalRefusal};
use super::store::{agreements, renewal_requests as store};
use crate::access::BuyerScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::tx;
use serde_json::json;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct RenewalRequest {
    /// Its id, of the form that quotes have.
    pub id: QuoteId,
    /// Which agreement it would change.
    pub agreement_id: AgreementId,
    /// To what.
    pub auto_renew: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it cannot be accepted.
    pub lapses_at: Timestamp,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
}

/// Why a request is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AcceptRefusal {
    /// Its time is over.
    #[error("the request lapsed")]
    Lapsed,
    /// The agreement does not take it any more.
    #[error(transparent)]
    Renewal(#[from] RenewalRefusal),
}

/// Makes a request; of two with the same token the first counts.
///
/// # Errors
/// Any storage error.
pub async fn create(
    db: &Db,
    scope: &BuyerScope,
    who: &Who,
    (agreement, auto_renew): (&AgreementId, bool),
    token: Option<(&str, &[u8])>,
) -> Result<QuoteId, Error> {
    let request = RenewalRequest {
        id: QuoteId::generate(),
        agreement_id: agreement.clone(),
        auto_renew,
        created_at: who.now,
        lapses_at: who.now + LIFE,
        accepted_at: None,
    };
    tx!(db, |tx| {
        if store::insert(tx, scope, &request, token).await? {
            let entry = Entry::new("renewal_request.created", &request.id).in_buyer_account(scope.account());
            let after = json!({ "agreement": agreement.as_str(), "auto_renew": auto_renew });
            audit::record(tx, who, entry.after(after)).await?;
        }
        Ok::<_, Error>(())
    })?;
    Ok(request.id)
}

/// A request of the buyer's own account (MKT-14).
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, scope: &BuyerScope, id: &QuoteId) -> Result<Option<RenewalRequest>, Error> {
    store::find(db, scope, id).await
}

/// Accepts a request.
///
/// # Errors
/// A refusal, or any storage error; sent again, it goes on.
pub async fn accept(db: &Db, scope: &BuyerScope, who: &Who, request: &RenewalRequest) -> Result<(), Failed<AcceptRefusal>> {
    if request.accepted_at.is_some() {
        return Ok(());
    }
    if who.now >= request.lapses_at {
        return refuse(AcceptRefusal::Lapsed);
    }
    let chosen = Chosen::auto_renew(request.auto_renew);
    let as_it_is = agreements::find(db, scope, &request.agreement_id).await?.filter(|agreement| agreement.auto_renew == request.auto_renew);
    if let Some(agreement) = as_it_is
        && agreement.standing(who.now).after(AgreementEvent::RenewalChanged).is_ok()
    {
        // The number that was chosen for the next term stays.
        return Ok(store::note_accepted(db, &request.id, who.now).await?);
    }
    if let Err(failed) = renewal::change(db, scope, who, &request.agreement_id, chosen).await {
        return Err(match failed {
            Failed::Refused(refusal) => Failed::Refused(refusal.into()),
            Failed::Storage(error) => Failed::Storage(error),
        });
    }
    Ok(store::note_accepted(db, &request.id, who.now).await?)
}
