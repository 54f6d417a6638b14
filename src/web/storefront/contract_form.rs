//! The fields of *Configure your Software Contract*: what they begin with, what is read out of them, and the total that
//! stands beside them. Used for a new contract and for changing a quote.

use super::moment::{Moment, months};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::show;
use crate::kernel::text::{TextError, one_line};
use crate::marketplace::offer::{Offer, PURCHASE_ORDER_CHARS_MAX};
use crate::marketplace::quote::Quote;
use crate::marketplace::quoting::Wanted;
use crate::web::form::{FormView, Problems};
use crate::web::{Form, Visit, WebError};

/// What of a typed value travels in an address at most.
const CARRIED_CHARS_MAX: usize = 300;
const FIELDS: [&str; 3] = ["credits", "renew", "purchase_order"];

/// What was typed, or every problem in it noted.
pub(super) fn read(form: &Form, offer: &Offer, problems: &mut Problems) -> Option<Wanted> {
    let limits = offer.limits();
    // What is charged by use has no number to choose: there is one contract of it.
    let typed = if offer.is_metered() { Ok(Credits::ONE) } else { offer.read_credits(form.text("credits")) };
    let credits = problems.take("credits", typed.map_err(|unfit| limits.problem(unfit, "credits")));
    let auto_renew = match form.text("renew") {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err("Choose whether the contract renews: Yes or No"),
    };
    let auto_renew = problems.take("renew", auto_renew);
    let purchase_order = problems.take("purchase_order", read_purchase_order(form));
    Some(Wanted { credits: credits?, auto_renew: auto_renew?, purchase_order: purchase_order? })
}

/// The buyer's own number, which may be left out; what is wrong with it in words.
pub(super) fn read_purchase_order(form: &Form) -> Result<Option<String>, String> {
    match one_line(form.text("purchase_order"), PURCHASE_ORDER_CHARS_MAX) {
        Ok(number) => Ok(Some(number)),
        Err(TextError::Empty) => Ok(None),
        Err(error) => Err(error.in_words("purchase order number")),
    }
}

/// A fresh form: the address's values where it has some, else the quote's that is changed, else the offer's smallest
/// contract, renewing (MKT-4).
pub(super) fn begin(visit: &Visit, offer: &Offer, change: Option<&Quote>) -> FormView {
    let own = |name: &str| match (name, change) {
        ("credits", Some(quote)) => show::group(quote.credits.get()),
        ("credits", None) => show::group(offer.credits_min),
        ("renew", Some(quote)) if !quote.auto_renew => "no".to_owned(),
        ("renew", _) => "yes".to_owned(),
        (_, Some(quote)) => quote.purchase_order.clone().unwrap_or_default(),
        (_, None) => String::new(),
    };
    FIELDS.iter().fold(FormView::new(), |form, name| {
        let carried = visit.query(name);
        let value = if carried.is_empty() { own(name) } else { carried.chars().take(CARRIED_CHARS_MAX).collect() };
        form.set(name, value)
    })
}

/// The typed values as they travel in an address: to sign in and back, or to show the total anew.
pub(super) fn carried(form: &Form) -> Vec<(&'static str, String)> {
    FIELDS.iter().map(|name| (*name, form.text(name).trim().chars().take(CARRIED_CHARS_MAX).collect())).collect()
}

/// The price and the total beside the number.
pub(super) struct Priced {
    pub price: String,
    pub length: String,
    pub limits: String,
    pub total: String,
    pub price_minor: i64,
    pub currency: &'static str,
    pub exponent: u32,
    pub min: i64,
    pub max: i64,
    /// Charged by use: no number to choose, and nothing due now.
    pub metered: bool,
}

impl Priced {
    /// For the number that stands in the form; a number that cannot be bought has no total.
    pub fn new(offer: &Offer, form: &FormView) -> Self {
        let total = offer.read_credits(form.value("credits")).ok().and_then(|credits| offer.amount(credits).ok());
        Self {
            price: offer.price().to_string(),
            length: months(offer.duration_months),
            limits: format!("{}. 1,000 can be typed as 1,000 or 1000.", offer.limits().in_words("credits")),
            total: total.map_or_else(|| "—".to_owned(), |total| total.to_string()),
            price_minor: offer.price_minor,
            currency: offer.currency.code(),
            exponent: offer.currency.minor_digits(),
            min: offer.credits_min,
            max: offer.credits_max,
            metered: offer.is_metered(),
        }
    }
}

/// What each answer of Renewal Settings leads to, with its date (MKT-4).
pub(super) struct Consequences {
    pub if_yes: String,
    pub if_no: String,
}

impl Consequences {
    /// Of a contract that ends at an instant.
    pub fn at(ends_at: Timestamp, duration_months: i64, is_metered: bool, visit: &Visit) -> Self {
        let (end, length) = (Moment::full(ends_at, visit.zone()).text, months(duration_months));
        if is_metered {
            return Self {
                if_yes: format!("On {end} the contract renews by itself for {length}, with nothing due. You can say No until then."),
                if_no: format!("On {end} the contract ends, and its features return to annual credits. You can say Yes until then."),
            };
        }
        Self {
            if_yes: format!(
                "On {end} the contract renews by itself for {length}, with the credits then in force, at the price then offered. You can say No until then."
            ),
            if_no: format!("On {end} the contract and its credits end. You can say Yes until then."),
        }
    }

    /// Of a contract that is paid now.
    pub fn if_paid_now(offer: &Offer, visit: &Visit) -> Result<Self, WebError> {
        let term = offer.first_term(visit.now()).map_err(|error| WebError::Internal(error.into()))?;
        Ok(Self::at(term.ends_at(), offer.duration_months, offer.is_metered(), visit))
    }
}
