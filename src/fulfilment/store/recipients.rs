//! SQL that asks who of a business is told, and whether the person who activates may still do so.

use crate::access::BusinessRole;
use crate::db::{Error, Tx};
use crate::kernel::id::{BusinessId, PersonId};

/// Somebody who gets a mail.
#[derive(Clone, Debug, sqlx::FromRow)]
pub(in crate::fulfilment) struct Recipient {
    pub name: String,
    pub email: String,
}

/// The business's people with licensing permission.
pub(in crate::fulfilment) async fn list_licensing(tx: &mut Tx, business: BusinessId) -> Result<Vec<Recipient>, Error> {
    tx.q("SELECT p.name, p.email FROM memberships m JOIN people p ON p.id = m.person_id WHERE m.business_id = $1 AND m.role IN ('administrator', 'licensing_manager') AND p.disabled_at IS NULL ORDER BY p.email_key")
        .bind(business)
        .all()
        .await
}

/// The role that the person has in the business at this moment, and the business's name; none when they are disabled or
/// no member (any more).
pub(in crate::fulfilment) async fn find_role(
    tx: &mut Tx,
    business: BusinessId,
    person: PersonId,
) -> Result<Option<(BusinessRole, String)>, Error> {
    tx.q("SELECT m.role, b.name FROM memberships m JOIN people p ON p.id = m.person_id JOIN businesses b ON b.id = m.business_id WHERE m.business_id = $1 AND m.person_id = $2 AND p.disabled_at IS NULL")
        .bind(business)
        .bind(person)
        .opt()
        .await
}
