//! *Pay now*: hands the press to the till and leads to what came of it. Pressing twice, going back or reloading leads to
//! the same place (MKT-7).

use crate::access::Action;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::marketplace::ids::QuoteId;
use crate::marketplace::one_at_a_time;
use crate::marketplace::pay::{self, Paid, PayRefusal};
use crate::marketplace::quote::QuoteKind;
use crate::web::shell::Tone;
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;

/// `POST /marketplace/quotes/{quote}/pay`
pub async fn pay(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::Purchase)?;
    let quote = visit.id("quote", QuoteId::parse)?;
    // What is no number is no attempt's; the till says so.
    let attempt = form.text("attempt").parse().unwrap_or(0);
    let paid = pay::pay(&visit.portal().till, &scope, &visit.who(ActingAs::Buyer), &quote, attempt).await;
    let review = paths::quote(quote.as_str());
    match paid.refusal()? {
        Ok(Paid::Accepted(accepted)) => {
            visit.portal().wake.now();
            let upgrade = if accepted.kind == QuoteKind::Upgrade { quote.as_str() } else { "" };
            Ok(visit.see_other(&paths::with_query(&paths::confirmation(accepted.agreement.as_str()), &[("quote", upgrade)])))
        }
        Ok(Paid::Declined { .. } | Paid::Unknown { .. }) | Err(PayRefusal::Closed(_)) => Ok(visit.see_other(&review)),
        Err(PayRefusal::NotFound) => Err(WebError::NotFound),
        Err(PayRefusal::OutOfTurn) => {
            Ok(nothing_charged(&visit, "The page you pressed Pay now on was out of date. Check the details and press it again.", &review))
        }
        Err(PayRefusal::OneAtATime) => Ok(nothing_charged(&visit, one_at_a_time::WORDS, &review)),
        Err(PayRefusal::Upgrade(_)) => {
            Ok(nothing_charged(&visit, "The contract does not take these credits any more. Its page says what is possible now.", &review))
        }
    }
}

fn nothing_charged(visit: &Visit, why: &str, next: &str) -> HttpResponse {
    visit.flash(Tone::Warning, "Nothing was charged", why);
    visit.see_other(next)
}
