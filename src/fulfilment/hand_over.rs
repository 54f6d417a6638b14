//! A person who may not activate hands the registration over to a colleague: by a link that works in one business only
//! and not longer than the registration itself (SET-9).

use super::Fulfilment;
use super::registration::State;
use super::store::registrations;
use crate::access::BusinessScope;
use crate::audit::{self, Who};
use crate::db::{Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::secret::Secret;
use crate::tx;
use serde_json::json;

/// Why there is nothing to hand over. In order of precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandOverRefusal {
    /// This browser holds no registration, or one that is of no use to this business.
    NoRegistration,
    /// The purchase was activated meanwhile.
    Activated,
    /// The window is over.
    Expired,
}

/// A link's secret part. It is shown once; only its hash is stored.
#[derive(Clone, Debug)]
pub struct HandOver {
    /// For the link's address.
    pub code: Secret,
    /// The registration's own deadline.
    pub valid_until: Timestamp,
}

/// Makes a link to the registration that `handle` stands for, of use only in the scope's business.
///
/// # Errors
/// The refusal, or any storage error.
pub async fn hand_over(room: &Fulfilment, handle: &Secret, scope: BusinessScope, who: &Who) -> Result<HandOver, Failed<HandOverRefusal>> {
    let held = registrations::find_held(&room.db, handle, who.now).await?;
    let Some(held) = held.filter(|held| held.serves(scope.business())) else {
        return refuse(HandOverRefusal::NoRegistration);
    };
    let registration = held.registration;
    match registration.state(who.now) {
        State::Pending { .. } => {}
        State::Completed { .. } => return refuse(HandOverRefusal::Activated),
        State::Expired { .. } => return refuse(HandOverRefusal::Expired),
    }
    let code = Secret::generate();
    let valid_until = registration.expires_at;
    let hash = code.hash();
    tx!(room.db, |tx| {
        let link = registrations::Handle {
            hash: &hash,
            registration: registration.id,
            bound_to: Some(scope.business()),
            created_by: who.person,
            created_at: who.now,
            // Kept as long as any handle, so that a late colleague reads *expired*; the window itself is the registration's.
            expires_at: held.handle_until,
        };
        registrations::insert_handle(tx, &link).await?;
        let entry = audit::Entry::new("registration.handed_over", registration.id)
            .in_business(scope.business())
            .in_buyer_account(&registration.purchase.buyer_account_id)
            .after(json!({ "agreement": registration.purchase.agreement_id, "valid_until": valid_until }));
        audit::record(tx, who, entry).await?;
        Ok::<_, Failed<HandOverRefusal>>(())
    })?;
    Ok(HandOver { code, valid_until })
}
