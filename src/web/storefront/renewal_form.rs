//! The form of *Modify renewal*: what it begins with, what is read out of it, and what will happen in words (REN-3).

use super::moment::{Moment, months};
use crate::kernel::credits::Credits;
use crate::kernel::show;
use crate::marketplace::agreement::Agreement;
use crate::marketplace::offer::Offer;
use crate::marketplace::renewal::{self, Chosen};
use crate::web::form::{FormView, Problems};
use crate::web::{Form, Visit, WebError, paths};

/// What stands around the fields.
pub(super) struct RenewalForm {
    pub action: String,
    pub limits: String,
    /// What will happen at the end, as it is saved now.
    pub will: String,
    /// The saved number of the next term, where it is another than now.
    pub pending: Option<String>,
    /// Charged by use: there is no number to choose.
    pub metered: bool,
}

/// The fields as they are saved.
pub(super) fn begin(agreement: &Agreement) -> FormView {
    let next = agreement.next_credits.map(|credits| show::group(credits.get())).unwrap_or_default();
    FormView::new().set("renew", if agreement.auto_renew { "yes" } else { "no" }).set("next_credits", next)
}

/// What was typed, or every problem in it noted. Who says No has no number to choose.
pub(super) fn read(form: &Form, offer: &Offer, problems: &mut Problems) -> Option<Chosen> {
    let limits = offer.limits();
    let typed = if offer.is_metered() { "" } else { form.text("next_credits").trim() };
    match (form.text("renew"), typed) {
        ("no", _) => Some(Chosen::auto_renew(false)),
        ("yes", "") => Some(Chosen::auto_renew(true)),
        ("yes", typed) => {
            let credits = offer.read_credits(typed).map_err(|unfit| limits.problem(unfit, "credits"));
            problems.take("next_credits", credits).map(|credits| Chosen { auto_renew: true, next_credits: Some(credits) })
        }
        _ => {
            problems.push("renew", "Choose whether the contract renews: Yes or No");
            None
        }
    }
}

impl RenewalForm {
    /// With today's price as an estimate.
    pub async fn read(visit: &Visit, agreement: &Agreement, form: &FormView) -> Result<Self, WebError> {
        let offer = renewal::terms_today(visit.db(), agreement, visit.now()).await?;
        let end = Moment::full(agreement.ends_at, visit.zone()).text;
        let pending = agreement
            .next_credits
            .filter(|_| agreement.auto_renew)
            .map(|next| format!("From {end} the contract has {}. Until then it has {}.", number(next), number(agreement.credits)));
        Ok(Self {
            action: paths::renewal(agreement.id.as_str()),
            limits: format!(
                "Optional. Leave it empty to renew with the credits then in force, credits added until then included. {}.",
                offer.limits().in_words("credits")
            ),
            will: if agreement.auto_renew { will_renew(agreement, &offer, &end) } else { will_end(&offer, &end) },
            metered: offer.is_metered(),
            pending: pending.filter(|_| !form.has_errors()),
        })
    }
}

fn number(credits: Credits) -> String {
    show::count(credits.get(), "credit")
}

fn will_renew(agreement: &Agreement, offer: &Offer, end: &str) -> String {
    if offer.is_metered() {
        let length = months(agreement.duration_months);
        return format!("On {end} the contract renews for {length}, with nothing due. What features use is charged afterwards, as now.");
    }
    let (credits, what) = match agreement.next_credits {
        Some(next) => (next, format!("{}, whatever is added until then", number(next))),
        None => (agreement.credits, format!("the credits then in force, {} as of now", number(agreement.credits))),
    };
    let cost = offer.amount(credits).map_or_else(|_| "not known".to_owned(), |amount| amount.to_string());
    format!(
        "On {end} the contract renews for {} with {what}, at the price offered then. At today’s price of {} a credit that is {cost}.",
        months(agreement.duration_months),
        offer.price(),
    )
}

fn will_end(offer: &Offer, end: &str) -> String {
    if offer.is_metered() {
        return format!("On {end} the contract ends. Its features return to annual credits, and nothing more is charged by use.");
    }
    format!("On {end} the contract and its credits end, and nothing more is charged.")
}
