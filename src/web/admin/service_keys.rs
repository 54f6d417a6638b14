//! Keys of the vendor's services: the list, making one (its text is shown once, on the answer to the form), one key, and
//! revoking it. For Operators.

use super::rows::{Moment, crumbs, moment};
use crate::access::Action;
use crate::audit::ActingAs;
use crate::credits::service_keys::{self, Listed, MakeRefusal, NewKey};
use crate::credits::solutions::{FeatureKey, Solutions};
use crate::db::SplitRefusal;
use crate::kernel::id::{BusinessId, ServiceKeyId};
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::kernel::text::one_line;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use std::collections::BTreeSet;

/// Most businesses that one key may name.
const BUSINESSES_MAX: usize = 100;

struct KeyRow {
    name: String,
    href: String,
    scope: &'static str,
    created: Moment,
    by: String,
    used: Option<Moment>,
    works: bool,
}

impl KeyRow {
    fn new(visit: &Visit, key: Listed) -> Self {
        Self {
            href: paths::service_key(key.id),
            scope: if key.all_businesses { "All businesses" } else { "Some businesses" },
            created: moment(visit, key.created_at),
            used: key.last_used_at.map(|at| moment(visit, at)),
            works: key.revoked_at.is_none(),
            name: key.name,
            by: key.created_by,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/service_keys.html")]
struct Keys {
    shell: Shell,
    rows: Vec<KeyRow>,
    count: String,
    first: String,
    next: String,
    make: String,
    description: String,
}

/// `GET /admin/service-keys?after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageServiceKeys)?;
    let after = Cursor::parse(visit.query("after"));
    let page = service_keys::list(visit.db(), scope, after.as_ref(), PageSize::default()).await?;
    let href = |after: &str| paths::with_query(&paths::service_keys(), &[("after", after)]);
    let mut shell = visit.shell("Service keys");
    shell.crumbs = crumbs(&[]);
    let view = Keys {
        shell,
        count: format!("Showing {}", show::count(i64::try_from(page.items.len()).unwrap_or(i64::MAX), "key")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        make: paths::service_key_new(),
        description: paths::api_openapi(),
        rows: page.items.into_iter().map(|key| KeyRow::new(&visit, key)).collect(),
    };
    visit.page(StatusCode::OK, &view)
}

/// The features of a solution, as boxes.
struct Group {
    features: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "admin/service_key_new.html")]
struct NewPage {
    shell: Shell,
    form: FormView,
    groups: Vec<Group>,
    action: String,
    back: String,
}

fn groups(solutions: &Solutions) -> Vec<Group> {
    let features = |solution: &crate::credits::solutions::Solution| {
        let counted = solution.features.iter().filter(|feature| feature.is_allocatable());
        counted.map(|feature| (feature.key.to_string(), format!("{}: {}", solution.name, feature.name))).collect::<Vec<_>>()
    };
    let all = solutions.all().iter().map(|solution| Group { features: features(solution) });
    all.filter(|group| !group.features.is_empty()).collect()
}

fn form_page(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let mut shell = visit.shell("Make a service key");
    shell.crumbs = crumbs(&[("Service keys", paths::service_keys())]);
    let page = NewPage {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        groups: groups(&visit.portal().solutions),
        action: paths::service_keys(),
        back: paths::service_keys(),
    };
    visit.page(status, &page)
}

/// `GET /admin/service-keys/new`.
pub async fn new(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.staff_scope(Action::ManageServiceKeys)?;
    form_page(&visit, FormView::new().set("scope", "all"), StatusCode::OK)
}

#[derive(Template)]
#[template(path = "admin/service_key_made.html")]
struct Made {
    shell: Shell,
    name: String,
    secret: String,
    href: String,
    description: String,
}

/// `POST /admin/service-keys`. The answer is the page with the key: nothing keeps its text for a page after this one.
pub async fn make(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageServiceKeys)?;
    let new = match read(&form, &visit.portal().solutions) {
        Ok(new) => new,
        Err(problems) => return form_page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY),
    };
    let by = visit.require_actor()?.person;
    match service_keys::make(visit.db(), scope, by, &visit.who(ActingAs::Staff), &new).await.refusal()? {
        Ok((key, secret)) => {
            let (secret, href) = (secret.reveal().to_owned(), paths::service_key(key));
            let page = Made { shell: visit.shell("Service key made"), name: new.name, secret, href, description: paths::api_openapi() };
            visit.page(StatusCode::CREATED, &page)
        }
        Err(MakeRefusal::UnknownBusiness(business)) => {
            let mut problems = Problems::new();
            problems.push("businesses", format!("There is no business {business}"));
            form_page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

fn read(form: &Form, solutions: &Solutions) -> Result<NewKey, Problems> {
    let mut problems = Problems::new();
    let name = problems.take("name", one_line(form.text("name"), 80).map_err(|error| error.in_words("name of the service")));
    let known = |key: &&str| solutions.find(key).is_some_and(|(_, feature)| feature.is_allocatable());
    let features: BTreeSet<FeatureKey> =
        form.all("feature").iter().filter(|key| known(key)).filter_map(|key| FeatureKey::parse(key)).collect();
    if features.is_empty() {
        problems.push("feature", "Choose one or more features that the service counts");
    }
    let businesses = match form.text("scope") {
        "all" => Some(None),
        "some" => problems.take("businesses", businesses(form.text("businesses"))).map(Some),
        _ => {
            problems.push("scope", "Choose for which businesses the key works");
            None
        }
    };
    match (name, businesses) {
        (Some(name), Some(businesses)) if problems.is_empty() => Ok(NewKey { name, features: features.into_iter().collect(), businesses }),
        _ => Err(problems),
    }
}

fn businesses(typed: &str) -> Result<BTreeSet<BusinessId>, String> {
    let words: Vec<&str> = typed.split_whitespace().collect();
    if words.is_empty() || words.len() > BUSINESSES_MAX {
        return Err(format!("Enter 1 to {BUSINESSES_MAX} business ids, one a line, as the page of each business shows it"));
    }
    words.iter().map(|word| BusinessId::parse(word).ok_or_else(|| format!("{word} is no business id. One begins with biz_"))).collect()
}

#[derive(Template)]
#[template(path = "admin/service_key.html")]
struct KeyPage {
    shell: Shell,
    name: String,
    id: String,
    works: bool,
    created: Moment,
    by: String,
    used: Option<Moment>,
    revoked: Option<Moment>,
    features: Vec<String>,
    businesses: Vec<String>,
    revoke: String,
}

/// `GET /admin/service-keys/{key}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageServiceKeys)?;
    let found = service_keys::find(visit.db(), scope, visit.id("key", ServiceKeyId::parse)?).await?.ok_or(WebError::NotFound)?;
    let mut shell = visit.shell(&found.key.name);
    shell.crumbs = crumbs(&[("Service keys", paths::service_keys())]);
    let solutions = &visit.portal().solutions;
    let named = |key: String| {
        solutions.find(&key).map_or_else(|| key.clone(), |(solution, feature)| format!("{}: {}", solution.name, feature.name))
    };
    let page = KeyPage {
        shell,
        id: found.key.id.to_string(),
        works: found.key.revoked_at.is_none(),
        created: moment(&visit, found.key.created_at),
        used: found.key.last_used_at.map(|at| moment(&visit, at)),
        revoked: found.key.revoked_at.map(|at| moment(&visit, at)),
        features: found.features.into_iter().map(named).collect(),
        businesses: found.businesses.into_iter().map(|(id, name)| format!("{name} ({id})")).collect(),
        revoke: paths::service_key_revoke(found.key.id),
        name: found.key.name,
        by: found.key.created_by,
    };
    visit.page(StatusCode::OK, &page)
}

/// `POST /admin/service-keys/{key}/revoke`.
pub async fn revoke(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageServiceKeys)?;
    let (key, by) = (visit.id("key", ServiceKeyId::parse)?, visit.require_actor()?.person);
    if !service_keys::revoke(visit.db(), scope, by, &visit.who(ActingAs::Staff), key).await? {
        return Err(WebError::NotFound);
    }
    visit.flash(Tone::Success, "The key was revoked", "It does not work any more. What it reported stays, and people can change it again.");
    Ok(visit.see_other(&paths::service_key(key)))
}
