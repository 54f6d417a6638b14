//! What somebody typed into the support desk's search box: every identifier has its own form, so one box is enough
//! (SUP-1). Pure.

use crate::fulfilment::transfer::LicenseRef;
use crate::kernel::email::Email;
use crate::kernel::id::{BusinessId, ContractId, LicenseId, PersonId, TransferId};
use crate::kernel::text::search_words;
use crate::marketplace::invoice;

const ACCOUNT_DIGITS: usize = 12;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identifier {
    /// The box was empty.
    Nothing,
    /// A business by its id.
    Business(BusinessId),
    /// A person by their id.
    Person(PersonId),
    /// A license by its id.
    License(LicenseId),
    /// A contract by its id.
    Contract(ContractId),
    /// A transfer by its id.
    Transfer(TransferId),
    /// A purchase by its license ARN, whole or its last part: `l-` and 32 hexadecimal digits.
    Purchase(String),
    /// An agreement by its id.
    Agreement(String),
    /// An invoice or a credit note by its number.
    Invoice(String),
    /// A buyer account by its 12 digits.
    Account(String),
    /// A person by their address; its key.
    Email(String),
    /// Anything else: folded words of a name.
    Words(Vec<String>),
}

impl Identifier {
    /// Blanks around it, capitals, and the blanks and hyphens that people put into account numbers are forgiven.
    pub(super) fn parse(typed: &str) -> Self {
        let id = typed.trim().to_ascii_lowercase();
        let by_prefix = [
            BusinessId::parse(&id).map(Self::Business),
            PersonId::parse(&id).map(Self::Person),
            LicenseId::parse(&id).map(Self::License),
            ContractId::parse(&id).map(Self::Contract),
            TransferId::parse(&id).map(Self::Transfer),
        ];
        if let Some(found) = by_prefix.into_iter().flatten().next() {
            return found;
        }
        if let Some(LicenseRef::Purchase(key)) = LicenseRef::parse(&id) {
            return Self::Purchase(key);
        }
        if id.strip_prefix("agmt-").is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
            return Self::Agreement(id);
        }
        let number = id.to_ascii_uppercase();
        if ends_like_a_number(&number) && invoice::is_number(&number) {
            return Self::Invoice(number);
        }
        let digits: String = id.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
        if digits.len() == ACCOUNT_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Self::Account(digits);
        }
        if let Ok(email) = Email::parse(&id) {
            return Self::Email(email.key());
        }
        match search_words(typed) {
            words if words.is_empty() => Self::Nothing,
            words => Self::Words(words),
        }
    }
}

/// `…-2026-000123`.
fn ends_like_a_number(text: &str) -> bool {
    let digits = |part: &str, least: usize| part.len() >= least && part.bytes().all(|byte| byte.is_ascii_digit());
    let mut parts = text.rsplit('-');
    parts.next().is_some_and(|sequence| digits(sequence, 6)) && parts.next().is_some_and(|year| digits(year, 4)) && parts.next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SUP-1: each kind of identifier is known by its form.
    #[test]
    fn every_kind_of_identifier_is_known_by_its_form() {
        let (business, person, license) = (BusinessId::generate(), PersonId::generate(), LicenseId::generate());
        let (contract, transfer) = (ContractId::generate(), TransferId::generate());
        let key = "l-0123456789abcdef0123456789abcdef";
        let words = |words: &[&str]| Identifier::Words(words.iter().map(|word| (*word).to_owned()).collect());
        for (typed, known) in [
            (business.to_string(), Identifier::Business(business)),
            (format!(" {} ", person.to_string().to_uppercase()), Identifier::Person(person)),
            (license.to_string(), Identifier::License(license)),
            (contract.to_string(), Identifier::Contract(contract)),
            (transfer.to_string(), Identifier::Transfer(transfer)),
            (key.to_owned(), Identifier::Purchase(key.to_owned())),
            (format!("arn:aws:license-manager::123456789012:license:{key}"), Identifier::Purchase(key.to_owned())),
            ("agmt-7kq2m9v4r8t1c5x0".to_owned(), Identifier::Agreement("agmt-7kq2m9v4r8t1c5x0".to_owned())),
            (" tm-2026-000123".to_owned(), Identifier::Invoice("TM-2026-000123".to_owned())),
            ("TM-CN-2026-000001".to_owned(), Identifier::Invoice("TM-CN-2026-000001".to_owned())),
            ("TM-2026".to_owned(), words(&["tm-2026"])),
            ("111122223333".to_owned(), Identifier::Account("111122223333".to_owned())),
            ("1111-2222 3333".to_owned(), Identifier::Account("111122223333".to_owned())),
            ("Admin@Acme.example".to_owned(), Identifier::Email("admin@acme.example".to_owned())),
            ("Ácme  industries acme".to_owned(), words(&["acme", "industries"])),
            ("biz_tooshort".to_owned(), words(&["biz_tooshort"])),
            ("agmt-".to_owned(), words(&["agmt-"])),
            ("1111222233334".to_owned(), words(&["1111222233334"])),
            ("  \u{200B} ".to_owned(), Identifier::Nothing),
            (String::new(), Identifier::Nothing),
        ] {
            assert_eq!(Identifier::parse(&typed), known, "{typed:?}");
        }
    }
}
