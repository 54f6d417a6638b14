//! SQL of the tables `businesses`, `memberships` and `invitations`.

use crate::access::{BusinessRole, BusinessScope};
use crate::db::{Db, Error, Tx};
use crate::identity::business::BusinessName;
use crate::kernel::clock::Timestamp;
use crate::kernel::email::Email;
use crate::kernel::id::{BusinessId, InvitationId, PersonId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::secret::Secret;
use crate::kernel::text::search_key;

/// A person in the business.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// As what.
    pub role: BusinessRole,
    /// Since when.
    pub since: Timestamp,
    /// Since when they may not sign in, if so.
    pub disabled_at: Option<Timestamp>,
    search_key: String,
}

/// An invitation that is neither accepted nor withdrawn; it may have expired.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct OpenInvitation {
    /// Its id.
    pub id: InvitationId,
    /// Where it was sent.
    pub email: String,
    /// As what.
    pub role: BusinessRole,
    /// Name of who invited.
    pub invited_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// What the holder of an invitation's code may know.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Offer {
    /// The invitation.
    pub id: InvitationId,
    /// Into which business.
    pub business: BusinessId,
    /// Its name.
    pub business_name: String,
    /// Where it was sent.
    pub email: String,
    /// As what.
    pub role: BusinessRole,
    /// Name of who invited.
    pub invited_by: String,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// Adds a business.
pub async fn insert_business(tx: &mut Tx, name: &BusinessName, now: Timestamp) -> Result<BusinessId, Error> {
    let id = BusinessId::generate();
    tx.q("INSERT INTO businesses (id, name, search_key, created_at) VALUES ($1, $2, $3, $4)")
        .bind(id)
        .bind(name.as_str())
        .bind(search_key(name.as_str()))
        .bind(now)
        .exec_one()
        .await?;
    Ok(id)
}

/// The business's name; its row stays locked, so that changes to its team happen one after the other (IDN-2).
pub async fn lock_business(tx: &mut Tx, business: BusinessId) -> Result<String, Error> {
    let (name,): (String,) = tx.lock("SELECT name FROM businesses WHERE id = $1").bind(business).one().await?;
    Ok(name)
}

/// Makes somebody a member; false when they are one already.
pub async fn insert_membership(
    tx: &mut Tx,
    business: BusinessId,
    person: PersonId,
    role: BusinessRole,
    now: Timestamp,
) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO memberships (business_id, person_id, role, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(business)
        .bind(person)
        .bind(role)
        .bind(now);
    Ok(inserted.exec().await? == 1)
}

const MEMBER: &str = "SELECT m.person_id AS person, p.name, p.email, m.role, m.created_at AS since, p.disabled_at, p.search_key \
    FROM memberships m JOIN people p ON p.id = m.person_id WHERE m.business_id = ";

/// The people of a business by name.
pub async fn list_members(db: &Db, scope: BusinessScope, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Member>, Error> {
    let mut query = db.read(MEMBER).push_bind("", scope.business());
    if let Some((key, person)) = after.and_then(Cursor::text).and_then(|(key, id)| Some((key, PersonId::parse(id)?))) {
        query = query.push_bind(" AND (p.search_key, p.id) > (", key).push_bind(", ", person).push(")");
    }
    let rows = query.push_bind(" ORDER BY p.search_key, p.id LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &Member| Cursor::of_text(&last.search_key, last.person.to_string())))
}

/// How many people a business has.
pub async fn count_members(db: &Db, scope: BusinessScope) -> Result<i64, Error> {
    db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM memberships WHERE business_id = $1").bind(scope.business()).scalar().await
}

/// One member.
pub async fn find_member(db: &Db, scope: BusinessScope, person: PersonId) -> Result<Option<Member>, Error> {
    db.read(MEMBER).push_bind("", scope.business()).push_bind(" AND m.person_id = ", person).opt().await
}

/// One member, inside the transaction that changes them.
pub async fn find_member_in(tx: &mut Tx, business: BusinessId, person: PersonId) -> Result<Option<Member>, Error> {
    tx.q(MEMBER).push_bind("", business).push_bind(" AND m.person_id = ", person).opt().await
}

/// How many people other than one could administer the business: those who are disabled cannot.
pub async fn count_other_administrators(tx: &mut Tx, business: BusinessId, person: PersonId) -> Result<i64, Error> {
    tx.q("SELECT CAST(COUNT(*) AS BIGINT) FROM memberships m JOIN people p ON p.id = m.person_id \
        WHERE m.business_id = $1 AND m.person_id <> $2 AND m.role = $3 AND p.disabled_at IS NULL")
        .bind(business)
        .bind(person)
        .bind(BusinessRole::Administrator)
        .scalar()
        .await
}

/// Gives a member another role.
pub async fn change_role(tx: &mut Tx, business: BusinessId, person: PersonId, role: BusinessRole) -> Result<(), Error> {
    tx.q("UPDATE memberships SET role = $3 WHERE business_id = $1 AND person_id = $2")
        .bind(business)
        .bind(person)
        .bind(role)
        .exec_one()
        .await
}

/// Ends a membership.
pub async fn delete_membership(tx: &mut Tx, business: BusinessId, person: PersonId) -> Result<(), Error> {
    tx.q("DELETE FROM memberships WHERE business_id = $1 AND person_id = $2").bind(business).bind(person).exec_one().await
}

/// Whether an address belongs to a member.
pub async fn is_member(tx: &mut Tx, business: BusinessId, email_key: &str) -> Result<bool, Error> {
    let found = tx
        .q("SELECT m.person_id FROM memberships m JOIN people p ON p.id = m.person_id WHERE m.business_id = $1 AND p.email_key = $2")
        .bind(business)
        .bind(email_key);
    Ok(found.opt::<(PersonId,)>().await?.is_some())
}

/// Adds an invitation.
pub async fn insert_invitation(tx: &mut Tx, code: &Secret, invitation: &NewInvitation<'_>) -> Result<InvitationId, Error> {
    let id = InvitationId::generate();
    tx.q("INSERT INTO invitations (id, code_hash, business_id, email, email_key, role, invited_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(id)
        .bind(code.hash())
        .bind(invitation.business)
        .bind(invitation.email.as_str())
        .bind(invitation.email.key())
        .bind(invitation.role)
        .bind(invitation.invited_by)
        .bind(invitation.now)
        .bind(invitation.expires_at)
        .exec_one()
        .await?;
    Ok(id)
}

/// What an invitation is made of.
#[derive(Clone, Copy, Debug)]
pub struct NewInvitation<'a> {
    pub business: BusinessId,
    pub email: &'a Email,
    pub role: BusinessRole,
    pub invited_by: PersonId,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// Withdraws the open invitation of an address, if there is one.
pub async fn withdraw_invitation_of(tx: &mut Tx, business: BusinessId, email_key: &str, now: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE invitations SET withdrawn_at = $3 WHERE business_id = $1 AND email_key = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL")
        .bind(business)
        .bind(email_key)
        .bind(now)
        .exec()
        .await
        .map(drop)
}

/// Withdraws an open invitation and gives its address; none when it is not open any more, or not this business's.
pub async fn withdraw_invitation(
    tx: &mut Tx,
    business: BusinessId,
    invitation: InvitationId,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let withdrawn = tx
        .q("UPDATE invitations SET withdrawn_at = $3 WHERE business_id = $1 AND id = $2 AND accepted_at IS NULL AND withdrawn_at IS NULL RETURNING email")
        .bind(business)
        .bind(invitation)
        .bind(now);
    Ok(withdrawn.opt::<(String,)>().await?.map(|(email,)| email))
}

/// The open invitations of a business, newest first.
pub async fn list_invitations(
    db: &Db,
    scope: BusinessScope,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<OpenInvitation>, Error> {
    let mut query = db
        .read("SELECT i.id, i.email, i.role, p.name AS invited_by, i.created_at, i.expires_at FROM invitations i JOIN people p ON p.id = i.invited_by WHERE i.accepted_at IS NULL AND i.withdrawn_at IS NULL")
        .push_bind(" AND i.business_id = ", scope.business());
    if let Some((at, id)) = after.and_then(Cursor::time) {
        query = query.push_bind(" AND (i.created_at, i.id) < (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY i.created_at DESC, i.id DESC LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &OpenInvitation| Cursor::of_time(last.created_at, last.id.uuid())))
}

const OFFER: &str = "SELECT i.id, i.business_id AS business, b.name AS business_name, i.email, i.role, p.name AS invited_by, i.expires_at \
    FROM invitations i JOIN businesses b ON b.id = i.business_id JOIN people p ON p.id = i.invited_by WHERE i.accepted_at IS NULL AND i.withdrawn_at IS NULL AND i.code_hash = ";

/// What a code offers at this instant.
pub async fn find_offer(db: &Db, code: &Secret, now: Timestamp) -> Result<Option<Offer>, Error> {
    db.read(OFFER).push_bind("", code.hash()).push_bind(" AND i.expires_at > ", now).opt().await
}

/// Uses an invitation up; false when it was accepted, withdrawn or has expired meanwhile.
pub async fn accept_invitation(tx: &mut Tx, invitation: InvitationId, now: Timestamp) -> Result<bool, Error> {
    let accepted = tx
        .q("UPDATE invitations SET accepted_at = $2 WHERE id = $1 AND accepted_at IS NULL AND withdrawn_at IS NULL AND expires_at > $2")
        .bind(invitation)
        .bind(now);
    Ok(accepted.exec().await? == 1)
}
