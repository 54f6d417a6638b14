//! All SQL of the test bench.

use super::fault::{Fault, Faults, Setting};
use super::inspect::{Note, Record, RecordFilter};
use super::{TakenOver, inspect};
use crate::audit::Who;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BenchRecordId, PaymentId};
use crate::kernel::page::{Cursor, PageSize, Paged};

/// How far ahead the clock is.
pub(super) async fn ahead(db: &Db) -> Result<i64, Error> {
    db.read("SELECT ahead_micros FROM test_bench_clock WHERE one = 1").scalar().await
}

/// Puts it forward from where it was seen; false when somebody else did meanwhile.
pub(super) async fn put_forward(db: &Db, seen: i64, next: i64) -> Result<bool, Error> {
    let update = db.write("UPDATE test_bench_clock SET ahead_micros = $2 WHERE one = 1 AND ahead_micros = $1 AND ahead_micros < $2");
    Ok(update.bind(seen).bind(next).exec().await? == 1)
}

pub(super) async fn list_faults(db: &Db) -> Result<Faults, Error> {
    type Row = (String, i64, Option<i64>, Timestamp, String);
    let rows: Vec<Row> = db.read("SELECT name, value, remaining, switched_on_at, switched_on_by FROM test_bench_faults").all().await?;
    // A fault of another version of the program is none of this one's.
    let known = rows
        .into_iter()
        .filter_map(|(name, value, remaining, since, by)| Some((Fault::parse(&name)?, Setting { value, remaining, since, by })));
    Ok(Faults::of(known.collect()))
}

pub(super) async fn switch_on(tx: &mut Tx, who: &Who, fault: Fault, value: i64, times: Option<i64>) -> Result<(), Error> {
    tx.q("INSERT INTO test_bench_faults (name, value, remaining, switched_on_at, switched_on_by) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET value = excluded.value, remaining = excluded.remaining, switched_on_at = excluded.switched_on_at, switched_on_by = excluded.switched_on_by")
        .bind(fault)
        .bind(value)
        .bind(times)
        .bind(who.now)
        .bind(&who.label)
        .exec_one()
        .await
}

pub(super) async fn switch_off(tx: &mut Tx, fault: Fault) -> Result<bool, Error> {
    Ok(tx.q("DELETE FROM test_bench_faults WHERE name = $1").bind(fault).exec().await? == 1)
}

/// Uses one of so many times; false when none is left.
pub(super) async fn count_down(db: &Db, fault: Fault) -> Result<bool, Error> {
    let update = db.write("UPDATE test_bench_faults SET remaining = remaining - 1 WHERE name = $1 AND remaining > 0");
    Ok(update.bind(fault).exec().await? == 1)
}

pub(super) async fn find_payment(db: &Db, payment: PaymentId) -> Result<Option<TakenOver>, Error> {
    db.read("SELECT outcome, decides_at FROM test_bench_payments WHERE payment_id = $1").bind(payment).opt().await
}

/// Keeps what becomes of a payment; what was kept first stays.
pub(super) async fn insert_payment(db: &Db, payment: PaymentId, taken: TakenOver) -> Result<(), Error> {
    let insert = db
        .write("INSERT INTO test_bench_payments (payment_id, outcome, decides_at) VALUES ($1, $2, $3) ON CONFLICT (payment_id) DO NOTHING");
    insert.bind(payment).bind(taken.outcome).bind(taken.decides_at).exec().await.map(drop)
}

/// Keeps that a token was resolved; false when it was before.
pub(super) async fn insert_token(db: &Db, hash: &[u8], now: Timestamp) -> Result<bool, Error> {
    let insert = db.write("INSERT INTO test_bench_tokens (token_hash, resolved_at) VALUES ($1, $2) ON CONFLICT (token_hash) DO NOTHING");
    Ok(insert.bind(hash).bind(now).exec().await? == 1)
}

pub(super) async fn sweep_tokens(db: &Db, before: Timestamp) -> Result<u64, Error> {
    db.write("DELETE FROM test_bench_tokens WHERE resolved_at < $1").bind(before).exec().await
}

pub(super) async fn insert_record(db: &Db, note: Note) -> Result<(), Error> {
    let (request, answer) = inspect::Note::texts(note.request, note.answer);
    db.write("INSERT INTO test_bench_records (id, kind, seen_at, operation, account, key_id, protocol, status, duration_micros, request_id, request, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
        .bind(BenchRecordId::generate())
        .bind(note.kind)
        .bind(note.at)
        .bind(note.operation)
        .bind(note.account)
        .bind(note.key_id)
        .bind(note.protocol)
        .bind(i64::from(note.status))
        .bind(i64::try_from(note.took.as_micros()).unwrap_or(i64::MAX))
        .bind(note.request_id)
        .bind(request)
        .bind(answer)
        .exec_one()
        .await
}

const RECORDS: &str = "SELECT id, kind, seen_at, operation, account, key_id, protocol, status, duration_micros, request_id, request, answer FROM test_bench_records WHERE ";

pub(super) async fn list_records(db: &Db, filter: &RecordFilter, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Record>, Error> {
    let mut query = db.read(RECORDS).push("TRUE");
    if let Some(kind) = filter.kind {
        query = query.push_bind(" AND kind = ", kind);
    }
    if let Some(operation) = &filter.operation {
        query = query.push_bind(" AND operation = ", operation.clone());
    }
    if let Some(status) = filter.status {
        query = query.push_bind(" AND status = ", status);
    }
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (seen_at, id) < (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY seen_at DESC, id DESC LIMIT ", size.overfetch()).all::<Record>().await?;
    Ok(Paged::from_overfetch(rows, size, |row| Cursor::of_time(row.seen_at, row.id.uuid())))
}

pub(super) async fn list_operations(db: &Db) -> Result<Vec<String>, Error> {
    let rows: Vec<(String,)> = db.read("SELECT DISTINCT operation FROM test_bench_records ORDER BY operation").all().await?;
    Ok(rows.into_iter().map(|(operation,)| operation).collect())
}

pub(super) async fn find_record(db: &Db, id: BenchRecordId) -> Result<Option<Record>, Error> {
    db.read(RECORDS).push_bind("id = ", id).opt().await
}

/// Removes all but so many of the newest.
pub(super) async fn sweep_records(db: &Db, kept: i64) -> Result<u64, Error> {
    let oldest: Option<(Timestamp, BenchRecordId)> =
        db.read("SELECT seen_at, id FROM test_bench_records ORDER BY seen_at DESC, id DESC LIMIT 1 OFFSET $1").bind(kept - 1).opt().await?;
    let Some((at, id)) = oldest else { return Ok(0) };
    db.write("DELETE FROM test_bench_records WHERE (seen_at, id) < ($1, $2)").bind(at).bind(id).exec().await
}
