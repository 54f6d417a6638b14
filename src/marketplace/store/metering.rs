//! Records of metered usage.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::marketplace::catalog::PAY_AS_YOU_GO;
use crate::marketplace::ids::{AgreementId, LicenseArn};
use crate::marketplace::metering::{Record, TermSpan, UsedInMonths};

/// Every term of the chain that a license ARN belongs to, first to last; none for an ARN that is not known.
pub(in crate::marketplace) async fn list_terms(tx: &mut Tx, arn: &LicenseArn) -> Result<Vec<TermSpan>, Error> {
    tx.q("SELECT g.id AS agreement_id, p.dimension = $2 AS is_metered, g.status, g.starts_at, g.ends_at FROM agreements g JOIN products p ON p.id = g.product_id WHERE g.initial_agreement_id = (SELECT x.initial_agreement_id FROM license_arns l JOIN agreements x ON x.id = l.agreement_id WHERE l.arn = $1) ORDER BY g.term_number")
        .bind(arn)
        .bind(PAY_AS_YOU_GO)
        .all()
        .await
}

/// Keeps a record; one that is there already stays as it is.
pub(in crate::marketplace) async fn insert(
    tx: &mut Tx,
    (arn, agreement): (&LicenseArn, &AgreementId),
    record: &Record,
    now: Timestamp,
) -> Result<(), Error> {
    tx.q("INSERT INTO metering_records (record_key, license_arn, agreement_id, dimension, hour_at, quantity, received_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING")
        .bind(&record.key)
        .bind(arn)
        .bind(agreement)
        .bind(&record.dimension)
        .bind(record.hour_at)
        .bind(record.quantity)
        .bind(now)
        .exec()
        .await?;
    Ok(())
}

/// Sums by dimension, of the month from the second instant on and of the one between the two.
pub(in crate::marketplace) async fn used(
    db: &Db,
    initial: &AgreementId,
    (last, this): (Timestamp, Timestamp),
) -> Result<Vec<UsedInMonths>, Error> {
    db.read("SELECT m.dimension, CAST(SUM(CASE WHEN m.hour_at >= $3 THEN m.quantity ELSE 0 END) AS BIGINT) AS this_month, CAST(SUM(CASE WHEN m.hour_at < $3 THEN m.quantity ELSE 0 END) AS BIGINT) AS last_month FROM metering_records m JOIN agreements g ON g.id = m.agreement_id WHERE g.initial_agreement_id = $1 AND m.hour_at >= $2 GROUP BY m.dimension ORDER BY m.dimension")
        .bind(initial)
        .bind(last)
        .bind(this)
        .all()
        .await
}
