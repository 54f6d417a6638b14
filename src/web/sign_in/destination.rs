//! Where a person stands after they have come in: at the purchase they are setting up, else where they were going, else
//! at their own start page.

use super::next::NextPath;
use crate::access::Actor;
use crate::identity::actor::{self, Chosen};
use crate::kernel::id::{PersonId, SessionReference};
use crate::web::shop::Shop;
use crate::web::{Visit, WebError, paths, setup};

/// The address to go to. A registration that this browser holds comes first (SET-8).
///
/// # Errors
/// Any storage error.
pub async fn after_sign_in(visit: &Visit, person: PersonId, next: Option<NextPath>) -> Result<String, WebError> {
    if let Some(activation) = waiting_activation(visit).await? {
        return Ok(activation);
    }
    if let Some(next) = next {
        return Ok(next.as_str().to_owned());
    }
    // Only the roles matter here, and they are the same in every session.
    let actor = actor::find(
        visit.db(),
        person,
        SessionReference::generate(),
        Chosen::default(),
        (visit.now(), visit.portal().config.access_lengths),
    )
    .await?;
    Ok(actor.as_ref().map_or_else(paths::account, |actor| start_page(actor, visit.shop())))
}

/// The Activate page, when this browser holds a registration that waits for it.
///
/// # Errors
/// Any storage error.
pub async fn waiting_activation(visit: &Visit) -> Result<Option<String>, WebError> {
    setup::after_sign_in(visit).await
}

/// The start page of the first side that a person has a part in.
pub fn start_page(actor: &Actor, shop: &Shop) -> String {
    if !actor.memberships.is_empty() {
        paths::console()
    } else if !actor.staff.is_empty() {
        paths::admin()
    } else if !actor.seats.is_empty() && shop.is_embedded {
        paths::marketplace()
    } else {
        paths::account()
    }
}
