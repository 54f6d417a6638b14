//! Invite a colleague by mail, or take an invitation back (IDN-2).

use crate::access::{Action, BusinessRole};
use crate::audit::ActingAs;
use crate::db::SplitRefusal;
use crate::identity::invite::{self, InviteRefusal, WithdrawRefusal};
use crate::kernel::email::Email;
use crate::kernel::id::InvitationId;
use crate::kernel::secret::Secret;
use crate::kernel::show;
use crate::web::form::{Form, FormView, Problems};
use crate::web::shell::{Crumb, Shell, Tone};
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

#[derive(Template)]
#[template(path = "console/team_invite.html")]
struct TeamInvite {
    shell: Shell,
    form: FormView,
    action: String,
    team: String,
    business: String,
    roles: Vec<RoleChoice>,
}

/// A role with what it means.
pub(super) struct RoleChoice {
    pub value: &'static str,
    pub label: &'static str,
    pub meaning: &'static str,
}

/// The roles of a business, as a form offers them.
pub(super) fn role_choices() -> Vec<RoleChoice> {
    let meaning = |role| match role {
        BusinessRole::Administrator => "Everything: activates licenses, invites and removes people, gives roles, reads the audit log.",
        BusinessRole::LicensingManager => "Activates licenses, sees licenses and credits.",
        BusinessRole::BillingViewer => "Sees licenses and credits.",
        BusinessRole::Auditor => "Sees licenses and credits, reads the audit log.",
        BusinessRole::Member => "Sees neither licenses nor credits.",
    };
    BusinessRole::ALL.iter().map(|role| RoleChoice { value: role.as_str(), label: role.label(), meaning: meaning(*role) }).collect()
}

/// The role that was chosen.
pub(super) fn chosen_role(form: &Form) -> Result<BusinessRole, &'static str> {
    BusinessRole::parse(form.text("role")).ok_or("Choose a role")
}

/// `GET /console/team/invitations`.
pub async fn show(visit: Visit) -> Result<HttpResponse, WebError> {
    page(&visit, FormView::new(), StatusCode::OK)
}

/// `POST /console/team/invitations`.
pub async fn submit(visit: Visit, form: Form) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::ManageTeam)?;
    let mut problems = Problems::new();
    let email = problems.take("email", Email::parse(form.text("email")).map_err(|error| error.to_string()));
    let role = problems.take("role", chosen_role(&form));
    let (Some(email), Some(role)) = (email, role) else {
        return page(&visit, FormView::with(&form, problems), StatusCode::UNPROCESSABLE_ENTITY);
    };
    let inviter = (scope, visit.require_actor()?.person);
    let link = |code: &Secret| visit.portal().address_of(&paths::invitation(code.reveal()));
    match invite::invite(visit.db(), &visit.who(ActingAs::Business), inviter, &email, role, link).await.refusal()? {
        Ok(_) => {
            visit.portal().wake.now();
            visit.flash(Tone::Success, "Invitation sent", &format!("{email} can join as {} for 7 days.", role.label()));
            Ok(visit.see_other(&paths::team()))
        }
        Err(refusal) => {
            let status = note(&visit, &mut problems, refusal);
            page(&visit, FormView::with(&form, problems), status)
        }
    }
}

fn note(visit: &Visit, problems: &mut Problems, refusal: InviteRefusal) -> StatusCode {
    match refusal {
        InviteRefusal::AlreadyMember => {
            problems.push("email", "This person is in the team already. Choose them there to change their role");
            StatusCode::UNPROCESSABLE_ENTITY
        }
        InviteRefusal::Throttled { until } => {
            let left = show::duration_left((until - visit.now()).num_seconds() + 1);
            problems.push("", format!("Your business has sent too many invitations. Try again in {left}"));
            StatusCode::TOO_MANY_REQUESTS
        }
    }
}

/// `POST /console/team/invitations/{invitation}/withdraw`.
pub async fn withdraw(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::ManageTeam)?;
    let invitation = visit.id("invitation", InvitationId::parse)?;
    match invite::withdraw(visit.db(), &visit.who(ActingAs::Business), scope, invitation).await.refusal()? {
        Ok(()) => {
            visit.flash(Tone::Success, "The invitation was withdrawn", "Its link does not work any more.");
            Ok(visit.see_other(&paths::team()))
        }
        Err(WithdrawRefusal::NotOpen) => Err(WebError::NotFound),
    }
}

fn page(visit: &Visit, form: FormView, status: StatusCode) -> Result<HttpResponse, WebError> {
    let mut shell = visit.shell("Invite a colleague");
    shell.crumbs = vec![Crumb { label: "Team".to_owned(), href: paths::team() }];
    let page = TeamInvite {
        shell: if form.has_errors() { shell.with_errors() } else { shell },
        form,
        action: paths::team_invite(),
        team: paths::team(),
        business: visit.require_actor()?.membership().map_or_else(String::new, |membership| membership.name.clone()),
        roles: role_choices(),
    };
    visit.page(status, &page)
}
