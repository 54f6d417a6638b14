//! The credit ledger: append-only entries, written in the transaction of what causes them. Every figure is a sum of
//! entries; nothing is ever edited (CRD-11).

use crate::db::{Db, Error, Query, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, CreditEntryId, LicenseId, TransferId};

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
    tx.q("INSERT INTO credit_entries (id, business_id, contract_id, license_id, kind, credits, effective_at, expires_at, recorded_at) VALUES ($1, $2, $3, $4, 'granted', $5, $6, $7, $8)")
        .bind(CreditEntryId::generate())
        .bind(grant.business)
        .bind(grant.contract)
        .bind(grant.license)
        .bind(grant.credits)
        .bind(grant.effective_at)
        .bind(grant.expires_at)
        .bind(now)
        .exec_one()
        .await
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
    let items: Vec<(LicenseId, i64, Timestamp)> = tx
        .q("SELECT id, credits, expires_at FROM licenses WHERE contract_id = $1 AND revoked_at IS NULL AND expires_at > $2 ORDER BY item_number")
        .bind(contract)
        .bind(now)
        .all()
        .await?;
    for (license, credits, expires_at) in items {
        for (business, kind, signed) in [(from, "transferred_out", -credits), (to, "transferred_in", credits)] {
            tx.q("INSERT INTO credit_entries (id, business_id, contract_id, license_id, kind, credits, effective_at, expires_at, recorded_at, transfer_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $9)")
                .bind(CreditEntryId::generate())
                .bind(business)
                .bind(contract)
                .bind(license)
                .bind(kind)
                .bind(signed)
                .bind(now)
                .bind(expires_at)
                .bind(transfer)
                .exec_one()
                .await?;
        }
    }
    Ok(())
}

/// The three figures of a pool at one instant (CRD-1, CRD-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// *Total valid credits*.
    pub total_valid: i64,
    /// *Allocated credits*.
    pub allocated: i64,
}

impl Figures {
    /// *Current balance*; may be negative.
    #[must_use]
    pub const fn balance(self) -> i64 {
        self.total_valid - self.allocated
    }
}

const FIGURES: &str = "SELECT (SELECT CAST(COALESCE(SUM(credits), 0) AS BIGINT) FROM credit_entries WHERE business_id = $1 AND expires_at > $2 AND effective_at <= $2), (SELECT CAST(COALESCE(SUM(credits), 0) AS BIGINT) FROM allocation_entries WHERE business_id = $1 AND recorded_at <= $2)";

async fn read(query: Query<'_>, business: BusinessId, now: Timestamp) -> Result<Figures, Error> {
    let (total_valid, allocated) = query.bind(business).bind(now).one::<(i64, i64)>().await?;
    Ok(Figures { total_valid, allocated })
}

/// A pool's figures at `now`, in one statement, so that they always add up (CRD-4).
///
/// # Errors
/// Any storage error.
pub async fn figures(db: &Db, business: BusinessId, now: Timestamp) -> Result<Figures, Error> {
    read(db.read(FIGURES), business, now).await
}

/// The same inside a transaction.
///
/// # Errors
/// Any storage error.
pub async fn figures_in(tx: &mut Tx, business: BusinessId, now: Timestamp) -> Result<Figures, Error> {
    read(tx.q(FIGURES), business, now).await
}
