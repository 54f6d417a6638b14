//! The people of the business and the invitations that are open. Everybody in the business sees it; Administrators
//! change it (IDN-2).

use super::{team_invite, team_member};
use crate::access::{Action, allows};
use crate::identity::invite::{self, OpenInvitation};
use crate::identity::members::{self, Member};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::show;
use crate::web::route::{Access, Entry, get, post};
use crate::web::shell::Shell;
use crate::web::{Visit, WebError, paths};
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web;
use askama::Template;

/// The team's lines of the route table.
pub fn routes() -> Vec<Entry> {
    let manage = Access::May(Action::ManageTeam);
    vec![
        get(paths::TEAM, Access::May(Action::SeeTeam), || web::to(list)),
        get(paths::TEAM_INVITE, manage, || web::to(team_invite::show)),
        post(paths::TEAM_INVITE, manage, || web::to(team_invite::submit)),
        post(paths::TEAM_WITHDRAW, manage, || web::to(team_invite::withdraw)),
        get(paths::TEAM_MEMBER, manage, || web::to(team_member::show)),
        post(paths::TEAM_ROLE, manage, || web::to(team_member::change_role)),
        post(paths::TEAM_REMOVE, manage, || web::to(team_member::remove)),
    ]
}

#[derive(Template)]
#[template(path = "console/team.html")]
struct Team {
    shell: Shell,
    business: String,
    members: Vec<MemberRow>,
    members_count: String,
    members_first: String,
    members_next: String,
    /// None for people who may not invite.
    invite: Option<String>,
    invitations: Vec<InvitationRow>,
    invitations_count: String,
    invitations_first: String,
    invitations_next: String,
}

struct MemberRow {
    name: String,
    email: String,
    role: &'static str,
    since: (String, String),
    disabled: bool,
    yourself: bool,
    /// None for people who may not change it.
    change: Option<String>,
}

struct InvitationRow {
    email: String,
    role: &'static str,
    invited_by: String,
    sent: (String, String),
    until: (String, String),
    expired: bool,
    withdraw: String,
}

/// `GET /console/team?after=&invitations_after=`.
pub async fn list(visit: Visit) -> Result<HttpResponse, WebError> {
    let scope = visit.business_scope(Action::SeeTeam)?;
    let manages = allows(visit.require_actor()?, Action::ManageTeam).is_ok();
    let cursor = |name| Cursor::parse(visit.query(name));
    let members = members::list(visit.db(), scope, cursor("after").as_ref(), PageSize::default()).await?;
    let invitations = if manages {
        invite::list(visit.db(), scope, cursor("invitations_after").as_ref(), PageSize::default()).await?
    } else {
        Paged { items: Vec::new(), next: None, total: None }
    };
    visit.page(StatusCode::OK, &team(&visit, manages, &members, &invitations)?)
}

fn team(visit: &Visit, manages: bool, members: &Paged<Member>, invitations: &Paged<OpenInvitation>) -> Result<Team, WebError> {
    let first = |name| if visit.query(name).is_empty() { String::new() } else { paths::team() };
    let next =
        |name, next: &Option<String>| next.as_ref().map_or_else(String::new, |next| paths::with_query(&paths::team(), &[(name, next)]));
    Ok(Team {
        shell: visit.shell("Team"),
        business: visit.require_actor()?.membership().map_or_else(String::new, |membership| membership.name.clone()),
        members_count: counted(members.items.len(), members.total.unwrap_or_default()),
        members_first: first("after"),
        members_next: next("after", &members.next),
        members: members.items.iter().map(|member| member_row(visit, member, manages)).collect(),
        invite: manages.then(paths::team_invite),
        invitations_count: show::count(i64::try_from(invitations.items.len()).unwrap_or(i64::MAX), "open invitation"),
        invitations_first: first("invitations_after"),
        invitations_next: next("invitations_after", &invitations.next),
        invitations: invitations.items.iter().map(|invitation| invitation_row(visit, invitation)).collect(),
    })
}

fn counted(shown: usize, total: i64) -> String {
    let noun = if total == 1 { "person" } else { "people" };
    format!("Showing {} of {} {noun}", show::group_len(shown), show::group(total))
}

fn member_row(visit: &Visit, member: &Member, manages: bool) -> MemberRow {
    MemberRow {
        name: member.name.clone(),
        email: member.email.clone(),
        role: member.role.label(),
        since: (show::iso(member.since), show::date(member.since, visit.zone())),
        disabled: member.disabled_at.is_some(),
        yourself: visit.actor().is_some_and(|actor| actor.person == member.person),
        change: manages.then(|| paths::team_member(member.person)),
    }
}

fn invitation_row(visit: &Visit, invitation: &OpenInvitation) -> InvitationRow {
    InvitationRow {
        email: invitation.email.clone(),
        role: invitation.role.label(),
        invited_by: invitation.invited_by.clone(),
        sent: (show::iso(invitation.created_at), show::date(invitation.created_at, visit.zone())),
        until: (show::iso(invitation.expires_at), show::date(invitation.expires_at, visit.zone())),
        expired: visit.now() >= invitation.expires_at,
        withdraw: paths::team_withdraw(invitation.id),
    }
}
