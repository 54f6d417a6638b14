//! The job that empties the outbox.

use super::outbox;
use super::port::MailPort;
use crate::db::{Db, Error};
use crate::kernel::clock::Clock;

const BATCH: i64 = 50;

/// Delivers what is due; how many mails were handed over. A mail that fails waits longer each time.
///
/// # Errors
/// Any storage error. A mail that the port refuses is no error here: it is recorded with the mail.
pub async fn deliver_due(db: &Db, clock: &Clock, port: &MailPort) -> Result<u64, Error> {
    let mut delivered = 0;
    for mail in outbox::list_due(db, clock.now(), BATCH).await? {
        if !outbox::claim(db, &mail, clock.now()).await? {
            continue;
        }
        match port.send(&mail).await {
            Ok(()) => {
                outbox::mark_sent(db, mail.id, clock.now()).await?;
                delivered += 1;
            }
            Err(error) => {
                tracing::warn!(mail = %mail.id, kind = mail.kind, error = %error, "mail not delivered");
                outbox::mark_failed(db, &mail, &error.to_string(), clock.now()).await?;
            }
        }
    }
    Ok(delivered)
}
