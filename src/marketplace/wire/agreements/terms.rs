//! Terms: the parts of an offer that a buyer accepts, each with an id that follows from the offer, and what
//! `GetAgreementTerms` says of those that were accepted.

use super::{bad_next_token, find, page_size};
use crate::kernel::hex;
use crate::kernel::money::Money;
use crate::marketplace::agreement::Agreement;
use crate::marketplace::ids::OfferId;
use crate::marketplace::listing::{self, Listing};
use crate::marketplace::offer::Offer;
use crate::marketplace::store::catalog;
use crate::marketplace::wire::call::Context;
use crate::marketplace::wire::fault::Fault;
use crate::marketplace::wire::input::Input;
use crate::marketplace::wire::page;
use crate::marketplace::wire::protocol::Operation;
use crate::marketplace::wire::value::Structure;
use crate::text_enum;
use sha2::{Digest, Sha256};

text_enum! {
    /// A term of an offer.
    pub enum Term {
        /// The license terms; accepted with every purchase.
        Legal = "legal",
        /// The refund policy; accepted with every purchase.
        Support = "support",
        /// Duration and quantities.
        Pricing = "pricing",
        /// Whether the agreement renews by itself.
        Renewal = "renewal",
        /// From when to when; made by the acceptance.
        Validity = "validity",
    }
}

impl Term {
    /// Its id: `term-` and 64 hexadecimal digits, the SHA-256 of `{offer id}/{word}`.
    #[must_use]
    pub fn id(self, offer: &OfferId) -> String {
        let hash = Sha256::digest(format!("{offer}/{self}").as_bytes());
        format!("term-{}", hex::of(&hash))
    }

    /// The term of an offer that an id names.
    #[must_use]
    pub fn of_id(id: &str, offer: &OfferId) -> Option<Self> {
        Self::ALL.iter().copied().find(|term| term.id(offer) == id)
    }
}

/// The id of the proposal to accept an offer: `at-` and the offer's own letters.
#[must_use]
pub fn proposal_id(offer: &OfferId) -> String {
    format!("at-{}", offer.as_str().trim_start_matches("offer-"))
}

/// The offer of a proposal.
#[must_use]
pub fn offer_of(proposal: &str) -> Option<OfferId> {
    let letters = proposal.strip_prefix("at-").or_else(|| proposal.strip_prefix("ap-"))?;
    letters.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| OfferId::parse(&format!("offer-{letters}"))).flatten()
}

/// A duration of months, as ISO 8601 has it.
#[must_use]
pub fn duration(months: i64) -> String {
    format!("P{months}M")
}

/// `GetAgreementTerms`.
///
/// # Errors
/// The fault.
pub async fn get(context: Context<'_>, input: Input<'_>) -> Result<Structure, Fault> {
    let row = find(context, Operation::GetAgreementTerms, input).await?;
    let size = usize::try_from(page_size(input)?).unwrap_or_default();
    let list = format!("terms of {}", row.agreement.id);
    let begin = match input.text("nextToken")? {
        None => 0,
        Some(token) => page::place(&list, token).and_then(|place| place.parse().ok()).ok_or_else(bad_next_token)?,
    };
    let offer = catalog::get_offer_shown(context.db(), &row.agreement.offer_id).await?;
    let listing = listing::get(context.db(), &row.agreement.product_id).await?;
    let listing_url = format!("{}/marketplace/pp/{}", context.till.public_url, listing.prodview);
    let mut terms = accepted(&row.agreement, &offer, &listing, &listing_url);
    let end = (begin + size).min(terms.len());
    let next = (end < terms.len()).then(|| page::token(&list, &end.to_string()));
    let shown: Vec<Structure> = terms.drain(begin.min(end)..end).collect();
    Ok(Structure::new().with("acceptedTerms", shown).with_some("nextToken", next))
}

fn term(kind: &str, term: Term, offer: &Offer) -> Structure {
    Structure::new().with("type", kind).with("id", term.id(&offer.id))
}

fn accepted(agreement: &Agreement, offer: &Offer, listing: &Listing, listing_url: &str) -> Vec<Structure> {
    let document = Structure::new().with("type", "CustomEula").with("url", listing_url);
    let legal = term("LegalTerm", Term::Legal, offer).with("documents", vec![document]);
    let support = term("SupportTerm", Term::Support, offer).with("refundPolicy", one_line(&listing.refund_policy));
    let selector = Structure::new().with("type", "Duration").with("value", duration(offer.duration_months));
    let constraints = Structure::new().with("multipleDimensionSelection", "Disallowed").with("quantityConfiguration", "Allowed");
    let price = Money::new(offer.price_minor, offer.currency).plain();
    let rate = Structure::new().with("dimensionKey", listing.dimension.as_str()).with("price", price);
    let card = Structure::new().with("selector", selector).with("constraints", constraints).with("rateCard", vec![rate]);
    let chosen = Structure::new().with("dimensionKey", listing.dimension.as_str()).with("dimensionValue", agreement.credits.get());
    let configuration = Structure::new().with("selectorValue", duration(agreement.duration_months)).with("dimensions", vec![chosen]);
    let pricing = term("ConfigurableUpfrontPricingTerm", Term::Pricing, offer)
        .with("currencyCode", offer.currency.code())
        .with("rateCards", vec![card])
        .with("configuration", configuration);
    let renewal =
        term("RenewalTerm", Term::Renewal, offer).with("configuration", Structure::new().with("enableAutoRenew", agreement.auto_renew));
    let validity = term("ValidityTerm", Term::Validity, offer)
        .with("agreementDuration", duration(agreement.duration_months))
        .with("agreementStartDate", agreement.starts_at)
        .with("agreementEndDate", agreement.ends_at);
    vec![
        Structure::new().with("legalTerm", legal),
        Structure::new().with("supportTerm", support),
        Structure::new().with("configurableUpfrontPricingTerm", pricing),
        Structure::new().with("renewalTerm", renewal),
        Structure::new().with("validityTerm", validity),
    ]
}

/// The model's texts have no line breaks.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposals_and_terms_follow_from_their_offer() {
        let offer = OfferId::parse("offer-uovnpk2f6jq7s").expect("an offer");
        assert_eq!(proposal_id(&offer), "at-uovnpk2f6jq7s");
        assert_eq!((offer_of("at-uovnpk2f6jq7s"), offer_of("ap-uovnpk2f6jq7s")), (Some(offer.clone()), Some(offer.clone())));
        for none in ["", "at-", "uovnpk2f6jq7s", "at-a b", "at-A", "at-x:y"] {
            assert_eq!(offer_of(none), None, "{none}");
        }
        for term in Term::ALL {
            let id = term.id(&offer);
            assert_eq!((id.len(), Term::of_id(&id, &offer)), (69, Some(*term)));
        }
        assert_eq!(Term::of_id(&Term::Legal.id(&OfferId::generate()), &offer), None, "another offer's term");
    }
}
