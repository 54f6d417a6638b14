//! Gives new audit entries their place in the chain (AUD-2). It follows the writers instead of making them wait for each
//! other: an entry is sealed some seconds after its transaction, in the order in which entries are found.

use super::chain::Head;
use super::store::seals as store;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::tx;

/// Entries sealed in one transaction.
const BATCH: i64 = 500;

/// Seals every entry that has no link yet; how many, and the head then. Two processes that do so at once do no harm: a
/// link has one number, and the slower one leaves the rest for the next time.
///
/// # Errors
/// Any storage error.
pub async fn seal(db: &Db, now: Timestamp) -> Result<(i64, Head), Error> {
    let mut sealed = 0;
    loop {
        let (batch, head) = tx!(db, |tx| {
            let mut head = store::get_head(tx).await?;
            let mut links = 0;
            for entry in store::list_unsealed(tx, BATCH).await? {
                let next = head.followed_by(&entry);
                if !store::insert(tx, next, entry.id, now).await? {
                    break;
                }
                (head, links) = (next, links + 1);
            }
            Ok::<_, Error>((links, head))
        })?;
        sealed += batch;
        if batch < BATCH {
            return Ok((sealed, head));
        }
    }
}
