//! SQL of what a code in a mail opens: `password_resets` and `sign_ups`. Codes are stored as hashes and work once.

use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::PersonId;
use crate::kernel::secret::Secret;

/// Adds the code of a password reset.
pub async fn insert_reset(tx: &mut Tx, code: &Secret, person: PersonId, now: Timestamp, expires_at: Timestamp) -> Result<(), Error> {
    tx.q("INSERT INTO password_resets (code_hash, person_id, created_at, expires_at) VALUES ($1, $2, $3, $4)")
        .bind(code.hash())
        .bind(person)
        .bind(now)
        .bind(expires_at)
        .exec_one()
        .await
}

/// Whose password a code may set at this instant.
pub async fn find_reset(db: &Db, code: &Secret, now: Timestamp) -> Result<Option<PersonId>, Error> {
    let found = db
        .read("SELECT r.person_id FROM password_resets r JOIN people p ON p.id = r.person_id WHERE r.code_hash = $1 AND r.used_at IS NULL AND r.expires_at > $2 AND p.disabled_at IS NULL")
        .bind(code.hash())
        .bind(now);
    Ok(found.opt::<(PersonId,)>().await?.map(|(person,)| person))
}

/// Uses a code up; false when it was used or has expired meanwhile.
pub async fn use_reset(tx: &mut Tx, code: &Secret, now: Timestamp) -> Result<bool, Error> {
    let used = tx
        .q("UPDATE password_resets SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2")
        .bind(code.hash())
        .bind(now);
    Ok(used.exec().await? == 1)
}

/// Makes every other open code of a person useless.
pub async fn close_resets(tx: &mut Tx, person: PersonId, now: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE password_resets SET used_at = $2 WHERE person_id = $1 AND used_at IS NULL").bind(person).bind(now).exec().await.map(drop)
}

/// A registration that waits for its address to be confirmed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SignUp {
    /// Where the code was sent.
    pub email: String,
    /// The person's name.
    pub name: String,
    /// The business to be made.
    pub business: String,
}

/// Keeps what was typed until the address is confirmed.
pub async fn insert_sign_up(tx: &mut Tx, code: &Secret, sign_up: &SignUp, now: Timestamp, expires_at: Timestamp) -> Result<(), Error> {
    tx.q("INSERT INTO sign_ups (code_hash, email, name, business, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(code.hash())
        .bind(&sign_up.email)
        .bind(&sign_up.name)
        .bind(&sign_up.business)
        .bind(now)
        .bind(expires_at)
        .exec_one()
        .await
}

/// What a code stands for at this instant.
pub async fn find_sign_up(db: &Db, code: &Secret, now: Timestamp) -> Result<Option<SignUp>, Error> {
    db.read("SELECT email, name, business FROM sign_ups WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2")
        .bind(code.hash())
        .bind(now)
        .opt()
        .await
}

/// Uses a code up and gives what it stands for; none when it was used or has expired meanwhile.
pub async fn use_sign_up(tx: &mut Tx, code: &Secret, now: Timestamp) -> Result<Option<SignUp>, Error> {
    tx.q("UPDATE sign_ups SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING email, name, business")
        .bind(code.hash())
        .bind(now)
        .opt()
        .await
}

/// Removes codes whose time is long over; how many.
pub async fn sweep(db: &Db, before: Timestamp) -> Result<u64, Error> {
    let resets = db.write("DELETE FROM password_resets WHERE expires_at < $1").bind(before).exec().await?;
    Ok(resets + db.write("DELETE FROM sign_ups WHERE expires_at < $1").bind(before).exec().await?)
}
