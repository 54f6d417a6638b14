//! What renews, what lapses and what nobody claimed in the next 180 days, by week or month, and the contracts below it. It
//! shows how things stand; a renewal that is switched meanwhile moves from one column to the other.

use super::rows::{Link, Moment, crumbs, moment, showing};
use crate::access::{Action, StaffScope};
use crate::fulfilment::expiry::{
    LapsedFilter, LapsedKind, Outcome, OutlookFilter, OutlookItem, OutlookSum, count_lapsed, count_outlook, list_outlook, next_step, sums,
};
use crate::kernel::clock::Timestamp;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::kernel::text::search_words;
use crate::marketplace::unclaimed::{self, UnclaimedFilter};
use crate::web::export::{Cell, CsvFile};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use chrono::{Datelike, Months, NaiveTime, TimeDelta};

/// How far the page looks.
const DAYS: i64 = 180;
const STEPS: [(&str, &str); 1] = [("week", "Weeks")];
const OUTCOMES: [(&str, &str); 2] = [("renews", "Renews"), ("lapses", "Lapses")];

/// What the address asks for.
struct Asked {
    by_week: bool,
    outcome: Option<Outcome>,
    words: String,
    after: Option<Cursor>,
}

impl Asked {
    fn read(visit: &Visit) -> Self {
        Self {
            by_week: visit.query("by") == "week",
            outcome: Outcome::parse(visit.query("outcome")),
            words: visit.query("q").to_owned(),
            after: Cursor::parse(visit.query("after")),
        }
    }

    fn by(&self) -> &'static str {
        if self.by_week { "week" } else { "month" }
    }

    fn filter(&self, now: Timestamp) -> OutlookFilter {
        OutlookFilter { from: now, to: now + TimeDelta::days(DAYS), outcome: self.outcome, words: search_words(&self.words) }
    }

    fn href(&self, path: &str, after: &str) -> String {
        let by = if self.by_week { "week" } else { "" };
        let outcome = self.outcome.map_or("", Outcome::as_str);
        paths::with_query(path, &[("q", &self.words), ("outcome", outcome), ("by", by), ("after", after)])
    }
}

/// Weeks from Monday or months, in UTC, from now to the end: the first and the last are cut.
fn spans(now: Timestamp, by_week: bool) -> Vec<(Timestamp, Timestamp)> {
    let end = now + TimeDelta::days(DAYS);
    let (mut spans, mut from) = (Vec::new(), now);
    while from < end {
        let day = from.date_naive();
        let next = if by_week {
            day + TimeDelta::days(7 - i64::from(day.weekday().num_days_from_monday()))
        } else {
            day.with_day(1).unwrap_or(day) + Months::new(1)
        };
        let to = next.and_time(NaiveTime::MIN).and_utc().min(end);
        spans.push((from, to));
        from = to;
    }
    spans
}

/// Contracts and credits of one span.
struct Span {
    label: String,
    renews: (String, String),
    lapses: (String, String),
    unclaimed: (String, String),
}

fn shown(sum: OutlookSum) -> (String, String) {
    (show::group(sum.contracts), show::group(sum.credits))
}

async fn by_span(visit: &Visit, scope: StaffScope, by_week: bool) -> Result<Vec<Span>, WebError> {
    let mut rows = Vec::new();
    let end = visit.now() + TimeDelta::days(DAYS);
    for (from, to) in spans(visit.now(), by_week) {
        // What ends at midnight belongs to the day that begins: half-open like every term.
        let before = |at, cut| if cut { at } else { at - TimeDelta::microseconds(1) };
        let (after, up_to) = (before(from, from == visit.now()), before(to, to == end));
        let (renews, lapses) = sums(visit.db(), scope, after, up_to).await?;
        let (contracts, credits) = unclaimed::count_ending(visit.db(), scope, after, up_to).await?;
        let label = if by_week { format!("Week of {}", from.format("%-d %b %Y")) } else { from.format("%B %Y").to_string() };
        rows.push(Span { label, renews: shown(renews), lapses: shown(lapses), unclaimed: shown(OutlookSum { contracts, credits }) });
    }
    Ok(rows)
}

/// A contract in the table.
struct Row {
    business: Link,
    product: Link,
    agreement: String,
    credits: String,
    ends: Moment,
    in_days: String,
    outcome: &'static str,
    tone: &'static str,
    next: String,
}

impl Row {
    fn new(visit: &Visit, item: &OutlookItem) -> Self {
        let (outcome, tone) = match item.outcome() {
            Outcome::Renews => ("Renews", "success"),
            Outcome::Lapses => ("Lapses", "warning"),
        };
        Self {
            business: Link { label: item.business_name.clone(), href: paths::admin_business(item.business) },
            product: Link { label: item.product_name.clone(), href: paths::admin_license(item.license) },
            agreement: item.agreement_id.clone(),
            credits: show::group(item.credits),
            ends: moment(visit, item.expires_at),
            in_days: show::in_days(visit.now(), item.expires_at, visit.zone()),
            outcome,
            tone,
            next: next(visit, item),
        }
    }
}

/// What happens next without anybody's doing.
fn next(visit: &Visit, item: &OutlookItem) -> String {
    match (next_step(item.expires_at, visit.now()), item.outcome()) {
        (Some((days, at)), _) => format!("Warning {} before, on {}", show::count(days, "day"), show::date(at, visit.zone())),
        (None, Outcome::Renews) => "Renewal".to_owned(),
        (None, Outcome::Lapses) => "Its credits leave the pool".to_owned(),
    }
}

/// A figure with where to read more.
struct Total {
    label: &'static str,
    count: String,
    note: String,
    href: String,
}

#[derive(Template)]
#[template(path = "admin/outlook.html")]
struct Page {
    shell: Shell,
    path: String,
    as_of: Moment,
    totals: Vec<Total>,
    spans: Vec<Span>,
    by: &'static str,
    bys: [(&'static str, &'static str); 1],
    outcomes: [(&'static str, &'static str); 2],
    outcome: &'static str,
    words: String,
    clear: String,
    csv: String,
    lapsed: String,
    rows: Vec<Row>,
    count: String,
    first: String,
    next: String,
}

/// `GET /admin/outlook?q=&outcome=&by=&after=`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    visit.page(StatusCode::OK, &view(&visit, scope, Asked::read(&visit)).await?)
}

async fn view(visit: &Visit, scope: StaffScope, asked: Asked) -> Result<Page, WebError> {
    let filter = asked.filter(visit.now());
    let page = list_outlook(visit.db(), scope, &filter, asked.after.as_ref(), PageSize::default()).await?;
    let total = count_outlook(visit.db(), scope, &filter).await?;
    let narrowed = !asked.words.is_empty() || asked.outcome.is_some();
    let mut shell = visit.shell("Outlook");
    shell.crumbs = crumbs(&[]);
    Ok(Page {
        shell,
        path: paths::admin_outlook(),
        as_of: moment(visit, visit.now()),
        totals: totals(visit, scope).await?,
        spans: by_span(visit, scope, asked.by_week).await?,
        by: asked.by(),
        bys: STEPS,
        outcomes: OUTCOMES,
        outcome: asked.outcome.map_or("", Outcome::as_str),
        clear: if narrowed { paths::admin_outlook() } else { String::new() },
        csv: asked.href(&paths::admin_outlook_csv(), ""),
        lapsed: paths::admin_lapsed(),
        count: showing(page.items.len(), total, ("contract", "contracts")),
        first: asked.after.as_ref().map(|_| asked.href(&paths::admin_outlook(), "")).unwrap_or_default(),
        next: page.next.as_deref().map(|after| asked.href(&paths::admin_outlook(), after)).unwrap_or_default(),
        rows: page.items.iter().map(|item| Row::new(visit, item)).collect(),
        words: asked.words,
    })
}

async fn totals(visit: &Visit, scope: StaffScope) -> Result<Vec<Total>, WebError> {
    let (db, now) = (visit.db(), visit.now());
    let (renews, lapses) = sums(db, scope, now, now + TimeDelta::days(DAYS)).await?;
    let (waiting, waiting_credits) = unclaimed::count(db, scope, &UnclaimedFilter::default(), now).await?;
    let of = |outcome: Outcome| paths::with_query(&paths::admin_outlook(), &[("outcome", outcome.as_str())]);
    let total = |label, count, credits, href| Total { label, count: show::group(count), note: show::count(credits, "credit"), href };
    let mut all = vec![
        total("Contracts that renew", renews.contracts, renews.credits, of(Outcome::Renews)),
        total("Contracts that lapse", lapses.contracts, lapses.credits, of(Outcome::Lapses)),
        total("Unclaimed purchases", waiting, waiting_credits, paths::admin_unclaimed()),
    ];
    for kind in LapsedKind::ALL {
        let filter = LapsedFilter { kind: Some(*kind), now, lengths: visit.portal().config.access_lengths };
        let count = count_lapsed(db, scope, filter).await?;
        let href = paths::with_query(&paths::admin_lapsed(), &[("phase", kind.as_str())]);
        all.push(Total {
            label: kind.label(),
            count: show::group(count),
            note: (if count == 1 { "business" } else { "businesses" }).to_owned(),
            href,
        });
    }
    Ok(all)
}

/// `GET /admin/outlook.csv`: every contract of the filter.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::LookUp)?;
    let filter = Asked::read(&visit).filter(visit.now());
    let mut file = CsvFile::new(&["Business", "Name", "Contract", "Product", "Agreement", "Credits", "Ends", "Outcome", "Next"])?;
    let mut after = None;
    loop {
        let page = list_outlook(visit.db(), scope, &filter, after.as_ref(), PageSize::MAX).await?;
        for item in &page.items {
            write(&mut file, &visit, item)?;
        }
        after = page.next.as_deref().and_then(Cursor::parse);
        if after.is_none() {
            return file.download("outlook", visit.now());
        }
    }
}

fn write(file: &mut CsvFile, visit: &Visit, item: &OutlookItem) -> Result<(), WebError> {
    file.row(&[
        Cell::Text(&item.business.to_string()),
        Cell::Text(&item.business_name),
        Cell::Text(&item.contract.to_string()),
        Cell::Text(&item.product_name),
        Cell::Text(&item.agreement_id),
        Cell::Number(item.credits),
        Cell::Time(item.expires_at),
        Cell::Text(item.outcome().as_str()),
        Cell::Text(&next(visit, item)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_cover_the_time_without_gaps() {
        let now: Timestamp = "2026-12-30T22:00:00Z".parse().unwrap();
        for by_week in [true, false] {
            let spans = spans(now, by_week);
            assert_eq!((spans[0].0, spans[spans.len() - 1].1), (now, now + TimeDelta::days(DAYS)));
            assert!(spans.windows(2).all(|pair| pair[0].1 == pair[1].0), "{spans:?}");
        }
        assert_eq!(spans(now, false).len(), 7);
        assert_eq!(spans(now, true)[1].0.to_string(), "2027-01-04 00:00:00 UTC", "weeks begin on Monday");
    }
}
