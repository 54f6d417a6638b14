//! *Add license* (LIC-5): looks a code up, and makes contract, license, credits, audit entry and mail of it in one
//! transaction, at most once, with the guarantees of an activation (ACT-5, ACT-6). What a code answers is for people with
//! licensing permission only; guesses are counted by whoever calls [`look`].

use super::text::CodeText;
use super::{Offered, Status, Worth, masked};
use crate::access::BusinessScope;
use crate::audit::{self, Entry, Who};
use crate::credits::ledger;
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::fulfilment::store::codes::{self as store, CodeRow};
use crate::fulfilment::store::{licenses, recipients};
use crate::fulfilment::{Fulfilment, license, mail};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, CodeId, ContractId, LicenseId, PersonId};
use crate::kernel::term::Term;
use crate::notices::outbox;
use crate::tx;
use serde_json::json;

/// Why a code is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// Nobody issued it, or it is for another business.
    #[error("no such code")]
    Unknown,
    /// It was not used in time.
    #[error("the code has expired")]
    Expired(Timestamp),
    /// It was taken back.
    #[error("the code was withdrawn")]
    Withdrawn,
    /// This business used it.
    #[error("the code was used by this business")]
    UsedHere {
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
        /// The contract, while it is this business's.
        contract: Option<ContractId>,
    },
    /// Another business used it, which is not named.
    #[error("the code was used")]
    UsedElsewhere,
    /// The person may not (any more).
    #[error("no licensing permission")]
    NoLicensingPermission,
}

/// What a code brings to this business. Changes nothing.
///
/// # Errors
/// Why it is not taken, or any storage error.
pub async fn look(db: &Db, scope: BusinessScope, code: &CodeText, now: Timestamp) -> Result<Offered, Failed<NotTaken>> {
    let Some(row) = store::find(db, code).await? else {
        return refuse(NotTaken::Unknown);
    };
    check(&row, scope.business(), now).map_err(Failed::Refused)?;
    Ok(offered(&row))
}

fn check(row: &CodeRow, business: BusinessId, now: Timestamp) -> Result<(), NotTaken> {
    if row.reserved_for.is_some_and(|only| only != business) {
        return Err(NotTaken::Unknown);
    }
    match Status::of(row.used_at, row.withdrawn_at, row.valid_until, now) {
        Status::Open => Ok(()),
        Status::Expired => Err(NotTaken::Expired(row.valid_until)),
        Status::Withdrawn => Err(NotTaken::Withdrawn),
        Status::Used if row.business_id == Some(business) => Err(NotTaken::UsedHere {
            at: row.used_at.unwrap_or(now),
            by: row.used_by_name.clone().unwrap_or_default(),
            contract: row.contract_id.filter(|_| row.held_by == Some(business)),
        }),
        Status::Used => Err(NotTaken::UsedElsewhere),
    }
}

fn offered(row: &CodeRow) -> Offered {
    Offered {
        id: row.id,
        batch: row.batch_id,
        masked: masked(&row.last_group),
        worth: Worth {
            product_code: row.product_code.clone(),
            product_name: row.product_name.clone(),
            seller_name: row.seller_name.clone(),
            credits: row.credits,
            term_months: u32::try_from(row.term_months).unwrap_or(1),
            order_number: row.order_number.clone(),
        },
        valid_until: row.valid_until,
    }
}

/// Start and end of the license of a code that is used at an instant.
///
/// # Errors
/// When the end is beyond the calendar.
pub fn term(worth: &Worth, now: Timestamp) -> Result<Term, crate::kernel::term::TermError> {
    Term::new(now, 1, worth.term_months)
}

/// What a code made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Added {
    /// The contract.
    pub contract: ContractId,
    /// Its license.
    pub license: LicenseId,
}

/// Uses a code that was reviewed. Of any number of simultaneous attempts, from any number of processes, one succeeds.
/// `reviewed` is what the review showed: without it a text is nothing but a guess.
///
/// # Errors
/// Why it is not taken, or any storage error; nothing is changed then.
pub async fn redeem(
    room: &Fulfilment,
    scope: BusinessScope,
    who: &Who,
    person: PersonId,
    code: &CodeText,
    reviewed: CodeId,
) -> Result<Added, Failed<NotTaken>> {
    tx!(room.db, |tx| { book(room, tx, (scope.business(), person), who, code, reviewed).await })
}

async fn book(
    room: &Fulfilment,
    tx: &mut Tx,
    (business, person): (BusinessId, PersonId),
    who: &Who,
    code: &CodeText,
    reviewed: CodeId,
) -> Result<Added, Failed<NotTaken>> {
    let member = recipients::find_role(tx, business, person).await?;
    let Some((_, business_name)) = member.filter(|(role, _)| role.has_licensing_permission()) else {
        return refuse(NotTaken::NoLicensingPermission);
    };
    if !store::lock(tx, reviewed, code).await? {
        return refuse(NotTaken::Unknown);
    }
    let row = store::get_locked(tx, reviewed).await?;
    check(&row, business, who.now).map_err(Failed::Refused)?;
    let offer = offered(&row);
    let term = term(&offer.worth, who.now).map_err(|error| Error::Other(sqlx::Error::Decode(Box::new(error))))?;
    let contract = ContractId::generate();
    store::insert_contract(tx, contract, &row, (business, person, who.now), term.ends_at()).await?;
    let license = book_license(tx, contract, &offer, &term, (business, person, who.now)).await?;
    store::mark_used(tx, row.id, contract, (business, person, who.now)).await?;
    let entry = Entry::new("license.added_by_code", license).in_business(business).after(json!({
        "contract": contract.to_string(),
        "code": offer.masked,
        "code_id": row.id.to_string(),
        "order": offer.worth.order_number,
        "product": offer.worth.product_name,
        "credits": offer.worth.credits,
        "starts_at": term.starts_at(),
        "expires_at": term.ends_at(),
    }));
    audit::record(tx, who, entry).await?;
    for recipient in recipients::list_licensing(tx, business).await? {
        outbox::post(tx, mail::added_by_code(&recipient, &business_name, &offer, term.ends_at(), who, &room.links), who.now).await?;
    }
    Ok(Added { contract, license })
}

async fn book_license(
    tx: &mut Tx,
    contract: ContractId,
    offer: &Offered,
    term: &Term,
    (business, person, now): (BusinessId, PersonId, Timestamp),
) -> Result<LicenseId, Error> {
    let item = licenses::NewLicense {
        id: LicenseId::generate(),
        contract,
        business,
        item_number: 1,
        kind: license::Kind::Code,
        source: license::Source::Code,
        product_name: &offer.worth.product_name,
        agreement_id: &offer.worth.order_number,
        credits: offer.worth.credits,
        starts_at: term.starts_at(),
        expires_at: term.ends_at(),
        activated_at: now,
        activated_by: Some(person),
    };
    licenses::insert(tx, &item).await?;
    let grant = ledger::Grant {
        business,
        contract,
        license: item.id,
        credits: offer.worth.credits.get(),
        effective_at: now,
        expires_at: term.ends_at(),
    };
    ledger::grant(tx, &grant, now).await?;
    Ok(item.id)
}
