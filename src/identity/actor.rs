//! Loads the actor of a request: person, memberships with what their phase follows, seats and staff roles in one statement,
//! so that a role that was taken away or a license that ended counts from the next request (IDN-5, EXP-2).

use crate::access::{Actor, BusinessRole, BuyerRole, BuyerSeat, Lengths, Membership, StaffRole, Standing};
use crate::db::{Db, Error};
use crate::identity::store::people;
use crate::kernel::clock::Timestamp;
use crate::kernel::email::Email;
use crate::kernel::id::{BusinessId, PersonId, SessionReference};
use uuid::Uuid;

/// What the session remembers of the person's choices.
#[derive(Clone, Debug, Default)]
pub struct Chosen {
    /// The business they work in.
    pub business: Option<BusinessId>,
    /// The buyer account they buy for.
    pub buyer: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Row {
    kind: String,
    business: Option<Uuid>,
    account: Option<String>,
    name: String,
    detail: String,
    time_zone: Option<String>,
    last_expiry: Option<Timestamp>,
    closed_at: Option<Timestamp>,
}

const PARTS: &str = "\
    SELECT 'person' AS kind, NULL AS business, NULL AS account, p.name AS name, p.email AS detail, p.time_zone AS time_zone, NULL AS last_expiry, NULL AS closed_at \
    FROM people p WHERE p.id = $1 AND p.disabled_at IS NULL \
    UNION ALL SELECT 'business', m.business_id, NULL, b.name, m.role, NULL, (SELECT MAX(l.expires_at) FROM licenses l WHERE l.business_id = m.business_id AND l.revoked_at IS NULL), b.closed_at FROM memberships m JOIN businesses b ON b.id = m.business_id WHERE m.person_id = $1 \
    UNION ALL SELECT 'buyer', NULL, s.account_id, a.name, s.role, NULL, NULL, NULL FROM buyer_people s JOIN buyer_accounts a ON a.id = s.account_id WHERE s.person_id = $1 \
    UNION ALL SELECT 'staff', NULL, NULL, '', r.role, NULL, NULL, NULL FROM staff_roles r WHERE r.person_id = $1 \
    ORDER BY 1, 4, 5";

/// The same by an address, for a command, which has no session: the actor as of a sign-in at this instant.
///
/// # Errors
/// Any storage error.
pub async fn find_by_email(db: &Db, email: &Email, chosen: Chosen, at: (Timestamp, Lengths)) -> Result<Option<Actor>, Error> {
    match people::find_credentials(db, &email.key()).await? {
        Some(known) => find(db, known.id, SessionReference::generate(), chosen, at).await,
        None => Ok(None),
    }
}

/// The actor at `now`, or none when there is no such person or they are disabled.
///
/// # Errors
/// Any storage error.
pub async fn find(
    db: &Db,
    person: PersonId,
    session: SessionReference,
    chosen: Chosen,
    (now, lengths): (Timestamp, Lengths),
) -> Result<Option<Actor>, Error> {
    let rows: Vec<Row> = db.read(PARTS).bind(person).all().await?;
    let Some(own) = rows.iter().find(|row| row.kind == "person") else { return Ok(None) };
    let mut actor = Actor {
        person,
        name: own.name.clone(),
        email: own.detail.clone(),
        time_zone: own.time_zone.clone(),
        session,
        memberships: Vec::new(),
        seats: Vec::new(),
        staff: Vec::new(),
        business: None,
        buyer: None,
    };
    for row in &rows {
        match (row.kind.as_str(), row.business, &row.account) {
            ("business", Some(business), _) => {
                let role = BusinessRole::parse(&row.detail);
                actor.memberships.extend(role.map(|role| Membership {
                    business: BusinessId::from_uuid(business),
                    name: row.name.clone(),
                    role,
                    phase: Standing { last_expiry: row.last_expiry, closed_at: row.closed_at }.phase(now, lengths),
                }));
            }
            ("buyer", _, Some(account)) => {
                let role = BuyerRole::parse(&row.detail);
                actor.seats.extend(role.map(|role| BuyerSeat { account: account.clone(), name: row.name.clone(), role }));
            }
            ("staff", _, _) => actor.staff.extend(StaffRole::parse(&row.detail)),
            _ => {}
        }
    }
    let chosen_business = chosen.business.filter(|business| actor.membership_in(*business).is_some());
    actor.business = chosen_business.or_else(|| actor.memberships.first().map(|membership| membership.business));
    let chosen_buyer = chosen.buyer.filter(|account| actor.seats.iter().any(|seat| seat.account == *account));
    actor.buyer = chosen_buyer.or_else(|| actor.seats.first().map(|seat| seat.account.clone()));
    Ok(Some(actor))
}
