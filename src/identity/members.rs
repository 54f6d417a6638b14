//! An administrator gives a member another role or removes them. A business never loses its last administrator, however
//! many try at once: every change locks the business first (IDN-2).
//!
//! Sessions are left alone: roles are read at every request, so a change counts from the next one (IDN-5).

use super::store::team;
use crate::access::{BusinessRole, BusinessScope};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::id::PersonId;
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::tx;
use serde_json::json;

pub use super::store::team::Member;

/// Why a member stays as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MemberRefusal {
    /// Nobody of that id is in this business; the same for people of other businesses.
    NotAMember,
    /// Nobody else could administer the business.
    LastAdministrator,
}

/// Gives a member another role; the same one changes nothing.
///
/// # Errors
/// [`MemberRefusal`], or a storage error.
pub async fn change_role(
    db: &Db,
    who: &Who,
    scope: BusinessScope,
    person: PersonId,
    role: BusinessRole,
) -> Result<(), Failed<MemberRefusal>> {
    let business = scope.business();
    tx!(db, |tx| {
        let member = get_to_change(tx, scope, person, Some(role)).await?;
        if member.role == role {
            return Ok(());
        }
        team::change_role(tx, business, person, role).await?;
        let entry = Entry::new("member.role_changed", person).in_business(business);
        audit::record(tx, who, entry.before(json!({ "role": member.role.as_str() })).after(json!({ "role": role.as_str() }))).await?;
        Ok(())
    })
}

/// Ends a membership. The person stays, with whatever else they belong to.
///
/// # Errors
/// [`MemberRefusal`], or a storage error.
pub async fn remove(db: &Db, who: &Who, scope: BusinessScope, person: PersonId) -> Result<(), Failed<MemberRefusal>> {
    let business = scope.business();
    tx!(db, |tx| {
        let member = get_to_change(tx, scope, person, None).await?;
        team::delete_membership(tx, business, person).await?;
        let state = json!({ "email": member.email, "role": member.role.as_str() });
        audit::record(tx, who, Entry::new("member.removed", person).in_business(business).before(state)).await?;
        Ok(())
    })
}

/// The member, with the business locked, if they may become `role`, or nothing at all with none.
async fn get_to_change(
    tx: &mut Tx,
    scope: BusinessScope,
    person: PersonId,
    role: Option<BusinessRole>,
) -> Result<Member, Failed<MemberRefusal>> {
    team::lock_business(tx, scope.business()).await?;
    let Some(member) = team::find_member_in(tx, scope.business(), person).await? else { return refuse(MemberRefusal::NotAMember) };
    let stops_administering = member.role == BusinessRole::Administrator && role != Some(BusinessRole::Administrator);
    if stops_administering && team::count_other_administrators(tx, scope.business(), person).await? == 0 {
        return refuse(MemberRefusal::LastAdministrator);
    }
    Ok(member)
}

/// One member.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, scope: BusinessScope, person: PersonId) -> Result<Option<Member>, Error> {
    team::find_member(db, scope, person).await
}

/// The people of a business by name, with their number.
///
/// # Errors
/// Any storage error.
pub async fn list(db: &Db, scope: BusinessScope, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Member>, Error> {
    let page = team::list_members(db, scope, after, size).await?;
    Ok(page.with_total(team::count_members(db, scope).await?))
}
