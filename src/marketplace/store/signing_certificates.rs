//! Certificates and sealed keys that sign the messages of webhooks.

use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::marketplace::sns::signer::Made;

/// The one in use, with its number.
pub(in crate::marketplace) async fn find_newest(db: &Db) -> Result<Option<(i64, Made)>, Error> {
    let newest: Option<(i64, String, String, Vec<u8>)> =
        db.read("SELECT generation, id, certificate, sealed_key FROM signing_certificates ORDER BY generation DESC LIMIT 1").opt().await?;
    Ok(newest.map(|(generation, id, certificate, sealed_key)| (generation, Made { id, certificate, sealed_key })))
}

/// Keeps a new one, unless there is one of its number.
pub(in crate::marketplace) async fn insert(db: &Db, generation: i64, made: &Made, now: Timestamp) -> Result<(), Error> {
    db.write("INSERT INTO signing_certificates (id, generation, certificate, sealed_key, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING")
        .bind(&made.id)
        .bind(generation)
        .bind(&made.certificate)
        .bind(made.sealed_key.clone())
        .bind(now)
        .exec()
        .await
        .map(drop)
}

/// A certificate, in use or used before.
pub(in crate::marketplace) async fn find(db: &Db, id: &str) -> Result<Option<String>, Error> {
    let found = db.read("SELECT certificate FROM signing_certificates WHERE id = $1").bind(id).opt::<(String,)>().await?;
    Ok(found.map(|(certificate,)| certificate))
}
