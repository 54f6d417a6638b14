//! Credits & Billing: the figures of the business's pool, what leaves it next, what was bought, and how it went over a
//! year. It reads and explains; nothing on it changes anything.

use super::allocation_view::AllocatedView;
use super::credits_calendar;
use super::credits_history::HistoryView;
use super::credits_need::{self, NeedView};
use super::credits_purchases::{self, PurchasesView};
use super::credits_solutions;
use super::history_window::Window;
use super::pay_as_you_go;
use crate::access::{Action, BusinessScope, allows};
use crate::credits::ledger::{self, Figures};
use crate::credits::pool::{Expiration, Nearness, Pool, Standing};
use crate::credits::{allocated, attention, history, pool};
use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// How many expirations the page lists.
const EXPIRATIONS_SHOWN: i64 = 5;

/// One of the three tabs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tab {
    Annual,
    PayAsYouGo,
    Solutions,
}

impl Tab {
    const ALL: [Self; 3] = [Self::Annual, Self::PayAsYouGo, Self::Solutions];

    /// Anything unknown is the first tab.
    fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|tab| tab.word() == word).unwrap_or(Self::Annual)
    }

    pub const fn word(self) -> &'static str {
        match self {
            Self::Annual => "",
            Self::PayAsYouGo => "pay-as-you-go",
            Self::Solutions => "solutions",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Annual => "Annual credits",
            Self::PayAsYouGo => "Pay-as-you-go",
            Self::Solutions => "All available solutions",
        }
    }
}

pub(super) struct TabLink {
    pub label: &'static str,
    pub href: String,
    pub current: bool,
}

pub(super) fn tabs(current: Tab) -> Vec<TabLink> {
    let link = |tab: Tab| TabLink {
        label: tab.label(),
        href: paths::with_query(&paths::credits(), &[("tab", tab.word())]),
        current: tab == current,
    };
    Tab::ALL.into_iter().map(link).collect()
}

/// An instant, ready for `ui::time`.
pub(super) struct Instant {
    pub iso: String,
    pub text: String,
}

impl Instant {
    /// With the time of day and the zone.
    pub fn full(at: Timestamp, zone: Zone) -> Self {
        Self { iso: show::iso(at), text: show::date_time(at, zone) }
    }

    /// The date, where the zone is named nearby.
    pub fn date(at: Timestamp, zone: Zone) -> Self {
        Self { iso: show::iso(at), text: show::date(at, zone) }
    }
}

/// A figure as people read it and as programs do.
pub(super) struct Figure {
    pub shown: String,
    pub plain: i64,
}

impl Figure {
    pub fn of(plain: i64) -> Self {
        Self { shown: show::group(plain), plain }
    }
}

/// The three figures of a pool, which add up.
pub(super) struct FiguresView {
    pub as_of: Instant,
    pub total_valid: Figure,
    pub allocated: Figure,
    pub balance: Figure,
    pub meaning: String,
    /// The missing credits in words, when there are some.
    pub short: Option<String>,
}

impl FiguresView {
    pub fn new(read: Pool, zone: Zone) -> Self {
        let Figures { total_valid, allocated } = read.figures;
        let standing = Standing::of(read.figures);
        let short = match standing {
            Standing::Short(short) => Some(show::count(short, "credit")),
            Standing::Empty | Standing::Available(_) | Standing::AllAllocated => None,
        };
        Self {
            as_of: Instant::full(read.as_of, zone),
            total_valid: Figure::of(total_valid),
            allocated: Figure::of(allocated),
            balance: Figure::of(read.figures.balance()),
            meaning: standing.in_words(),
            short,
        }
    }
}

/// Credits that leave the pool, as a row.
pub(super) struct ExpirationView {
    pub at: Instant,
    pub in_days: String,
    /// The badge's tone, where there is one.
    pub badge: Option<&'static str>,
    pub credits: String,
    pub items: String,
    pub balance_then: String,
    pub short_then: bool,
    /// The calendar file.
    pub calendar: String,
}

impl ExpirationView {
    pub fn new(expiration: &Expiration, now: Timestamp, zone: Zone) -> Self {
        let nearness = Nearness::of(now, expiration.at);
        Self {
            at: Instant::full(expiration.at, zone),
            in_days: show::in_days(now, expiration.at, zone),
            badge: nearness.is_soon().then_some(nearness.tone()),
            credits: show::group(expiration.credits),
            items: show::count(expiration.items, "item"),
            balance_then: show::group(expiration.figures_then.balance()),
            short_then: expiration.figures_then.balance() < 0,
            calendar: credits_calendar::href(expiration.at),
        }
    }
}

#[derive(Template)]
#[template(path = "console/credits.html")]
struct AnnualCredits {
    shell: Shell,
    tabs: Vec<TabLink>,
    figures: FiguresView,
    has_licenses: bool,
    may_activate: bool,
    expirations: Vec<ExpirationView>,
    allocated: AllocatedView,
    allocation: String,
    allocation_csv: String,
    allocation_xlsx: String,
    need: Vec<NeedView>,
    purchases: PurchasesView,
    history: Option<HistoryView>,
    marketplace: String,
    subscriptions: String,
    calculator: String,
    planner: String,
}

/// `GET /console/credits`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let shell = visit.shell("Credits & Billing");
    match Tab::parse(visit.query("tab")) {
        Tab::Annual => annual_credits(&visit, shell).await,
        tab @ Tab::PayAsYouGo => pay_as_you_go::show(&visit, titled(shell, tab)).await,
        tab @ Tab::Solutions => credits_solutions::show(&visit, titled(shell, tab)).await,
    }
}

/// The tab's name before the page's, so that every tab has a title of its own.
fn titled(shell: Shell, tab: Tab) -> Shell {
    Shell { title: format!("{} - {}", tab.label(), shell.title), ..shell }
}

/// What the page reads at one moment, so that it adds up while anything changes (CRD-4).
struct Moment {
    pool: Pool,
    states: Vec<allocated::State>,
    line: history::History,
}

async fn read(visit: &Visit, scope: BusinessScope, window: Window) -> Result<Moment, WebError> {
    let now = visit.now();
    let (from, to) = window.ends(now, visit.zone());
    let mut snapshot = visit.db().snapshot().await?;
    let figures = ledger::figures_in(&mut snapshot, scope.business(), now).await?;
    let states = allocated::list_in(&mut snapshot, scope.business(), now).await?;
    let line = history::read_in(&mut snapshot, scope, from, to).await?;
    snapshot.rollback().await?;
    Ok(Moment { pool: Pool { as_of: now, figures }, states, line })
}

async fn annual_credits(visit: &Visit, shell: Shell) -> Result<HttpResponse, WebError> {
    let (scope, window) = (visit.business_scope(Action::SeeLicenses)?, Window::asked(visit));
    let (db, now, zone) = (visit.db(), visit.now(), visit.zone());
    let Moment { pool: read, states, line } = read(visit, scope, window).await?;
    let expirations = pool::expirations(db, scope, read, EXPIRATIONS_SHOWN).await?;
    let solutions = &visit.portal().solutions;
    let has_history = !line.is_empty() || window != Window::YearBack;
    let view = AnnualCredits {
        shell,
        tabs: tabs(Tab::Annual),
        figures: FiguresView::new(read, zone),
        has_licenses: attention::has_items(db, scope).await?,
        may_activate: allows(visit.require_actor()?, Action::ManageLicenses).is_ok(),
        expirations: expirations.iter().map(|expiration| ExpirationView::new(expiration, now, zone)).collect(),
        allocated: AllocatedView::new(solutions, &states, zone),
        allocation: paths::allocation(),
        allocation_csv: paths::allocation_csv(),
        allocation_xlsx: paths::allocation_xlsx(),
        need: credits_need::views(solutions, &states),
        purchases: credits_purchases::view(visit, scope).await?,
        history: has_history.then(|| HistoryView::new(&line, window, now, zone)),
        marketplace: visit.shop().marketplace.clone(),
        subscriptions: visit.shop().subscriptions.clone(),
        calculator: paths::calculator(),
        planner: paths::planner(),
    };
    visit.page(StatusCode::OK, &view)
}
