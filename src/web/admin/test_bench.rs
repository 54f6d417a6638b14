//! The test bench for vendors' engineers: where the clock stands and how to put it forward, and the faults. For Operators, and
//! only while the bench is on: otherwise these addresses are not there.

use super::rows::{Moment, crumbs, moment};
use crate::access::Action;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::jobs::{MailIs, move_clock};
use crate::kernel::quantity::parse_whole_number;
use crate::kernel::show;
use crate::test_bench::clock::MoveRefusal;
use crate::test_bench::fault::{Fault, Faults, Setting};
use crate::test_bench::switch::SwitchRefusal;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// A fault in the table.
struct FaultRow {
    label: &'static str,
    name: &'static str,
    does: &'static str,
    tone: &'static str,
    state: String,
    number: String,
    since: Option<(Moment, String)>,
    off: String,
}

impl FaultRow {
    fn new(visit: &Visit, fault: Fault, setting: Option<&Setting>) -> Self {
        let (tone, state) = match setting.map(|setting| setting.remaining) {
            None => ("neutral", "Off".to_owned()),
            Some(None) => ("warning", "On".to_owned()),
            Some(Some(0)) => ("neutral", "Used up".to_owned()),
            Some(Some(times)) => ("warning", format!("On, {} more", show::count(times, "time"))),
        };
        let number = |(unit, usual): (&str, i64)| {
            let value = setting.map_or(usual, |setting| setting.value);
            format!("{} {unit}", show::group(value))
        };
        Self {
            label: fault.label(),
            name: fault.as_str(),
            does: fault.does(),
            tone,
            state,
            number: fault.number().map(number).unwrap_or_default(),
            since: setting.map(|setting| (moment(visit, setting.since), setting.by.clone())),
            off: setting.map(|_| paths::test_bench_fault_off(fault.as_str())).unwrap_or_default(),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/test_bench.html")]
struct Page {
    shell: Shell,
    form: FormView,
    now: Moment,
    system: Moment,
    ahead: String,
    clock: String,
    leaps: [(&'static str, &'static str); 3],
    faults: Vec<FaultRow>,
    options: Vec<(&'static str, &'static str)>,
    switch: String,
    calls: String,
}

async fn page(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let faults: Faults = visit.portal().bench.faults().await?;
    let mut shell = visit.shell("Test bench");
    shell.crumbs = crumbs(&[]);
    let ahead = visit.clock().moved_by().num_seconds();
    let view = Page {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        now: moment(visit, visit.now()),
        system: moment(visit, visit.clock().unmoved().now()),
        ahead: if ahead == 0 { String::new() } else { show::duration_left(ahead) },
        clock: paths::test_bench_clock(),
        leaps: [("+1h", "1 hour"), ("+1d", "1 day"), ("+30d", "30 days")],
        faults: Fault::ALL.iter().map(|fault| FaultRow::new(visit, *fault, faults.find(*fault))).collect(),
        options: Fault::ALL.iter().map(|fault| (fault.as_str(), fault.label())).collect(),
        switch: paths::test_bench_faults(),
        calls: paths::test_bench_calls(),
    };
    visit.page(status, &view)
}

/// `GET /admin/test-bench`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.staff_scope(Action::UseTestBench)?;
    page(&visit, FormView::new(), StatusCode::OK).await
}

/// `POST /admin/test-bench/clock`. The answer comes when everything that was due on the way has happened.
pub async fn put_forward(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    visit.staff_scope(Action::UseTestBench)?;
    match move_clock(visit.portal(), &visit.who(ActingAs::Staff), form.text("to"), MailIs::Delivered).await.refusal()? {
        Ok(stands) => {
            let text = format!("It stands at {}. What was due on the way has happened.", show::date_time(stands, visit.zone()));
            visit.flash(Tone::Success, "The clock was put forward", &text);
            Ok(visit.see_other(&paths::test_bench()))
        }
        Err(refusal) => {
            let mut problems = Problems::new();
            problems.push("to", words_of_move(refusal));
            page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

const fn words_of_move(refusal: MoveRefusal) -> &'static str {
    match refusal {
        MoveRefusal::Unclear => "Enter how far, such as +30d, or an instant with its zone, such as 2027-01-01T00:00:00Z",
        MoveRefusal::Back => "Enter an instant after the one at which the clock stands: it only goes forward",
        MoveRefusal::TooFar => "Enter an instant within the next 5 years",
    }
}

struct Switched {
    fault: Fault,
    value: Option<i64>,
    times: Option<i64>,
}

fn read(form: &Form) -> Result<Switched, Problems> {
    let mut problems = Problems::new();
    let number = |name: &str, words: &'static str| match form.text(name).trim() {
        "" => Ok(None),
        typed => parse_whole_number(typed).map(Some).map_err(|_| words),
    };
    let fault = problems.take("fault", Fault::parse(form.text("fault")).ok_or("Choose a fault"));
    let value = problems.take("value", number("value", words(SwitchRefusal::Value).1));
    let times = problems.take("times", number("times", words(SwitchRefusal::Times).1));
    match (fault, value, times) {
        (Some(fault), Some(value), Some(times)) => Ok(Switched { fault, value, times }),
        _ => Err(problems),
    }
}

const fn words(refusal: SwitchRefusal) -> (&'static str, &'static str) {
    match refusal {
        SwitchRefusal::Off => ("", "The test bench is off"),
        SwitchRefusal::Value => ("value", "Enter a whole number from 0 to 86,400"),
        SwitchRefusal::Times => ("times", "Enter a whole number from 1 to 1,000,000"),
    }
}

/// `POST /admin/test-bench/faults`.
pub async fn switch_on(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    visit.staff_scope(Action::UseTestBench)?;
    let Switched { fault, value, times } = match read(&form) {
        Ok(switched) => switched,
        Err(problems) => return page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await,
    };
    match visit.portal().bench.switch_on(&visit.who(ActingAs::Staff), fault, value, times).await.refusal()? {
        Ok(()) => {
            visit.flash(Tone::Success, &format!("{} is on", fault.label()), fault.does());
            Ok(visit.see_other(&paths::test_bench()))
        }
        Err(refusal) => {
            let mut problems = Problems::new();
            let (field, words) = words(refusal);
            problems.push(field, words);
            page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY).await
        }
    }
}

/// `POST /admin/test-bench/faults/{fault}/off`.
pub async fn switch_off(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.staff_scope(Action::UseTestBench)?;
    let fault = visit.id("fault", Fault::parse)?;
    visit.portal().bench.switch_off(&visit.who(ActingAs::Staff), fault).await?;
    visit.flash(Tone::Success, &format!("{} is off", fault.label()), "");
    Ok(visit.see_other(&paths::test_bench()))
}
