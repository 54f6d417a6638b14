//! The warning's text: what expires when, in UTC and in the reader's own zone, what it means for the balance, what to do. Pure.

use super::calendar::{Ending, EndingItem, calendar};
use crate::credits::ledger::Figures;
use crate::fulfilment::Links;
use crate::fulfilment::store::warnings::Reader;
use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use crate::notices::{Attachment, Mail};
use askama::Template;

#[derive(Template)]
#[template(path = "mail/expiry_warning.txt", escape = "none")]
struct Text<'a> {
    name: &'a str,
    business: &'a str,
    in_days: String,
    utc: String,
    /// The same instant where the reader is, when that is another zone.
    own: Option<String>,
    lapsing: Vec<Line>,
    renewing: Vec<Line>,
    balance: String,
    short: bool,
    locks: String,
    is_last: bool,
    links: &'a Links,
}

struct Line {
    product: String,
    credits: String,
    agreement: String,
}

impl Line {
    fn of(item: &EndingItem) -> Self {
        Self { product: item.product_name.clone(), credits: show::count(item.credits, "credit"), agreement: item.agreement_id.clone() }
    }
}

/// What a warning tells of, the same for every reader.
pub(super) struct Warning<'a> {
    pub ending: &'a Ending,
    /// The figures from the expiration on, if nothing but what renews by itself changes.
    pub figures_then: Figures,
    /// When the business will be locked, if these are its last licenses and nothing renews.
    pub locks_at: Option<Timestamp>,
    pub links: &'a Links,
    pub now: Timestamp,
}

/// The warning for one reader.
pub(super) fn warning(warning: &Warning<'_>, reader: &Reader) -> Mail {
    let Warning { ending, figures_then, locks_at, links, now } = *warning;
    let zone = reader.time_zone.as_deref().map_or(Zone::UTC, Zone::or_utc);
    let at = ending.expires_at;
    let lines = |renewing| ending.items.iter().filter(|item| item.auto_renew == renewing).map(Line::of).collect();
    let balance = figures_then.balance() + ending.credits(true);
    let text = Text {
        name: &reader.name,
        business: &ending.business_name,
        in_days: show::in_days(now, at, zone),
        utc: show::date_time(at, Zone::UTC),
        own: (zone != Zone::UTC).then(|| format!("{} ({})", show::date_time(at, zone), zone.name())),
        lapsing: lines(false),
        renewing: lines(true),
        balance: show::count(balance, "credit"),
        short: balance < 0,
        locks: locks_at.map(|at| show::date_time(at, Zone::UTC)).unwrap_or_default(),
        is_last: locks_at.is_some(),
        links,
    };
    let subject = format!("{} on {}: {}", ending.headline(), show::date(at, zone), ending.business_name);
    let file = format!("{}-{}.ics", if ending.credits(false) > 0 { "credits-expire" } else { "credits-renew" }, at.format("%Y-%m-%d"));
    let attached = Attachment::new(&file, "text/calendar; charset=utf-8; method=PUBLISH", calendar(ending, &links.credits, now));
    Mail::new("expiry_warning", &reader.email, &subject, written(&text)).with(attached)
}

#[expect(clippy::expect_used, reason = "a template of strings writes into memory and cannot fail")]
fn written(text: &Text<'_>) -> String {
    text.render().expect("a mail that renders")
}
