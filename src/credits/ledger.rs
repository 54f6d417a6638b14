//! The credit ledger: append-only entries, written in the transaction of what causes them. Every figure is a sum of
//! entries; nothing is ever edited (CRD-11). It decides nothing: who may grant or transfer is settled by the caller.

use super::store;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, LicenseId, TransferId};
use crate::text_enum;

text_enum! {
    /// What an entry does to a pool.
    pub enum EntryKind {
        /// An item brought its credits.
        Granted = "granted",
        /// An item goes on for another term.
        Renewed = "renewed",
        /// Staff took credits back that the marketplace does not report; negative credits.
        Corrected = "corrected",
        /// A contract left for another business; negative credits.
        TransferredOut = "transferred_out",
        /// A contract came from another business.
        TransferredIn = "transferred_in",
    }
}

/// Credits that a license brings into a business's pool.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The business whose pool grows.
    pub business: BusinessId,
    /// The contract.
    pub contract: ContractId,
    /// The item; a second grant for it is refused by a constraint.
    pub license: LicenseId,
    /// Whole credits, more than zero.
    pub credits: i64,
    /// From when they count.
    pub effective_at: Timestamp,
    /// Until when they count, exclusive (TIM-3).
    pub expires_at: Timestamp,
}

/// Writes the entry of a new item.
///
/// # Errors
/// Any storage error; also when the item already has its grant.
pub async fn grant(tx: &mut Tx, grant: &Grant, now: Timestamp) -> Result<(), Error> {
    write(tx, EntryKind::Granted, grant, grant.credits, now).await
}

/// Writes the entry of an item's next term: from its old expiration to its new one, whenever it is written (REN-1).
///
/// # Errors
/// Any storage error; also when the item has its entry for this term already.
pub async fn renew(tx: &mut Tx, term: &Grant, now: Timestamp) -> Result<(), Error> {
    write(tx, EntryKind::Renewed, term, term.credits, now).await
}

/// Takes credits of an item back from an instant on until its expiration.
///
/// # Errors
/// Any storage error.
pub async fn correct(tx: &mut Tx, taken: &Grant, now: Timestamp) -> Result<(), Error> {
    write(tx, EntryKind::Corrected, taken, -taken.credits, now).await
}

async fn write(tx: &mut Tx, kind: EntryKind, grant: &Grant, credits: i64, now: Timestamp) -> Result<(), Error> {
    let entry = store::NewCreditEntry {
        business: grant.business,
        contract: grant.contract,
        license: grant.license,
        kind,
        credits,
        effective_at: grant.effective_at,
        expires_at: grant.expires_at,
        recorded_at: now,
        transfer: None,
    };
    store::insert_credit_entry(tx, entry).await
}

/// Moves what is left of a contract's credits from one pool to another at `now`: a pair of entries an unexpired item,
/// so that both pools change at the same instant (SUP-2). Allocations stay where they are.
///
/// # Errors
/// Any storage error.
pub async fn transfer(
    tx: &mut Tx,
    contract: ContractId,
    from: BusinessId,
    to: BusinessId,
    transfer: TransferId,
    now: Timestamp,
) -> Result<(), Error> {
    for (license, credits, expires_at) in store::list_valid_items(tx, contract, now).await? {
        for (business, kind, signed) in [(from, EntryKind::TransferredOut, -credits), (to, EntryKind::TransferredIn, credits)] {
            let entry = store::NewCreditEntry {
                business,
                contract,
                license,
                kind,
                credits: signed,
                effective_at: now,
                expires_at,
                recorded_at: now,
                transfer: Some(transfer),
            };
            store::insert_credit_entry(tx, entry).await?;
        }
    }
    Ok(())
}

/// The three figures of a pool at one instant (CRD-1, CRD-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// *Total valid credits*.
    pub total_valid: i64,
    /// *Allocated credits*.
    pub allocated: i64,
}

impl Figures {
    /// *Current balance*; may be negative. Neither side is ever below zero, so the difference cannot overflow.
    #[must_use]
    pub const fn balance(self) -> i64 {
        self.total_valid - self.allocated
    }
}

/// A pool's figures at `now`, in one statement, so that they always add up (CRD-4).
///
/// # Errors
/// Any storage error.
pub async fn figures(db: &Db, business: BusinessId, now: Timestamp) -> Result<Figures, Error> {
    store::figures(db, business, now).await
}

/// The same inside a transaction.
///
/// # Errors
/// Any storage error.
pub async fn figures_in(tx: &mut Tx, business: BusinessId, now: Timestamp) -> Result<Figures, Error> {
    store::figures_in(tx, business, now).await
}
