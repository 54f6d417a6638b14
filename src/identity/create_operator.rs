//! The command that makes the first person of an installation without demonstration data: an operator.

use super::password::{NewPassword, PasswordHasher};
use super::person::PersonName;
use super::store::people;
use crate::access::StaffRole;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Failed, refuse};
use crate::kernel::email::Email;
use crate::kernel::id::PersonId;
use crate::tx;
use serde_json::json;

/// Why there is no new operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreateOperatorRefusal {
    /// The address is somebody's already.
    AddressTaken,
}

/// Makes a person with the staff role Operator.
///
/// # Errors
/// [`CreateOperatorRefusal`], or a storage error.
pub async fn create_operator(
    db: &Db,
    hasher: &PasswordHasher,
    who: &Who,
    email: &Email,
    name: &PersonName,
    password: NewPassword,
) -> Result<PersonId, Failed<CreateOperatorRefusal>> {
    let hashed = hasher.hash(password).await;
    tx!(db, |tx| {
        let Some(person) = people::insert(tx, email, name, &hashed, who.now).await? else {
            return refuse(CreateOperatorRefusal::AddressTaken);
        };
        people::insert_staff_role(tx, person, StaffRole::Operator, who.now).await?;
        let state = json!({ "email": email.as_str(), "name": name.as_str(), "staff_role": StaffRole::Operator.as_str() });
        audit::record(tx, who, Entry::new("person.created", person).after(state)).await?;
        Ok(person)
    })
}
