//! What stands between a browser's handle and an activation: read for the page that is reviewed, and again for the POST,
//! by the same code. It changes nothing.

use super::Fulfilment;
use super::choices::{CannotTake, Choice};
use super::entitled::{NotGrantable, UnknownDimension, dimension_of, grantable};
use super::registration::{Held, Registration, State};
use super::store::{contracts, registrations};
use super::sync;
use crate::access::{Action, Actor, BusinessScope, allows};
use crate::credits::pay_as_you_go;
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{BusinessId, ContractId};
use crate::kernel::secret::Secret;

/// Why a purchase is not activated; each has its own page (SET-5, ACT-7). In order of precedence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This browser holds no registration.
    NoRegistration,
    /// The browser holds the registration of another purchase than the one that was reviewed.
    OtherRegistration,
    /// The hand-over link was made for a business that the person is not in.
    OtherBusinessLink,
    /// One of the person's own businesses has it.
    ActivatedHere(Existing),
    /// Another business has it; which one is nobody's business.
    ActivatedElsewhere,
    /// The window is over.
    Expired,
    /// The person may not do this in the business (any more).
    NoLicensingPermission,
    /// The marketplace cannot be asked now; the registration stays.
    Unreachable,
    /// Payment or provisioning is not finished; the registration stays.
    Pending,
    /// The agreement is over.
    Ended,
    /// What was bought is not credits, or contradicts itself; staff have to look.
    Unclear,
    /// The business has a pay-as-you-go contract, and there is one at most (CRD-9).
    HasPayAsYouGo,
    /// The terms were not ticked.
    TermsNotAccepted,
}

/// An activation that happened before (ACT-7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Existing {
    /// The contract.
    pub contract: ContractId,
    /// The person's own business that has it.
    pub business: BusinessId,
    /// What was bought.
    pub product_name: String,
    /// When.
    pub activated_at: Timestamp,
    /// Name of the person who did it.
    pub activated_by: String,
}

impl From<contracts::Activation> for Existing {
    fn from(row: contracts::Activation) -> Self {
        Self {
            contract: row.id,
            business: row.business_id,
            product_name: row.product_name,
            activated_at: row.activated_at,
            activated_by: row.activated_by,
        }
    }
}

/// Everything that the review shows and the activation books (ACT-1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready {
    /// What was presented.
    pub registration: Registration,
    /// The dimension that means credits.
    pub dimension: String,
    /// The credits that the entitlement grants at this moment (ACT-4).
    pub credits: Credits,
    /// Start of the term; the present where the marketplace does not tell yet.
    pub starts_at: Timestamp,
    /// End of the contract, exclusive.
    pub expires_at: Timestamp,
    /// Whether it renews by itself, where the marketplace tells.
    pub auto_renew: Option<bool>,
    /// The agreement.
    pub agreement_id: String,
    /// First of its chain.
    pub initial_agreement_id: String,
    /// Dimensions that nothing is granted for.
    pub unknown: Vec<UnknownDimension>,
}

impl Ready {
    /// Whether it is a pay-as-you-go contract: it grants no credits and makes no license (CRD-9).
    #[must_use]
    pub fn is_pay_as_you_go(&self) -> bool {
        self.dimension == pay_as_you_go::DIMENSION
    }
}

/// The businesses through which a person looks at a purchase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Viewer {
    /// Those they are in: a hand-over link must be for one of them (SET-9).
    pub belongs_to: Vec<BusinessId>,
    /// Those whose licenses they may see: what one of them has is shown to them (ACT-7).
    pub sees: Vec<BusinessId>,
}

impl Viewer {
    /// By the person's roles at this moment.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        let belongs_to: Vec<BusinessId> = actor.memberships.iter().map(|membership| membership.business).collect();
        let may_see = |business: &BusinessId| allows(&actor.working_in(*business), Action::SeeLicenses).is_ok();
        Self { sees: belongs_to.iter().copied().filter(may_see).collect(), belongs_to }
    }
}

/// What this browser holds; none when it holds nothing that is still understood.
///
/// # Errors
/// Any storage error.
pub async fn find_held(room: &Fulfilment, handle: &Secret, now: Timestamp) -> Result<Option<Held>, Error> {
    registrations::find_held(&room.db, handle, now).await
}

/// The registration, if it can still be activated; what the console itself knows, without asking the marketplace.
///
/// # Errors
/// The refusal, or any storage error.
pub async fn check(room: &Fulfilment, handle: &Secret, viewer: &Viewer, now: Timestamp) -> Result<Registration, Failed<Refusal>> {
    let Some(held) = registrations::find_held(&room.db, handle, now).await? else {
        return refuse(Refusal::NoRegistration);
    };
    if held.bound_to.is_some() && !viewer.belongs_to.iter().any(|business| held.serves(*business)) {
        return refuse(Refusal::OtherBusinessLink);
    }
    let registration = held.registration;
    if let Some(activation) = contracts::find_activation(&room.db, &registration.purchase.license_arn).await? {
        return refuse(already_activated(activation, &viewer.sees));
    }
    match registration.state(now) {
        State::Pending { .. } => Ok(registration),
        State::Completed { .. } => refuse(Refusal::ActivatedElsewhere),
        State::Expired { .. } => refuse(Refusal::Expired),
    }
}

/// Marks the businesses that cannot take a pay-as-you-go contract because they have one (ACT-3, CRD-9). The booking decides.
///
/// # Errors
/// Any storage error.
pub async fn bar_second(db: &Db, ready: &Ready, choices: &mut [Choice]) -> Result<(), Error> {
    for choice in choices.iter_mut().filter(|choice| ready.is_pay_as_you_go() && choice.cannot.is_none()) {
        if pay_as_you_go::is_running(db, choice.business).await? {
            choice.cannot = Some(CannotTake::HasPayAsYouGo);
        }
    }
    Ok(())
}

/// The activation of a contract of the scope's business; another business's is as missing as one that never was.
///
/// # Errors
/// Any storage error.
pub async fn find_existing(db: &Db, scope: BusinessScope, contract: ContractId) -> Result<Option<Existing>, Error> {
    Ok(contracts::find_activation_of(db, scope.business(), contract).await?.map(Existing::from))
}

/// Tells the person's own business from all others, which stay nameless (SET-5).
pub(super) fn already_activated(activation: contracts::Activation, sees: &[BusinessId]) -> Refusal {
    if sees.contains(&activation.business_id) { Refusal::ActivatedHere(activation.into()) } else { Refusal::ActivatedElsewhere }
}

/// Asks the marketplace what the purchase is worth at this moment (ACT-4). Not inside a transaction. A later term of a
/// purchase that a business has is activated already, whichever license ARN it came with: it joins its contract (REN-4).
///
/// # Errors
/// The refusal, or any storage error.
pub async fn ask(room: &Fulfilment, registration: Registration, viewer: &Viewer) -> Result<Ready, Failed<Refusal>> {
    let source = registration.purchase.source;
    let ready = read(room, registration).await.map_err(Failed::Refused)?;
    if ready.agreement_id == ready.initial_agreement_id {
        return Ok(ready);
    }
    let Some(earlier) = contracts::list_of_chain(&room.db, source, &ready.initial_agreement_id).await?.into_iter().next() else {
        return Ok(ready);
    };
    if let Err(error) = sync::follow(room, &ready.registration.purchase.license_arn).await {
        tracing::warn!(contract = %earlier.id, %error, "a renewal did not join its contract yet");
    }
    match contracts::find_activation(&room.db, &earlier.license_arn).await? {
        Some(activation) => refuse(already_activated(activation, &viewer.sees)),
        None => Ok(ready),
    }
}

async fn read(room: &Fulfilment, registration: Registration) -> Result<Ready, Refusal> {
    let purchase = &registration.purchase;
    let Some(dimension) = room.products.credits_dimension(&purchase.product_code).map(str::to_owned) else {
        return Err(Refusal::Unclear);
    };
    let unreachable = |error: super::marketplace::Unreachable| {
        tracing::warn!(registration = %registration.id, cause = %error.0, "the marketplace could not be asked");
        Refusal::Unreachable
    };
    let rows = room.marketplace.entitlements(&purchase.product_code, &purchase.license_arn).await.map_err(unreachable)?;
    let facts = room.marketplace.agreement(&purchase.license_arn).await.map_err(unreachable)?;
    let now = room.clock.now();
    let dimension = dimension_of(&rows, &dimension, now).to_owned();
    let (total, unknown) = grantable(&rows, facts.as_ref(), &dimension, now).map_err(|reason| match reason {
        NotGrantable::Pending => Refusal::Pending,
        NotGrantable::Ended => Refusal::Ended,
        NotGrantable::Unclear => Refusal::Unclear,
    })?;
    let agreement_id = facts.as_ref().map_or_else(|| purchase.agreement_id.clone(), |facts| facts.agreement_id.clone());
    Ok(Ready {
        dimension,
        credits: total.credits,
        starts_at: facts.as_ref().map_or(now, |facts| facts.starts_at.min(now)),
        expires_at: total.expires_at,
        auto_renew: facts.as_ref().map(|facts| facts.auto_renew),
        initial_agreement_id: facts.map_or_else(|| agreement_id.clone(), |facts| facts.initial_agreement_id),
        agreement_id,
        unknown,
        registration,
    })
}
