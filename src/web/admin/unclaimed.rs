//! Purchases that nobody activated (SUP-8): what the marketplace knows of them beside what the console saw of the attempts, and
//! a reminder by hand. The two rooms do not know each other; this page joins them by the license ARN.

use super::rows::{Link, Moment, crumbs, moment, showing};
use crate::access::{Action, StaffScope, allows};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::look_up::{self, LandingsRecord};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::kernel::text::search_words;
use crate::marketplace::remind::{BY_HAND_EVERY, RemindRefusal, remind_by_hand};
use crate::marketplace::unclaimed::{self, Unclaimed, UnclaimedFilter};
use crate::web::export::{Cell, CsvFile};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::TimeDelta;

/// What the list can be narrowed to by age, in days.
const AGES: [(&str, &str); 5] =
    [("1", "1 day or older"), ("3", "3 days or older"), ("7", "7 days or older"), ("14", "14 days or older"), ("30", "30 days or older")];
const STATES: [(&str, &str); 2] = [("not-started", "Not started"), ("started", "Started")];

/// What the address asks for.
struct Asked {
    words: String,
    state: &'static str,
    age: &'static str,
    after: Option<Cursor>,
}

impl Asked {
    fn read(visit: &Visit) -> Self {
        let one_of = |options: &[(&'static str, &str)], name| {
            options.iter().find(|(value, _)| *value == visit.query(name)).map_or("", |(value, _)| *value)
        };
        Self {
            words: visit.query("q").to_owned(),
            state: one_of(&STATES, "state"),
            age: one_of(&AGES, "age"),
            after: Cursor::parse(visit.query("after")),
        }
    }

    fn filter(&self, visit: &Visit) -> UnclaimedFilter {
        let days: Option<i64> = self.age.parse().ok();
        UnclaimedFilter {
            words: search_words(&self.words),
            set_up_begun: (!self.state.is_empty()).then_some(self.state == "started"),
            purchased_until: days.map(|days| visit.now() - TimeDelta::days(days)),
        }
    }

    fn href(&self, path: &str, after: &str) -> String {
        paths::with_query(path, &[("q", &self.words), ("state", self.state), ("age", self.age), ("after", after)])
    }
}

/// A purchase in the table.
struct Row {
    product: String,
    href: String,
    agreement: String,
    buyer: Link,
    credits: String,
    purchased: Moment,
    age: String,
    state: &'static str,
    attempts: String,
    last_attempt: Option<Moment>,
    outcome: &'static str,
    reminders: String,
    reminded: Option<Moment>,
    remind: String,
    /// When a reminder may be sent again, if not now.
    wait_until: Option<String>,
}

impl Row {
    fn new(visit: &Visit, purchase: &Unclaimed, landings: Option<&LandingsRecord>) -> Self {
        let next = purchase.reminded_at.map(|at| at + BY_HAND_EVERY).filter(|next| visit.now() < *next);
        Self {
            product: purchase.product_name.clone(),
            href: paths::admin_purchase(purchase.key()),
            agreement: purchase.agreement_id.clone(),
            buyer: Link {
                label: format!("{} ({})", purchase.buyer_name, purchase.buyer_account_id),
                href: paths::admin_buyer_account(&purchase.buyer_account_id),
            },
            credits: show::group(purchase.credits),
            purchased: Moment { iso: show::iso(purchase.purchased_at), text: show::date(purchase.purchased_at, visit.zone()) },
            age: age(visit, purchase),
            state: state(purchase),
            attempts: show::count(landings.map_or(0, |seen| seen.landings), "attempt"),
            last_attempt: landings.map(|seen| moment(visit, seen.landed_at)),
            outcome: outcome(visit, purchase, landings),
            reminders: show::group(purchase.reminders),
            reminded: purchase.reminded_at.map(|at| Moment { iso: show::iso(at), text: show::date(at, visit.zone()) }),
            remind: paths::admin_remind(purchase.key()),
            wait_until: next.map(|at| show::date_time(at, visit.zone())),
        }
    }
}

fn age(visit: &Visit, purchase: &Unclaimed) -> String {
    show::duration_left((visit.now() - purchase.purchased_at).num_seconds())
}

const fn state(purchase: &Unclaimed) -> &'static str {
    if purchase.set_up_at.is_some() { "Started" } else { "Not started" }
}

/// How the last attempt to set it up ended.
fn outcome(visit: &Visit, purchase: &Unclaimed, landings: Option<&LandingsRecord>) -> &'static str {
    match landings {
        Some(seen) if visit.now() < seen.expires_at => "Open, waits for Activate",
        Some(_) => "Four hours ran out",
        None if purchase.set_up_at.is_some() => "Clicked, never landed",
        None => "No attempt",
    }
}

#[derive(Template)]
#[template(path = "admin/unclaimed.html")]
struct Page {
    shell: Shell,
    path: String,
    words: String,
    states: [(&'static str, &'static str); 2],
    state: &'static str,
    ages: [(&'static str, &'static str); 5],
    age: &'static str,
    clear: String,
    csv: String,
    rows: Vec<Row>,
    credits: String,
    may_remind: bool,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/unclaimed?q=&state=&age=&after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    visit.page(StatusCode::OK, &view(&visit, scope, Asked::read(&visit)).await?)
}

async fn view(visit: &Visit, scope: StaffScope, asked: Asked) -> Result<Page, WebError> {
    let filter = asked.filter(visit);
    let page = unclaimed::list(visit.db(), scope, &filter, visit.now(), asked.after.as_ref(), PageSize::default()).await?;
    let (total, credits) = unclaimed::count(visit.db(), scope, &filter, visit.now()).await?;
    let rows = rows(visit, scope, &page.items).await?;
    let narrowed = !asked.words.is_empty() || !asked.state.is_empty() || !asked.age.is_empty();
    let mut shell = visit.shell("Unclaimed purchases");
    shell.crumbs = crumbs(&[]);
    Ok(Page {
        shell,
        path: paths::admin_unclaimed(),
        states: STATES,
        state: asked.state,
        ages: AGES,
        age: asked.age,
        clear: if narrowed { paths::admin_unclaimed() } else { String::new() },
        csv: asked.href(&paths::admin_unclaimed_csv(), ""),
        credits: show::count(credits, "credit"),
        may_remind: allows(visit.require_actor()?, Action::RemindBuyers).is_ok(),
        count: showing(rows.len(), total, ("purchase", "purchases")),
        first: asked.after.as_ref().map(|_| asked.href(&paths::admin_unclaimed(), "")).unwrap_or_default(),
        next: page.next.as_deref().map(|after| asked.href(&paths::admin_unclaimed(), after)).unwrap_or_default(),
        words: asked.words,
        rows,
    })
}

async fn landings(visit: &Visit, scope: StaffScope, purchases: &[Unclaimed]) -> Result<Vec<LandingsRecord>, WebError> {
    let arns: Vec<&str> = purchases.iter().map(|purchase| purchase.license_arn.as_str()).collect();
    Ok(look_up::list_landings(visit.db(), scope, &arns).await?)
}

fn of<'l>(landings: &'l [LandingsRecord], purchase: &Unclaimed) -> Option<&'l LandingsRecord> {
    landings.iter().find(|seen| seen.license_arn == purchase.license_arn)
}

async fn rows(visit: &Visit, scope: StaffScope, purchases: &[Unclaimed]) -> Result<Vec<Row>, WebError> {
    let landings = landings(visit, scope, purchases).await?;
    Ok(purchases.iter().map(|purchase| Row::new(visit, purchase, of(&landings, purchase))).collect())
}

const COLUMNS: [&str; 15] = [
    "Product",
    "Agreement",
    "License ARN",
    "Buyer account",
    "Buyer",
    "Credits",
    "Purchased",
    "Age in days",
    "Term ends",
    "Set-up",
    "Attempts",
    "Last attempt",
    "Outcome",
    "Reminders",
    "Last reminder",
];

/// `GET /admin/unclaimed.csv`: every row of the filter.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let filter = Asked::read(&visit).filter(&visit);
    let mut file = CsvFile::new(&COLUMNS)?;
    let mut after = None;
    loop {
        let page = unclaimed::list(visit.db(), scope, &filter, visit.now(), after.as_ref(), PageSize::MAX).await?;
        let landings = landings(&visit, scope, &page.items).await?;
        for purchase in &page.items {
            write(&mut file, &visit, purchase, of(&landings, purchase))?;
        }
        after = page.next.as_deref().and_then(Cursor::parse);
        if after.is_none() {
            return file.download("unclaimed-purchases", visit.now());
        }
    }
}

fn write(file: &mut CsvFile, visit: &Visit, purchase: &Unclaimed, landings: Option<&LandingsRecord>) -> Result<(), WebError> {
    file.row(&[
        Cell::Text(&purchase.product_name),
        Cell::Text(&purchase.agreement_id),
        Cell::Text(&purchase.license_arn),
        Cell::Text(&purchase.buyer_account_id),
        Cell::Text(&purchase.buyer_name),
        Cell::Number(purchase.credits),
        Cell::Time(purchase.purchased_at),
        Cell::Number((visit.now() - purchase.purchased_at).num_days()),
        Cell::Time(purchase.ends_at),
        Cell::Text(state(purchase)),
        Cell::Number(landings.map_or(0, |seen| seen.landings)),
        landings.map_or(Cell::Empty, |seen| Cell::Time(seen.landed_at)),
        Cell::Text(outcome(visit, purchase, landings)),
        Cell::Number(purchase.reminders),
        purchase.reminded_at.map_or(Cell::Empty, Cell::Time),
    ])
}

/// `POST /admin/purchases/{purchase}/remind`.
pub async fn remind(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::RemindBuyers)?;
    let (person, key) = (visit.require_actor()?.person, visit.param("purchase").to_owned());
    let who = visit.who(ActingAs::Staff);
    let sent = remind_by_hand(visit.db(), scope, &who, person, &key, &visit.portal().till.public_url).await;
    match sent.refusal()? {
        Ok(people) => {
            visit.portal().wake.now();
            let told = if people == 1 { "1 purchaser".to_owned() } else { format!("{} purchasers", show::group_len(people)) };
            visit.flash(Tone::Success, "Reminder sent", &format!("{told} of the buyer account will get it."));
        }
        Err(RemindRefusal::NotFound) => return Err(WebError::NotFound),
        Err(refusal) => visit.flash(Tone::Warning, "No reminder was sent", &why_not(&visit, refusal)),
    }
    Ok(visit.see_other(&paths::admin_unclaimed()))
}

fn why_not(visit: &Visit, refusal: RemindRefusal) -> String {
    match refusal {
        RemindRefusal::NotFound => "There is no such purchase.".to_owned(),
        RemindRefusal::Activated => "The purchase was activated meanwhile.".to_owned(),
        RemindRefusal::NotInForce => "The contract of this purchase is not in force.".to_owned(),
        RemindRefusal::TooSoon { until } => {
            format!("One went out less than a day ago. The next can be sent from {} on.", show::date_time(until, visit.zone()))
        }
        RemindRefusal::NobodyToTell => "The buyer account has nobody who may purchase.".to_owned(),
    }
}
