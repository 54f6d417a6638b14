//! Warns before licenses expire: the row that says so, the mails and the audit entry are one transaction, and the row's key
//! keeps a step from being told twice, however many workers run (EXP-3). A run that comes late tells the nearest step only.

use super::calendar::Ending;
use super::mail::{Warning, warning};
use super::steps::{Window, is_news, windows};
use crate::access::{BusinessScope, Lengths};
use crate::audit::{self, Entry, Who};
use crate::credits::ledger;
use crate::db::{Db, Error};
use crate::fulfilment::Fulfilment;
use crate::fulfilment::store::warnings::{self as store, Group, Told};
use crate::kernel::clock::Timestamp;
use crate::notices::outbox;
use crate::tx;
use serde_json::json;

const PAGE: i64 = 200;

/// Tells every step that is due; how many were told.
///
/// # Errors
/// Any storage error; what was told before it stays told.
pub async fn warn_due(room: &Fulfilment, lengths: Lengths) -> Result<u64, Error> {
    let who = Who::system("expiry warnings", room.clock.now());
    let mut told = 0;
    for window in windows(who.now) {
        let mut after = None;
        loop {
            let groups = store::list_untold(&room.db, window.days, (window.from, window.to), after, PAGE).await?;
            for group in groups.iter().filter(|group| is_news(window.days, group.expires_at, group.known_since)) {
                told += u64::from(tell(room, &who, window, *group, lengths).await?);
            }
            after = groups.last().copied();
            if after.is_none() || i64::try_from(groups.len()).is_ok_and(|seen| seen < PAGE) {
                break;
            }
        }
    }
    Ok(told)
}

/// Tells one step of one expiration; false when there is nothing to tell any more, or another worker was faster.
async fn tell(room: &Fulfilment, who: &Who, window: Window, group: Group, lengths: Lengths) -> Result<bool, Error> {
    let Group { business_id: business, expires_at, .. } = group;
    tx!(room.db, |tx| {
        store::lock_ending(tx, business, expires_at).await?;
        let items = store::list_ending(tx, business, expires_at).await?;
        let name = store::find_open_name(tx, business).await?;
        let (false, Some(business_name)) = (items.is_empty(), name) else { return Ok(false) };
        let readers = store::list_readers(tx, business).await?;
        let ending = Ending { business, business_name, expires_at, items };
        let (credits, recipients) = (ending.credits(true) + ending.credits(false), i64::try_from(readers.len()).unwrap_or(i64::MAX));
        if !store::insert(tx, Told { business, expires_at, step: window.days, credits, recipients, now: who.now }).await? {
            return Ok(false);
        }
        let figures_then = ledger::figures_in(tx, business, expires_at).await?;
        let locks = ending.credits(true) == 0 && store::is_last(tx, business, expires_at).await?;
        let locks_at = locks.then(|| lengths.locks_at(expires_at));
        let facts = Warning { ending: &ending, figures_then, locks_at, links: &room.links, now: who.now };
        for reader in &readers {
            outbox::post(tx, warning(&facts, reader), who.now).await?;
        }
        let state = json!({ "expires_at": expires_at.to_rfc3339(), "days_before": window.days, "credits": credits, "people": recipients });
        audit::record(tx, who, Entry::new("expiry.warned", business).in_business(business).after(state)).await?;
        Ok::<_, Error>(true)
    })
}

/// What of the scope's business ends at exactly this instant, if it is still to come.
///
/// # Errors
/// Any storage error.
pub async fn find_ending(db: &Db, scope: BusinessScope, expires_at: Timestamp, now: Timestamp) -> Result<Option<Ending>, Error> {
    let business = scope.business();
    let items = if now < expires_at { store::read_ending(db, business, expires_at).await? } else { Vec::new() };
    if items.is_empty() {
        return Ok(None);
    }
    Ok(Some(Ending { business, business_name: store::get_name(db, business).await?, expires_at, items }))
}
