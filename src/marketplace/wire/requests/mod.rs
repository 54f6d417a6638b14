//! `CreateAgreementRequest`: a quote made by program, the same as a page makes: for a new contract, or for more credits of
//! a running one. Charges nothing.

pub mod accept;
mod renewal;
mod wanted;

use super::agreements::{AGREEMENT_TYPE, invalid, not_found, terms};
use super::call::Context;
use super::fault::Fault;
use super::input::Input;
use super::protocol::Operation;
use super::value::Structure;
use crate::access::{Action, BuyerScope};
use crate::db::SplitRefusal;
use crate::kernel::credits::Credits;
use crate::kernel::money::Money;
use crate::marketplace::ids::{AgreementId, QuoteId};
use crate::marketplace::quote::QuoteState;
use crate::marketplace::quoting::{self, QuoteRefusal, Wanted};
use crate::marketplace::receipt::{self, Review};
use crate::marketplace::store::wire::{self as store, Side};
use crate::marketplace::upgrade::{self, UpgradeRefusal};
use sha2::{Digest, Sha256};
use wanted::Requested;

/// Answers the operation. A request with a client token makes one quote, however often it is sent.
///
/// # Errors
/// The fault.
pub async fn create(context: Context<'_>, input: Input<'_>) -> Result<Structure, Fault> {
    let scope = context.buyer(Operation::CreateAgreementRequest, Action::Purchase)?;
    let token = input.text("clientToken")?;
    if token
        .is_some_and(|token| !(1..=64).contains(&token.len()) || !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    {
        return Err(invalid("INVALID_CLIENT_TOKEN", "clientToken", "clientToken has to be 1 to 64 letters, digits and hyphens."));
    }
    let hash = Sha256::digest(format!("{input:?}").as_bytes()).to_vec();
    if let Some(token) = token
        && let Some(quote) = made_before(context, &scope, token, &hash).await?
    {
        return answer(context, &scope, &quote).await;
    }
    let quote = match input.text("intent")? {
        Some("NEW") => (new(context, &scope, input).await?, false),
        Some("AMEND") => amend(context, &scope, input, token.map(|token| (token, hash.as_slice()))).await?,
        Some("REPLACE") => return Err(invalid("UNSUPPORTED_ACTION", "intent", "There are no offers here that replace an agreement.")),
        Some(_) => return Err(invalid("INVALID_INTENT", "intent", "intent is NEW, AMEND or REPLACE.")),
        None => return Err(invalid("MISSING_INTENT", "intent", "intent is needed.")),
    };
    let (quote, is_kept) = quote;
    let Some(token) = token else { return answer(context, &scope, &quote).await };
    if !is_kept {
        store::put_token(context.db(), &scope, token, &hash, &quote).await?;
    }
    // Of two that were sent at once the first counts; the other's quote is never told to anybody and lapses.
    let counts = made_before(context, &scope, token, &hash).await?.unwrap_or(quote);
    answer(context, &scope, &counts).await
}

async fn made_before(context: Context<'_>, scope: &BuyerScope, token: &str, hash: &[u8]) -> Result<Option<QuoteId>, Fault> {
    match store::find_token(context.db(), scope, token).await? {
        None => Ok(None),
        Some((before, quote)) if before == hash => Ok(Some(quote)),
        Some((_, quote)) => {
            let fault = Fault::new("ConflictException", "The clientToken was used for another request.").status(409);
            Err(fault.with("resourceId", quote.as_str()).with("resourceType", "AgreementRequest"))
        }
    }
}

async fn new(context: Context<'_>, scope: &BuyerScope, input: Input<'_>) -> Result<QuoteId, Fault> {
    let field = "agreementProposalIdentifier";
    if input.text("sourceAgreementIdentifier")?.is_some() {
        let words = "sourceAgreementIdentifier is not for the intent NEW.";
        return Err(invalid("INVALID_SOURCE_AGREEMENT_IDENTIFIER", "sourceAgreementIdentifier", words));
    }
    let missing = || invalid("MISSING_AGREEMENT_PROPOSAL_IDENTIFIER", field, "agreementProposalIdentifier is needed.");
    let proposal = input.text(field)?.ok_or_else(missing)?;
    let unknown = || not_found("AgreementProposal", proposal);
    let offer = terms::offer_of(proposal).ok_or_else(unknown)?;
    let prodview = store::find_offer(context.db(), &offer).await?.ok_or_else(unknown)?;
    let superseded = || invalid("SUPERSEDED_AGREEMENT_PROPOSAL", field, "Another offer took the place of this one.");
    let listing = crate::marketplace::listing::find(context.db(), &prodview).await?.ok_or_else(superseded)?;
    if listing.offer_id != offer {
        return Err(superseded());
    }
    let requested = Requested::read(input, &offer, true)?;
    let credits = requested.credits(&listing.dimension, listing.duration_months)?;
    let wanted = Wanted { credits, auto_renew: requested.auto_renew.unwrap_or(false), purchase_order: None };
    match quoting::create(context.db(), scope, context.who, &prodview, &offer, &wanted).await.refusal()? {
        Ok(quote) => Ok(quote),
        Err(QuoteRefusal::NotFound | QuoteRefusal::OfferChanged) => Err(superseded()),
        Err(QuoteRefusal::OneAtATime) => Err(one_at_a_time()),
        Err(QuoteRefusal::OutOfRange(_)) => Err(wanted::out_of_range(&listing.offer().limits().in_words(&listing.dimension))),
    }
}

/// An amendment, and whether its token is kept with it already.
async fn amend(context: Context<'_>, scope: &BuyerScope, input: Input<'_>, token: Option<(&str, &[u8])>) -> Result<(QuoteId, bool), Fault> {
    let field = "sourceAgreementIdentifier";
    if input.text("agreementProposalIdentifier")?.is_some() {
        let words = "agreementProposalIdentifier is not for the intent AMEND.";
        return Err(invalid("INVALID_AGREEMENT_PROPOSAL_IDENTIFIER", "agreementProposalIdentifier", words));
    }
    let missing = || invalid("MISSING_SOURCE_AGREEMENT_IDENTIFIER", field, "sourceAgreementIdentifier is needed.");
    let source = input.text(field)?.ok_or_else(missing)?;
    let unknown = || not_found("Agreement", source);
    let id = AgreementId::parse(source).ok_or_else(unknown)?;
    let row = store::find_agreement(context.db(), Side::Acceptor(scope.account()), &id).await?.ok_or_else(unknown)?;
    let requested = Requested::read(input, &row.agreement.offer_id, false)?;
    let held = row.agreement.credits;
    let total = if requested.names_quantity() { requested.credits(&row.dimension, row.agreement.duration_months)? } else { held };
    if let Some(auto_renew) = requested.auto_renew.filter(|renew| *renew != row.agreement.auto_renew || total == held) {
        if total != held {
            let words = "One request changes either the quantity or the renewal. Make a request for each.";
            return Err(invalid("INCOMPATIBLE_TERMS", "requestedTerms", words));
        }
        return Ok((renewal::create(context, scope, &row, auto_renew, token).await?, true));
    }
    let added = Credits::new(total.get() - held.get()).ok().filter(|added| !added.is_zero());
    let added = added.ok_or_else(|| wanted::out_of_range(&format!("More than the {held} that the agreement has are needed.")))?;
    let quoted = upgrade::create(context.db(), scope, context.who, &id, added, None).await.refusal()?;
    Ok((quoted.map_err(|refusal| upgrade_fault(refusal, source))?, false))
}

/// Why a contract takes no more credits, in the model's words.
fn upgrade_fault(refusal: UpgradeRefusal, agreement: &str) -> Fault {
    let field = "sourceAgreementIdentifier";
    match refusal {
        UpgradeRefusal::NotFound => not_found("Agreement", agreement),
        UpgradeRefusal::NotNow(not_now) => invalid("INACTIVE_AGREEMENT", field, format!("{not_now}.")),
        UpgradeRefusal::NotActivated => {
            invalid("UNSUPPORTED_ACTION", field, "The purchase has to be set up with the seller before it takes more credits.")
        }
        UpgradeRefusal::Metered => {
            invalid("UNSUPPORTED_ACTION", field, "An agreement that is charged by use has no quantity that could be raised.")
        }
        UpgradeRefusal::Full => wanted::out_of_range("The agreement has as many as the offer sells."),
        UpgradeRefusal::OutOfRange(_) => wanted::out_of_range("The offer does not sell so many, or not in such steps."),
    }
}

/// The id of a quote's one charge.
pub(super) fn charge_id(quote: &QuoteId) -> String {
    format!("ch-{}", quote.as_str().trim_start_matches("ar-"))
}

/// The product takes one agreement at a time, and the account has one.
pub(super) fn one_at_a_time() -> Fault {
    let words = format!("{}.", crate::marketplace::one_at_a_time::WORDS);
    Fault::new("ConflictException", words).status(409).with("resourceType", "Agreement")
}

async fn answer(context: Context<'_>, scope: &BuyerScope, quote: &QuoteId) -> Result<Structure, Fault> {
    if let Some(answer) = renewal::answer(context, scope, quote).await? {
        return Ok(answer);
    }
    let review = receipt::review(context.db(), scope, quote).await?.ok_or_else(|| not_found("AgreementRequest", quote.as_str()))?;
    let charged_before = match &review.agreement {
        None => 0,
        Some(agreement) => {
            let row = store::find_agreement(context.db(), Side::Acceptor(scope.account()), &agreement.id).await?;
            row.map_or(0, |row| row.value_minor)
        }
    };
    Ok(shape(&review, charged_before))
}

fn shape(review: &Review, charged_before: i64) -> Structure {
    let (quote, charge) = (&review.quote, charge_id(&review.quote.id));
    let amount = quote.amount.plain();
    let total = Money::new(charged_before.saturating_add(quote.amount.minor), quote.amount.currency).plain();
    let old = review.agreement.as_ref().map_or(0, |agreement| agreement.credits.get());
    let expected = Structure::new().with("id", charge.as_str()).with("amount", amount.as_str()).with("timing", "ON_ACCEPTANCE");
    let item = Structure::new()
        .with("dimensionKey", review.listing.dimension.as_str())
        .with("newQuantity", old + quote.credits.get())
        .with("oldQuantity", old)
        .with("chargeReference", charge)
        .with("incrementalChargeAmount", amount);
    let summary = Structure::new()
        .with("currencyCode", quote.amount.currency.code())
        .with("newAgreementValue", total)
        .with("expectedCharges", vec![expected])
        .with("itemizedCharges", vec![item])
        .with("invoicingEntity", Structure::new().with("legalName", review.listing.seller_name.as_str()));
    let status = match quote.state {
        QuoteState::Draft => "DRAFT",
        QuoteState::Accepted { .. } => "ACCEPTED",
        QuoteState::Replaced { .. } => "CANCELLED",
    };
    Structure::new()
        .with("agreementRequestId", quote.id.as_str())
        .with("agreementType", AGREEMENT_TYPE)
        .with("chargeSummary", summary)
        .with("status", status)
        .with("approvalRequirement", "NOT_REQUIRED")
        .with("createdAt", quote.created_at)
}
