//! Charges and invoices: each payment that is sure is charged once, each charge has one invoice, and no number is missing.

use crate::model::reference::Reference;
use crate::model::world::World;

pub async fn check(world: &World, reference: &Reference) {
    let db = &world.stage.db;
    // Charges, what they come to, invoices, and those that belong to a charge of their amount.
    let (charges, amount, invoices, matching): (i64, i64, i64, i64) = db
        .read("SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(amount_minor), 0) AS BIGINT), (SELECT CAST(COUNT(*) AS BIGINT) FROM invoices), (SELECT CAST(COUNT(DISTINCT c.id) AS BIGINT) FROM invoices i JOIN charges c ON c.id = i.charge_id AND c.amount_minor = i.amount_minor) FROM charges")
        .one()
        .await
        .unwrap();
    assert_eq!((charges, amount), reference.charges, "charges and what they come to");
    assert_eq!((invoices, matching), (charges, charges), "one invoice a charge");
    let numbers: Vec<(i64, i64, i64, i64)> = db
        .read("SELECT n.last, CAST(COUNT(*) AS BIGINT), CAST(MIN(i.sequence) AS BIGINT), CAST(MAX(i.sequence) AS BIGINT) FROM invoices i JOIN invoice_counters n ON n.seller_id = i.seller_id AND n.series = i.series AND n.year = i.year GROUP BY i.seller_id, i.series, i.year, n.last")
        .all()
        .await
        .unwrap();
    assert_eq!(numbers.iter().map(|(_, count, ..)| count).sum::<i64>(), invoices, "every number was taken from a counter");
    for (last, count, lowest, highest) in numbers {
        assert_eq!((count, lowest, highest), (last, 1, last), "numbers of invoices have no gap");
    }
}
