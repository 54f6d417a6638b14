//! A registration token arrives at the fulfilment address: it is resolved at once and kept as a registration. This
//! grants nothing, and the token itself goes no further than the marketplace's answer (SET-2, SET-3).

use super::Fulfilment;
use super::marketplace::{ResolveError, ResolvedPurchase};
use super::registration::{HANDLE_KEPT, Purchase, State, deadline};
use super::store::{registrations, waiting};
use crate::audit::{self, Who};
use crate::db::{Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::RegistrationId;
use crate::kernel::secret::Secret;
use crate::tx;
use serde_json::json;

/// Longer tokens are no marketplace's.
const TOKEN_CHARS_MAX: usize = 4_096;

/// Why a landing leads nowhere; each has its own page (SET-5). In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandingRefusal {
    /// No token came with the request.
    Missing,
    /// What came cannot be a token; the marketplace is not even asked.
    Malformed,
    /// The marketplace cannot be asked now; see [`super::waiting`].
    Unreachable,
    /// The marketplace does not know it.
    Unknown,
    /// The marketplace's or the console's window is over.
    Expired,
    /// It is a product of somebody else.
    WrongProduct,
}

/// A registration in the hands of the browser that presented the token.
#[derive(Clone, Debug)]
pub struct Landed {
    /// What the browser holds from now on. Only its hash is stored.
    pub handle: Secret,
    /// When the browser may forget it.
    pub handle_until: Timestamp,
    /// The registration: the same for the same token, however often it is presented.
    pub registration: RegistrationId,
}

/// Resolves a presented token and keeps the registration.
///
/// # Errors
/// The refusal, or any storage error; nothing is kept then.
pub async fn land(room: &Fulfilment, presented: &str, who: &Who) -> Result<Landed, Failed<LandingRefusal>> {
    let token = token(presented)?;
    let resolved = match room.marketplace.resolve(&token).await {
        Ok(resolved) => resolved,
        Err(ResolveError::Invalid) => return refuse(LandingRefusal::Unknown),
        Err(ResolveError::Expired) => return refuse(LandingRefusal::Expired),
        Err(ResolveError::Unreachable(cause)) => {
            tracing::warn!(cause = %cause, "a registration token could not be resolved");
            return refuse(LandingRefusal::Unreachable);
        }
    };
    if room.products.credits_dimension(&resolved.product_code).is_none() {
        return refuse(LandingRefusal::WrongProduct);
    }
    let expires_at = deadline(who.now, resolved.token_expires_at);
    let purchase = purchase(room, resolved);
    keep(room, &registrations::Presented { token: &token, purchase: &purchase, landed_at: who.now, expires_at }, who).await
}

/// The purchase as a registration keeps it.
pub(super) fn purchase(room: &Fulfilment, resolved: ResolvedPurchase) -> Purchase {
    Purchase {
        source: room.marketplace.source(),
        license_arn: resolved.license_arn,
        product_code: resolved.product_code,
        product_name: resolved.product_name,
        seller_name: resolved.seller_name,
        agreement_id: resolved.agreement_id,
        buyer_account_id: resolved.buyer_account_id,
    }
}

/// What came in, if it can be a token at all: printable ASCII without blanks.
fn token(presented: &str) -> Result<Secret, Failed<LandingRefusal>> {
    if presented.is_empty() {
        return refuse(LandingRefusal::Missing);
    }
    if presented.len() > TOKEN_CHARS_MAX || !presented.bytes().all(|byte| byte.is_ascii_graphic()) {
        return refuse(LandingRefusal::Malformed);
    }
    Ok(Secret::presented(presented))
}

async fn keep(room: &Fulfilment, presented: &registrations::Presented<'_>, who: &Who) -> Result<Landed, Failed<LandingRefusal>> {
    let handle = Secret::generate();
    let handle_until = who.now + HANDLE_KEPT;
    let registration = tx!(room.db, |tx| { register(tx, presented, (&handle.hash(), handle_until), who).await })?;
    Ok(Landed { handle, handle_until, registration })
}

/// Everything that a landing writes: the registration, once for each token, and the browser's handle.
pub(super) async fn register(
    tx: &mut Tx,
    presented: &registrations::Presented<'_>,
    (handle_hash, handle_until): (&[u8], Timestamp),
    who: &Who,
) -> Result<RegistrationId, Failed<LandingRefusal>> {
    let first = registrations::insert(tx, presented).await?;
    let registration = registrations::get_by_token(tx, presented.token).await?;
    if let State::Expired { .. } = registration.state(who.now) {
        return refuse(LandingRefusal::Expired);
    }
    let new_handle = registrations::Handle {
        hash: handle_hash,
        registration: registration.id,
        bound_to: None,
        created_by: who.person,
        created_at: who.now,
        expires_at: handle_until,
    };
    registrations::insert_handle(tx, &new_handle).await?;
    let purchase = &registration.purchase;
    let action = if first { "registration.landed" } else { "registration.presented_again" };
    let entry = audit::Entry::new(action, registration.id).in_buyer_account(&purchase.buyer_account_id).after(json!({
        "license_arn": purchase.license_arn,
        "agreement": purchase.agreement_id,
        "product": purchase.product_name,
        "expires_at": registration.expires_at,
    }));
    audit::record(tx, who, entry).await?;
    Ok(registration.id)
}

/// Removes the handles that no browser can use any more; how many. A job runs it; the registrations stay.
///
/// # Errors
/// Any storage error.
pub async fn forget_handles(room: &Fulfilment) -> Result<u64, Error> {
    let now = room.clock.now();
    let forgotten = waiting::forget(&room.db, now - HANDLE_KEPT).await?;
    Ok(forgotten + registrations::forget_handles(&room.db, now).await?)
}
