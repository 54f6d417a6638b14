//! What staff find out about businesses, people and buyer accounts (SUP-1). It only reads, and it names the columns it
//! reads: passwords, codes and session ids are not among them (SUP-9).

use crate::access::{BusinessRole, BuyerRole, StaffRole, StaffScope};
use crate::db::{Db, Error, Query};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, PersonId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text::like_pattern;

/// A registered business.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct BusinessRecord {
    /// Its id.
    pub id: BusinessId,
    /// Its name.
    pub name: String,
    /// When it registered.
    pub created_at: Timestamp,
    /// How many people belong to it.
    pub people: i64,
    search_key: String,
}

const BUSINESS: &str = "SELECT b.id, b.name, b.created_at, b.search_key, (SELECT CAST(COUNT(*) AS BIGINT) FROM memberships m WHERE m.business_id = b.id) AS people FROM businesses b WHERE TRUE";

/// Every word somewhere in the folded column.
fn containing<'q>(mut query: Query<'q>, column: &'static str, words: &[String]) -> Query<'q> {
    for word in words {
        query = query.push(" AND ").push(column).push_bind(" LIKE ", like_pattern(word)).push(" ESCAPE '\\'");
    }
    query
}

/// Businesses whose name has all the words, by name. `words` are folded (`kernel::text::search_words`); none means all.
///
/// # Errors
/// Any storage error.
pub async fn list_businesses(
    db: &Db,
    _: StaffScope,
    words: &[String],
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<BusinessRecord>, Error> {
    let mut query = containing(db.read(BUSINESS), "b.search_key", words);
    if let Some((key, id)) = after.and_then(Cursor::text).and_then(|(key, id)| Some((key, BusinessId::parse(id)?))) {
        query = query.push_bind(" AND (b.search_key, b.id) > (", key).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY b.search_key, b.id LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &BusinessRecord| Cursor::of_text(&last.search_key, last.id.to_string())))
}

/// How many businesses have all the words in their name.
///
/// # Errors
/// Any storage error.
pub async fn count_businesses(db: &Db, _: StaffScope, words: &[String]) -> Result<i64, Error> {
    containing(db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM businesses b WHERE TRUE"), "b.search_key", words).scalar().await
}

/// Businesses of exactly this name, case and accents aside, at most `most`: several may share one.
///
/// # Errors
/// Any storage error.
pub async fn list_businesses_named(db: &Db, _: StaffScope, search_key: &str, most: i64) -> Result<Vec<BusinessRecord>, Error> {
    db.read(BUSINESS).push_bind(" AND b.search_key = ", search_key).push_bind(" ORDER BY b.id LIMIT ", most).all().await
}

/// One business.
///
/// # Errors
/// Any storage error.
pub async fn find_business(db: &Db, _: StaffScope, id: BusinessId) -> Result<Option<BusinessRecord>, Error> {
    db.read(BUSINESS).push_bind(" AND b.id = ", id).opt().await
}

/// A person with their role in a business.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct MemberRecord {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role there.
    pub role: BusinessRole,
    /// Since when.
    pub since: Timestamp,
    /// Since when they cannot sign in.
    pub disabled_at: Option<Timestamp>,
}

/// The people of a business, in the order of their ids.
///
/// # Errors
/// Any storage error.
pub async fn list_members(
    db: &Db,
    _: StaffScope,
    business: BusinessId,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<MemberRecord>, Error> {
    let mut query = db
        .read("SELECT p.id AS person, p.name, p.email, m.role, m.created_at AS since, p.disabled_at FROM memberships m JOIN people p ON p.id = m.person_id WHERE ")
        .push_bind("m.business_id = ", business);
    if let Some(person) = after.and_then(Cursor::text).and_then(|(_, id)| PersonId::parse(id)) {
        query = query.push_bind(" AND m.person_id > ", person);
    }
    let rows = query.push_bind(" ORDER BY m.person_id LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &MemberRecord| Cursor::of_text("", last.person.to_string())))
}

/// A person.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct PersonRecord {
    /// Their id.
    pub id: PersonId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their zone.
    pub time_zone: Option<String>,
    /// When they joined.
    pub created_at: Timestamp,
    /// Since when they cannot sign in.
    pub disabled_at: Option<Timestamp>,
    search_key: String,
}

const PERSON: &str = "SELECT p.id, p.name, p.email, p.time_zone, p.created_at, p.disabled_at, p.search_key FROM people p WHERE TRUE";

/// People whose name or address has all the words, by name.
///
/// # Errors
/// Any storage error.
pub async fn list_people(
    db: &Db,
    _: StaffScope,
    words: &[String],
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<PersonRecord>, Error> {
    let mut query = containing(db.read(PERSON), "p.search_key", words);
    if let Some((key, id)) = after.and_then(Cursor::text).and_then(|(key, id)| Some((key, PersonId::parse(id)?))) {
        query = query.push_bind(" AND (p.search_key, p.id) > (", key).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY p.search_key, p.id LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &PersonRecord| Cursor::of_text(&last.search_key, last.id.to_string())))
}

/// One person.
///
/// # Errors
/// Any storage error.
pub async fn find_person(db: &Db, _: StaffScope, id: PersonId) -> Result<Option<PersonRecord>, Error> {
    db.read(PERSON).push_bind(" AND p.id = ", id).opt().await
}

/// Whoever has this address. `email_key` is `Email::key`.
///
/// # Errors
/// Any storage error.
pub async fn find_person_by_email(db: &Db, _: StaffScope, email_key: &str) -> Result<Option<PersonRecord>, Error> {
    db.read(PERSON).push_bind(" AND p.email_key = ", email_key).opt().await
}

/// Everything that a person belongs to.
#[derive(Clone, Debug, Default)]
pub struct Belongings {
    /// Businesses by name: id, name, role, since when.
    pub businesses: Vec<(BusinessId, String, BusinessRole, Timestamp)>,
    /// Buyer accounts by number: number, name, role, since when.
    pub accounts: Vec<(String, String, BuyerRole, Timestamp)>,
    /// Staff roles.
    pub staff: Vec<StaffRole>,
}

/// What a person belongs to.
///
/// # Errors
/// Any storage error.
pub async fn belongings(db: &Db, _: StaffScope, person: PersonId) -> Result<Belongings, Error> {
    let businesses = db
        .read("SELECT b.id, b.name, m.role, m.created_at FROM memberships m JOIN businesses b ON b.id = m.business_id WHERE m.person_id = $1 ORDER BY b.search_key, b.id")
        .bind(person)
        .all()
        .await?;
    let accounts = db
        .read("SELECT a.id, a.name, s.role, s.created_at FROM buyer_people s JOIN buyer_accounts a ON a.id = s.account_id WHERE s.person_id = $1 ORDER BY a.id")
        .bind(person)
        .all()
        .await?;
    let staff: Vec<(StaffRole,)> = db.read("SELECT role FROM staff_roles WHERE person_id = $1 ORDER BY role").bind(person).all().await?;
    Ok(Belongings { businesses, accounts, staff: staff.into_iter().map(|(role,)| role).collect() })
}

/// A buyer account. How it pays is not staff's to see.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct AccountRecord {
    /// Its 12 digits.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When it was opened.
    pub created_at: Timestamp,
    search_key: String,
}

const ACCOUNT: &str = "SELECT a.id, a.name, a.created_at, a.search_key FROM buyer_accounts a WHERE TRUE";

/// Buyer accounts whose name has all the words, by name.
///
/// # Errors
/// Any storage error.
pub async fn list_accounts(
    db: &Db,
    _: StaffScope,
    words: &[String],
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<AccountRecord>, Error> {
    let mut query = containing(db.read(ACCOUNT), "a.search_key", words);
    if let Some((key, id)) = after.and_then(Cursor::text) {
        query = query.push_bind(" AND (a.search_key, a.id) > (", key).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY a.search_key, a.id LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &AccountRecord| Cursor::of_text(&last.search_key, &last.id)))
}

/// One buyer account by its 12 digits.
///
/// # Errors
/// Any storage error.
pub async fn find_account(db: &Db, _: StaffScope, id: &str) -> Result<Option<AccountRecord>, Error> {
    db.read(ACCOUNT).push_bind(" AND a.id = ", id).opt().await
}

/// A person with their role in a buyer account.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct SeatRecord {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role there.
    pub role: BuyerRole,
    /// Since when they cannot sign in.
    pub disabled_at: Option<Timestamp>,
}

/// The first people of a buyer account, at most `most`.
///
/// # Errors
/// Any storage error.
pub async fn list_seats(db: &Db, _: StaffScope, account: &str, most: i64) -> Result<Vec<SeatRecord>, Error> {
    db.read("SELECT p.id AS person, p.name, p.email, s.role, p.disabled_at FROM buyer_people s JOIN people p ON p.id = s.person_id WHERE s.account_id = $1 ORDER BY s.person_id LIMIT $2")
        .bind(account)
        .bind(most)
        .all()
        .await
}
