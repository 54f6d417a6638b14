//! Where the credits of one license came from and went: agreement, license ARN, item, and every entry of this business with
//! what is left after it, down to the expiration (CRD-11). Of other businesses it says nothing (SUP-7).

use super::credits::Instant;
use crate::access::{Action, BusinessScope};
use crate::credits::ledger::EntryKind;
use crate::credits::trace::{self, Traced};
use crate::fulfilment::licenses::{License, find};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::LicenseId;
use crate::kernel::show::{self, Zone};
use crate::web::export::{Cell, CsvFile};
use crate::web::shell::{Crumb, Shell};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// A line of the trace: what happened, and what counts from then on.
struct Line<'a> {
    at: Timestamp,
    what: &'static str,
    credits: i64,
    counting: i64,
    entry: Option<&'a Traced>,
}

struct Row {
    at: Instant,
    what: &'static str,
    credits: String,
    counting: String,
    recorded: Option<Instant>,
    transfer: String,
}

#[derive(Template)]
#[template(path = "console/license_trace.html")]
struct Trace {
    shell: Shell,
    product: String,
    agreement: String,
    license_arn: String,
    license: String,
    href: String,
    kind: &'static str,
    expires: Option<Instant>,
    rows: Vec<Row>,
    csv: String,
    allocation: String,
}

const fn in_words(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Granted => "Granted by activation or upgrade",
        EntryKind::Renewed => "Renewed for the next term",
        EntryKind::Corrected => "Corrected to what the marketplace says",
        EntryKind::TransferredOut => "Moved to another business by support",
        EntryKind::TransferredIn => "Moved here by support",
    }
}

/// Entries in the order of effect, and the expiration where it has passed and credits were left.
fn lines(entries: &[Traced], now: Timestamp) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for entry in entries.iter().filter(|entry| entry.effective_at <= now) {
        lines.push(Line { at: entry.effective_at, what: in_words(entry.kind), credits: entry.credits, counting: 0, entry: Some(entry) });
    }
    // An entry counts until its own expiration: what ran out by now left the pool then.
    let mut ends: Vec<Timestamp> = entries.iter().map(|entry| entry.expires_at).filter(|end| *end <= now).collect();
    ends.sort_unstable();
    ends.dedup();
    for end in ends {
        let left: i64 = entries.iter().filter(|entry| entry.expires_at == end).map(|entry| entry.credits).sum();
        if left != 0 {
            lines.push(Line { at: end, what: "Expired", credits: -left, counting: 0, entry: None });
        }
    }
    // What ran out leaves before what was renewed for the same instant comes.
    lines.sort_by_key(|line| (line.at, line.entry.is_some()));
    let mut counting = 0;
    for line in &mut lines {
        counting += line.credits;
        line.counting = counting;
    }
    lines
}

async fn read(visit: &Visit, scope: BusinessScope) -> Result<(License, Vec<Traced>), WebError> {
    let id = visit.id("license", LicenseId::parse)?;
    let license = find(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    let entries = trace::of_license(visit.db(), scope, id).await?;
    Ok((license, entries))
}

/// `GET /console/licenses/{license}/trace`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let (license, entries) = read(&visit, visit.business_scope(Action::SeeLicenses)?).await?;
    visit.page(StatusCode::OK, &view(&visit, license, &entries))
}

fn row(line: &Line<'_>, zone: Zone) -> Row {
    Row {
        at: Instant::full(line.at, zone),
        what: line.what,
        credits: if line.credits > 0 { format!("+{}", show::group(line.credits)) } else { show::group(line.credits) },
        counting: show::group(line.counting),
        recorded: line.entry.map(|entry| Instant::full(entry.recorded_at, zone)),
        transfer: line.entry.and_then(|entry| entry.transfer).map(|id| id.to_string()).unwrap_or_default(),
    }
}

fn view(visit: &Visit, license: License, entries: &[Traced]) -> Trace {
    let zone = visit.zone();
    let mut shell = visit.shell(&format!("Trace of {}", license.product_name));
    let (list, own) = (paths::licenses(), paths::license(license.id));
    let trail = [("License Information".to_owned(), list), (license.product_name.clone(), own.clone())];
    shell.crumbs = trail.map(|(label, href)| Crumb { label, href }).into();
    Trace {
        shell,
        license_arn: entries.first().map(|entry| entry.license_arn.clone()).unwrap_or_default(),
        expires: entries.iter().map(|entry| entry.expires_at).max().map(|at| Instant::full(at, zone)),
        rows: lines(entries, visit.now()).iter().map(|line| row(line, zone)).collect(),
        license: license.id.to_string(),
        href: own,
        kind: license.kind.label(),
        csv: paths::license_trace_csv(license.id),
        allocation: paths::allocation(),
        product: license.product_name,
        agreement: license.agreement_id,
    }
}

/// `GET /console/licenses/{license}/trace.csv`.
pub async fn csv(visit: Visit) -> Result<HttpResponse, WebError> {
    let (license, entries) = read(&visit, visit.business_scope(Action::SeeLicenses)?).await?;
    let columns = ["At", "What", "Credits", "Credits that count then", "Agreement", "License ARN", "License", "Transfer", "Recorded at"];
    let mut file = CsvFile::new(&columns)?;
    for line in lines(&entries, visit.now()) {
        file.row(&[
            Cell::Time(line.at),
            Cell::Text(line.what),
            Cell::Number(line.credits),
            Cell::Number(line.counting),
            Cell::Text(&license.agreement_id),
            Cell::Text(line.entry.map_or("", |entry| &entry.license_arn)),
            Cell::Text(&license.id.to_string()),
            Cell::Text(&line.entry.and_then(|entry| entry.transfer).map(|id| id.to_string()).unwrap_or_default()),
            line.entry.map_or(Cell::Empty, |entry| Cell::Time(entry.recorded_at)),
        ])?;
    }
    file.download("license-trace", visit.now())
}
