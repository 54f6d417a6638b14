//! One feature: what it reserves and why, and for licensing people the units, first as a preview of what they would do,
//! then for good. A feature that a service counts can only be looked at.

use super::allocation;
use super::allocation_view::FeatureView;
use super::credits::FiguresView;
use crate::access::{Action, BusinessScope, allows};
use crate::audit::ActingAs;
use crate::credits::allocated::{self, Allocated, State};
use crate::credits::allocation::{SetRefusal, Usage, set};
use crate::credits::pool::Pool;
use crate::credits::rates::{self, NotChargeable, Units};
use crate::credits::solutions::{Feature, FeatureKey, Solution};
use crate::db::SplitRefusal;
use crate::kernel::quantity::Range;
use crate::kernel::show;
use crate::tx;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use std::collections::BTreeMap;

const UNITS_MAX: i64 = 1_000_000_000;

/// An edition whose features units may use.
struct EditionField {
    name: String,
    label: String,
}

/// What a change would do.
struct Preview {
    units_before: String,
    units_after: String,
    credits_before: String,
    credits_after: String,
    balance_before: String,
    balance_after: String,
    change: String,
    explanation: Vec<String>,
    /// The missing credits in words, when the balance would be below zero.
    short: Option<String>,
    button: String,
    hidden: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "console/allocation_feature.html")]
struct FeaturePage {
    shell: Shell,
    form: FormView,
    solution: String,
    feature: FeatureView,
    figures: FiguresView,
    may_change: bool,
    units_label: String,
    limits: String,
    editions: Vec<EditionField>,
    preview: Option<Preview>,
    switch_off: String,
    action: String,
    entries: String,
    subscriptions: String,
    marketplace: String,
}

/// A feature of the file with what the business has allocated.
struct Found<'a> {
    solution: &'a Solution,
    feature: &'a Feature,
    read: Allocated,
}

impl Found<'_> {
    fn state(&self) -> Option<&State> {
        self.read.states.iter().find(|state| state.account == self.feature.key.as_str())
    }

    /// The number of the last entry that is shown.
    fn seen(&self) -> i64 {
        self.state().map_or(0, |state| state.number)
    }
}

async fn find(visit: &Visit, scope: BusinessScope) -> Result<Found<'_>, WebError> {
    let key = format!("{}/{}", visit.param("solution"), visit.param("feature"));
    let (solution, feature) = visit.portal().solutions.find(&key).ok_or(WebError::NotFound)?;
    Ok(Found { solution, feature, read: allocated::read(visit.db(), scope.business(), visit.now()).await? })
}

/// `GET /console/credits/allocation/{solution}/{feature}`; with units in the query it shows what they would do.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let found = find(&visit, visit.business_scope(Action::SeeLicenses)?).await?;
    let names = std::iter::once("units".to_owned()).chain(edition_fields(&found).into_iter().map(|field| field.name));
    let asked: Vec<(String, String)> = names
        .map(|name| {
            let value = visit.query(&name).to_owned();
            (name, value)
        })
        .collect();
    // Asked for without a number is a mistake to point out; not asked at all is the page.
    if !visit.path_and_query().contains("units=") {
        return page(&visit, &found, given(&found), None, StatusCode::OK);
    }
    let form = Form::of(asked);
    match units(&found, &form) {
        Ok(units) => {
            let preview = preview(&visit, &found, &units, &form);
            page(&visit, &found, FormView::with(&form, Problems::new()), preview, StatusCode::OK)
        }
        Err(problems) => page(&visit, &found, FormView::with(&form, problems), None, StatusCode::UNPROCESSABLE_ENTITY),
    }
}

/// `POST /console/credits/allocation/{solution}/{feature}`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::Allocate)?;
    let found = find(&visit, scope).await?;
    let units = match units(&found, &form) {
        Ok(units) => units,
        Err(problems) => return page(&visit, &found, FormView::with(&form, problems), None, StatusCode::UNPROCESSABLE_ENTITY),
    };
    let (usage, who) = (Usage { business: scope.business(), feature: &found.feature.key, units }, visit.who(ActingAs::Business));
    let (seen, solutions) = (form.text("seen").parse().ok(), &visit.portal().solutions);
    match tx!(visit.db(), |tx| { set(tx, solutions, &usage, seen, &who).await }).refusal()? {
        Ok(changed) => {
            let text = format!("{} now reserves {}.", found.feature.name, show::count(changed.after, "credit"));
            visit.flash(Tone::Success, "Allocation changed", &text);
            Ok(visit.see_other(&paths::allocation_feature(visit.param("solution"), visit.param("feature"))))
        }
        Err(refusal) => refused(&visit, &found, &form, &refusal),
    }
}

fn refused(visit: &Visit, found: &Found<'_>, form: &Form, refusal: &SetRefusal) -> Result<HttpResponse, WebError> {
    let mut problems = Problems::new();
    let (field, status) = match refusal {
        SetRefusal::NotChargeable(_) => ("units", StatusCode::UNPROCESSABLE_ENTITY),
        SetRefusal::Reported { .. } | SetRefusal::Metered | SetRefusal::ChangedMeanwhile => ("", StatusCode::CONFLICT),
    };
    problems.push(
        field,
        match refusal {
            SetRefusal::NotChargeable(reason) => in_words(reason, found.feature),
            SetRefusal::Reported { by } => format!("The service {by} counts this feature. Its figures cannot be set by hand"),
            SetRefusal::Metered => "This feature is charged by use and reserves no credits. What services report is metered".to_owned(),
            SetRefusal::ChangedMeanwhile => {
                "Somebody changed this feature since you looked. Look at the figures below and try again".to_owned()
            }
        },
    );
    page(visit, found, FormView::with(form, problems), None, status)
}

/// The units in the form, or everything that is wrong with them.
fn units(found: &Found<'_>, form: &Form) -> Result<Units, Problems> {
    let (mut problems, unit) = (Problems::new(), &found.feature.unit.many);
    let range = Range::between(0, UNITS_MAX);
    let mut read = |name: &str| problems.take(name, range.read(form.text(name)).map_err(|unfit| range.problem(unfit, unit)));
    let total = read("units");
    let mut in_use = BTreeMap::new();
    for (edition, field) in found.feature.editions.iter().zip(edition_fields(found)) {
        if !form.text(&field.name).trim().is_empty()
            && let Some(units) = read(&field.name)
        {
            in_use.insert(edition.clone(), units);
        }
    }
    let told = edition_fields(found).iter().any(|field| !form.text(&field.name).trim().is_empty());
    let Some(total) = total.filter(|_| problems.is_empty()) else { return Err(problems) };
    Ok(if told { Units::by_use(total, in_use) } else { Units::of(total) })
}

fn edition_fields(found: &Found<'_>) -> Vec<EditionField> {
    let label =
        |key: &FeatureKey| found.solution.features.iter().find(|feature| feature.key == *key).map_or("", |feature| feature.name.as_str());
    let field = |key: &FeatureKey| EditionField { name: format!("use-{}", key.feature()), label: format!("Charged as {}", label(key)) };
    found.feature.editions.iter().map(field).collect()
}

fn in_words(reason: &NotChargeable, feature: &Feature) -> String {
    match reason {
        NotChargeable::UnknownFeature | NotChargeable::NotCounted => "Nothing is counted for this feature".to_owned(),
        NotChargeable::OnRequest => "The vendor publishes no rate for this feature. Contact us to use it".to_owned(),
        NotChargeable::NotANumberOfUnits => format!("So many {} reserve more credits than can be counted. Enter fewer", feature.unit.many),
        NotChargeable::NoSuchEdition(_) => format!("{} cannot be charged as that", feature.name),
        NotChargeable::MoreInUseThanUnits => format!("More {} are in use than there are. Enter as many or more in all", feature.unit.many),
    }
}

/// What is in force, as the form begins.
fn given(found: &Found<'_>) -> FormView {
    let Some(state) = found.state() else { return FormView::new() };
    let view = FormView::new().set("units", show::group(state.units.total()));
    let Some(in_use) = state.units.in_use() else { return view };
    let used =
        found.feature.editions.iter().map(|edition| (format!("use-{}", edition.feature()), in_use.get(edition).copied().unwrap_or(0)));
    used.fold(view, |view, (name, units)| view.set(&name, show::group(units)))
}

fn preview(visit: &Visit, found: &Found<'_>, units: &Units, form: &Form) -> Option<Preview> {
    let solutions = &visit.portal().solutions;
    let charge = rates::charge(solutions, &found.feature.key, units).ok()?;
    let state = found.state();
    let (before, after) = (state.map_or(0, |state| state.credits), charge.credits.get());
    let (balance, unit) = (found.read.figures.balance(), &found.feature.unit);
    let balance_after = balance + before - after;
    let fields = std::iter::once("units".to_owned()).chain(edition_fields(found).into_iter().map(|field| field.name));
    Some(Preview {
        units_before: unit.count(state.map_or(0, |state| state.units.total())),
        units_after: unit.count(units.total()),
        credits_before: show::group(before),
        credits_after: show::group(after),
        balance_before: show::group(balance),
        balance_after: show::group(balance_after),
        change: match after - before {
            0 => "No credits move.".to_owned(),
            taken if taken > 0 => format!("{} move from the balance to this feature.", show::count(taken, "credit")),
            returned => format!("{} return to the balance at once.", show::count(-returned, "credit")),
        },
        explanation: charge.explain(solutions, found.feature),
        short: (balance_after < 0).then(|| show::count(-balance_after, "credit")),
        button: match after - before {
            _ if units.total() == 0 => "Switch off".to_owned(),
            taken if taken > 0 => format!("Allocate {}", show::count(taken, "credit")),
            returned if returned < 0 => format!("Return {}", show::count(-returned, "credit")),
            _ => "Set the units".to_owned(),
        },
        hidden: fields
            .map(|name| {
                let value = form.text(&name).to_owned();
                (name, value)
            })
            .chain([("seen".to_owned(), found.seen().to_string())])
            .collect(),
    })
}

fn page(visit: &Visit, found: &Found<'_>, form: FormView, preview: Option<Preview>, status: StatusCode) -> Result<HttpResponse, WebError> {
    let (solution, feature) = (found.feature.key.solution(), found.feature.key.feature());
    let mut shell = visit.shell(&found.feature.name);
    shell.crumbs = allocation::crumbs(true);
    let view = FeatureView::new(Some(found.feature), found.state(), found.feature.key.as_str(), visit.zone());
    let may = allows(visit.require_actor()?, Action::Allocate).is_ok();
    let href = paths::allocation_feature(solution, feature);
    let page = FeaturePage {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        solution: found.solution.name.clone(),
        figures: FiguresView::new(Pool { as_of: found.read.as_of, figures: found.read.figures }, visit.zone()),
        may_change: may && view.allocatable && !view.metered && view.reporter.is_none(),
        units_label: capitalised(&found.feature.unit.many),
        limits: Range::between(0, UNITS_MAX).in_words(&found.feature.unit.many),
        editions: edition_fields(found),
        preview: preview.filter(|_| may && view.allocatable && !view.metered && view.reporter.is_none()),
        switch_off: if view.in_use { paths::with_query(&href, &[("units", "0")]) } else { String::new() },
        action: href,
        entries: paths::allocation_entries(solution, feature),
        subscriptions: visit.shop().subscriptions.clone(),
        marketplace: visit.shop().marketplace.clone(),
        feature: view,
    };
    visit.page(status, &page)
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
