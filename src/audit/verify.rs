//! Walks the whole chain and names the first thing that is wrong with the log (AUD-2).

use super::chain::{Broken, Head};
use super::store::seals as store;
use crate::db::{Db, Error};
use chrono::TimeDelta;

/// Links read at a time.
const BATCH: i64 = 1_000;

/// An entry may wait so long for its link: as long as a transaction can last, and the sealing job be away.
pub(super) const SEALED_WITHIN: TimeDelta = TimeDelta::hours(1);

/// A log in which nothing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sound {
    /// The head of the chain.
    pub head: Head,
    /// Entries that are too new to be sealed.
    pub waiting: i64,
}

/// Checks every link, then whether an entry was put in beside the chain, then the heads that were kept elsewhere. The
/// inner error is the first thing found wrong.
///
/// # Errors
/// Any storage error.
pub async fn verify(db: &Db, kept: &[Head]) -> Result<Result<Sound, Broken>, Error> {
    let mut head = Head::EMPTY;
    let mut waiting_heads: Vec<Head> = kept.to_vec();
    loop {
        let links = store::list_links(db, head.sequence, BATCH).await?;
        let read = links.len();
        for link in links {
            head = match link.checked_after(head) {
                Ok(next) => next,
                Err(broken) => return Ok(Err(broken)),
            };
            if waiting_heads.iter().any(|kept| kept.sequence == head.sequence && kept.hash != head.hash) {
                return Ok(Err(Broken::MadeAnew(head.sequence)));
            }
            waiting_heads.retain(|kept| kept.sequence != head.sequence);
        }
        if i64::try_from(read).is_ok_and(|read| read < BATCH) {
            break;
        }
    }
    if let Some(kept) = waiting_heads.iter().map(|kept| kept.sequence).filter(|kept| *kept > head.sequence).max() {
        return Ok(Err(Broken::CutOff { found: head.sequence, kept }));
    }
    if let Some(entry) = store::find_put_in(db).await? {
        return Ok(Err(Broken::PutIn(entry)));
    }
    Ok(Ok(Sound { head, waiting: store::count_unsealed(db).await? }))
}
