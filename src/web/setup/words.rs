//! The pages that say why a set-up or an activation does not go on, each with the way out (SET-5). No page names another
//! business, and none holds a token.

use crate::fulfilment::land::LandingRefusal;
use crate::fulfilment::prepare::Refusal;
use crate::fulfilment::registration::Registration;
use crate::kernel::show;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER};
use askama::Template;

/// A page that is waited on asks again after this long.
const REFRESH_SECONDS: u16 = 20;

/// A way on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub label: &'static str,
    pub href: String,
}

/// What a page says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub status: StatusCode,
    pub heading: &'static str,
    pub lines: Vec<String>,
    /// What to do, in order; empty where one way on is enough.
    pub steps: Vec<String>,
    /// The first one is the page's main act.
    pub ways: Vec<Way>,
    /// The page asks again by itself.
    pub waits: bool,
    /// The address that forgets the registration in this browser; empty where none is to be forgotten.
    pub forget: String,
    /// The address that asks the marketplace again; empty where that is no help.
    pub again: String,
    /// Seconds after which asking again makes sense.
    pub again_in: u16,
}

#[derive(Template)]
#[template(path = "setup/problem.html")]
struct Problem {
    shell: Shell,
    words: Words,
    support: String,
}

/// The sign-in that leads to the activation.
#[must_use]
pub fn sign_in_and_activate() -> String {
    paths::with_query(&paths::sign_in(), &[("next", &paths::activation())])
}

/// The page in the face of the set-up.
///
/// # Errors
/// When the template fails, which is a defect.
pub fn page(visit: &Visit, words: Words) -> Result<HttpResponse, WebError> {
    let support = visit.portal().config.support_email.clone();
    let words = words.seen_by(visit);
    let response = visit.page(words.status, &Problem { shell: visit.shell(words.heading), words: words.clone(), support })?;
    Ok(with_headers(response, &words))
}

/// Tells browsers and programs when to ask again.
#[must_use]
pub fn with_headers(mut response: HttpResponse, words: &Words) -> HttpResponse {
    if words.waits {
        response.headers_mut().insert(HeaderName::from_static("refresh"), HeaderValue::from(words.again_in));
    }
    if words.status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(words.again_in));
    }
    response
}

fn subscriptions() -> Way {
    Way { label: "Open Subscriptions", href: paths::subscriptions() }
}

fn sign_in() -> Way {
    Way { label: "Sign in", href: paths::sign_in() }
}

fn try_again() -> Way {
    Way { label: "Try again", href: paths::activation() }
}

/// Where it can be, the product is named.
fn restart(product: Option<&str>) -> Vec<String> {
    vec![
        "Open Subscriptions in the marketplace.".to_owned(),
        product.map_or_else(|| "Open the product that you purchased.".to_owned(), |product| format!("Open {product}.")),
        "Choose Set up product. You then have four hours again.".to_owned(),
    ]
}

fn said(status: StatusCode, heading: &'static str, lines: &[&str]) -> Words {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    let (forget, again) = (String::new(), String::new());
    Words { status, heading, lines, steps: Vec::new(), ways: Vec::new(), waits: false, forget, again, again_in: REFRESH_SECONDS }
}

impl Words {
    fn steps(self, steps: Vec<String>) -> Self {
        Self { steps, ..self }
    }

    fn ways(self, ways: Vec<Way>) -> Self {
        Self { ways, ..self }
    }

    /// The same where people buy elsewhere, and where it is known when the marketplace is asked again.
    #[must_use]
    pub fn seen_by(mut self, visit: &Visit) -> Self {
        for way in self.ways.iter_mut().filter(|way| way.href == paths::subscriptions()) {
            way.href = visit.shop().subscriptions.clone();
        }
        let resumes_at = visit.portal().fulfilment.marketplace.resumes_at();
        if let Some(at) = resumes_at.filter(|_| self.status == StatusCode::SERVICE_UNAVAILABLE) {
            let seconds = (at - visit.now()).num_seconds() + 1;
            let when = show::clock_time(at, visit.zone());
            self.lines
                .push(format!("It is asked again in {}, at {when}. Trying before then does not help.", show::count(seconds, "second")));
            self.again_in = u16::try_from(seconds).unwrap_or(REFRESH_SECONDS).max(REFRESH_SECONDS);
        }
        self
    }

    /// A registration that was kept because the marketplace could not be asked.
    #[must_use]
    pub fn waiting(until: &str) -> Self {
        let words = said(
            StatusCode::SERVICE_UNAVAILABLE,
            "The marketplace cannot be reached",
            &[
                "We could not ask the marketplace what you purchased. It usually works again within a few minutes.",
                "Your registration is kept: this page asks again by itself and goes on from here. Your purchase is not affected, and nothing was activated.",
            ],
        );
        let late = format!("If it is still not reached by {until}, start again from Subscriptions in the marketplace.");
        let lines = words.lines.iter().cloned().chain([late]).collect();
        Self { lines, waits: true, again: paths::setup_again(), forget: paths::setup_forget(), ..words }
    }

    /// The same words with another status, where a page is an answer to a change instead of a look.
    #[must_use]
    pub fn answering(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// A token that leads nowhere.
    #[must_use]
    pub fn of_landing(refusal: LandingRefusal) -> Self {
        const KEPT: &str = "Your purchase is not affected, and nothing was activated.";
        match refusal {
            LandingRefusal::Missing => said(
                StatusCode::BAD_REQUEST,
                "The registration is missing",
                &["The marketplace sends a registration here when you choose Set up your account. This request came without one.", KEPT],
            )
            .steps(restart(None))
            .ways(vec![subscriptions(), sign_in()]),
            LandingRefusal::Malformed => said(
                StatusCode::BAD_REQUEST,
                "The registration could not be read",
                &["What arrived is not a registration of a marketplace. It may have been cut off or changed on its way.", KEPT],
            )
            .steps(restart(None))
            .ways(vec![subscriptions()]),
            LandingRefusal::Unknown => said(
                StatusCode::NOT_FOUND,
                "The marketplace does not know this registration",
                &["The registration that arrived was not issued by the marketplace, or not for this console.", KEPT],
            )
            .steps(restart(None))
            .ways(vec![subscriptions()]),
            LandingRefusal::Expired => Self::expired(None),
            LandingRefusal::WrongProduct => said(
                StatusCode::UNPROCESSABLE_ENTITY,
                "This product is set up somewhere else",
                &[
                    "The registration is in order, but it is for a product that this console does not look after.",
                    "Open the subscription again and check which product you set up. If it is the right one, write to support.",
                    KEPT,
                ],
            )
            .ways(vec![subscriptions()]),
            LandingRefusal::Unreachable => said(
                StatusCode::SERVICE_UNAVAILABLE,
                "The marketplace cannot be reached",
                &[
                    "We could not ask the marketplace what you purchased. It usually works again within a few minutes.",
                    "Reload this page and confirm that the form is sent again, or start again from the marketplace.",
                    KEPT,
                ],
            )
            .steps(restart(None))
            .ways(vec![subscriptions()]),
        }
    }

    /// A hand-over link that nobody made, or that is too old to be understood.
    #[must_use]
    pub fn unknown_link() -> Self {
        said(
            StatusCode::NOT_FOUND,
            "This link does not work",
            &[
                "It may have been cut off when it was copied, or it is more than a day old.",
                "Ask your colleague to open it again or to make a new one.",
            ],
        )
        .ways(vec![sign_in()])
    }

    /// Who has it is only told after sign-in, and only to its own business.
    #[must_use]
    pub fn already_activated_before_sign_in() -> Self {
        said(
            StatusCode::OK,
            "Products Already Activated",
            &[
                "This purchase was activated before. It can be activated once.",
                "If it was activated for your business, sign in to see the license, when it was activated and by whom.",
            ],
        )
        .ways(vec![Way { label: "Sign in", href: sign_in_and_activate() }])
    }

    fn expired(product: Option<&str>) -> Self {
        said(
            StatusCode::GONE,
            "The time to set up is over",
            &[
                "Sign-in and activation have to be complete within four hours after you choose Set up your account or Set up product.",
                "Your purchase is not affected. Start the registration again:",
            ],
        )
        .steps(restart(product))
        .ways(vec![subscriptions()])
    }

    /// CRD-9: there is one at a time.
    fn has_pay_as_you_go() -> Self {
        said(
            StatusCode::CONFLICT,
            "Your business has a pay-as-you-go contract",
            &[
                "A business can have one pay-as-you-go contract at a time, so this one was not activated for it.",
                "Your registration is kept. Activate it for another of your businesses, or after the contract that runs has ended.",
            ],
        )
        .ways(vec![
            Way { label: "See the contract that runs", href: paths::with_query(&paths::credits(), &[("tab", "pay-as-you-go")]) },
            try_again(),
        ])
    }

    /// Why a purchase is not activated, for somebody who is signed in.
    #[must_use]
    pub fn of_refusal(refusal: &Refusal, registration: Option<&Registration>) -> Self {
        let product = registration.map(|registration| registration.purchase.product_name.as_str());
        match refusal {
            Refusal::NoRegistration | Refusal::OtherRegistration | Refusal::TermsNotAccepted => Self::nothing_waits(),
            Refusal::OtherBusinessLink => said(
                StatusCode::FORBIDDEN,
                "This link is for another business",
                &[
                    "The purchase was handed over to a business that you do not belong to, so you cannot activate it.",
                    "Sign in as somebody of the business that the link was made for, or ask for an invitation to it.",
                ],
            )
            .ways(vec![Way { label: "Go to the console", href: paths::console() }]),
            Refusal::ActivatedHere(_) | Refusal::ActivatedElsewhere => said(
                StatusCode::OK,
                "Products Already Activated",
                &[
                    "This purchase was activated before, for a business whose licenses you cannot see. A purchase can be activated once.",
                    "If it should belong to your business, write to support: they can move a license to the right business.",
                ],
            )
            .ways(vec![Way { label: "Go to the console", href: paths::console() }]),
            Refusal::Expired => Self { forget: paths::setup_forget(), ..Self::expired(product) },
            Refusal::NoLicensingPermission => said(
                StatusCode::FORBIDDEN,
                "You need licensing permission",
                &["An Administrator or a Licensing manager of the business can activate. Your role does not allow it any more."],
            )
            .ways(vec![try_again()]),
            Refusal::Unreachable => said(
                StatusCode::SERVICE_UNAVAILABLE,
                "The marketplace cannot be reached",
                &[
                    "We could not ask the marketplace what this purchase grants. It usually works again within a few minutes.",
                    "Your registration is kept, and nothing was activated.",
                ],
            )
            .ways(vec![try_again()]),
            Refusal::Pending => Self { waits: true, ..Self::pending() },
            Refusal::Ended => said(
                StatusCode::GONE,
                "The agreement has ended",
                &[
                    "The purchase is no longer in force, so there is nothing to activate.",
                    "Open the subscription to see when it ended, or purchase again.",
                ],
            )
            .ways(vec![subscriptions()]),
            Refusal::Unclear => said(
                StatusCode::CONFLICT,
                "Support has to look at this purchase",
                &[
                    "What the marketplace says about this purchase is not a number of credits that we know how to grant.",
                    "Nothing was activated. Write to support and name the agreement.",
                ],
            )
            .ways(vec![try_again()]),
            Refusal::HasPayAsYouGo => Self::has_pay_as_you_go(),
        }
    }

    fn nothing_waits() -> Self {
        said(
            StatusCode::OK,
            "No purchase waits in this browser",
            &["A purchase is activated after you choose Set up your account on its receipt, or Set up product in Subscriptions. Do that in this browser."],
        )
        .ways(vec![subscriptions(), Way { label: "Go to the console", href: paths::console() }])
    }

    fn pending() -> Self {
        said(
            StatusCode::OK,
            "Your purchase is not ready yet",
            &[
                "The marketplace is still settling the payment or preparing the entitlement. This usually takes a few minutes.",
                "This page asks again by itself. Your registration is kept; if it ends before, start it again from Subscriptions.",
            ],
        )
        .ways(vec![Way { label: "Check again", href: paths::activation() }, subscriptions()])
    }
}
