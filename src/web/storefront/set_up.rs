//! Hands a registration token to the fulfilment address: the answer is a page whose form posts it, by itself with
//! JavaScript, by a button without. The token stands in that form and nowhere else (SET-1, SET-2).

use super::moment::Moment;
use crate::access::Action;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::kernel::show;
use crate::marketplace::ids::AgreementId;
use crate::marketplace::subscriptions;
use crate::marketplace::token::{self, IssueRefusal};
use crate::web::redirects;
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "storefront/set_up.html")]
struct HandOver {
    shell: Shell,
    product: String,
    seller: String,
    fulfilment_url: String,
    token: String,
    agreement: String,
    product_id: String,
    deadline: Moment,
    left: String,
    subscription: String,
}

/// `POST /marketplace/agreements/{agreement}/set-up`
pub async fn hand_over(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::Purchase)?;
    let agreement = visit.id("agreement", AgreementId::parse)?;
    let detail = subscriptions::find(visit.db(), &scope, &agreement).await?.ok_or(WebError::NotFound)?;
    let issued = token::issue(visit.db(), &scope, &visit.who(ActingAs::Buyer), &agreement).await.refusal()?;
    match issued {
        Ok(issued) => {
            let view = view(&visit, detail, &issued);
            redirects::note_hand_over(&visit, agreement.as_str(), scope.account(), &view.fulfilment_url).await;
            visit.page(StatusCode::OK, &view)
        }
        Err(IssueRefusal::NotFound) => Err(WebError::NotFound),
        Err(IssueRefusal::NotNow(_)) => {
            visit.flash(Tone::Warning, "This purchase cannot be set up", "Its agreement is not in force. This page says how it stands.");
            Ok(visit.see_other(&paths::subscription(agreement.as_str())))
        }
    }
}

fn view(visit: &Visit, detail: subscriptions::Detail, issued: &token::Issued) -> HandOver {
    HandOver {
        shell: visit.shell("Set up your account"),
        fulfilment_url: detail.listing.fulfilment_url.unwrap_or_else(|| visit.portal().fulfilment_url()),
        token: issued.token.reveal().to_owned(),
        deadline: Moment::clock(issued.expires_at, visit.zone()),
        left: show::duration_left((issued.expires_at - visit.now()).num_seconds()),
        subscription: paths::subscription(detail.agreement.id.as_str()),
        agreement: detail.agreement.id.to_string(),
        product_id: detail.listing.id.to_string(),
        product: detail.listing.name,
        seller: detail.listing.seller_name,
    }
}
