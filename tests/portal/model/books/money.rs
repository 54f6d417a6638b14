//! Charges and invoices: each payment that is sure is charged once, each charge has one invoice, and no number is missing.

use crate::model::reference::Reference;
use crate::model::world::World;
use std::collections::BTreeMap;

pub async fn check(world: &World, reference: &Reference) {
    let db = &world.stage.db;
    let charged: (i64, i64) =
        db.read("SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT) FROM charges").one().await.unwrap();
    assert_eq!(charged, reference.charges, "charges and what they come to");
    let (invoices, invoiced): (i64, i64) = db
        .read("SELECT CAST(COUNT(*) AS BIGINT), CAST(COUNT(DISTINCT c.id) AS BIGINT) FROM invoices i JOIN charges c ON c.id = i.charge_id AND c.amount_minor = i.amount_minor")
        .one()
        .await
        .unwrap();
    let all: i64 = db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM invoices").scalar().await.unwrap();
    assert_eq!((invoices, invoiced, all), (charged.0, charged.0, charged.0), "one invoice a charge");
    let numbers: Vec<(String, i64, i64)> =
        db.read("SELECT seller_id, year, sequence FROM invoices ORDER BY seller_id, year, sequence").all().await.unwrap();
    let mut last: BTreeMap<(String, i64), i64> = BTreeMap::new();
    for (seller, year, sequence) in numbers {
        let before = last.entry((seller, year)).or_default();
        assert_eq!(sequence, *before + 1, "numbers of invoices have no gap");
        *before = sequence;
    }
    let counters: Vec<(String, i64, i64)> = db.read("SELECT seller_id, year, last FROM invoice_counters").all().await.unwrap();
    let counted: BTreeMap<(String, i64), i64> = counters.into_iter().map(|(seller, year, last)| ((seller, year), last)).collect();
    assert_eq!(counted, last, "the counters stand at the last numbers");
}
