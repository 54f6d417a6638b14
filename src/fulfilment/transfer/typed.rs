//! What staff type to ask for a transfer (SUP-4), parsed once at the edge: reason, ticket number, license id. Pure.

use crate::kernel::id::LicenseId;
use crate::kernel::text::{self, TextError};
use std::fmt;

/// Why a text is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRefused {
    /// Nothing, too little or too much.
    Length,
    /// Control characters, direction marks or something invisible.
    Forbidden,
}

impl From<TextError> for TextRefused {
    fn from(error: TextError) -> Self {
        match error {
            TextError::Empty | TextError::TooLong { .. } => Self::Length,
            TextError::Forbidden => Self::Forbidden,
        }
    }
}

/// Why a transfer is asked for, or refused: 10 to 1,000 characters, several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// The fewest characters that can say anything.
    pub const MIN: usize = 10;
    /// The most that is kept.
    pub const MAX: usize = 1_000;

    /// What was typed.
    ///
    /// # Errors
    /// When it is too short, too long or holds characters that hide or forge text.
    pub fn parse(typed: &str) -> Result<Self, TextRefused> {
        let text = text::multi_line(typed, Self::MAX)?;
        if text.chars().count() < Self::MIN { Err(TextRefused::Length) } else { Ok(Self(text)) }
    }

    /// The text as it is kept.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// The number of the support ticket that a transfer answers: one line of 1 to 60 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket(String);

impl Ticket {
    /// The most that is kept.
    pub const MAX: usize = 60;

    /// What was typed.
    ///
    /// # Errors
    /// When it is empty, too long or not one line.
    pub fn parse(typed: &str) -> Result<Self, TextRefused> {
        Ok(Self(text::one_line(typed, Self::MAX)?))
    }

    /// The text as it is kept.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

/// What a request for a transfer points at: a license, or a purchase by the marketplace's key (`l-` and 32 hex digits).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LicenseRef {
    /// By its own id; it was activated once.
    License(LicenseId),
    /// By the last part of the license ARN.
    Purchase(String),
}

impl LicenseRef {
    /// Either form, also a whole license ARN; anything else points at nothing.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = typed.trim().to_ascii_lowercase();
        if let Some(license) = LicenseId::parse(&typed) {
            return Some(Self::License(license));
        }
        let key = typed.strip_prefix("arn:").and_then(|rest| rest.rsplit_once(":license:")).map_or(typed.as_str(), |(_, key)| key);
        let digits = key.strip_prefix("l-")?;
        (digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| Self::Purchase(key.to_owned()))
    }
}

impl fmt::Display for LicenseRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::License(license) => license.fmt(f),
            Self::Purchase(key) => f.write_str(key),
        }
    }
}

/// A license whose id was typed once more by whoever wants it moved (SUP-4). There is no other way to make one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed(LicenseRef);

impl Confirmed {
    /// When what was typed is the id of this license; blanks around it and capitals are forgiven.
    #[must_use]
    pub fn by_typing(typed: &str, license: &LicenseRef) -> Option<Self> {
        (LicenseRef::parse(typed).as_ref() == Some(license)).then(|| Self(license.clone()))
    }

    /// The license.
    #[must_use]
    pub const fn license(&self) -> &LicenseRef {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SUP-4: reason, ticket number and typed license id.
    #[test]
    fn texts_are_taken_within_their_limits_only() {
        for (typed, taken) in [
            ("123456789", false),
            ("  123456789  ", false),
            ("1234567890", true),
            ("two\r\nlines of it", true),
            ("hidden \u{202E} text here", false),
            (&"x".repeat(1_000), true),
            (&"x".repeat(1_001), false),
        ] {
            assert_eq!(Reason::parse(typed).is_ok(), taken, "{typed:?}");
        }
        for (typed, taken) in
            [("", false), (" ", false), ("T-1", true), ("two\nlines", false), (&"9".repeat(60), true), (&"9".repeat(61), false)]
        {
            assert_eq!(Ticket::parse(typed).is_ok(), taken, "{typed:?}");
        }
        let license = LicenseRef::License(LicenseId::generate());
        let text = license.to_string();
        for (typed, taken) in [
            (text.clone(), true),
            (format!("  {}\n", text.to_uppercase()), true),
            (String::new(), false),
            (text[..29].to_owned(), false),
            (LicenseId::generate().to_string(), false),
            (format!("l-{}", "a".repeat(32)), false),
        ] {
            assert_eq!(Confirmed::by_typing(&typed, &license).is_some(), taken, "{typed:?}");
        }
    }

    #[test]
    fn a_purchase_is_pointed_at_by_its_arn_or_the_last_part_of_it() {
        let key = "l-0123456789abcdef0123456789abcdef";
        let purchase = Some(LicenseRef::Purchase(key.to_owned()));
        assert_eq!(LicenseRef::parse(key), purchase);
        assert_eq!(LicenseRef::parse(&format!(" arn:aws:license-manager::123456789012:license:{key} ")), purchase);
        for wrong in ["", "l-", "l-0123", &key[..33], &format!("{key}0"), &key.replace('0', "g"), "arn:aws:license-manager::1:other:l-1"] {
            assert_eq!(LicenseRef::parse(wrong), None, "{wrong}");
        }
    }
}
