//! An administrator invites somebody into the business by mail, or takes an invitation back (IDN-2).

use super::store::team::{self, NewInvitation};
use super::throttle::{self, INVITATIONS_OF_BUSINESS, Key, Verdict};
use crate::access::{BusinessRole, BusinessScope};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::email::Email;
use crate::kernel::id::{InvitationId, PersonId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::secret::Secret;
use crate::kernel::show::{self, Zone};
use crate::notices::{Mail, outbox};
use crate::tx;
use askama::Template;
use chrono::TimeDelta;
use serde_json::json;

pub use super::store::team::OpenInvitation;

/// An invitation can be accepted while `now < sent + VALID`.
pub const VALID: TimeDelta = TimeDelta::days(7);

/// Why nobody was invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InviteRefusal {
    /// The address is a member's.
    AlreadyMember,
    /// The business has sent too many.
    Throttled {
        /// When to try again.
        until: Timestamp,
    },
}

/// Why an invitation was not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawRefusal {
    /// There is none of that id in this business, or it was accepted or withdrawn.
    NotOpen,
}

#[derive(Template)]
#[template(path = "mail/invitation.txt")]
struct InvitationMail<'a> {
    business: &'a str,
    role: &'static str,
    invited_by: &'a str,
    link: String,
    until: String,
}

/// Sends an invitation; an open one to the same address is withdrawn by it. The scope is the administrator's (policy:
/// manage team). `link` makes the address that the mail leads to.
///
/// # Errors
/// [`InviteRefusal`], or a storage error.
pub async fn invite(
    db: &Db,
    who: &Who,
    (scope, inviter): (BusinessScope, PersonId),
    email: &Email,
    role: BusinessRole,
    link: impl Fn(&Secret) -> String,
) -> Result<InvitationId, Failed<InviteRefusal>> {
    let (code, business, expires_at) = (Secret::generate(), scope.business(), who.now + VALID);
    tx!(db, |tx| {
        let name = team::lock_business(tx, business).await?;
        if team::is_member(tx, business, &email.key()).await? {
            return refuse(InviteRefusal::AlreadyMember);
        }
        let sent = Key::of_account(INVITATIONS_OF_BUSINESS, &business.to_string());
        if let Verdict::Blocked { until } = throttle::count_in(tx, &[sent], who.now).await? {
            return refuse(InviteRefusal::Throttled { until });
        }
        team::withdraw_invitation_of(tx, business, &email.key(), who.now).await?;
        let invitation = NewInvitation { business, email, role, invited_by: inviter, now: who.now, expires_at };
        let id = team::insert_invitation(tx, &code, &invitation).await?;
        let state = json!({ "email": email.as_str(), "role": role.as_str() });
        audit::record(tx, who, Entry::new("invitation.sent", id).in_business(business).after(state)).await?;
        let body = InvitationMail {
            business: &name,
            role: role.label(),
            invited_by: &who.label,
            link: link(&code),
            until: show::date_time(expires_at, Zone::UTC),
        }
        .to_string();
        outbox::post(tx, Mail::new("invitation", email.as_str(), &format!("Join {name} on Creditdesk"), body), who.now).await?;
        Ok(id)
    })
}

/// Takes an open invitation back: its link is useless from now on.
///
/// # Errors
/// [`WithdrawRefusal`], or a storage error.
pub async fn withdraw(db: &Db, who: &Who, scope: BusinessScope, invitation: InvitationId) -> Result<(), Failed<WithdrawRefusal>> {
    tx!(db, |tx| {
        let Some(email) = team::withdraw_invitation(tx, scope.business(), invitation, who.now).await? else {
            return refuse(WithdrawRefusal::NotOpen);
        };
        let entry = Entry::new("invitation.withdrawn", invitation).in_business(scope.business()).before(json!({ "email": email }));
        audit::record(tx, who, entry).await?;
        Ok(())
    })
}

/// The open invitations of a business, newest first.
///
/// # Errors
/// Any storage error.
pub async fn list(db: &Db, scope: BusinessScope, after: Option<&Cursor>, size: PageSize) -> Result<Paged<OpenInvitation>, Error> {
    team::list_invitations(db, scope, after, size).await
}
