//! Ids: each kind a type of its own, so that a business's id cannot stand where a license's belongs.

use std::fmt;
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// 26 Crockford base-32 characters of a UUID.
fn encode(id: Uuid) -> String {
    let bits = id.as_u128();
    let digits = (0..26).rev().map(|place| usize::try_from((bits >> (place * 5)) & 31).unwrap_or_default());
    digits.map(|digit| char::from(ALPHABET[digit])).collect()
}

fn decode(text: &str) -> Option<Uuid> {
    if text.len() != 26 {
        return None;
    }
    let mut bits = 0u128;
    for (place, byte) in text.bytes().enumerate() {
        let digit = ALPHABET.iter().position(|letter| *letter == byte.to_ascii_lowercase())?;
        if place == 0 && digit > 7 {
            return None;
        }
        bits = (bits << 5) | digit as u128;
    }
    Some(Uuid::from_u128(bits))
}

/// Defines an id type: stored as a UUID, shown and parsed as `prefix_` and 26 characters.
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new, time-ordered one.
            #[must_use]
            pub fn generate() -> Self {
                Self(super::random::id())
            }

            /// The stored form.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// From the stored form.
            #[must_use]
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// From the public form; anything else is no id of this kind.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                decode(text.strip_prefix(concat!($prefix, "_"))?).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), encode(self.0))
            }
        }
    )+};
}

ids! {
    /// A person, whatever roles they hold.
    PersonId = "per";
    /// A registered business of the vendor.
    BusinessId = "biz";
    /// An invitation into a business.
    InvitationId = "inv";
    /// A session, as its owner sees it in the list; never the cookie's key.
    SessionReference = "ses";
    /// An attempt to pay a quote.
    PaymentId = "pay";
    /// Something that was charged.
    ChargeId = "chg";
    /// An invoice or a credit note; people see its number instead.
    InvoiceId = "ivc";
    /// A change event of the embedded marketplace.
    EventId = "evt";
    /// Where a seller's events go: a queue or a webhook.
    EventTargetId = "tgt";
    /// One time that an event is to reach a target.
    DeliveryId = "dlv";
    /// A presented registration token.
    RegistrationId = "reg";
    /// The licenses of one license ARN taken together.
    ContractId = "con";
    /// A row of License Information.
    LicenseId = "lic";
    /// A question about a contract that staff must answer.
    QuestionId = "que";
    /// An activation code; never the code itself.
    CodeId = "cod";
    /// Activation codes that were issued together.
    CodeBatchId = "cob";
    /// A move of a contract to another business.
    TransferId = "trf";
    /// A credit entry.
    CreditEntryId = "cre";
    /// An allocation entry.
    AllocationEntryId = "all";
    /// A change of a feature's billing model.
    ModelChangeId = "mch";
    /// Units that are metered from an instant on.
    MeteredUnitsId = "met";
    /// A kept estimate.
    ScenarioId = "scn";
    /// A key of one of the vendor's services.
    ServiceKeyId = "key";
    /// An audit entry.
    AuditEntryId = "aud";
    /// A mail in the outbox.
    MailId = "mai";
    /// What the test bench recorded.
    BenchRecordId = "rec";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_being_shown_and_parsed() {
        let id = LicenseId::generate();
        assert_eq!(LicenseId::parse(&id.to_string()), Some(id));
        assert_eq!(LicenseId::parse(&id.to_string().to_uppercase().replace("LIC_", "lic_")), Some(id));
    }

    #[test]
    fn an_id_of_another_kind_or_shape_is_no_id() {
        let license = LicenseId::generate().to_string();
        for wrong in [
            license.replace("lic", "biz"),
            format!("{license}0"),
            "lic_".to_owned(),
            "lic_zzzzzzzzzzzzzzzzzzzzzzzzzz".to_owned(),
            "lic_🦀".to_owned(),
        ] {
            assert_eq!(LicenseId::parse(&wrong), None, "{wrong}");
        }
    }
}
