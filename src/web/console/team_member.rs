//! One member of the team: another role, or removal. The last administrator stays (IDN-2).

use super::team_invite::{RoleChoice, chosen_role, role_choices};
use crate::access::{Action, BusinessScope};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::members::{self, Member, MemberRefusal};
use crate::kernel::id::PersonId;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Crumb, Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

const LAST_ADMINISTRATOR: &str = "A business keeps at least one Administrator. Give somebody else this role first";

#[derive(Template)]
#[template(path = "console/team_member.html")]
struct TeamMember {
    shell: Shell,
    form: FormView,
    action: String,
    remove: String,
    team: String,
    name: String,
    email: String,
    business: String,
    yourself: bool,
    roles: Vec<RoleChoice>,
}

/// `GET /console/team/{person}`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    let (_, member) = member(&visit).await?;
    let form = FormView::new().set("role", member.role.as_str());
    page(&visit, &member, form, StatusCode::OK)
}

/// `POST /console/team/{person}/role`.
pub async fn change_role(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let (scope, member) = member(&visit).await?;
    let mut problems = Problems::new();
    let Some(role) = problems.take("role", chosen_role(&form)) else {
        return page(&visit, &member, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY);
    };
    match members::change_role(visit.db(), &visit.who(ActingAs::Business), scope, member.person, role).await.refusal()? {
        Ok(()) => {
            // One's own privileges changed: the session gets a new key.
            if is_own(&visit, &member) {
                visit.renew_session();
            }
            visit.flash(Tone::Success, "The role was changed", &format!("{} is {} from now on.", member.name, role.label()));
            Ok(visit.see_other(&paths::team()))
        }
        Err(refusal) => refused(&visit, &member, refusal, &form),
    }
}

/// `POST /console/team/{person}/remove`.
pub async fn remove(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let (scope, member) = member(&visit).await?;
    match members::remove(visit.db(), &visit.who(ActingAs::Business), scope, member.person).await.refusal()? {
        Ok(()) if is_own(&visit, &member) => {
            visit.renew_session();
            visit.flash(Tone::Success, "You left the business", "");
            Ok(visit.see_other(&paths::account()))
        }
        Ok(()) => {
            visit.flash(Tone::Success, &format!("{} was removed", member.name), "They cannot enter this business any more.");
            Ok(visit.see_other(&paths::team()))
        }
        Err(refusal) => refused(&visit, &member, refusal, &form),
    }
}

fn refused(visit: &Visit, member: &Member, refusal: MemberRefusal, form: &Form) -> Result<HttpResponse, WebError> {
    match refusal {
        MemberRefusal::NotAMember => Err(WebError::NotFound),
        MemberRefusal::LastAdministrator => {
            let mut problems = Problems::new();
            problems.push("role", LAST_ADMINISTRATOR);
            let typed = FormView::with(form, problems);
            let typed = if typed.value("role").is_empty() { typed.set("role", member.role.as_str()) } else { typed };
            page(visit, member, typed, StatusCode::CONFLICT)
        }
    }
}

fn is_own(visit: &Visit, member: &Member) -> bool {
    visit.actor().is_some_and(|actor| actor.person == member.person)
}

async fn member(visit: &Visit) -> Result<(BusinessScope, Member), WebError> {
    let scope = visit.business_scope(Action::ManageTeam)?;
    let person = visit.id("person", PersonId::parse)?;
    let member = members::find(visit.db(), scope, person).await?.ok_or(WebError::NotFound)?;
    Ok((scope, member))
}

fn page(visit: &Visit, member: &Member, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let mut shell = visit.shell(&member.name);
    shell.crumbs = vec![Crumb { label: "Team".to_owned(), href: paths::team() }];
    let page = TeamMember {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::team_role(member.person),
        remove: paths::team_remove(member.person),
        team: paths::team(),
        name: member.name.clone(),
        email: member.email.clone(),
        business: visit.require_actor()?.membership().map_or_else(String::new, |membership| membership.name.clone()),
        yourself: is_own(visit, member),
        roles: role_choices(),
    };
    visit.page(status, &page)
}
