//! Asking for a transfer: choose the destination, read what will happen, confirm (SUP-3, SUP-4). The last step makes a
//! request; nothing moves before a second member of staff approves it.

use super::destination::{Destination, resolve};
use super::fresh_password;
use super::preview::PreviewView;
use super::rows::{Link, Moment, crumbs, moment};
use crate::access::{Action, StaffScope};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::fulfilment::transfer::{
    self, Ask, AskRefusal, Confirmed, Holding, Immovable, LicenseRef, Listed, Pointed, Reason, Status, TextRefused, Ticket, request,
};
use crate::identity::look_up::{self, BusinessRecord};
use crate::kernel::id::{BusinessId, LicenseId, TransferId};
use crate::kernel::show;
use crate::web::form::{FormView, Problems};
use crate::web::shell::{Shell, Tone};
use crate::web::{Form, Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "admin/transfer_request.html")]
struct Page {
    shell: Shell,
    form: FormView,
    license: String,
    license_href: String,
    product: String,
    agreement: String,
    credits: String,
    owner: Link,
    blocked: Option<&'static str>,
    open: Option<String>,
    candidates: Vec<(String, String)>,
    preview: Option<PreviewView>,
    previewed: String,
    needs_password: bool,
    action: String,
    open_for: String,
    undo: Option<Undo>,
}

/// The transfer that is to be taken back (SUP-5).
struct Undo {
    transfer: Link,
    id: String,
    until: Moment,
}

/// The license that the address names.
struct Subject {
    license: LicenseId,
    holding: Holding,
    owner: BusinessRecord,
    scope: StaffScope,
}

impl Subject {
    async fn load(visit: &Visit) -> Result<Self, WebError> {
        let scope = visit.staff_scope(Action::RequestTransfer)?;
        let license = visit.id("license", LicenseId::parse)?;
        let pointed = transfer::pointed(visit.db(), scope, &LicenseRef::License(license)).await?;
        let Pointed::Held(holding) = pointed else { return Err(WebError::NotFound) };
        let owner = look_up::find_business(visit.db(), scope, holding.owner).await?.ok_or(WebError::NotFound)?;
        Ok(Self { license, holding, owner, scope })
    }
}

/// `GET /admin/licenses/{license}/transfer?destination=`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let subject = Subject::load(&visit).await?;
    let mut typed = Typed { text: visit.query("destination").to_owned(), ..Typed::default() };
    typed.take_back(&visit, &subject, visit.query("undo")).await?;
    if !typed.text.is_empty() {
        typed.choose(&visit, &subject, "").await?;
    }
    let form = FormView::with(&Form::default(), std::mem::take(&mut typed.problems)).set("destination", &typed.text);
    answer(&visit, &subject, typed, form, StatusCode::OK).await
}

/// `POST /admin/licenses/{license}/transfer`: the preview, and with the step `confirm` the request.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let subject = Subject::load(&visit).await?;
    let mut typed = Typed::read(&visit, &subject, &form).await?;
    let Some(ask) = typed.ask() else {
        let status = if typed.problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let view = FormView::with(&form, std::mem::take(&mut typed.problems)).set("destination", &typed.text);
        return answer(&visit, &subject, typed, view, status).await;
    };
    match request(visit.db(), visit.require_actor()?, &visit.who(ActingAs::Staff), ask).await.refusal()? {
        Ok(id) => {
            visit.flash(
                Tone::Success,
                "Transfer requested",
                "Nothing has moved yet. A Support lead who did not ask for it has to approve it.",
            );
            Ok(visit.see_other(&paths::admin_transfer(id)))
        }
        Err(AskRefusal::AlreadyAsked(id)) => {
            visit.flash(Tone::Warning, "There is an open request already", "Yours was not taken. This is the open one.");
            Ok(visit.see_other(&paths::admin_transfer(id)))
        }
        Err(refusal) => refused(&visit, &subject, typed, &form, refusal).await,
    }
}

/// What was typed, as far as it could be understood.
#[derive(Default)]
struct Typed {
    text: String,
    destination: Option<BusinessRecord>,
    candidates: Vec<BusinessRecord>,
    reason: Option<Reason>,
    ticket: Option<Ticket>,
    confirmed: Option<Confirmed>,
    undoes: Option<Listed>,
    problems: Problems,
}

impl Typed {
    async fn read(visit: &Visit, subject: &Subject, form: &Form) -> Result<Self, WebError> {
        let mut typed = Self { text: form.text("destination").to_owned(), ..Self::default() };
        typed.take_back(visit, subject, form.text("undo")).await?;
        typed.choose(visit, subject, form.text("chosen")).await?;
        let reason = Reason::parse(form.text("reason")).map_err(|refused| match refused {
            TextRefused::Length => format!("Enter the reason in {} to {} characters", Reason::MIN, show::group_len(Reason::MAX)),
            TextRefused::Forbidden => "The reason contains an invisible or control character. Type it again".to_owned(),
        });
        typed.reason = typed.problems.take("reason", reason);
        let ticket = Ticket::parse(form.text("ticket")).map_err(|refused| match refused {
            TextRefused::Length => format!("Enter the ticket number in 1 to {} characters", Ticket::MAX),
            TextRefused::Forbidden => "The ticket number contains an invisible or control character. Type it again".to_owned(),
        });
        typed.ticket = typed.problems.take("ticket", ticket);
        if form.text("step") == "confirm" {
            typed.confirm(visit, subject, form).await?;
        }
        Ok(typed)
    }

    /// The transfer to take back, if one is named: the destination is then where it came from. What is no transfer of this
    /// license is an ordinary request.
    async fn take_back(&mut self, visit: &Visit, subject: &Subject, named: &str) -> Result<(), WebError> {
        let Some(id) = TransferId::parse(named) else { return Ok(()) };
        let found = transfer::find(visit.db(), subject.scope, id, visit.now()).await?;
        self.undoes = found.filter(|listed| listed.transfer.request().contract == subject.holding.contract);
        if let Some(listed) = &self.undoes {
            self.text = listed.transfer.request().from.to_string();
        }
        Ok(())
    }

    /// Finds the business. A choice among several counts only as long as the text is the one it was offered for.
    async fn choose(&mut self, visit: &Visit, subject: &Subject, chosen: &str) -> Result<(), WebError> {
        let mut found = resolve(visit.db(), subject.scope, &self.text).await?;
        if let (Destination::Several(several), Some(chosen)) = (&mut found, BusinessId::parse(chosen))
            && let Some(place) = several.iter().position(|business| business.id == chosen)
        {
            found = Destination::One(several.swap_remove(place));
            self.text = chosen.to_string();
        }
        match found {
            Destination::Empty => self.problems.push("destination", "Enter the id or the name of the business that is to own the license"),
            Destination::Unknown => {
                self.problems.push("destination", "No registered business has this id or name. Check it, or look the business up");
            }
            Destination::Several(several) => {
                self.problems.push("chosen", "Several businesses match. Choose one");
                self.candidates = several;
            }
            Destination::One(business) if business.id == subject.holding.owner => {
                self.problems.push("destination", Immovable::SameBusiness.in_words());
            }
            Destination::One(business) => self.destination = Some(business),
        }
        Ok(())
    }

    /// The last step: the preview that was read, the license id typed, a fresh password.
    async fn confirm(&mut self, visit: &Visit, subject: &Subject, form: &Form) -> Result<(), WebError> {
        if let Some(business) = &self.destination
            && form.text("previewed") != business.id.to_string()
        {
            self.problems.push("destination", "This is another business than the one you were shown. Read what will happen, then confirm");
        }
        self.confirmed = Confirmed::by_typing(form.text("license"), &LicenseRef::License(subject.license));
        if self.confirmed.is_none() {
            self.problems.push("license", format!("Enter the license id {} to confirm which license moves", subject.license));
        }
        fresh_password::check(visit, form, &mut self.problems).await
    }

    /// Everything that a request needs; nothing while a step or a field is missing.
    fn ask(&self) -> Option<Ask> {
        let (Some(to), Some(reason), Some(ticket), Some(license)) = (&self.destination, &self.reason, &self.ticket, &self.confirmed) else {
            return None;
        };
        let complete = self.problems.is_empty();
        complete.then(|| Ask {
            license: license.clone(),
            to: to.id,
            reason: reason.clone(),
            ticket: ticket.clone(),
            undoes: self.undoes.as_ref().map(|listed| listed.transfer.request().id),
        })
    }
}

/// The page again, with the refusal in words.
async fn refused(visit: &Visit, subject: &Subject, mut typed: Typed, form: &Form, refusal: AskRefusal) -> Result<HttpResponse, WebError> {
    match refusal {
        AskRefusal::NotAllowed | AskRefusal::NoSuchLicense => return Err(WebError::NotFound),
        AskRefusal::NoSuchBusiness => typed.problems.push("destination", "This business does not exist any more"),
        AskRefusal::Immovable(reason @ (Immovable::SameBusiness | Immovable::DestinationClosed)) => {
            typed.problems.push("destination", reason.in_words());
        }
        AskRefusal::Immovable(reason) => typed.problems.push("", reason.in_words()),
        AskRefusal::NotUndoable(reason) => typed.problems.push("", reason.in_words()),
        AskRefusal::AlreadyAsked(_) => typed.problems.push("", "There is an open request for this license already"),
    }
    let view = FormView::with(form, std::mem::take(&mut typed.problems)).set("destination", &typed.text);
    answer(visit, subject, typed, view, StatusCode::CONFLICT).await
}

async fn answer(visit: &Visit, subject: &Subject, typed: Typed, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let (db, now, holding) = (visit.db(), visit.now(), &subject.holding);
    let preview = match &typed.destination {
        Some(business) => transfer::preview(db, subject.scope, holding.contract, business.id, now).await?,
        None => None,
    };
    let listed = transfer::list_of_contract(db, subject.scope, holding.contract, now).await?;
    let open = listed.iter().find(|listed| listed.transfer.status() == Status::Requested);
    let mut shell = visit.shell("Transfer license");
    shell.crumbs = crumbs(&[("Licenses", paths::admin_licenses()), (&holding.product_name, paths::admin_license(subject.license))]);
    let view = Page {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        license: subject.license.to_string(),
        license_href: paths::admin_license(subject.license),
        product: holding.product_name.clone(),
        agreement: holding.agreement_id.clone(),
        credits: show::count(holding.credits_left(now), "credit"),
        owner: Link { label: subject.owner.name.clone(), href: paths::admin_business(subject.owner.id) },
        blocked: holding.movable(now).err().map(Immovable::in_words),
        open: open.map(|listed| paths::admin_transfer(listed.transfer.request().id)),
        candidates: typed.candidates.iter().map(|business| (business.id.to_string(), candidate(business))).collect(),
        previewed: typed.destination.as_ref().map(|business| business.id.to_string()).unwrap_or_default(),
        preview: preview.as_ref().map(|preview| PreviewView::new(visit, preview)),
        needs_password: !visit.password_is_fresh(),
        action: paths::admin_transfer_request(subject.license),
        open_for: show::duration_left(transfer::OPEN_FOR_HOURS * 3_600),
        undo: typed.undoes.as_ref().and_then(|listed| undo(visit, listed)),
    };
    visit.page(status, &view)
}

fn undo(visit: &Visit, listed: &Listed) -> Option<Undo> {
    let id = listed.transfer.request().id;
    let until = moment(visit, listed.transfer.undoable_until()?);
    Some(Undo { transfer: Link { label: id.to_string(), href: paths::admin_transfer(id) }, id: id.to_string(), until })
}

fn candidate(business: &BusinessRecord) -> String {
    format!("{} ({})", business.name, business.id)
}
