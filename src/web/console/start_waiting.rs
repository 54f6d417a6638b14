//! The purchase that this browser holds and nobody has activated yet, for the start page. It shows and links; activation
//! is on its own page.

use super::credits::Instant;
use crate::access::{Action, allows};
use crate::fulfilment::prepare;
use crate::fulfilment::registration::State;
use crate::kernel::id::BusinessId;
use crate::kernel::secret::Secret;
use crate::kernel::show;
use crate::web::{Visit, WebError, cookies, paths};

/// A purchase that waits, or whose time ran out.
pub(super) struct Waiting {
    pub product: String,
    pub deadline: Instant,
    /// Time left in words; none when the window is over.
    pub left: Option<String>,
    pub may_activate: bool,
    pub activation: String,
    pub subscriptions: String,
}

/// What this browser holds for the business; none when that was activated, or is for another business.
///
/// # Errors
/// Storage errors.
pub(super) async fn find(visit: &Visit, business: BusinessId) -> Result<Option<Waiting>, WebError> {
    let Some(handle) = visit.cookie(cookies::SETUP) else { return Ok(None) };
    let held = prepare::find_held(&visit.portal().fulfilment, &Secret::presented(&handle), visit.now()).await?;
    let Some(held) = held.filter(|held| held.serves(business)) else { return Ok(None) };
    let left = match held.registration.state(visit.now()) {
        State::Pending { time_left } => Some(show::duration_left(time_left.num_seconds())),
        State::Expired { .. } => None,
        State::Completed { .. } => return Ok(None),
    };
    Ok(Some(Waiting {
        product: held.registration.purchase.product_name,
        deadline: Instant::full(held.registration.expires_at, visit.zone()),
        left,
        may_activate: allows(visit.require_actor()?, Action::ManageLicenses).is_ok(),
        activation: paths::activation(),
        subscriptions: visit.shop().subscriptions.clone(),
    }))
}
