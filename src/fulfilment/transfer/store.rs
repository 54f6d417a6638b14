//! All SQL of transfers. Locks are taken in one order everywhere: contract, transfer, businesses by id.

use super::holding::{Holding, Item};
use super::model::{Request, Status, Transfer};
use super::typed::LicenseRef;
use crate::access::BusinessRole;
use crate::db::{Db, Error, Query, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId, PersonId, TransferId};

/// A row of the table.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: TransferId,
    contract_id: ContractId,
    from_business_id: BusinessId,
    to_business_id: BusinessId,
    reason: String,
    ticket: String,
    status: Status,
    requested_by: PersonId,
    requested_at: Timestamp,
    lapses_at: Timestamp,
    decided_by: Option<PersonId>,
    decided_at: Option<Timestamp>,
    decision_note: Option<String>,
    undoes: Option<TransferId>,
}

impl Row {
    /// The state with its data. A decision without who and when cannot be stored: the table refuses it.
    pub(super) fn into_transfer(self) -> Result<Transfer, Error> {
        let request = Request {
            id: self.id,
            contract: self.contract_id,
            from: self.from_business_id,
            to: self.to_business_id,
            reason: self.reason,
            ticket: self.ticket,
            requested_by: self.requested_by,
            requested_at: self.requested_at,
            lapses_at: self.lapses_at,
            undoes: self.undoes,
        };
        match (self.status, self.decided_by, self.decided_at) {
            (Status::Requested, ..) => Ok(Transfer::Requested(request)),
            (Status::Lapsed, ..) => Ok(Transfer::Lapsed(request)),
            (Status::Approved, Some(by), Some(at)) => Ok(Transfer::Approved { request, by, at }),
            (Status::Rejected, Some(by), Some(at)) => {
                Ok(Transfer::Rejected { request, by, at, note: self.decision_note.unwrap_or_default() })
            }
            (Status::Withdrawn, _, Some(at)) => Ok(Transfer::Withdrawn { request, at }),
            (Status::Approved | Status::Rejected | Status::Withdrawn, ..) => Err(Error::NotFound),
        }
    }
}

const ROW: &str = "SELECT id, contract_id, from_business_id, to_business_id, reason, ticket, status, requested_by, requested_at, lapses_at, decided_by, decided_at, decision_note, undoes FROM transfers WHERE ";

async fn one_transfer(query: Query<'_>) -> Result<Option<Transfer>, Error> {
    query.opt::<Row>().await?.map(Row::into_transfer).transpose()
}

/// A transfer and the contract it is about, both locked, the contract first. `None` when there is no such transfer.
///
/// # Errors
/// Any storage error.
pub(super) async fn lock(tx: &mut Tx, id: TransferId) -> Result<Option<Transfer>, Error> {
    let found: Option<(ContractId,)> = tx.q("SELECT contract_id FROM transfers WHERE id = $1").bind(id).opt().await?;
    let Some((contract,)) = found else { return Ok(None) };
    lock_contract(tx, contract).await?;
    one_transfer(tx.lock(ROW).push_bind("id = ", id)).await
}

/// Locks a contract, so that its owner and its licenses stay as they are read next.
///
/// # Errors
/// Any storage error; [`Error::NotFound`] when there is no such contract.
pub(super) async fn lock_contract(tx: &mut Tx, contract: ContractId) -> Result<(), Error> {
    tx.lock("SELECT id FROM contracts WHERE id = $1").bind(contract).one::<(ContractId,)>().await.map(|_| ())
}

/// Locks two businesses in the order of their ids, so that two transfers between the same two never wait for each other;
/// their names, in the order asked for.
///
/// # Errors
/// Any storage error; [`Error::NotFound`] when one is missing.
pub(super) async fn lock_businesses(tx: &mut Tx, from: BusinessId, to: BusinessId) -> Result<(String, String), Error> {
    let mut names = Vec::new();
    for business in [from.min(to), from.max(to)] {
        names.push(tx.lock("SELECT name FROM businesses WHERE id = $1").bind(business).scalar::<String>().await?);
    }
    let (higher, lower) = (names.pop().unwrap_or_default(), names.pop().unwrap_or_default());
    Ok(if from < to { (lower, higher) } else { (higher, lower) })
}

/// The open request of a locked contract.
///
/// # Errors
/// Any storage error.
pub(super) async fn open_in(tx: &mut Tx, contract: ContractId) -> Result<Option<Transfer>, Error> {
    one_transfer(tx.lock(ROW).push_bind("contract_id = ", contract).push(" AND status = 'requested'")).await
}

/// Open requests whose time is over, oldest first.
///
/// # Errors
/// Any storage error.
pub(super) async fn list_overdue(db: &Db, now: Timestamp, most: i64) -> Result<Vec<TransferId>, Error> {
    let rows: Vec<(TransferId,)> = db
        .read("SELECT id FROM transfers WHERE status = 'requested' AND lapses_at <= $1 ORDER BY requested_at, id LIMIT $2")
        .bind(now)
        .bind(most)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Writes a request for a locked contract that has no open one.
///
/// # Errors
/// Any storage error.
pub(super) async fn insert(tx: &mut Tx, request: &Request) -> Result<(), Error> {
    tx.q("INSERT INTO transfers (id, contract_id, from_business_id, to_business_id, reason, ticket, status, requested_by, requested_at, lapses_at, undoes) VALUES ($1, $2, $3, $4, $5, $6, 'requested', $7, $8, $9, $10)")
        .bind(request.id)
        .bind(request.contract)
        .bind(request.from)
        .bind(request.to)
        .bind(request.reason.clone())
        .bind(request.ticket.clone())
        .bind(request.requested_by)
        .bind(request.requested_at)
        .bind(request.lapses_at)
        .bind(request.undoes)
        .exec_one()
        .await
}

/// Writes what became of an open request.
///
/// # Errors
/// Any storage error; [`Error::RowCount`] when it was not open any more.
pub(super) async fn close(tx: &mut Tx, closed: &Transfer) -> Result<(), Error> {
    let (by, at, note) = match closed {
        Transfer::Requested(_) | Transfer::Lapsed(_) => (None, None, None),
        Transfer::Approved { by, at, .. } => (Some(*by), Some(*at), None),
        Transfer::Rejected { by, at, note, .. } => (Some(*by), Some(*at), Some(note.clone())),
        Transfer::Withdrawn { request, at } => (Some(request.requested_by), Some(*at), None),
    };
    tx.q("UPDATE transfers SET status = $2, decided_by = $3, decided_at = $4, decision_note = $5 WHERE id = $1 AND status = 'requested'")
        .bind(closed.request().id)
        .bind(closed.status())
        .bind(by)
        .bind(at)
        .bind(note)
        .exec_one()
        .await
}

/// Gives the contract, and with it by foreign key its licenses, another owner.
///
/// # Errors
/// Any storage error; [`Error::RowCount`] when `from` is not the owner.
pub(super) async fn change_owner(tx: &mut Tx, contract: ContractId, from: BusinessId, to: BusinessId) -> Result<(), Error> {
    tx.q("UPDATE contracts SET business_id = $3 WHERE id = $1 AND business_id = $2").bind(contract).bind(from).bind(to).exec_one().await
}

/// The instant of the newest credit entry of a contract in a pool: a transfer is never booked before it, even when the
/// clocks of two processes disagree.
///
/// # Errors
/// Any storage error.
pub(super) async fn newest_entry(tx: &mut Tx, contract: ContractId, business: BusinessId) -> Result<Option<Timestamp>, Error> {
    let newest: Option<(Timestamp,)> = tx
        .q("SELECT recorded_at FROM credit_entries WHERE business_id = $1 AND contract_id = $2 ORDER BY recorded_at DESC LIMIT 1")
        .bind(business)
        .bind(contract)
        .opt()
        .await?;
    Ok(newest.map(|(at,)| at))
}

/// What a license or purchase that somebody named turns out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// A contract of a business.
    Contract(ContractId),
    /// A purchase that the console knows of, but that no business has activated.
    NotActivated,
    /// Nothing.
    Nothing,
}

/// What was named. A license never changes its contract, so this needs no lock.
///
/// # Errors
/// Any storage error.
pub(super) async fn named(db: &Db, license: &LicenseRef) -> Result<Named, Error> {
    let contract: Option<(ContractId,)> = match license {
        LicenseRef::License(license) => db.read("SELECT contract_id FROM licenses WHERE id = $1").bind(*license).opt().await?,
        LicenseRef::Purchase(key) => {
            db.read("SELECT id FROM contracts WHERE SUBSTR(license_arn, LENGTH(license_arn) - 33) = $1 UNION ALL SELECT contract_id FROM contract_arns WHERE SUBSTR(license_arn, LENGTH(license_arn) - 33) = $1").bind(key.clone()).opt().await?
        }
    };
    let LicenseRef::Purchase(key) = license else { return Ok(contract.map_or(Named::Nothing, |(id,)| Named::Contract(id))) };
    if let Some((contract,)) = contract {
        return Ok(Named::Contract(contract));
    }
    let landed: i64 = db
        .read("SELECT CAST(COUNT(*) AS BIGINT) FROM registrations WHERE SUBSTR(license_arn, LENGTH(license_arn) - 33) = $1")
        .bind(key.clone())
        .scalar()
        .await?;
    Ok(if landed > 0 { Named::NotActivated } else { Named::Nothing })
}

const HOLDING: &str = "SELECT business_id, product_name, agreement_id FROM contracts WHERE id = $1";
const ITEMS: &str =
    "SELECT id AS license, item_number, credits, expires_at, revoked_at FROM licenses WHERE contract_id = $1 ORDER BY item_number";
type HoldingRow = (BusinessId, String, String);

fn assemble(contract: ContractId, row: Option<HoldingRow>, items: Vec<Item>) -> Option<Holding> {
    row.map(|(owner, product_name, agreement_id)| Holding { contract, owner, product_name, agreement_id, items })
}

/// A contract with its licenses.
///
/// # Errors
/// Any storage error.
pub(super) async fn find_holding(db: &Db, contract: ContractId) -> Result<Option<Holding>, Error> {
    let row = db.read(HOLDING).bind(contract).opt().await?;
    Ok(assemble(contract, row, db.read(ITEMS).bind(contract).all().await?))
}

/// The same of a locked contract.
///
/// # Errors
/// Any storage error; [`Error::NotFound`] when there is no such contract.
pub(super) async fn holding_in(tx: &mut Tx, contract: ContractId) -> Result<Holding, Error> {
    let row = tx.q(HOLDING).bind(contract).opt().await?;
    assemble(contract, row, tx.q(ITEMS).bind(contract).all().await?).ok_or(Error::NotFound)
}

const NAME: &str = "SELECT name FROM businesses WHERE id = $1";

/// The business's name, if there is such a business.
///
/// # Errors
/// Any storage error.
pub(super) async fn business_name(db: &Db, business: BusinessId) -> Result<Option<String>, Error> {
    Ok(db.read(NAME).bind(business).opt::<(String,)>().await?.map(|(name,)| name))
}

/// The same as it stands in the transaction.
///
/// # Errors
/// Any storage error.
pub(super) async fn business_name_in(tx: &mut Tx, business: BusinessId) -> Result<Option<String>, Error> {
    Ok(tx.q(NAME).bind(business).opt::<(String,)>().await?.map(|(name,)| name))
}

const CLOSED: &str = "SELECT CAST(COUNT(*) AS BIGINT) FROM businesses WHERE id = $1 AND closed_at IS NOT NULL";

/// Whether staff have closed the business for deletion.
///
/// # Errors
/// Any storage error.
pub(super) async fn is_closed(db: &Db, business: BusinessId) -> Result<bool, Error> {
    Ok(db.read(CLOSED).bind(business).scalar::<i64>().await? > 0)
}

/// The same as it stands in the transaction.
///
/// # Errors
/// Any storage error.
pub(super) async fn is_closed_in(tx: &mut Tx, business: BusinessId) -> Result<bool, Error> {
    Ok(tx.q(CLOSED).bind(business).scalar::<i64>().await? > 0)
}

/// Somebody with licensing permission, who is told about a transfer (SUP-7).
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Told {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Where the mail goes.
    pub email: String,
    /// Their zone, in which the mail gives its times.
    pub time_zone: Option<String>,
    /// Their role in the business.
    pub role: BusinessRole,
}

const TOLD: &str = "SELECT p.id AS person, p.name, p.email, p.time_zone, m.role FROM memberships m JOIN people p ON p.id = m.person_id WHERE m.business_id = $1 AND m.role IN ('administrator', 'licensing_manager') AND p.disabled_at IS NULL ORDER BY p.email_key";

/// Who would be told in a business.
///
/// # Errors
/// Any storage error.
pub(super) async fn list_told(db: &Db, business: BusinessId) -> Result<Vec<Told>, Error> {
    db.read(TOLD).bind(business).all().await
}

/// Who is told in a business, as it stands in the transaction.
///
/// # Errors
/// Any storage error.
pub(super) async fn list_told_in(tx: &mut Tx, business: BusinessId) -> Result<Vec<Told>, Error> {
    tx.q(TOLD).bind(business).all().await
}
