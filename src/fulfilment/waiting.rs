//! A registration token that arrives while the marketplace cannot be asked is kept, sealed, and resolved as soon as it can be
//! (rule 36 of the protocol: a retry keeps the pending registration). The browser holds a handle as for any registration;
//! the token is in no address and no cookie.

use super::Fulfilment;
use super::land::{self, LandingRefusal};
use super::marketplace::ResolveError;
use super::registration::{HANDLE_KEPT, deadline};
use super::store::{registrations, waiting as store};
use crate::audit::{self, Who};
use crate::db::{Error, Failed, SplitRefusal};
use crate::kernel::clock::Timestamp;
use crate::kernel::hex;
use crate::kernel::secret::Secret;
use crate::text_enum;
use crate::tx;
use chrono::TimeDelta;
use serde_json::json;
use store::WaitingToken;

/// More tokens than this are not kept: then the way on is a new click.
const KEPT_MAX: i64 = 10_000;
/// Tokens tried in one run.
const BATCH: i64 = 50;
/// The least distance between two tries of one token by the clockwork.
const EVERY: TimeDelta = TimeDelta::seconds(15);

text_enum! {
    /// Why a kept token leads nowhere after all.
    pub enum Lost {
        /// The marketplace does not know it.
        Unknown = "unknown",
        /// It was too old when it could be resolved.
        Expired = "expired",
        /// It is for a product of somebody else.
        WrongProduct = "wrong_product",
    }
}

impl From<Lost> for LandingRefusal {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Unknown => Self::Unknown,
            Lost::Expired => Self::Expired,
            Lost::WrongProduct => Self::WrongProduct,
        }
    }
}

/// How a kept token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits for the marketplace.
    Waits {
        /// When its window is over.
        until: Timestamp,
    },
    /// It is a registration now.
    Landed,
    /// It leads nowhere.
    Lost(Lost),
}

/// A token that is kept for a browser.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What the browser holds from now on.
    pub handle: Secret,
    /// When the browser may forget it.
    pub handle_until: Timestamp,
}

/// Keeps a presented token that the marketplace could not be asked about; `None` when too many are kept already.
///
/// # Errors
/// Any storage error.
pub async fn keep(room: &Fulfilment, presented: &str, who: &Who) -> Result<Option<Kept>, Error> {
    if store::count(&room.db).await? >= KEPT_MAX {
        tracing::error!("too many registration tokens wait for the marketplace; another one was not kept");
        return Ok(None);
    }
    let handle = Secret::generate();
    let sealed = room.sealing.seal(presented, &named(&handle.hash()));
    let until = deadline(who.now, None);
    tx!(room.db, |tx| {
        store::insert(tx, &handle, &sealed, (who.now, until)).await?;
        audit::record(tx, who, audit::Entry::new("registration.kept_waiting", "waiting token").after(json!({ "until": until }))).await
    })?;
    Ok(Some(Kept { handle, handle_until: who.now + HANDLE_KEPT }))
}

/// What a sealed token is bound to.
fn named(handle_hash: &[u8]) -> String {
    format!("waiting token {}", hex::of(handle_hash))
}

/// How the token behind a handle stands; `None` where none was kept.
///
/// # Errors
/// Any storage error.
pub async fn find(room: &Fulfilment, handle: &Secret) -> Result<Option<Standing>, Error> {
    let found = store::find(&room.db, &handle.hash()).await?;
    Ok(found.map(|token| token.outcome.map_or(Standing::Waits { until: token.expires_at }, Standing::Lost)))
}

/// Asks the marketplace about the token behind a handle now, for the person who waits.
///
/// # Errors
/// Any storage error.
pub async fn try_now(room: &Fulfilment, handle: &Secret, who: &Who) -> Result<Option<Standing>, Error> {
    match store::find(&room.db, &handle.hash()).await? {
        None => Ok(None),
        Some(token) => attempt(room, &token, who).await.map(Some),
    }
}

/// Asks about every token that waits, until the marketplace does not answer; how many are settled. A job runs it.
///
/// # Errors
/// The first storage error.
pub async fn resolve_waiting(room: &Fulfilment) -> Result<u64, Error> {
    let mut settled = 0;
    for token in store::list_due(&room.db, room.clock.now() - EVERY, BATCH).await? {
        match attempt(room, &token, &Who::system("waiting registrations", room.clock.now())).await? {
            Standing::Waits { .. } => break,
            Standing::Landed | Standing::Lost(_) => settled += 1,
        }
    }
    Ok(settled)
}

async fn attempt(room: &Fulfilment, token: &WaitingToken, who: &Who) -> Result<Standing, Error> {
    let Some(sealed) = &token.sealed_token else { return Ok(token.outcome.map_or(Standing::Landed, Standing::Lost)) };
    if token.expires_at <= who.now {
        return lose(room, token, Lost::Expired).await;
    }
    let Ok(text) = room.sealing.open(sealed, &named(&token.handle_hash)) else {
        tracing::error!("a registration token that waits does not open: the key file is another one");
        return lose(room, token, Lost::Unknown).await;
    };
    let presented = Secret::presented(&text);
    match room.marketplace.resolve(&presented).await {
        Ok(resolved) if room.products.credits_dimension(&resolved.product_code).is_none() => lose(room, token, Lost::WrongProduct).await,
        Ok(resolved) => land_late(room, token, (&presented, resolved), who).await,
        Err(ResolveError::Invalid) => lose(room, token, Lost::Unknown).await,
        Err(ResolveError::Expired) => lose(room, token, Lost::Expired).await,
        Err(ResolveError::Unreachable(cause)) => {
            tracing::warn!(%cause, "a registration token still waits for the marketplace");
            store::note_tried(&room.db, &token.handle_hash, who.now).await?;
            Ok(Standing::Waits { until: token.expires_at })
        }
    }
}

async fn lose(room: &Fulfilment, token: &WaitingToken, why: Lost) -> Result<Standing, Error> {
    tx!(room.db, |tx| { store::lose(tx, &token.handle_hash, why).await })?;
    Ok(Standing::Lost(why))
}

/// The registration as it would have been at the landing, under the handle that the browser holds already.
async fn land_late(
    room: &Fulfilment,
    token: &WaitingToken,
    (presented, resolved): (&Secret, super::marketplace::ResolvedPurchase),
    who: &Who,
) -> Result<Standing, Error> {
    let expires_at = deadline(token.landed_at, resolved.token_expires_at);
    let purchase = land::purchase(room, resolved);
    let presented = registrations::Presented { token: presented, purchase: &purchase, landed_at: token.landed_at, expires_at };
    let landed: Result<bool, Failed<LandingRefusal>> = tx!(room.db, |tx| {
        // First: of several workers one goes on.
        if !store::take(tx, &token.handle_hash).await? {
            return Ok(false);
        }
        land::register(tx, &presented, (&token.handle_hash, token.landed_at + HANDLE_KEPT), who).await?;
        Ok(true)
    });
    match landed.refusal()? {
        Ok(_) => Ok(Standing::Landed),
        Err(_) => lose(room, token, Lost::Expired).await,
    }
}
