//! Access keys of seller and buyer accounts for the marketplace's API: the list with what a client needs to know of the
//! products, making a key (its secret is shown once, on the answer to the form), one key, and revoking it. For Operators.

use super::rows::{Moment, crumbs, moment};
use crate::access::Action;
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::kernel::email::Email;
use crate::kernel::page::{Cursor, PageSize};
use crate::kernel::show;
use crate::kernel::text::one_line;
use crate::marketplace::wire::access_keys::{self, AccessKeyId, Listed, MakeRefusal, NewKey};
use crate::marketplace::wire::products::{self, WireProduct};
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

struct KeyRow {
    name: String,
    id: String,
    href: String,
    account: String,
    acts_as: String,
    created: Moment,
    by: String,
    used: Option<Moment>,
    works: bool,
}

impl KeyRow {
    fn new(visit: &Visit, key: Listed) -> Self {
        Self {
            href: paths::access_key(key.id.as_str()),
            account: format!("{} ({} {})", key.account_name, key.party, key.account_id),
            acts_as: key.acts_as.unwrap_or_default(),
            created: moment(visit, key.created_at),
            used: key.last_used_at.map(|at| moment(visit, at)),
            works: key.revoked_at.is_none(),
            id: key.id.to_string(),
            name: key.name,
            by: key.created_by,
        }
    }
}

/// A product as a client of the API names it.
struct ProductRow {
    name: String,
    seller: String,
    code: String,
    id: String,
    dimension: String,
    identity: &'static str,
    proposal: String,
    terms: Vec<(&'static str, String)>,
}

impl ProductRow {
    fn new(product: WireProduct) -> Self {
        Self {
            seller: format!("{} ({})", product.seller_name, product.seller_id),
            proposal: product.proposal(),
            terms: product.terms().into_iter().map(|(term, id)| (term.as_str(), id)).collect(),
            identity: product.customer_identity.as_str(),
            id: product.id.to_string(),
            code: product.product_code,
            name: product.name,
            dimension: product.dimension,
        }
    }
}

#[derive(Template)]
#[template(path = "admin/access_keys.html")]
struct Keys {
    shell: Shell,
    rows: Vec<KeyRow>,
    count: String,
    first: String,
    next: String,
    make: String,
    endpoint: String,
    products: Vec<ProductRow>,
}

/// `GET /admin/access-keys?after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageAccessKeys)?;
    let after = Cursor::parse(visit.query("after"));
    let page = access_keys::list(visit.db(), scope, after.as_ref(), PageSize::default()).await?;
    let products = products::list(visit.db(), scope).await?;
    let href = |after: &str| paths::with_query(&paths::access_keys(), &[("after", after)]);
    let mut shell = visit.shell("Access keys");
    shell.crumbs = crumbs(&[]);
    let view = Keys {
        shell,
        count: format!("Showing {}", show::count(i64::try_from(page.items.len()).unwrap_or(i64::MAX), "key")),
        first: after.map(|_| href("")).unwrap_or_default(),
        next: page.next.as_deref().map(href).unwrap_or_default(),
        make: paths::access_key_new(),
        endpoint: visit.portal().wire_endpoint(),
        products: products.into_iter().map(ProductRow::new).collect(),
        rows: page.items.into_iter().map(|key| KeyRow::new(&visit, key)).collect(),
    };
    visit.page(StatusCode::OK, &view)
}

#[derive(Template)]
#[template(path = "admin/access_key_new.html")]
struct NewPage {
    shell: Shell,
    form: FormView,
    action: String,
    back: String,
}

fn form_page(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let mut shell = visit.shell("Make an access key");
    shell.crumbs = crumbs(&[("Access keys", paths::access_keys())]);
    let shell = if form.has_errors() { shell.with_errors() } else { shell };
    visit.page(status, &NewPage { shell, form, action: paths::access_keys(), back: paths::access_keys() })
}

/// `GET /admin/access-keys/new`.
pub async fn new(visit: Visit) -> Result<HttpResponse, WebError> {
    visit.staff_scope(Action::ManageAccessKeys)?;
    form_page(&visit, FormView::new(), StatusCode::OK)
}

#[derive(Template)]
#[template(path = "admin/access_key_made.html")]
struct Made {
    shell: Shell,
    name: String,
    id: String,
    secret: String,
    endpoint: String,
    href: String,
}

/// `POST /admin/access-keys`. The answer is the page with the secret: nothing can show it after this one.
pub async fn make(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageAccessKeys)?;
    let new = match read(&form) {
        Ok(new) => new,
        Err(problems) => return form_page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY),
    };
    let by = (visit.require_actor()?.person, &visit.who(ActingAs::Staff));
    match access_keys::make(visit.db(), scope, &visit.portal().wire.sealing, by, &new).await.refusal()? {
        Ok((id, secret)) => {
            let (href, endpoint) = (paths::access_key(id.as_str()), visit.portal().wire_endpoint());
            let shell = visit.shell("Access key made");
            let secret = secret.reveal().to_owned();
            visit.page(StatusCode::CREATED, &Made { shell, name: new.name, id: id.to_string(), secret, endpoint, href })
        }
        Err(refusal) => {
            let mut problems = Problems::new();
            let (field, words) = words(refusal);
            problems.push(field, words);
            form_page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY)
        }
    }
}

fn words(refusal: MakeRefusal) -> (&'static str, &'static str) {
    match refusal {
        MakeRefusal::UnknownAccount => ("account", "No seller and no buyer account has this number"),
        MakeRefusal::SellerHasNoPeople => ("acts_as", "Leave this empty: the key of a seller account acts as the account"),
        MakeRefusal::UnknownPerson => ("acts_as", "Enter the email address of a person of this buyer account"),
    }
}

fn read(form: &Form) -> Result<NewKey, Problems> {
    let mut problems = Problems::new();
    let name = problems.take("name", one_line(form.text("name"), 80).map_err(|error| error.in_words("name of the key")));
    let typed: String = form.text("account").chars().filter(|letter| !letter.is_whitespace()).collect();
    let is_account = typed.len() == 12 && typed.bytes().all(|digit| digit.is_ascii_digit());
    let account = problems.take("account", is_account.then_some(typed).ok_or("Enter the 12 digits of a seller or buyer account"));
    let acts_as = match form.text("acts_as").trim() {
        "" => Some(None),
        typed => problems.take("acts_as", Email::parse(typed).map_err(|error| error.to_string())).map(Some),
    };
    match (name, account, acts_as) {
        (Some(name), Some(account), Some(acts_as)) => Ok(NewKey { name, account, acts_as }),
        _ => Err(problems),
    }
}

#[derive(Template)]
#[template(path = "admin/access_key.html")]
struct KeyPage {
    shell: Shell,
    key: KeyRow,
    revoked: Option<Moment>,
    revoke: String,
}

fn id_of(visit: &Visit) -> Result<AccessKeyId, WebError> {
    visit.id("access_key", AccessKeyId::parse)
}

/// `GET /admin/access-keys/{access_key}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageAccessKeys)?;
    let found = access_keys::find(visit.db(), scope, &id_of(&visit)?).await?.ok_or(WebError::NotFound)?;
    let mut shell = visit.shell(&found.name);
    shell.crumbs = crumbs(&[("Access keys", paths::access_keys())]);
    let revoked = found.revoked_at.map(|at| moment(&visit, at));
    let revoke = paths::access_key_revoke(found.id.as_str());
    visit.page(StatusCode::OK, &KeyPage { shell, key: KeyRow::new(&visit, found), revoked, revoke })
}

/// `POST /admin/access-keys/{access_key}/revoke`.
pub async fn revoke(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.staff_scope(Action::ManageAccessKeys)?;
    let (key, by) = (id_of(&visit)?, visit.require_actor()?.person);
    if !access_keys::revoke(visit.db(), scope, (by, &visit.who(ActingAs::Staff)), &key).await? {
        return Err(WebError::NotFound);
    }
    visit.flash(Tone::Success, "The access key was revoked", "Calls that are signed with it are refused from now on.");
    Ok(visit.see_other(&paths::access_key(key.as_str())))
}
