//! Event targets: where sellers' events go. The list with what waits, was taken and was given up; making a target and
//! withdrawing one. For Operators, as access keys are.

use super::rows::{Moment, crumbs, moment};
use crate::access::Action;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::kernel::id::EventTargetId;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::marketplace::event_target::{
    self, ADDRESS_CHARS_MAX, Listed, NAME_CHARS_MAX, NewTarget, TargetKind, TargetRefusal, Topic, Wanted, is_name, parse_address,
};
use crate::marketplace::ids::ProductId;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct Row {
    name: String,
    href: String,
    is_queue: bool,
    address: String,
    topic: String,
    seller: String,
    tone: &'static str,
    standing: &'static str,
    waiting: String,
    delivered: String,
    failed: String,
    last_answer: String,
    made: Moment,
    by: String,
    withdrawn: Option<Moment>,
}

impl Row {
    fn new(visit: &Visit, target: Listed) -> Self {
        let queue = || visit.portal().wire.queues.address(&target.seller_id, &target.name);
        let (tone, standing) = match (target.withdrawn_at, target.kind, target.confirmed_at) {
            (Some(_), ..) => ("neutral", "Withdrawn"),
            (None, TargetKind::Webhook, None) => ("pending", "Waits for confirmation"),
            (None, ..) => ("success", "Works"),
        };
        Self {
            href: paths::event_target(target.id),
            is_queue: target.kind == TargetKind::Queue,
            address: target.address.clone().unwrap_or_else(queue),
            topic: target.topic.arn(&target.seller_id, target.product_code.as_deref().unwrap_or_default()),
            seller: format!("{} ({})", target.seller_name, target.seller_id),
            tone,
            standing,
            waiting: show::group(target.waiting),
            delivered: show::group(target.delivered),
            failed: show::group(target.failed),
            last_answer: target.last_answer.unwrap_or_default(),
            made: moment(visit, target.created_at),
            by: target.created_by,
            withdrawn: target.withdrawn_at.map(|at| moment(visit, at)),
            name: target.name,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/event_targets.html")]
struct Targets {
    shell: Shell,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
    make: String,
}

/// `GET /admin/event-targets?after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageAccessKeys)?;
    let after = Cursor::parse(visit.query("after"));
    let page = event_target::list(visit.db(), scope, after.as_ref(), PageSize::default()).await?;
    let href = |after: &str| paths::with_query(&paths::event_targets(), &[("after", after)]);
    let mut shell = visit.shell("Event targets");
    shell.crumbs = crumbs(&[]);
    let view = Targets {
        shell,
        count: format!("Showing {}", show::count(i64::try_from(page.items.len()).unwrap_or(i64::MAX), "event target")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        make: paths::event_target_new(),
        rows: page.items.into_iter().map(|target| Row::new(&visit, target)).collect(),
    };
    visit.page(StatusCode::OK, &view)
}

#[derive(Template)]
#[template(path = "admin/event_target_new.html")]
struct NewPage {
    shell: Shell,
    form: FormView,
    /// Topics of older listings, if there are any.
    topics: Vec<(String, String)>,
    action: String,
    back: String,
}

async fn form_page(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageAccessKeys)?;
    let mut topics = vec![("events".to_owned(), "Every event, as EventBridge has it".to_owned())];
    for (id, name, ..) in event_target::list_older_listings(visit.db(), scope).await? {
        topics.push((format!("entitlement {id}"), format!("Entitlement notifications of {name}")));
        topics.push((format!("subscription {id}"), format!("Subscription notifications of {name}")));
    }
    let mut shell = visit.shell("Make an event target");
    shell.crumbs = crumbs(&[("Event targets", paths::event_targets())]);
    let shell = if form.has_errors() { shell.with_errors() } else { shell };
    visit.page(status, &NewPage { shell, form, topics, action: paths::event_targets(), back: paths::event_targets() })
}

/// `GET /admin/event-targets/new`.
pub async fn new(visit: Visit) -> Result<HttpResponse, WebError> {
    form_page(&visit, FormView::new().set("kind", "queue").set("topic", "events"), StatusCode::OK).await
}

/// `POST /admin/event-targets`.
pub async fn make(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageAccessKeys)?;
    let new = match read(&form) {
        Ok(new) => new,
        Err(problems) => return form_page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    let (sealing, who) = (&visit.portal().wire.sealing, visit.who(ActingAs::Staff));
    match event_target::make(visit.db(), scope, sealing, &who, &new).await.refusal()? {
        Ok(id) => {
            flash_made(&visit, &new);
            Ok(visit.see_other(&paths::event_target(id)))
        }
        Err(refusal) => {
            let mut problems = Problems::new();
            let (field, words) = words(refusal);
            problems.push(field, words);
            form_page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

fn flash_made(visit: &Visit, new: &NewTarget) {
    let words = match &new.wanted {
        Wanted::Queue => "Events from now on wait in it until they are received and deleted.",
        Wanted::Webhook(..) => "It was asked to confirm its subscription, and gets events once it has. It can confirm for two days.",
    };
    visit.portal().wake.now();
    visit.flash(Tone::Success, "The event target was made", words);
}

fn words(refusal: TargetRefusal) -> (&'static str, &'static str) {
    match refusal {
        TargetRefusal::UnknownSeller => ("seller", "No seller account has this number"),
        TargetRefusal::NameTaken => {
            ("name", "This seller has an event target of this name. Enter another name, or withdraw that one first")
        }
        TargetRefusal::NoSuchTopic => ("topic", "Choose a topic of a product of this seller"),
    }
}

fn read(form: &Form) -> Result<NewTarget, Problems> {
    let mut problems = Problems::new();
    let seller: String = form.text("seller").chars().filter(|letter| !letter.is_whitespace()).collect();
    let is_account = seller.len() == 12 && seller.bytes().all(|digit| digit.is_ascii_digit());
    let seller = problems.take("seller", is_account.then_some(seller).ok_or("Enter the 12 digits of a seller account"));
    let typed = form.text("name").trim();
    let name_words = format!("Enter a name of 1 to {NAME_CHARS_MAX} letters, digits, hyphens and underscores");
    let name = problems.take("name", is_name(typed).then(|| typed.to_owned()).ok_or(name_words));
    let wanted = match form.text("kind") {
        "queue" => Some(Wanted::Queue),
        "webhook" => {
            let words =
                format!("Enter an address that begins with http:// or https://, without a user, of up to {ADDRESS_CHARS_MAX} characters");
            let address = problems.take("address", parse_address(form.text("address").trim()).ok_or(words));
            let topic = problems.take("topic", topic_of(form.text("topic")).ok_or("Choose what the webhook gets"));
            address.zip(topic).map(|(address, (topic, product))| Wanted::Webhook(address, topic, product))
        }
        _ => problems.take("kind", Err::<Wanted, _>("Choose a queue or a webhook")),
    };
    match (seller, name, wanted) {
        (Some(seller), Some(name), Some(wanted)) => Ok(NewTarget { seller, name, wanted }),
        _ => Err(problems),
    }
}

/// A topic with the product it is of, as the form's options name it.
fn topic_of(chosen: &str) -> Option<(Topic, Option<ProductId>)> {
    if chosen == Topic::Events.as_str() {
        return Some((Topic::Events, None));
    }
    let (topic, product) = chosen.split_once(' ')?;
    let topic = Topic::parse(topic).filter(|topic| *topic != Topic::Events)?;
    Some((topic, Some(ProductId::parse(product)?)))
}

#[derive(Template)]
#[template(path = "admin/event_target.html")]
struct TargetPage {
    shell: Shell,
    target: Row,
    withdraw: String,
}

/// `GET /admin/event-targets/{event_target}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageAccessKeys)?;
    let id = visit.id("event_target", EventTargetId::parse)?;
    let found = event_target::find(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    let mut shell = visit.shell(&found.name);
    shell.crumbs = crumbs(&[("Event targets", paths::event_targets())]);
    visit.page(StatusCode::OK, &TargetPage { shell, target: Row::new(&visit, found), withdraw: paths::event_target_withdraw(id) })
}

/// `POST /admin/event-targets/{event_target}/withdraw`.
pub async fn withdraw(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageAccessKeys)?;
    let target = visit.id("event_target", EventTargetId::parse)?;
    if !event_target::withdraw(visit.db(), scope, &visit.who(ActingAs::Staff), target).await? {
        return Err(WebError::NotFound);
    }
    visit.flash(Tone::Success, "The event target was withdrawn", "It gets no more events, and what waited for it was given up.");
    Ok(visit.see_other(&paths::event_target(target)))
}
