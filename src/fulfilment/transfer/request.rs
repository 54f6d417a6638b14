//! A member of staff asks for a transfer (SUP-4). Nothing moves yet: a second one decides in [`super::decide`].

use super::decide::write_lapse;
use super::holding::{Holding, Immovable};
use super::model::{Event, NotUndoable, Request, Status};
use super::store::{self, Named};
use super::typed::{Confirmed, Reason, Ticket};
use crate::access::{Action, Actor, allows};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Failed, Tx, refuse};
use crate::kernel::id::{BusinessId, ContractId, TransferId};
use serde_json::json;

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The license, its id typed once more; its whole contract moves.
    pub license: Confirmed,
    /// Where to.
    pub to: BusinessId,
    /// Why.
    pub reason: Reason,
    /// The support ticket.
    pub ticket: Ticket,
    /// The transfer that is to be taken back; `to` is then the business it came from (SUP-5).
    pub undoes: Option<TransferId>,
}

/// Why it cannot be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskRefusal {
    /// Whoever asks is not support staff.
    NotAllowed,
    /// There is no such license or purchase.
    NoSuchLicense,
    /// There is no such business.
    NoSuchBusiness,
    /// It cannot be moved, or not there (SUP-6).
    Immovable(Immovable),
    /// The transfer that is to be taken back cannot be (SUP-5).
    NotUndoable(NotUndoable),
    /// The contract has an open request.
    AlreadyAsked(TransferId),
}

/// Asks for a transfer; the id of the request.
///
/// # Errors
/// The refusal, or a storage error.
pub async fn request(db: &Db, actor: &Actor, who: &Who, ask: Ask) -> Result<TransferId, Failed<AskRefusal>> {
    if allows(actor, Action::RequestTransfer).is_err() {
        return refuse(AskRefusal::NotAllowed);
    }
    let contract = match store::named(db, ask.license.license()).await? {
        Named::Contract(contract) => contract,
        Named::NotActivated => return refuse(AskRefusal::Immovable(Immovable::NotActivated)),
        Named::Nothing => return refuse(AskRefusal::NoSuchLicense),
    };
    crate::tx!(db, |tx| {
        store::lock_contract(tx, contract).await?;
        let holding = store::holding_in(tx, contract).await?;
        let request = wanted(tx, actor, who, contract, &holding, &ask).await?;
        if let Err(immovable) = holding.movable_to(ask.to, who.now) {
            return refuse(AskRefusal::Immovable(immovable));
        }
        let Some(to_name) = store::business_name_in(tx, ask.to).await? else { return refuse(AskRefusal::NoSuchBusiness) };
        if store::is_closed_in(tx, ask.to).await? {
            return refuse(AskRefusal::Immovable(Immovable::DestinationClosed));
        }
        if let Some(open) = store::open_in(tx, contract).await? {
            let id = open.request().id;
            let Ok(lapsed) = open.after(Event::TimePasses, who.now) else { return refuse(AskRefusal::AlreadyAsked(id)) };
            write_lapse(tx, &lapsed, who.now).await?;
        }
        store::insert(tx, &request).await?;
        let from_name = store::business_name_in(tx, holding.owner).await?.unwrap_or_default();
        audit::record(tx, who, entry(&request, &holding, &from_name, &to_name)).await?;
        Ok(request.id)
    })
}

/// The request that is to be written, once nothing else is in its way.
async fn wanted(
    tx: &mut Tx,
    actor: &Actor,
    who: &Who,
    contract: ContractId,
    holding: &Holding,
    ask: &Ask,
) -> Result<Request, Failed<AskRefusal>> {
    let why = (ask.reason.clone(), ask.ticket.clone());
    let Some(undoes) = ask.undoes else {
        return Ok(Request::new(contract, holding.owner, ask.to, why, actor.person, who.now));
    };
    let original = store::lock(tx, undoes).await?.filter(|original| original.request().contract == contract);
    let Some(original) = original.filter(|original| original.request().from == ask.to) else {
        return refuse(AskRefusal::NotUndoable(NotUndoable::NotApproved));
    };
    Request::undoing(&original, holding.owner, why, actor.person, who.now).map_err(|why| Failed::Refused(AskRefusal::NotUndoable(why)))
}

/// For staff only: it names both businesses.
fn entry(request: &Request, holding: &Holding, from_name: &str, to_name: &str) -> Entry {
    Entry::new(Status::Requested.action(), request.id).after(json!({
        "contract": request.contract.to_string(),
        "product": holding.product_name,
        "agreement": holding.agreement_id,
        "licenses": holding.items.iter().map(|item| item.license.to_string()).collect::<Vec<_>>(),
        "credits": holding.credits_left(request.requested_at),
        "from": { "business": request.from.to_string(), "name": from_name },
        "to": { "business": request.to.to_string(), "name": to_name },
        "reason": request.reason,
        "ticket": request.ticket,
        "lapses_at": request.lapses_at,
        "undoes": request.undoes.map(|undone| undone.to_string()),
    }))
}
