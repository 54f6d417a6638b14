//! The terms that a request names, checked against its offer: the mandatory ones, quantities, renewal. Pure.

use crate::kernel::credits::Credits;
use crate::marketplace::ids::OfferId;
use crate::marketplace::wire::agreements::invalid;
use crate::marketplace::wire::agreements::terms::{Term, duration};
use crate::marketplace::wire::fault::Fault;
use crate::marketplace::wire::input::Input;
use std::collections::BTreeSet;

const FIELD: &str = "requestedTerms";

/// What the terms of a request say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Requested {
    selector: String,
    dimensions: Vec<(String, i64)>,
    /// Whether the agreement is to renew by itself, where the request says so.
    pub auto_renew: Option<bool>,
}

fn configuration(why: &str) -> Fault {
    invalid("INVALID_REQUESTED_TERM_CONFIGURATION", FIELD, why)
}

/// A quantity that the offer does not sell.
pub(super) fn out_of_range(limits: &str) -> Fault {
    configuration(limits)
}

impl Requested {
    /// Reads the terms. A new agreement needs legal, support and pricing terms; an amendment those that change.
    pub(super) fn read(input: Input<'_>, offer: &OfferId, is_new: bool) -> Result<Self, Fault> {
        let terms = input.structures(FIELD)?;
        if terms.is_empty() {
            return Err(invalid("MISSING_REQUESTED_TERMS", FIELD, "requestedTerms are needed."));
        }
        let (mut requested, mut named) = (Self::default(), BTreeSet::new());
        for term in terms {
            let id = term.text("id")?.ok_or_else(|| invalid("MISSING_REQUESTED_TERM_ID", FIELD, "A term needs its id."))?;
            let unknown = || invalid("INVALID_REQUESTED_TERM_ID", FIELD, format!("The offer has no term {id}."));
            let kind = Term::of_id(id, offer).ok_or_else(unknown)?;
            if !named.insert(kind) {
                return Err(invalid("INVALID_REQUESTED_TERMS", FIELD, format!("The term {id} is there twice.")));
            }
            requested.configure(kind, term.map("configuration")?)?;
        }
        let changes = named.contains(&Term::Pricing) || named.contains(&Term::Renewal);
        let is_whole = [Term::Legal, Term::Support, Term::Pricing].iter().all(|term| named.contains(term));
        if !(if is_new { is_whole } else { changes }) {
            return Err(invalid("MISSING_MANDATORY_TERMS", FIELD, "A term that has to be accepted is missing."));
        }
        Ok(requested)
    }

    /// Whether a quantity is named at all; an amendment may be of the renewal alone.
    pub(super) fn names_quantity(&self) -> bool {
        !self.selector.is_empty() || !self.dimensions.is_empty()
    }

    fn configure(&mut self, term: Term, given: Option<Input<'_>>) -> Result<(), Fault> {
        let missing = || invalid("MISSING_REQUESTED_TERM_CONFIGURATION", FIELD, format!("The {term} term needs its configuration."));
        match term {
            Term::Legal | Term::Support | Term::Validity => Ok(()),
            Term::Pricing => {
                let name = "configurableUpfrontPricingTermConfiguration";
                let pricing = given.map(|given| given.map(name)).transpose()?.flatten().ok_or_else(missing)?;
                self.selector = pricing.text("selectorValue")?.unwrap_or_default().to_owned();
                for dimension in pricing.structures("dimensions")? {
                    let key = dimension.text("dimensionKey")?.unwrap_or_default().to_owned();
                    self.dimensions.push((key, dimension.whole("dimensionValue")?.ok_or_else(missing)?));
                }
                Ok(())
            }
            Term::Renewal => {
                let renewal = given.map(|given| given.map("renewalTermConfiguration")).transpose()?.flatten().ok_or_else(missing)?;
                self.auto_renew = Some(renewal.flag("enableAutoRenew")?.ok_or_else(missing)?);
                Ok(())
            }
        }
    }

    /// How many are wanted, of the one dimension and for the one duration that the offer has.
    pub(super) fn credits(&self, dimension: &str, months: i64) -> Result<Credits, Fault> {
        if self.selector != duration(months) {
            return Err(configuration(&format!("The offer's duration is {}.", duration(months))));
        }
        let [(key, quantity)] = &self.dimensions[..] else { return Err(configuration("Exactly one dimension is needed.")) };
        if key != dimension {
            return Err(configuration(&format!("The offer's dimension is {dimension}.")));
        }
        Credits::new(*quantity).map_err(|_| configuration("The quantity is not one that the offer sells."))
    }
}
