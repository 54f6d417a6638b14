//! SQL of activation codes and the batches they are issued in.

use crate::db::{Db, Error, Query, Tx};
use crate::fulfilment::code::issue::Order;
use crate::fulfilment::code::list::{BatchFilter, BatchRecord, CodeRecord, ProductRecord};
use crate::fulfilment::code::text::CodeText;
use crate::fulfilment::code::{Status, contract_key};
use crate::fulfilment::license::Source;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, CodeBatchId, CodeId, ContractId, PersonId};
use crate::kernel::page::Cursor;
use crate::kernel::text::{like_pattern, search_key};

/// Makes a batch; false when this form made one before.
pub(in crate::fulfilment) async fn insert_batch(
    tx: &mut Tx,
    (id, form_key): (CodeBatchId, &str),
    order: &Order,
    (person, now): (PersonId, Timestamp),
) -> Result<bool, Error> {
    let key = search_key(&format!(
        "{} {} {} {}",
        order.order_number, order.worth.product_name, order.worth.seller_name, order.worth.product_code
    ));
    let inserted = tx
        .q("INSERT INTO code_batches (id, form_key, product_code, product_name, seller_name, credits, term_months, order_number, valid_until, business_id, size, search_key, issued_by, issued_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) ON CONFLICT (form_key) DO NOTHING")
        .bind(id)
        .bind(form_key)
        .bind(&order.worth.product_code)
        .bind(&order.worth.product_name)
        .bind(&order.worth.seller_name)
        .bind(order.worth.credits)
        .bind(i64::from(order.worth.term_months))
        .bind(&order.order_number)
        .bind(order.valid_until)
        .bind(order.business)
        .bind(order.size)
        .bind(key)
        .bind(person)
        .bind(now)
        .exec()
        .await?;
    Ok(inserted == 1)
}

/// The batch that a form made.
pub(in crate::fulfilment) async fn get_batch_of_form(tx: &mut Tx, form_key: &str) -> Result<CodeBatchId, Error> {
    tx.q("SELECT id FROM code_batches WHERE form_key = $1").bind(form_key).scalar().await
}

/// Keeps a code, as its hash.
pub(in crate::fulfilment) async fn insert(tx: &mut Tx, batch: CodeBatchId, place: i64, code: &CodeText) -> Result<CodeId, Error> {
    let id = CodeId::generate();
    tx.q("INSERT INTO activation_codes (id, batch_id, place, code_hash, last_group) VALUES ($1, $2, $3, $4, $5)")
        .bind(id)
        .bind(batch)
        .bind(place)
        .bind(code.hash())
        .bind(code.last_group())
        .exec_one()
        .await?;
    Ok(id)
}

/// Whether a business is registered.
pub(in crate::fulfilment) async fn is_business(tx: &mut Tx, business: BusinessId) -> Result<bool, Error> {
    Ok(tx.q("SELECT id FROM businesses WHERE id = $1").bind(business).opt::<(BusinessId,)>().await?.is_some())
}

/// A code with what it brings.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct CodeRow {
    pub id: CodeId,
    pub batch_id: CodeBatchId,
    pub last_group: String,
    pub withdrawn_at: Option<Timestamp>,
    pub used_at: Option<Timestamp>,
    pub used_by_name: Option<String>,
    pub business_id: Option<BusinessId>,
    pub contract_id: Option<ContractId>,
    pub held_by: Option<BusinessId>,
    pub reserved_for: Option<BusinessId>,
    pub product_code: String,
    pub product_name: String,
    pub seller_name: String,
    pub credits: Credits,
    pub term_months: i64,
    pub order_number: String,
    pub valid_until: Timestamp,
}

const ROW: &str = "SELECT a.id, a.batch_id, a.last_group, a.withdrawn_at, a.used_at, p.name AS used_by_name, a.business_id, a.contract_id, c.business_id AS held_by, b.business_id AS reserved_for, b.product_code, b.product_name, b.seller_name, b.credits, b.term_months, b.order_number, b.valid_until FROM activation_codes a JOIN code_batches b ON b.id = a.batch_id LEFT JOIN people p ON p.id = a.used_by LEFT JOIN contracts c ON c.id = a.contract_id WHERE ";

/// The code of this text.
pub(in crate::fulfilment) async fn find(db: &Db, code: &CodeText) -> Result<Option<CodeRow>, Error> {
    db.read(ROW).push_bind("a.code_hash = ", code.hash()).opt().await
}

/// Holds a code until the end of the transaction; false when there is none of this id and text.
pub(in crate::fulfilment) async fn lock(tx: &mut Tx, id: CodeId, code: &CodeText) -> Result<bool, Error> {
    let row = tx.lock("SELECT a.id FROM activation_codes a WHERE a.id = $1 AND a.code_hash = $2").bind(id).bind(code.hash());
    Ok(row.opt::<(CodeId,)>().await?.is_some())
}

/// A code that is locked already, as it stands now.
pub(in crate::fulfilment) async fn get_locked(tx: &mut Tx, id: CodeId) -> Result<CodeRow, Error> {
    tx.q(ROW).push_bind("a.id = ", id).one().await
}

/// The contract that a code makes. The marketplaces know nothing of it: there is no agreement but the order, no buyer
/// account, and nothing to report.
pub(in crate::fulfilment) async fn insert_contract(
    tx: &mut Tx,
    id: ContractId,
    code: &CodeRow,
    (business, person, now): (BusinessId, PersonId, Timestamp),
    expires_at: Timestamp,
) -> Result<(), Error> {
    let key = contract_key(code.id);
    tx.q("INSERT INTO contracts (id, business_id, source, license_arn, product_code, product_name, seller_name, dimension, agreement_id, initial_agreement_id, buyer_account_id, auto_renew, granted, expires_at, activated_at, activated_by, reported_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'credits', $8, $4, '', FALSE, $9, $10, $11, $12, $11)")
        .bind(id)
        .bind(business)
        .bind(Source::Code)
        .bind(key)
        .bind(&code.product_code)
        .bind(&code.product_name)
        .bind(&code.seller_name)
        .bind(&code.order_number)
        .bind(code.credits)
        .bind(expires_at)
        .bind(now)
        .bind(person)
        .exec_one()
        .await
}

/// A code was used; only once.
pub(in crate::fulfilment) async fn mark_used(
    tx: &mut Tx,
    code: CodeId,
    contract: ContractId,
    (business, person, now): (BusinessId, PersonId, Timestamp),
) -> Result<(), Error> {
    tx.q("UPDATE activation_codes SET used_at = $2, used_by = $3, business_id = $4, contract_id = $5 WHERE id = $1 AND used_at IS NULL AND withdrawn_at IS NULL")
        .bind(code)
        .bind(now)
        .bind(person)
        .bind(business)
        .bind(contract)
        .exec_one()
        .await
}

/// Takes codes back that are neither used nor taken back: one of a batch, or all of it. How many.
pub(in crate::fulfilment) async fn withdraw(
    tx: &mut Tx,
    batch: CodeBatchId,
    code: Option<CodeId>,
    (person, now): (PersonId, Timestamp),
) -> Result<u64, Error> {
    let query = tx
        .q("UPDATE activation_codes SET withdrawn_at = $2, withdrawn_by = $3 WHERE batch_id = $1 AND used_at IS NULL AND withdrawn_at IS NULL")
        .bind(batch)
        .bind(now)
        .bind(person);
    match code {
        Some(code) => query.push_bind(" AND id = ", code).exec().await,
        None => query.exec().await,
    }
}

/// Products that licenses were lately activated of or codes issued for.
pub(in crate::fulfilment) async fn list_products(db: &Db) -> Result<Vec<ProductRecord>, Error> {
    db.read("SELECT DISTINCT c.product_code, c.product_name, c.seller_name FROM (SELECT contract_id FROM licenses ORDER BY activated_at DESC, id DESC LIMIT 1000) l JOIN contracts c ON c.id = l.contract_id UNION SELECT DISTINCT b.product_code, b.product_name, b.seller_name FROM (SELECT product_code, product_name, seller_name FROM code_batches ORDER BY issued_at DESC, id DESC LIMIT 1000) b ORDER BY 2, 3, 1")
        .all()
        .await
}

const BATCH: &str = "SELECT b.id, b.product_code, b.product_name, b.seller_name, b.credits, b.term_months, b.order_number, b.valid_until, b.business_id, z.name AS business_name, b.size, p.name AS issued_by_name, b.issued_at, (SELECT CAST(COUNT(*) AS BIGINT) FROM activation_codes a WHERE a.batch_id = b.id AND a.used_at IS NOT NULL) AS used, (SELECT CAST(COUNT(*) AS BIGINT) FROM activation_codes a WHERE a.batch_id = b.id AND a.withdrawn_at IS NOT NULL) AS withdrawn FROM code_batches b JOIN people p ON p.id = b.issued_by LEFT JOIN businesses z ON z.id = b.business_id WHERE ";

fn narrowed<'q>(query: Query<'q>, filter: &BatchFilter) -> Query<'q> {
    let mut query = query.push("TRUE");
    for word in &filter.words {
        query = query.push_bind(" AND b.search_key LIKE ", like_pattern(word)).push(" ESCAPE '\\'");
    }
    if let Some(group) = &filter.last_group {
        query = query.push_bind(" AND b.id IN (SELECT a.batch_id FROM activation_codes a WHERE a.last_group = ", group.clone()).push(")");
    }
    query
}

/// Batches, newest first.
pub(in crate::fulfilment) async fn list_batches(
    db: &Db,
    filter: &BatchFilter,
    after: Option<&Cursor>,
    most: i64,
) -> Result<Vec<BatchRecord>, Error> {
    let mut query = narrowed(db.read(BATCH), filter);
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (b.issued_at, b.id) < (", at).push_bind(", ", id).push(")");
    }
    query.push_bind(" ORDER BY b.issued_at DESC, b.id DESC LIMIT ", most).all().await
}

/// How many batches match.
pub(in crate::fulfilment) async fn count_batches(db: &Db, filter: &BatchFilter) -> Result<i64, Error> {
    narrowed(db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM code_batches b WHERE "), filter).scalar().await
}

/// One batch.
pub(in crate::fulfilment) async fn find_batch(db: &Db, id: CodeBatchId) -> Result<Option<BatchRecord>, Error> {
    db.read(BATCH).push_bind("b.id = ", id).opt().await
}

/// Codes of a batch by their place, from one on; of one status or of all.
pub(in crate::fulfilment) async fn list_codes(
    db: &Db,
    batch: CodeBatchId,
    (status, now): (Option<Status>, Timestamp),
    after: i64,
    most: i64,
) -> Result<Vec<CodeRecord>, Error> {
    let mut query = db
        .read("SELECT a.id, a.place, a.last_group, a.used_at, p.name AS used_by_name, a.business_id, z.name AS business_name, a.withdrawn_at, b.valid_until, (SELECT l.id FROM licenses l WHERE l.contract_id = a.contract_id AND l.item_number = 1) AS license FROM activation_codes a JOIN code_batches b ON b.id = a.batch_id LEFT JOIN people p ON p.id = a.used_by LEFT JOIN businesses z ON z.id = a.business_id WHERE ")
        .push_bind("a.batch_id = ", batch)
        .push_bind(" AND a.place > ", after);
    query = match status {
        None => query,
        Some(Status::Used) => query.push(" AND a.used_at IS NOT NULL"),
        Some(Status::Withdrawn) => query.push(" AND a.withdrawn_at IS NOT NULL"),
        Some(Status::Open) => query.push_bind(" AND a.used_at IS NULL AND a.withdrawn_at IS NULL AND b.valid_until > ", now),
        Some(Status::Expired) => query.push_bind(" AND a.used_at IS NULL AND a.withdrawn_at IS NULL AND b.valid_until <= ", now),
    };
    query.push_bind(" ORDER BY a.place LIMIT ", most).all().await
}
