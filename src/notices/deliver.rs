//! The job that empties the outbox.

use super::outbox::{self, Waiting};
use super::port::MailPort;
use crate::db::{Db, Error};
use crate::kernel::clock::Clock;
use futures_util::future::BoxFuture;

const BATCH: i64 = 50;

/// Makes the file of this name that a mail named without carrying it; the error says in words why it cannot.
pub type MakeFile = for<'d> fn(&'d Db, &'d str) -> BoxFuture<'d, Result<Vec<u8>, String>>;

/// Delivers what is due; how many mails were handed over. A mail that fails waits longer each time.
///
/// # Errors
/// Any storage error. A mail that the port refuses, or whose file cannot be made, is no error here: it is recorded with
/// the mail.
pub async fn deliver_due(db: &Db, clock: &Clock, port: &MailPort, make: MakeFile) -> Result<u64, Error> {
    let mut delivered = 0;
    for mail in outbox::list_due(db, clock.now(), BATCH).await? {
        if !outbox::claim(db, &mail, clock.now()).await? {
            continue;
        }
        match send(db, port, make, mail.clone()).await {
            Ok(()) => {
                outbox::mark_sent(db, mail.id, clock.now()).await?;
                delivered += 1;
            }
            Err(reason) => {
                tracing::warn!(mail = %mail.id, kind = mail.kind, error = reason, "mail not delivered");
                outbox::mark_failed(db, &mail, &reason, clock.now()).await?;
            }
        }
    }
    Ok(delivered)
}

async fn send(db: &Db, port: &MailPort, make: MakeFile, mail: Waiting) -> Result<(), String> {
    let mail = match mail.file_to_make() {
        Some(name) => {
            let content = make(db, name).await?;
            mail.with_file(content)
        }
        None => mail,
    };
    port.send(&mail).await.map_err(|error| error.to_string())
}
