//! A purchase becomes the license of one business, at most once (ACT-1 to ACT-9). The marketplace is asked first; then
//! one transaction books contract, license, credits, audit entry and mail, or nothing.

use super::difference::{Question, QuestionKind};
use super::prepare::{Ready, Refusal, Viewer, already_activated, ask, check};
use super::registration::State;
use super::store::{contracts, licenses, questions, recipients, registrations};
use super::{Fulfilment, license, mail, report};
use crate::access::BusinessScope;
use crate::audit::{self, Who};
use crate::credits::ledger;
use crate::db::{Failed, Tx, refuse};
use crate::kernel::id::{ContractId, LicenseId, PersonId, RegistrationId};
use crate::kernel::secret::Secret;
use crate::notices::outbox;
use crate::tx;
use serde_json::json;

/// What a person asks for by **Activate**.
#[derive(Clone, Debug)]
pub struct Activation<'a> {
    /// What the browser holds.
    pub handle: &'a Secret,
    /// The registration that the person reviewed: another tab may have changed what the browser holds since.
    pub reviewed: RegistrationId,
    /// The business that it will belong to, made for an actor who may manage licenses there (ACT-2).
    pub scope: BusinessScope,
    /// Through which businesses they look at it.
    pub viewer: &'a Viewer,
    /// Who activates.
    pub person: PersonId,
    /// The tick box (ACT-2).
    pub terms_accepted: bool,
}

/// What an activation made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    /// The contract; the page of success stands under its id.
    pub contract: ContractId,
    /// The first item; a pay-as-you-go contract has none.
    pub license: Option<LicenseId>,
}

/// Activates. Of any number of simultaneous attempts, from any number of processes, one succeeds (ACT-6).
///
/// # Errors
/// The refusal, or any storage error; nothing is changed then.
pub async fn activate(room: &Fulfilment, wish: &Activation<'_>, who: &Who) -> Result<Activated, Failed<Refusal>> {
    let registration = check(room, wish.handle, wish.viewer, who.now).await?;
    if registration.id != wish.reviewed {
        return refuse(Refusal::OtherRegistration);
    }
    let held = registrations::find_held(&room.db, wish.handle, who.now).await?;
    if !held.is_some_and(|held| held.serves(wish.scope.business())) {
        return refuse(Refusal::OtherBusinessLink);
    }
    let ready = ask(room, registration, wish.viewer).await?;
    if !wish.terms_accepted {
        return refuse(Refusal::TermsNotAccepted);
    }
    // The marketplace may have taken its time: what counts is the instant of the booking (SET-4).
    let who = Who { now: room.clock.now(), ..who.clone() };
    if let State::Expired { .. } = ready.registration.state(who.now) {
        return refuse(Refusal::Expired);
    }
    let activated = tx!(room.db, |tx| { book(room, tx, wish, &ready, &who).await })?;
    // Best effort: a job finishes what is left open here.
    if let Err(error) = report::finish(room, activated.contract, &ready.registration.purchase.license_arn, who.now).await {
        tracing::warn!(contract = %activated.contract, error = %error, "activation not reported yet");
    }
    Ok(activated)
}

/// Everything that an activation writes. The contract comes first: its constraint decides the race, and whoever loses
/// it has written nothing.
async fn book(room: &Fulfilment, tx: &mut Tx, wish: &Activation<'_>, ready: &Ready, who: &Who) -> Result<Activated, Failed<Refusal>> {
    let business = wish.scope.business();
    let member = recipients::find_role(tx, business, wish.person).await?;
    let Some((_, business_name)) = member.filter(|(role, _)| role.has_licensing_permission()) else {
        return refuse(Refusal::NoLicensingPermission);
    };
    let purchase = &ready.registration.purchase;
    let contract = contracts::NewContract {
        id: ContractId::generate(),
        business,
        purchase,
        dimension: &ready.dimension,
        agreement_id: &ready.agreement_id,
        initial_agreement_id: &ready.initial_agreement_id,
        auto_renew: ready.auto_renew.unwrap_or(false),
        granted: ready.credits,
        expires_at: ready.expires_at,
        activated_at: who.now,
        activated_by: wish.person,
    };
    if !contracts::activate(tx, &contract).await? {
        return refuse(match contracts::find_winner(tx, &purchase.license_arn).await? {
            Some(winner) => already_activated(winner, &wish.viewer.sees),
            None => Refusal::HasPayAsYouGo,
        });
    }
    let license = if ready.is_pay_as_you_go() { None } else { Some(book_license(tx, &contract, ready).await?) };
    for unknown in &ready.unknown {
        let question = Question { kind: QuestionKind::UnknownDimension, reported: unknown.quantity };
        questions::insert(tx, contract.id, question, (ready.credits, None), who.now).await?;
    }
    registrations::complete_all(tx, &purchase.license_arn, who.now).await?;
    let entry = match license {
        Some(license) => audit::Entry::new("license.activated", license),
        None => audit::Entry::new("pay_as_you_go.activated", contract.id),
    };
    let entry = entry.in_business(business).in_buyer_account(&purchase.buyer_account_id).after(json!({
        "contract": contract.id.to_string(),
        "registration": ready.registration.id.to_string(),
        "license_arn": purchase.license_arn,
        "agreement": ready.agreement_id,
        "product": purchase.product_name,
        "credits": license.map(|_| ready.credits),
        "starts_at": ready.starts_at,
        "expires_at": ready.expires_at,
        "unknown_dimensions": ready.unknown.iter().map(|unknown| &unknown.dimension).collect::<Vec<_>>(),
    }));
    audit::record(tx, who, entry).await?;
    for recipient in recipients::list_licensing(tx, business).await? {
        outbox::post(tx, mail::activated(&recipient, &business_name, ready, who, &room.links), who.now).await?;
    }
    Ok(Activated { contract: contract.id, license })
}

/// The first item and its credits, which count from this instant.
async fn book_license(tx: &mut Tx, contract: &contracts::NewContract<'_>, ready: &Ready) -> Result<LicenseId, crate::db::Error> {
    let item = licenses::NewLicense {
        id: LicenseId::generate(),
        contract: contract.id,
        business: contract.business,
        item_number: 1,
        kind: license::Kind::New,
        source: contract.purchase.source,
        product_name: &contract.purchase.product_name,
        agreement_id: contract.agreement_id,
        credits: ready.credits,
        starts_at: ready.starts_at,
        expires_at: ready.expires_at,
        activated_at: contract.activated_at,
        activated_by: Some(contract.activated_by),
    };
    licenses::insert(tx, &item).await?;
    let grant = ledger::Grant {
        business: contract.business,
        contract: contract.id,
        license: item.id,
        credits: ready.credits.get(),
        effective_at: contract.activated_at,
        expires_at: ready.expires_at,
    };
    ledger::grant(tx, &grant, contract.activated_at).await?;
    Ok(item.id)
}
