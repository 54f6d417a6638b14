//! The policy: one `match` from action to who may do it. A table test prints it in full.

use super::actor::{Actor, BusinessRole, BuyerRole, Membership, StaffRole};
use super::phase::Phase;
use crate::kernel::clock::Timestamp;
use crate::text_enum;

text_enum! {
    /// Everything that is not open to anybody.
    pub enum Action {
        /// Use one's own account: password, sessions, time zone.
        UseAccount = "use account",
        /// See quotes, agreements and subscriptions of the buyer account.
        SeePurchases = "see purchases",
        /// Make quotes, pay, upgrade, set up.
        Purchase = "purchase",
        /// Enter the console of a business.
        EnterConsole = "enter console",
        /// See License Information and Credits & Billing.
        SeeLicenses = "see licenses",
        /// Activate.
        ManageLicenses = "manage licenses",
        /// Say how much of each feature is used, and keep estimates of it.
        Allocate = "allocate",
        /// Invite and remove people, give roles.
        ManageTeam = "manage team",
        /// See the people of the business.
        SeeTeam = "see team",
        /// Read the business's audit log.
        ReadAudit = "read audit",
        /// Look businesses, people, licenses and agreements up.
        LookUp = "look up",
        /// Ask for a transfer.
        RequestTransfer = "request transfer",
        /// Approve or reject a transfer that somebody else asked for.
        DecideTransfer = "decide transfer",
        /// Decide about differences between the marketplace and the console.
        Reconcile = "reconcile",
        /// Issue and withdraw activation codes.
        IssueCodes = "issue codes",
        /// Give money back by a credit note.
        IssueCreditNote = "issue credit note",
        /// Make and revoke keys of the vendor's services.
        ManageServiceKeys = "manage service keys",
        /// Make and revoke access keys of seller and buyer accounts.
        ManageAccessKeys = "manage access keys",
        /// Move the test bench's clock, switch faults and read what it recorded.
        UseTestBench = "use test bench",
        /// Read the whole audit log.
        ReadWholeAudit = "read whole audit",
        /// Remind a buyer account of a purchase that nobody activated.
        RemindBuyers = "remind buyers",
        /// Close a business for deletion, and take that back.
        CloseBusiness = "close business",
    }
}

/// Why an actor may not: decides between 404, 403 and a page that says who can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The person has no part in this side of the program at all.
    NoPart,
    /// The person has a part in it, but not the role.
    NeedsRole(&'static str),
    /// The business is locked: those with licensing permission enter, and only to renew (EXP-2).
    Locked {
        /// When nobody will enter any more.
        closes_at: Timestamp,
    },
    /// The business is closed (EXP-2).
    Closed {
        /// Since when.
        since: Timestamp,
    },
}

/// Whether the actor may do it, in the business or buyer account that they are working in.
///
/// # Errors
/// The reason, for the page that says so.
pub fn allows(actor: &Actor, action: Action) -> Result<(), Refused> {
    match action {
        Action::UseAccount => Ok(()),
        Action::SeePurchases => buyer(actor, &[BuyerRole::Purchaser, BuyerRole::Viewer]),
        Action::Purchase => buyer(actor, &[BuyerRole::Purchaser]),
        Action::EnterConsole | Action::SeeTeam => business(actor, action, BusinessRole::ALL, "a member of a business"),
        Action::SeeLicenses => business(
            actor,
            action,
            &[BusinessRole::Administrator, BusinessRole::LicensingManager, BusinessRole::BillingViewer, BusinessRole::Auditor],
            "Administrator, Licensing manager, Billing viewer or Auditor",
        ),
        Action::ManageLicenses | Action::Allocate => {
            business(actor, action, &[BusinessRole::Administrator, BusinessRole::LicensingManager], "Administrator or Licensing manager")
        }
        Action::ManageTeam => business(actor, action, &[BusinessRole::Administrator], "Administrator"),
        Action::ReadAudit => business(actor, action, &[BusinessRole::Administrator, BusinessRole::Auditor], "Administrator or Auditor"),
        Action::LookUp | Action::RequestTransfer | Action::RemindBuyers => {
            staff(actor, &[StaffRole::Support, StaffRole::SupportLead], "Support or Support lead")
        }
        Action::DecideTransfer | Action::CloseBusiness | Action::Reconcile | Action::IssueCodes | Action::IssueCreditNote => {
            staff(actor, &[StaffRole::SupportLead], "Support lead")
        }
        Action::ManageServiceKeys | Action::ManageAccessKeys | Action::UseTestBench => staff(actor, &[StaffRole::Operator], "Operator"),
        Action::ReadWholeAudit => staff(actor, StaffRole::ALL, "Support, Support lead or Operator"),
    }
}

fn business(actor: &Actor, action: Action, roles: &[BusinessRole], words: &'static str) -> Result<(), Refused> {
    let membership = actor.membership().ok_or(Refused::NoPart)?;
    in_phase(membership, action)?;
    if roles.contains(&membership.role) { Ok(()) } else { Err(Refused::NeedsRole(words)) }
}

/// What the phase of a business leaves of a role (EXP-2). An action that is not named here needs an open business.
fn in_phase(membership: &Membership, action: Action) -> Result<(), Refused> {
    let to_renew = matches!(action, Action::SeeLicenses | Action::ManageLicenses);
    match membership.phase {
        Phase::Active | Phase::Grace { .. } => Ok(()),
        Phase::Locked { .. } if to_renew && membership.role.has_licensing_permission() => Ok(()),
        Phase::Locked { closes_at, .. } => Err(Refused::Locked { closes_at }),
        Phase::Closed { since, .. } => Err(Refused::Closed { since }),
    }
}

fn buyer(actor: &Actor, roles: &[BuyerRole]) -> Result<(), Refused> {
    match actor.seat() {
        None => Err(Refused::NoPart),
        Some(seat) if roles.contains(&seat.role) => Ok(()),
        Some(_) => Err(Refused::NeedsRole("Purchaser")),
    }
}

fn staff(actor: &Actor, roles: &[StaffRole], words: &'static str) -> Result<(), Refused> {
    if actor.staff.is_empty() {
        Err(Refused::NoPart)
    } else if actor.staff.iter().any(|role| roles.contains(role)) {
        Ok(())
    } else {
        Err(Refused::NeedsRole(words))
    }
}
