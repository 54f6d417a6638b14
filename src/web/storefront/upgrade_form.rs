//! The tab *Upgrade current contract*: whether credits can be added now, how many, and what they cost for the time that
//! is left (UPG-1 to UPG-3).

use super::moment::Moment;
use crate::access::{Action, BuyerScope, allows};
use crate::db::SplitRefusal;
use crate::kernel::show;
use crate::marketplace::agreement::Standing;
use crate::marketplace::ids::{AgreementId, QuoteId};
use crate::marketplace::offer;
use crate::marketplace::quote::{Quote, Standing as QuoteStanding};
use crate::marketplace::receipt;
use crate::marketplace::upgrade::{self, Room, UpgradeRefusal};
use crate::web::form::FormView;
use crate::web::{Visit, WebError, paths};

/// What the tab shows.
pub(super) enum UpgradeTab {
    /// The form.
    Form(Box<UpgradeForm>),
    /// Why there is none: title, explanation.
    Not(&'static str, String),
}

/// The form beside what is typed into it.
pub(super) struct UpgradeForm {
    pub action: String,
    pub quote: String,
    pub back: String,
    pub limits: String,
    pub price: String,
    pub left: String,
    pub whole: String,
    pub expires: Moment,
    pub total: String,
    pub price_minor: i64,
    pub currency: &'static str,
    pub exponent: u32,
    pub min: i64,
    pub max: i64,
    pub remaining: i64,
    pub term: i64,
}

impl UpgradeForm {
    pub fn new(visit: &Visit, room: &Room, form: &FormView, quote: &str) -> Self {
        let agreement = room.agreement.id.as_str();
        let credits = offer::read(room.limits, form.value("credits")).ok();
        let total = credits.and_then(|credits| room.remaining.amount(room.offer.price(), credits).ok());
        Self {
            action: paths::upgrade(agreement),
            back: if quote.is_empty() { paths::subscription(agreement) } else { paths::quote(quote) },
            quote: quote.to_owned(),
            limits: format!("{}. This is the number to add, not the new total.", room.limits.in_words("credits")),
            price: room.offer.price().to_string(),
            left: show::duration_left(room.remaining.seconds),
            whole: show::duration_left(room.remaining.of_seconds),
            expires: Moment::full(room.agreement.ends_at, visit.zone()),
            total: total.map_or_else(|| "—".to_owned(), |total| total.to_string()),
            price_minor: room.offer.price_minor,
            currency: room.offer.currency.code(),
            exponent: room.offer.currency.minor_digits(),
            min: room.limits.min,
            max: room.limits.max,
            remaining: room.remaining.seconds,
            term: room.remaining.of_seconds,
        }
    }
}

/// The tab with a fresh form: the address's values, else those of the quote that is changed, else the smallest upgrade.
pub(super) async fn begin(visit: &Visit, scope: &BuyerScope, agreement: &AgreementId) -> Result<(UpgradeTab, FormView), WebError> {
    let room = match upgrade::room(visit.db(), scope, agreement, visit.now()).await.refusal()? {
        Ok(room) => room,
        Err(refusal) => return Ok((UpgradeTab::Not(title(refusal), explanation(refusal)?), FormView::new())),
    };
    let may = visit.actor().is_some_and(|actor| allows(actor, Action::Purchase).is_ok());
    if !may {
        let words = "You are a Viewer of this buyer account. A Purchaser can add credits.".to_owned();
        return Ok((UpgradeTab::Not("You can look, but not upgrade", words), FormView::new()));
    }
    let change = open_quote(visit, scope, agreement, visit.query("quote")).await?;
    let own_credits = change.as_ref().map_or(room.limits.min, |quote| quote.credits.get());
    let own_order = change.as_ref().and_then(|quote| quote.purchase_order.clone()).unwrap_or_default();
    let or = |name: &str, own: String| if visit.query(name).is_empty() { own } else { visit.query(name).chars().take(300).collect() };
    let form =
        FormView::new().set("credits", or("credits", show::group(own_credits))).set("purchase_order", or("purchase_order", own_order));
    let quote = change.map(|quote| quote.id.to_string()).unwrap_or_default();
    Ok((UpgradeTab::Form(Box::new(UpgradeForm::new(visit, &room, &form, &quote))), form))
}

/// The unpaid upgrade quote of this agreement that is being changed.
pub(super) async fn open_quote(visit: &Visit, scope: &BuyerScope, agreement: &AgreementId, quote: &str) -> Result<Option<Quote>, WebError> {
    if quote.is_empty() {
        return Ok(None);
    }
    let id = QuoteId::parse(quote).ok_or(WebError::NotFound)?;
    let review = receipt::review(visit.db(), scope, &id).await?.ok_or(WebError::NotFound)?;
    let belongs = review.quote.agreement_id.as_ref() == Some(agreement);
    if !belongs {
        return Err(WebError::NotFound);
    }
    Ok(Some(review.quote).filter(|quote| quote.standing(visit.now()) == QuoteStanding::Open))
}

fn title(refusal: UpgradeRefusal) -> &'static str {
    match refusal {
        UpgradeRefusal::NotActivated => "Activate the purchase first",
        UpgradeRefusal::Metered => "There is nothing to upgrade",
        UpgradeRefusal::Full => "This contract is full",
        UpgradeRefusal::NotNow(_) | UpgradeRefusal::NotFound | UpgradeRefusal::OutOfRange(_) => "Credits cannot be added now",
    }
}

/// Why credits cannot be added, and what to do.
pub(super) fn explanation(refusal: UpgradeRefusal) -> Result<String, WebError> {
    Ok(match refusal {
        UpgradeRefusal::NotFound => return Err(WebError::NotFound),
        UpgradeRefusal::NotActivated => {
            "Credits can be added at any time after activation. Choose Set up product on the overview, sign in to the console and activate."
                .to_owned()
        }
        UpgradeRefusal::Metered => {
            "A pay-as-you-go contract has no credits. What its features use is charged afterwards, however much it is.".to_owned()
        }
        UpgradeRefusal::Full => {
            "It has as many credits as this offer sells, counting upgrades that are being paid. Create a separate contract to have more."
                .to_owned()
        }
        UpgradeRefusal::NotNow(not_now) => match not_now.0 {
            Standing::Pending => {
                "The payment of the purchase is pending. Credits can be added when it has arrived and the purchase is activated.".to_owned()
            }
            Standing::RolledBack => "The purchase was not paid, so there is no contract to add credits to.".to_owned(),
            Standing::Ended | Standing::Active => "The contract has ended. Create a new one to have more credits.".to_owned(),
        },
        UpgradeRefusal::OutOfRange(_) => "The contract does not take this number of credits.".to_owned(),
    })
}
