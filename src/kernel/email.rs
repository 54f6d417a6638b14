//! Email addresses: what is taken for one, and when two are the same.
//!
//! Deliberately narrower than the mail standards: plain ASCII without quotes or comments, which every mail server
//! takes and no header can be broken with. Whether anybody reads the mailbox is not known here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest address that mail can be sent to, in characters.
pub const EMAIL_MAX: usize = 254;

const LOCAL_MAX: usize = 64;
const LABEL_MAX: usize = 63;

/// Why a text is not taken for an address. The words are those shown beside the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// Nothing but blanks.
    #[error("Enter an email address")]
    Empty,
    /// Longer than mail allows.
    #[error("The email address must be 254 characters or fewer")]
    TooLong,
    /// Not of the form name@domain.
    #[error("Enter an email address in the form name@example.com")]
    Malformed,
}

/// An address as its owner writes it, the domain in lower case. Two are the same person's when their [`Email::key`]s are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Email(String);

impl Email {
    /// The address that was typed; blanks around it are forgiven.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(EmailError::Empty);
        }
        if typed.chars().count() > EMAIL_MAX {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = typed.split_once('@').ok_or(EmailError::Malformed)?;
        if !is_local(local) || !is_domain(domain) {
            return Err(EmailError::Malformed);
        }
        Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
    }

    /// The address, for mail, pages and the database.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// All in lower case: what uniqueness and sign-in go by.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

fn is_local(local: &str) -> bool {
    local.len() <= LOCAL_MAX
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c)))
}

fn is_domain(domain: &str) -> bool {
    let labels: Vec<&str> = domain.split('.').collect();
    let well_formed = labels.iter().all(|label| {
        (1..=LABEL_MAX).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    });
    // A last label of digits would be an IP address.
    let named = labels.last().is_some_and(|last| last.chars().any(|c| c.is_ascii_alphabetic()));
    labels.len() >= 2 && well_formed && named
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(typed: &str) -> Result<Self, EmailError> {
        Self::parse(typed)
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(typed: String) -> Result<Self, EmailError> {
        Self::parse(&typed)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_addresses_are_taken_and_blanks_around_them_forgiven() {
        for (typed, kept) in [
            ("buyer@acme.example", "buyer@acme.example"),
            ("  Jo.Ann+tag@ACME.Example\t", "Jo.Ann+tag@acme.example"),
            ("o'brien@a-b.co.uk", "o'brien@a-b.co.uk"),
            ("x@xn--bcher-kva.example", "x@xn--bcher-kva.example"),
        ] {
            assert_eq!(Email::parse(typed).unwrap().as_str(), kept);
        }
        assert!(Email::parse(&format!("{}@acme.example", "a".repeat(64))).is_ok());
    }

    #[test]
    fn an_address_has_one_key_in_whatever_case_it_is_typed() {
        let (a, b): (Email, Email) = ("Admin@Acme.example".parse().unwrap(), "admin@ACME.EXAMPLE".parse().unwrap());
        assert_eq!(a.key(), "admin@acme.example");
        assert_eq!(a.key(), b.key());
        assert_eq!(a.to_string(), "Admin@acme.example");
    }

    #[test]
    fn what_could_break_a_header_or_a_list_is_refused() {
        assert_eq!(Email::parse(" "), Err(EmailError::Empty));
        assert_eq!(Email::parse(&format!("a@{}.example", "b.".repeat(130))), Err(EmailError::TooLong));
        for bad in [
            "acme",
            "@acme.example",
            "a@",
            "a@acme",
            "a@@acme.example",
            "a@b@acme.example",
            "a b@acme.example",
            "a@acme .example",
            "a@acme.example\r\nBcc: x@y.example",
            "a\0@acme.example",
            ".a@acme.example",
            "a.@acme.example",
            "a..b@acme.example",
            "a@.example",
            "a@acme.",
            "a@-acme.example",
            "a@acme-.example",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "\"a\"@acme.example",
            "a,b@acme.example",
            "<a@acme.example>",
            "A <a@acme.example>",
            "a@аcme.example",
            "\u{202E}a@acme.example",
            "a@ac_me.example",
        ] {
            assert_eq!(Email::parse(bad), Err(EmailError::Malformed), "{bad:?}");
        }
        assert_eq!(Email::parse(&format!("{}@acme.example", "a".repeat(65))), Err(EmailError::Malformed));
        assert_eq!(Email::parse(&format!("a@{}.example", "b".repeat(64))), Err(EmailError::Malformed));
        assert!(serde_json::from_str::<Email>("\"nobody\"").is_err());
    }

    proptest! {
        #[test]
        fn whatever_is_taken_is_printable_ascii_with_one_at_sign_and_reads_back(typed in "[ -~é\\n]{0,20}@[ -~]{0,20}") {
            if let Ok(email) = Email::parse(&typed) {
                prop_assert!(email.as_str().chars().all(|c| c.is_ascii_graphic()));
                prop_assert_eq!(email.as_str().matches('@').count(), 1);
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert!(Email::parse(&email.key()).is_ok());
            }
        }
    }
}
