//! The outbox table: what is in it will be delivered at least once, what was rolled back never existed.

use super::{Attachment, Enclosed, Mail};
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::MailId;
use chrono::TimeDelta;

/// After this many tries a mail is given up and stays for staff to see.
pub const ATTEMPTS_MAX: i64 = 12;

/// A mail that waits.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Waiting {
    /// Its id, also the Message-ID, so that a second delivery can be recognised.
    pub id: MailId,
    /// What kind of mail it is.
    pub kind: String,
    /// One address.
    pub recipient: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// Tries so far.
    pub attempts: i64,
    /// The name of the file that goes with it.
    attachment_name: Option<String>,
    attachment_type: Option<String>,
    attachment: Option<Vec<u8>>,
}

impl Waiting {
    /// The name of the file that has to be made before this mail can go.
    #[must_use]
    pub fn file_to_make(&self) -> Option<&str> {
        self.attachment_name.as_deref().filter(|_| self.attachment.is_none())
    }

    /// The same mail with that file.
    #[must_use]
    pub fn with_file(self, content: Vec<u8>) -> Self {
        Self { attachment: Some(content), ..self }
    }

    /// The file that goes with it.
    #[must_use]
    pub fn attachment(&self) -> Option<Attachment> {
        let (Some(name), Some(media_type), Some(content)) = (&self.attachment_name, &self.attachment_type, &self.attachment) else {
            return None;
        };
        Some(Attachment { name: name.clone(), media_type: media_type.clone(), content: content.clone() })
    }
}

/// Puts a mail in the outbox, in the transaction of what it tells of.
///
/// # Errors
/// Any storage error; the change is then rolled back with it.
pub async fn post(tx: &mut Tx, mail: Mail, now: Timestamp) -> Result<(), Error> {
    let (name, media_type, content) = match mail.attachment {
        None => (None, None, None),
        Some(Enclosed::Whole(file)) => (Some(file.name), Some(file.media_type), Some(file.content)),
        Some(Enclosed::OnDelivery { name, media_type }) => (Some(name), Some(media_type.to_owned()), None),
    };
    tx.q("INSERT INTO mails (id, kind, recipient, subject, body, created_at, attempts, next_attempt_at, attachment_name, attachment_type, attachment) VALUES ($1, $2, $3, $4, $5, $6, 0, $6, $7, $8, $9)")
        .bind(MailId::generate())
        .bind(mail.kind)
        .bind(mail.recipient)
        .bind(mail.subject)
        .bind(mail.body)
        .bind(now)
        .bind(name)
        .bind(media_type)
        .bind(content)
        .exec_one()
        .await
}

/// The mails that are due, oldest first.
///
/// # Errors
/// Any storage error.
pub async fn list_due(db: &Db, now: Timestamp, most: i64) -> Result<Vec<Waiting>, Error> {
    db.read("SELECT id, kind, recipient, subject, body, created_at, attempts, attachment_name, attachment_type, attachment FROM mails WHERE sent_at IS NULL AND given_up_at IS NULL AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT $2")
        .bind(now)
        .bind(most)
        .all()
        .await
}

/// Takes a due mail for one delivery, so that no other process sends it meanwhile; false when another was faster.
///
/// # Errors
/// Any storage error.
pub async fn claim(db: &Db, mail: &Waiting, now: Timestamp) -> Result<bool, Error> {
    let wait_minutes = 1i64 << mail.attempts.clamp(0, 9);
    let changed = db
        .write("UPDATE mails SET attempts = attempts + 1, next_attempt_at = $3 WHERE id = $1 AND attempts = $2 AND sent_at IS NULL AND given_up_at IS NULL")
        .bind(mail.id)
        .bind(mail.attempts)
        .bind(now + TimeDelta::minutes(wait_minutes))
        .exec()
        .await?;
    Ok(changed == 1)
}

/// It was handed over. Its text and the content of its file are not kept: a mail may carry a link that works (quality D9).
///
/// # Errors
/// Any storage error.
pub async fn mark_sent(db: &Db, id: MailId, now: Timestamp) -> Result<(), Error> {
    db.write("UPDATE mails SET sent_at = $2, last_error = NULL, body = '', attachment = NULL WHERE id = $1")
        .bind(id)
        .bind(now)
        .exec_one()
        .await
}

/// It was not; after [`ATTEMPTS_MAX`] tries it is given up.
///
/// # Errors
/// Any storage error.
pub async fn mark_failed(db: &Db, mail: &Waiting, reason: &str, now: Timestamp) -> Result<(), Error> {
    let given_up = (mail.attempts + 1 >= ATTEMPTS_MAX).then_some(now);
    db.write("UPDATE mails SET last_error = $2, given_up_at = $3 WHERE id = $1")
        .bind(mail.id)
        .bind(reason.to_owned())
        .bind(given_up)
        .exec_one()
        .await
}
