//! The history of Credits & Billing: a year, the year ahead or a month, as a chart, the table beside it, and files (CRD-5).
//! Exact to the event.

use super::credits::Instant;
use super::history_window::Window;
use crate::access::Action;
use crate::credits::history::{self, Cause, Change, History, Step};
use crate::credits::ledger::Figures;
use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use crate::web::chart::{Plot, Series, StepChart};
use crate::web::export::{Cell, TableFile};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;

/// The table on the page ends there; the CSV has every row.
const STEPS_SHOWN: usize = 100;

pub(super) struct HistoryRow {
    pub at: Instant,
    pub what: String,
    pub valid: String,
    pub allocated: String,
    pub balance: String,
}

pub(super) struct HistoryView {
    pub chart: StepChart,
    pub valid_now: String,
    pub allocated_now: String,
    pub rows: Vec<HistoryRow>,
    /// Said when the table does not have every change.
    pub cut: Option<String>,
    pub csv: String,
    pub xlsx: String,
    /// The part of time that is shown, in words.
    pub window: String,
    pub chosen: String,
    pub choices: Vec<(String, String)>,
    /// The month before and after, where a month is shown: address and name.
    pub neighbours: Option<[(String, String); 2]>,
    pub year: String,
    pub action: String,
}

impl HistoryView {
    pub fn new(line: &History, window: Window, now: Timestamp, zone: Zone) -> Self {
        let skipped = line.steps().len().saturating_sub(STEPS_SHOWN);
        let opening = match skipped {
            0 => (line.from(), line.opening()),
            _ => (line.steps()[skipped - 1].at, line.steps()[skipped - 1].figures),
        };
        let mut rows = vec![row(Instant::full(opening.0, zone), "At the beginning".to_owned(), opening.1)];
        rows.extend(line.steps()[skipped..].iter().map(|step| row(Instant::full(step.at, zone), what_happened(step), step.figures)));
        rows.push(row(Instant::full(line.to(), zone), window.end_in_words(now, zone).to_owned(), line.closing()));
        let cut = (skipped > 0)
            .then(|| format!("The last {STEPS_SHOWN} of {} changes. The CSV has all of them.", show::group_len(line.steps().len())));
        Self {
            chart: StepChart::draw(&plot(line, window, zone)),
            valid_now: show::group(line.closing().total_valid),
            allocated_now: show::group(line.closing().allocated),
            rows,
            cut,
            csv: window.file(&paths::credits_history_csv()),
            xlsx: window.file(&paths::credits_history_xlsx()),
            window: window.in_words(),
            chosen: window.word(),
            choices: Window::choices(now, zone),
            neighbours: window.neighbours(),
            year: Window::YearBack.href(),
            action: Window::YearBack.href(),
        }
    }
}

fn row(at: Instant, what: String, figures: Figures) -> HistoryRow {
    HistoryRow {
        at,
        what,
        valid: show::group(figures.total_valid),
        allocated: show::group(figures.allocated),
        balance: show::group(figures.balance()),
    }
}

/// What a change is, in a sentence without its number.
const fn cause_in_words(cause: Cause) -> &'static str {
    match cause {
        Cause::Granted => "Activated or upgraded",
        Cause::Renewed => "Renewed for the next term",
        Cause::Corrected => "Corrected by support",
        Cause::TransferredIn => "Moved here by support",
        Cause::TransferredOut => "Moved to another business by support",
        Cause::Expired => "Expired",
        Cause::Allocated => "Allocation changed",
    }
}

fn signed(credits: i64) -> String {
    if credits > 0 { format!("+{}", show::group(credits)) } else { show::group(credits) }
}

fn what_happened(step: &Step) -> String {
    let part = |change: &Change| format!("{}: {}", cause_in_words(change.cause), signed(change.credits));
    step.changes.iter().map(part).collect::<Vec<_>>().join("; ")
}

fn plot(line: &History, window: Window, zone: Zone) -> Plot {
    let (opening, closing) = (line.opening(), line.closing());
    let moved = |from: i64, to: i64| match (from, to) {
        (from, to) if from == to => format!("are {} at both ends", show::group(to)),
        (from, to) => format!("go from {} to {}", show::group(from), show::group(to)),
    };
    let (first, last) = (show::date(line.from(), zone), show::date(line.to(), zone));
    let description = format!(
        "From {first} to {last}, valid credits {} and allocated credits {}, in {}. The table below has every value.",
        moved(opening.total_valid, closing.total_valid),
        moved(opening.allocated, closing.allocated),
        show::count(i64::try_from(line.steps().len()).unwrap_or(i64::MAX), "step"),
    );
    let points = |value: fn(Figures) -> i64| line.steps().iter().map(|step| (step.at, value(step.figures))).collect();
    Plot {
        id: "history-chart",
        title: format!("Valid and allocated credits over {}", window.in_words()),
        description,
        unit: "Credits",
        from: line.from(),
        to: line.to(),
        zone,
        series: vec![
            Series { name: "Valid", class: "chart-line-valid", opening: opening.total_valid, steps: points(|figures| figures.total_valid) },
            Series {
                name: "Allocated",
                class: "chart-line-allocated",
                opening: opening.allocated,
                steps: points(|figures| figures.allocated),
            },
        ],
    }
}

/// `GET /console/credits/history.csv` and `.xlsx`: every change of the window, with the figures after it.
pub async fn file(visit: Visit) -> Result<HttpResponse, WebError> {
    let (window, now, zone) = (Window::asked(&visit), visit.now(), visit.zone());
    let (from, to) = window.ends(now, zone);
    let line = history::read(visit.db(), visit.business_scope(Action::SeeLicenses)?, from, to).await?;
    let columns = ["At", "What", "Change", "Total valid credits", "Allocated credits", "Current balance"];
    let mut file = TableFile::new(visit.path(), &columns)?;
    write(&mut file, &line, window.end_in_words(now, zone))?;
    file.download("credit-history", now)
}

fn write(file: &mut TableFile, line: &History, end: &str) -> Result<(), WebError> {
    let mut figures = line.opening();
    let mut write = |at, what, change, figures: Figures| {
        let Figures { total_valid, allocated } = figures;
        file.row(&[
            Cell::Time(at),
            Cell::Text(what),
            change,
            Cell::Number(total_valid),
            Cell::Number(allocated),
            Cell::Number(figures.balance()),
        ])
    };
    write(line.from(), "At the beginning", Cell::Empty, figures)?;
    for change in line.steps().iter().flat_map(|step| &step.changes) {
        figures = figures.after(change);
        write(change.at, cause_in_words(change.cause), Cell::Number(change.credits), figures)?;
    }
    write(line.to(), end, Cell::Empty, line.closing())
}
