//! Records of metered usage.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::marketplace::ids::{AgreementId, LicenseArn};
use crate::marketplace::metering::Record;

/// The agreement that a purchase runs under.
pub(in crate::marketplace) async fn find_agreement(tx: &mut Tx, arn: &LicenseArn) -> Result<Option<AgreementId>, Error> {
    let row = tx.q("SELECT agreement_id FROM license_arns WHERE arn = $1").bind(arn).opt::<(AgreementId,)>().await?;
    Ok(row.map(|(agreement,)| agreement))
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

/// Sums by dimension.
pub(in crate::marketplace) async fn totals(
    db: &Db,
    agreement: &AgreementId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<(String, i64)>, Error> {
    db.read("SELECT dimension, CAST(SUM(quantity) AS BIGINT) FROM metering_records WHERE license_arn = (SELECT license_arn FROM agreements WHERE id = $1) AND hour_at >= $2 AND hour_at < $3 GROUP BY dimension ORDER BY dimension")
        .bind(agreement)
        .bind(from)
        .bind(to)
        .all()
        .await
}
