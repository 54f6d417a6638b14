//! SQL of contracts: the licenses of one license ARN taken together.

use crate::db::{Db, Error, Tx};
use crate::fulfilment::license::Source;
use crate::fulfilment::registration::Purchase;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, ContractId, PersonId};

/// A contract that does not exist yet.
pub(in crate::fulfilment) struct NewContract<'a> {
    pub id: ContractId,
    pub business: BusinessId,
    pub purchase: &'a Purchase,
    pub dimension: &'a str,
    pub agreement_id: &'a str,
    pub initial_agreement_id: &'a str,
    pub auto_renew: bool,
    pub granted: Credits,
    pub expires_at: Timestamp,
    pub activated_at: Timestamp,
    pub activated_by: PersonId,
}

/// Takes the license ARN for one business. False when it was taken before, or when the business has another pay-as-you-go
/// contract (CRD-9): the constraints decide every race (ACT-6), and on Postgres they wait for a rival that has not committed yet.
pub(in crate::fulfilment) async fn activate(tx: &mut Tx, contract: &NewContract<'_>) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO contracts (id, business_id, source, license_arn, product_code, product_name, seller_name, dimension, agreement_id, initial_agreement_id, buyer_account_id, auto_renew, granted, expires_at, activated_at, activated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING")
        .bind(contract.id)
        .bind(contract.business)
        .bind(contract.purchase.source)
        .bind(&contract.purchase.license_arn)
        .bind(&contract.purchase.product_code)
        .bind(&contract.purchase.product_name)
        .bind(&contract.purchase.seller_name)
        .bind(contract.dimension)
        .bind(contract.agreement_id)
        .bind(contract.initial_agreement_id)
        .bind(&contract.purchase.buyer_account_id)
        .bind(contract.auto_renew)
        .bind(contract.granted)
        .bind(contract.expires_at)
        .bind(contract.activated_at)
        .bind(contract.activated_by)
        .exec()
        .await?;
    Ok(inserted == 1)
}

/// An activation that happened.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct Activation {
    pub id: ContractId,
    pub business_id: BusinessId,
    pub product_name: String,
    pub activated_at: Timestamp,
    pub activated_by: String,
}

/// People of another business are not named (SUP-7): after a transfer the first owner's person is only *a previous owner*.
const ACTIVATION: &str = "SELECT c.id, c.business_id, c.product_name, c.activated_at, CASE WHEN c.business_id <> (SELECT t.from_business_id FROM transfers t WHERE t.contract_id = c.id AND t.status = 'approved' ORDER BY t.requested_at, t.id LIMIT 1) THEN 'a previous owner' ELSE p.name END AS activated_by FROM contracts c JOIN people p ON p.id = c.activated_by WHERE ";

/// Who activated a purchase and when, for whichever business.
pub(in crate::fulfilment) async fn find_activation(db: &Db, license_arn: &str) -> Result<Option<Activation>, Error> {
    db.read(ACTIVATION).push(BY_ARN).bind(license_arn).opt().await
}

/// By the license ARN that a contract has, or by one that it had before a renewal.
const BY_ARN: &str = "c.id IN (SELECT k.id FROM contracts k WHERE k.license_arn = $1 UNION ALL SELECT f.contract_id FROM contract_arns f WHERE f.license_arn = $1)";

/// The same inside the transaction that lost the race.
pub(in crate::fulfilment) async fn find_winner(tx: &mut Tx, license_arn: &str) -> Result<Option<Activation>, Error> {
    tx.q(ACTIVATION).push(BY_ARN).bind(license_arn).opt().await
}

/// An activation of one business, by contract.
pub(in crate::fulfilment) async fn find_activation_of(
    db: &Db,
    business: BusinessId,
    contract: ContractId,
) -> Result<Option<Activation>, Error> {
    db.read(ACTIVATION).push_bind("c.id = ", contract).push_bind(" AND c.business_id = ", business).opt().await
}

/// What a change is compared with.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct Booked {
    pub id: ContractId,
    pub business_id: BusinessId,
    pub source: Source,
    pub license_arn: String,
    pub product_code: String,
    pub product_name: String,
    pub dimension: String,
    pub agreement_id: String,
    pub initial_agreement_id: String,
    pub buyer_account_id: String,
    pub auto_renew: bool,
    pub granted: Credits,
    pub expires_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub open_questions: i64,
}

impl Booked {
    /// Whether it is a pay-as-you-go contract: it has no items and no credits (CRD-9).
    pub fn is_pay_as_you_go(&self) -> bool {
        self.dimension == crate::credits::pay_as_you_go::DIMENSION
    }
}

const BOOKED: &str = "SELECT id, business_id, source, license_arn, product_code, product_name, dimension, agreement_id, initial_agreement_id, buyer_account_id, auto_renew, granted, expires_at, ended_at, (SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions q WHERE q.contract_id = contracts.id AND q.closed_at IS NULL) AS open_questions FROM contracts WHERE ";

/// The contract that has a license ARN, or had it before a renewal, if it was activated.
pub(in crate::fulfilment) async fn find(db: &Db, license_arn: &str) -> Result<Option<Booked>, Error> {
    if let Some(contract) = db.read(BOOKED).push_bind("license_arn = ", license_arn).opt().await? {
        return Ok(Some(contract));
    }
    let former = db.read(BOOKED).push_bind("id = (SELECT f.contract_id FROM contract_arns f WHERE f.license_arn = ", license_arn).push(")");
    former.opt().await
}

/// Contracts of a chain of agreements, the newest first: one, unless two businesses activated two of its license ARNs.
pub(in crate::fulfilment) async fn list_of_chain(db: &Db, source: Source, initial: &str) -> Result<Vec<Booked>, Error> {
    let query = db.read(BOOKED).push_bind("initial_agreement_id = ", initial).push_bind(" AND source = ", source);
    query.push(" ORDER BY activated_at DESC, id DESC LIMIT 10").all().await
}

/// Contracts under an agreement, the newest first.
pub(in crate::fulfilment) async fn list_of_agreement(db: &Db, source: Source, agreement: &str) -> Result<Vec<Booked>, Error> {
    let query = db.read(BOOKED).push_bind("agreement_id = ", agreement).push_bind(" AND source = ", source);
    query.push(" ORDER BY activated_at DESC, id DESC LIMIT 10").all().await
}

/// One contract.
pub(in crate::fulfilment) async fn find_by_id(db: &Db, contract: ContractId) -> Result<Option<Booked>, Error> {
    db.read(BOOKED).push_bind("id = ", contract).opt().await
}

/// Whether a license ARN that would join a contract belongs to another one, or the chain has another contract.
pub(in crate::fulfilment) async fn has_rival(tx: &mut Tx, contract: &Booked, license_arn: &str) -> Result<bool, Error> {
    let rivals: i64 = tx
        .q("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE id <> $1 AND source = $2 AND (initial_agreement_id = $3 OR license_arn = $4)")
        .bind(contract.id)
        .bind(contract.source)
        .bind(&contract.initial_agreement_id)
        .bind(license_arn)
        .scalar()
        .await?;
    Ok(rivals > 0)
}

/// Whether a license ARN is another contract's.
pub(in crate::fulfilment) async fn is_taken(tx: &mut Tx, contract: ContractId, license_arn: &str) -> Result<bool, Error> {
    let others: i64 = tx
        .q("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts WHERE id <> $1 AND license_arn = $2")
        .bind(contract)
        .bind(license_arn)
        .scalar()
        .await?;
    Ok(others > 0)
}

/// What a contract has after a renewal.
pub(in crate::fulfilment) struct NextTerm<'a> {
    pub granted: Credits,
    pub expires_at: Timestamp,
    pub license_arn: &'a str,
    pub agreement_id: &'a str,
    pub auto_renew: bool,
}

/// The next term of a locked contract, from exactly the end that the caller saw. A license ARN that it had is kept, and
/// the marketplace is told about the activation again under the new one.
pub(in crate::fulfilment) async fn renew(tx: &mut Tx, contract: &Booked, next: &NextTerm<'_>, now: Timestamp) -> Result<(), Error> {
    if next.license_arn != contract.license_arn {
        tx.q("INSERT INTO contract_arns (license_arn, contract_id, agreement_id, replaced_at) VALUES ($1, $2, $3, $4)")
            .bind(&contract.license_arn)
            .bind(contract.id)
            .bind(&contract.agreement_id)
            .bind(now)
            .exec_one()
            .await?;
    }
    tx.q("UPDATE contracts SET granted = $3, expires_at = $4, agreement_id = $5, auto_renew = $6, reported_at = CASE WHEN license_arn = $7 THEN reported_at ELSE NULL END, license_arn = $7, ended_at = NULL, read_again_at = NULL WHERE id = $1 AND expires_at = $2")
        .bind(contract.id)
        .bind(contract.expires_at)
        .bind(next.granted)
        .bind(next.expires_at)
        .bind(next.agreement_id)
        .bind(next.auto_renew)
        .bind(next.license_arn)
        .exec_one()
        .await
}

/// The marketplace said that a locked contract is over.
pub(in crate::fulfilment) async fn end(tx: &mut Tx, contract: ContractId, now: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE contracts SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL").bind(contract).bind(now).exec_one().await
}

/// Contracts whose end has passed, that are not settled, and whose reading is due.
pub(in crate::fulfilment) async fn list_due(
    db: &Db,
    source: Source,
    now: Timestamp,
    most: i64,
) -> Result<Vec<(ContractId, String, Timestamp)>, Error> {
    db.read("SELECT id, license_arn, expires_at FROM contracts WHERE ended_at IS NULL AND source = $3 AND expires_at <= $1 AND (read_again_at IS NULL OR read_again_at <= $1) ORDER BY expires_at, id LIMIT $2")
        .bind(now)
        .bind(most)
        .bind(source)
        .all()
        .await
}

const READ_AGAIN: &str = "UPDATE contracts SET read_again_at = $2 WHERE id = $1";

/// When a contract is read again.
pub(in crate::fulfilment) async fn read_again(db: &Db, contract: ContractId, at: Timestamp) -> Result<(), Error> {
    db.write(READ_AGAIN).bind(contract).bind(at).exec_one().await
}

/// The same of a locked contract.
pub(in crate::fulfilment) async fn read_again_in(tx: &mut Tx, contract: ContractId, at: Timestamp) -> Result<(), Error> {
    tx.q(READ_AGAIN).bind(contract).bind(at).exec_one().await
}

/// The contract, locked until the end of the transaction.
pub(in crate::fulfilment) async fn lock(tx: &mut Tx, contract: ContractId) -> Result<Booked, Error> {
    tx.lock(BOOKED).push_bind("id = ", contract).one().await
}

/// Raises what was granted, from exactly the total that the caller saw under its lock.
pub(in crate::fulfilment) async fn raise_granted(tx: &mut Tx, contract: ContractId, from: Credits, to: Credits) -> Result<(), Error> {
    tx.q("UPDATE contracts SET granted = $3 WHERE id = $1 AND granted = $2").bind(contract).bind(from).bind(to).exec_one().await
}

/// Notes whether the contract renews by itself.
pub(in crate::fulfilment) async fn note_auto_renew(tx: &mut Tx, contract: ContractId, auto_renew: bool) -> Result<(), Error> {
    tx.q("UPDATE contracts SET auto_renew = $2 WHERE id = $1").bind(contract).bind(auto_renew).exec_one().await
}

/// Activations that the marketplace was not told of, oldest first.
pub(in crate::fulfilment) async fn list_unreported(db: &Db, most: i64) -> Result<Vec<(ContractId, String, Timestamp)>, Error> {
    db.read("SELECT id, license_arn, activated_at FROM contracts WHERE reported_at IS NULL ORDER BY activated_at, id LIMIT $1")
        .bind(most)
        .all()
        .await
}

/// The marketplace was told. Another process may have done the same at the same time, which is no error.
pub(in crate::fulfilment) async fn mark_reported(db: &Db, contract: ContractId, now: Timestamp) -> Result<bool, Error> {
    let marked =
        db.write("UPDATE contracts SET reported_at = $2 WHERE id = $1 AND reported_at IS NULL").bind(contract).bind(now).exec().await?;
    Ok(marked == 1)
}

/// Running contracts of a source whose last comparison, or else activation, is not after an instant.
pub(in crate::fulfilment) async fn list_unchecked(
    db: &Db,
    source: Source,
    (now, checked_before): (Timestamp, Timestamp),
    most: i64,
) -> Result<Vec<(ContractId, String)>, Error> {
    db.read("SELECT id, license_arn FROM contracts WHERE ended_at IS NULL AND source = $1 AND expires_at > $2 AND COALESCE(checked_at, activated_at) <= $3 ORDER BY COALESCE(checked_at, activated_at), id LIMIT $4")
        .bind(source)
        .bind(now)
        .bind(checked_before)
        .bind(most)
        .all()
        .await
}

/// A contract was compared.
pub(in crate::fulfilment) async fn note_checked(db: &Db, contract: ContractId, at: Timestamp) -> Result<(), Error> {
    db.write("UPDATE contracts SET checked_at = $2 WHERE id = $1").bind(contract).bind(at).exec_one().await
}

const UNCHECK: &str = "UPDATE contracts SET checked_at = $2 WHERE ended_at IS NULL AND source = $1";

/// Every running contract is to be compared now; how many.
pub(in crate::fulfilment) async fn uncheck_all(db: &Db, source: Source) -> Result<u64, Error> {
    db.write(UNCHECK).bind(source).bind(Timestamp::UNIX_EPOCH).exec().await
}

/// The same in a transaction.
pub(in crate::fulfilment) async fn uncheck_all_in(tx: &mut Tx, source: Source) -> Result<u64, Error> {
    tx.q(UNCHECK).bind(source).bind(Timestamp::UNIX_EPOCH).exec().await
}

/// How far the comparison of running contracts is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Checked {
    /// Running contracts.
    pub running: i64,
    /// Those that still have to be read.
    pub waiting: i64,
    /// The last reading.
    pub last_at: Option<Timestamp>,
}

/// Counts for staff.
pub(in crate::fulfilment) async fn count_checked(
    db: &Db,
    source: Source,
    (now, checked_before): (Timestamp, Timestamp),
) -> Result<Checked, Error> {
    db.read("SELECT CAST(COUNT(*) AS BIGINT) AS running, CAST(COALESCE(SUM(CASE WHEN COALESCE(checked_at, activated_at) <= $3 THEN 1 ELSE 0 END), 0) AS BIGINT) AS waiting, MAX(checked_at) AS last_at FROM contracts WHERE ended_at IS NULL AND source = $1 AND expires_at > $2")
        .bind(source)
        .bind(now)
        .bind(checked_before)
        .one()
        .await
}
