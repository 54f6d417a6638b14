//! One subscription: overview with *Set up product* and charges, and the tabs *Upgrade current contract* and *Modify
//! renewal*. Tabs are links, so that each has an address of its own.

use super::contract_form::Consequences;
use super::moment::{Moment, Status, months};
use super::renewal_form;
use super::renewal_form::RenewalForm;
use super::upgrade_form::{self, UpgradeTab};
use crate::access::{Action, BuyerScope, allows};
use crate::credits::metering::Month;
use crate::kernel::money::Money;
use crate::kernel::show;
use crate::marketplace::agreement::{Agreement, AgreementStatus, Standing};
use crate::marketplace::ids::AgreementId;
use crate::marketplace::metering::{self, UsedInMonths};
use crate::marketplace::quote::QuoteKind;
use crate::marketplace::subscriptions::{self, ChainTerm, Detail, SetUp};
use crate::web::form::FormView;
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "storefront/subscription.html")]
struct SubscriptionPage {
    shell: Shell,
    form: FormView,
    tab: Tab,
    tabs: [(&'static str, String, bool); 3],
    product: String,
    seller: String,
    agreement: String,
    status: Status,
    standing: Standing,
    set_up: Status,
    may_buy: bool,
    can_set_up: bool,
    is_activated: bool,
    set_up_href: String,
    renewal: RenewalForm,
    terms: Vec<TermRow>,
    next_term: Option<String>,
    listing: String,
    activated: Option<Moment>,
    ends: Moment,
    facts: Vec<(&'static str, String)>,
    pending: Vec<String>,
    charges: Vec<ChargeRow>,
    zone: &'static str,
    consequences: Consequences,
    /// What the vendor told of its use, for a contract that is charged by use.
    metered: Option<MeteredUse>,
}

/// The tab that is open.
pub(super) enum Tab {
    Overview,
    Upgrade(UpgradeTab),
    Renewal,
}

/// One term of the contract's chain of renewals.
struct TermRow {
    number: String,
    href: String,
    agreement: String,
    starts: Moment,
    ends: Moment,
    credits: String,
    price: String,
    status: Status,
    current: bool,
}

/// Unit-hours by what was used, this month and the one before.
struct MeteredUse {
    months: [String; 2],
    rows: Vec<(String, [String; 2])>,
}

impl MeteredUse {
    async fn read(visit: &Visit, detail: &Detail) -> Result<Option<Self>, WebError> {
        if !detail.listing.is_metered() {
            return Ok(None);
        }
        let (this, last) = (Month::of(visit.now()), Month::of(visit.now()).before());
        let months = (last.starts_at(), this.starts_at());
        let used = metering::used(visit.db(), &detail.agreement.initial_agreement_id, months).await?;
        let row = |used: UsedInMonths| (used.dimension, [used.this_month.in_words(), used.last_month.in_words()]);
        Ok(Some(Self { months: [this.in_words(), last.in_words()], rows: used.into_iter().map(row).collect() }))
    }
}

struct ChargeRow {
    at: Moment,
    kind: &'static str,
    credits: String,
    amount: String,
    purchase_order: String,
    invoice: String,
    invoice_href: String,
}

/// `GET /marketplace/subscriptions/{agreement}?tab=`
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.buyer_scope(Action::SeePurchases)?;
    let id = visit.id("agreement", AgreementId::parse)?;
    let (tab, form) = match visit.query("tab") {
        "upgrade" => {
            let (tab, form) = upgrade_form::begin(&visit, &scope, &id).await?;
            (Tab::Upgrade(tab), form)
        }
        "renewal" => (Tab::Renewal, FormView::new()),
        _ => (Tab::Overview, FormView::new()),
    };
    page(&visit, &scope, &id, tab, form).await
}

/// The page with a tab open; with problems in the form it is the answer to a POST.
pub(super) async fn page(visit: &Visit, scope: &BuyerScope, id: &AgreementId, tab: Tab, form: FormView) -> Result<HttpResponse, WebError> {
    let detail = subscriptions::find(visit.db(), scope, id).await?.ok_or(WebError::NotFound)?;
    let metered = MeteredUse::read(visit, &detail).await?;
    let status = if form.has_errors() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let fresh_renewal = matches!(tab, Tab::Renewal) && !form.has_errors();
    let form = if fresh_renewal { renewal_form::begin(&detail.agreement) } else { form };
    let renewal = RenewalForm::read(visit, &detail.agreement, &form).await?;
    visit.page(status, &SubscriptionPage { metered, ..view(visit, detail, tab, form, renewal) })
}

fn view(visit: &Visit, detail: Detail, tab: Tab, form: FormView, renewal: RenewalForm) -> SubscriptionPage {
    let (zone, agreement) = (visit.zone(), &detail.agreement);
    let (id, standing) = (agreement.id.as_str(), agreement.standing(visit.now()));
    let section = match tab {
        Tab::Overview => detail.listing.name.clone(),
        Tab::Upgrade(_) => format!("Upgrade current contract - {}", detail.listing.name),
        Tab::Renewal => format!("Modify renewal - {}", detail.listing.name),
    };
    let shell = visit.shell(&section).with_crumbs(&[("Subscriptions", paths::subscriptions())]);
    let tab_href = |tab: &str| paths::with_query(&paths::subscription(id), &[("tab", tab)]);
    SubscriptionPage {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        tabs: [
            ("Overview", tab_href(""), matches!(tab, Tab::Overview)),
            ("Upgrade current contract", tab_href("upgrade"), matches!(tab, Tab::Upgrade(_))),
            ("Modify renewal", tab_href("renewal"), matches!(tab, Tab::Renewal)),
        ],
        status: Status::of_term(agreement.status, standing),
        set_up: Status::of_set_up(detail.set_up()),
        may_buy: visit.actor().is_some_and(|actor| allows(actor, Action::Purchase).is_ok()),
        can_set_up: matches!(standing, Standing::Active | Standing::Pending),
        is_activated: detail.set_up() == SetUp::Activated,
        set_up_href: paths::set_up(id),
        renewal,
        terms: terms(visit, &detail),
        next_term: next_term(&detail),
        listing: paths::listing(detail.listing.prodview.as_str()),
        activated: detail.activated_at.map(|at| Moment::full(at, zone)),
        ends: Moment::full(agreement.ends_at, zone),
        facts: facts(visit, agreement, detail.listing.is_metered()),
        pending: detail.pending_upgrades.iter().map(|upgrade| show::count(upgrade.credits.get(), "credit")).collect(),
        charges: charges(visit, &detail),
        zone: zone.name(),
        metered: None,
        consequences: Consequences::at(agreement.ends_at, agreement.duration_months, detail.listing.is_metered(), visit),
        agreement: id.to_owned(),
        product: detail.listing.name,
        seller: detail.listing.seller_name,
        standing,
        form,
        tab,
    }
}

fn facts(visit: &Visit, agreement: &Agreement, is_metered: bool) -> Vec<(&'static str, String)> {
    let (zone, now) = (visit.zone(), visit.now());
    let end = format!("{} ({})", Moment::full(agreement.ends_at, zone).text, show::in_days(now, agreement.ends_at, zone));
    vec![
        ("Agreement ID", agreement.id.to_string()),
        if is_metered { ("Charged", "By use".to_owned()) } else { ("Credits", show::count(agreement.credits.get(), "credit")) },
        ("Contract length", months(agreement.duration_months)),
        ("Start date", Moment::full(agreement.starts_at, zone).text),
        ("End date", end),
        ("Auto renew", if agreement.auto_renew { "Yes" } else { "No" }.to_owned()),
        ("Purchase order number", agreement.purchase_order.clone().unwrap_or_else(|| "None".to_owned())),
        ("License ARN", agreement.license_arn.to_string()),
    ]
}

fn terms(visit: &Visit, detail: &Detail) -> Vec<TermRow> {
    let row = |term: &ChainTerm| TermRow {
        number: term.term_number.to_string(),
        href: paths::subscription(term.id.as_str()),
        agreement: term.id.to_string(),
        starts: Moment::date(term.starts_at, visit.zone()),
        ends: Moment::date(term.ends_at, visit.zone()),
        credits: show::group(term.credits.get()),
        price: Money::new(term.price_minor, term.currency).to_string(),
        status: Status::of_term(term.status, Standing::of(term.status, term.ends_at, visit.now())),
        current: term.id == detail.agreement.id,
    };
    detail.chain.iter().map(row).collect()
}

/// Where the contract goes on after this term.
fn next_term(detail: &Detail) -> Option<String> {
    let next = detail.chain.iter().find(|term| term.term_number == detail.agreement.term_number + 1)?;
    (next.status != AgreementStatus::RolledBack).then(|| paths::subscription(next.id.as_str()))
}

fn charges(visit: &Visit, detail: &Detail) -> Vec<ChargeRow> {
    let row = |charge: &crate::marketplace::subscriptions::ChargeLine| ChargeRow {
        at: Moment::date(charge.charged_at, visit.zone()),
        kind: match charge.kind {
            QuoteKind::New => "New contract",
            QuoteKind::Upgrade => "Upgrade",
            QuoteKind::Renewal => "Renewal",
        },
        credits: show::group(charge.credits.get()),
        amount: charge.amount.to_string(),
        purchase_order: charge.purchase_order.clone().unwrap_or_else(|| "None".to_owned()),
        invoice: charge.invoice.clone().unwrap_or_default(),
        invoice_href: charge.invoice.as_deref().map(paths::invoice).unwrap_or_default(),
    };
    detail.charges.iter().map(row).collect()
}
