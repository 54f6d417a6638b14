//! The chain of owners of a contract (SUP-5): who has held it from when to when, and by which transfer it came.

use super::list::{self, Listed};
use super::model::Transfer;
use crate::access::StaffScope;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, TransferId};

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// Whose it was.
    pub business: BusinessId,
    /// Its name.
    pub name: String,
    /// From when.
    pub since: Timestamp,
    /// Until when, exclusive; nothing for the present owner.
    pub until: Option<Timestamp>,
    /// How it came; nothing for whoever activated it.
    pub by: Option<TransferId>,
}

/// Every owner of a contract, the first one first.
///
/// # Errors
/// Any storage error; [`Error::NotFound`] when there is no such contract.
pub async fn owners(db: &Db, scope: StaffScope, contract: ContractId, now: Timestamp) -> Result<Vec<Ownership>, Error> {
    let (business, name, activated_at): (BusinessId, String, Timestamp) = db
        .read("SELECT c.business_id, b.name, c.activated_at FROM contracts c JOIN businesses b ON b.id = c.business_id WHERE c.id = $1")
        .bind(contract)
        .one()
        .await?;
    let transfers = list::list_of_contract(db, scope, contract, now).await?;
    Ok(chain(Ownership { business, name, since: activated_at, until: None, by: None }, transfers))
}

/// `present` holds it now and `since` is the activation; `transfers` are newest first.
fn chain(present: Ownership, transfers: Vec<Listed>) -> Vec<Ownership> {
    let activated_at = present.since;
    let mut links = vec![present];
    for listed in transfers {
        let Transfer::Approved { request, at, .. } = listed.transfer else { continue };
        if let Some(later) = links.last_mut() {
            (later.since, later.by) = (at, Some(request.id));
        }
        links.push(Ownership { business: request.from, name: listed.from_name, since: activated_at, until: Some(at), by: None });
    }
    links.reverse();
    links
}
