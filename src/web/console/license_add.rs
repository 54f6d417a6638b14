//! *Add license*: an activation code, the review of what it brings, and the act (LIC-5). For people with licensing
//! permission only; guesses are counted for the business and for the address.

use super::credits::Instant;
use crate::access::{Action, BusinessScope};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::code::Offered;
use crate::fulfilment::code::redeem::{NotTaken, look, redeem, term};
use crate::fulfilment::code::text::{CodeText, NotACode};
use crate::identity::throttle::{self, CODES_OF_ADDRESS, CODES_OF_BUSINESS, Key, Verdict};
use crate::kernel::id::CodeId;
use crate::kernel::show;
use crate::web::form::{FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "console/license_add.html")]
struct AddLicense {
    shell: Shell,
    form: FormView,
    action: String,
    business: String,
    /// The contract that the code made before.
    existing: Option<String>,
    back: String,
}

#[derive(Template)]
#[template(path = "console/license_add_review.html")]
struct Review {
    shell: Shell,
    action: String,
    again: String,
    code: String,
    reviewed: String,
    masked: String,
    business: String,
    product: String,
    seller: String,
    credits: String,
    order: String,
    months: String,
    starts: Instant,
    ends: Instant,
    valid_until: Instant,
}

/// `GET /console/licenses/add`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.business_scope(Action::ManageLicenses)?;
    page(&visit, FormView::new(), None, StatusCode::OK)
}

/// `POST /console/licenses/add`: the code, or the code with what was reviewed of it.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::ManageLicenses)?;
    let mut problems = Problems::new();
    let Some(code) = problems.take("code", CodeText::parse(form.text("code")).map_err(NotACode::in_words)) else {
        return page(&visit, FormView::with(&form, problems), None, StatusCode::UNPROCESSABLE_ENTITY);
    };
    match CodeId::parse(form.text("reviewed")) {
        Some(reviewed) => add(&visit, scope, &form, &code, reviewed).await,
        None => review(&visit, scope, &form, &code).await,
    }
}

/// What the code brings. The try is counted before it is made, and taken back when the code is right.
async fn review(visit: &Visit, scope: BusinessScope, form: &Form, code: &CodeText) -> Result<HttpResponse, WebError> {
    let keys = keys(visit, scope);
    if let Verdict::Blocked { until } = throttle::count_all(visit.db(), &keys, visit.now()).await? {
        return Err(WebError::TooMany { retry_after_seconds: (until - visit.now()).num_seconds() + 1 });
    }
    match look(visit.db(), scope, code, visit.now()).await.refusal()? {
        Ok(offered) => {
            throttle::give_back_all(visit.db(), &keys).await?;
            let view = review_of(visit, &offered, code).map_err(|error| WebError::Internal(error.into()))?;
            visit.page(StatusCode::OK, &view)
        }
        Err(not_taken) => {
            if matches!(not_taken, NotTaken::UsedHere { .. }) {
                throttle::give_back_all(visit.db(), &keys).await?;
            }
            refused(visit, form, not_taken)
        }
    }
}

fn keys(visit: &Visit, scope: BusinessScope) -> [Key; 2] {
    [Key::of_address(CODES_OF_ADDRESS, &visit.address()), Key::of_account(CODES_OF_BUSINESS, &scope.business().to_string())]
}

/// The act. Its code was right when it was reviewed: the id beside it is no guess, so nothing is counted.
async fn add(visit: &Visit, scope: BusinessScope, form: &Form, code: &CodeText, reviewed: CodeId) -> Result<HttpResponse, WebError> {
    let person = visit.require_actor()?.person;
    let added = redeem(&visit.portal().fulfilment, scope, &visit.who(ActingAs::Business), person, code, reviewed).await;
    match added.refusal()? {
        Ok(added) => {
            visit.portal().wake.now();
            visit.flash(Tone::Success, "License added", "Its credits count from now on.");
            Ok(visit.see_other(&paths::activation_done(added.contract)))
        }
        Err(not_taken) => refused(visit, form, not_taken),
    }
}

fn refused(visit: &Visit, form: &Form, not_taken: NotTaken) -> Result<HttpResponse, WebError> {
    let mut problems = Problems::new();
    problems.push("code", words(visit, &not_taken));
    let existing = match not_taken {
        NotTaken::UsedHere { contract, .. } => contract.map(paths::activation_done),
        _ => None,
    };
    page(visit, FormView::with(form, problems), existing, StatusCode::CONFLICT)
}

fn words(visit: &Visit, not_taken: &NotTaken) -> String {
    let on = |at| show::date_time(at, visit.zone());
    match not_taken {
        NotTaken::Unknown => {
            "This activation code is not known here. Check that you have the whole code, or ask whoever sold it".to_owned()
        }
        NotTaken::Expired(at) => format!("This activation code could be used until {}. Ask whoever sold it for another", on(*at)),
        NotTaken::Withdrawn => "This activation code was withdrawn. Ask whoever sold it".to_owned(),
        NotTaken::UsedHere { at, by, .. } => format!("This activation code was used by your business on {}, by {by}", on(*at)),
        NotTaken::UsedElsewhere => "This activation code has been used. Ask whoever sold it".to_owned(),
        NotTaken::NoLicensingPermission => "You no longer have licensing permission in this business".to_owned(),
    }
}

fn business(visit: &Visit) -> String {
    visit.actor().and_then(|actor| actor.membership()).map(|membership| membership.name.clone()).unwrap_or_default()
}

fn review_of(visit: &Visit, offered: &Offered, code: &CodeText) -> Result<Review, crate::kernel::term::TermError> {
    let (worth, zone) = (&offered.worth, visit.zone());
    let term = term(worth, visit.now())?;
    Ok(Review {
        shell: shell(visit, "Review the license"),
        action: paths::license_add(),
        again: paths::license_add(),
        code: code.reveal(),
        reviewed: offered.id.to_string(),
        masked: offered.masked.clone(),
        business: business(visit),
        product: worth.product_name.clone(),
        seller: worth.seller_name.clone(),
        credits: show::count(worth.credits.get(), "credit"),
        order: worth.order_number.clone(),
        months: show::count(i64::from(worth.term_months), "month"),
        starts: Instant::full(term.starts_at(), zone),
        ends: Instant::full(term.ends_at(), zone),
        valid_until: Instant::full(offered.valid_until, zone),
    })
}

fn shell(visit: &Visit, title: &str) -> Shell {
    visit.shell(title).with_crumbs(&[("License Information", paths::licenses())])
}

fn page(visit: &Visit, form: FormView, existing: Option<String>, status: StatusCode) -> Result<HttpResponse, WebError> {
    let shell = shell(visit, "Add license");
    let view = AddLicense {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::license_add(),
        business: business(visit),
        existing,
        back: paths::licenses(),
    };
    visit.page(status, &view)
}
