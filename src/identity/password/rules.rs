//! Which passwords a person may choose. Length and guessability count; composition does not, and nothing is trimmed,
//! folded or cut before hashing, so that what is typed is exactly what is checked.

use super::guessable;
use std::fmt;

/// Characters (Unicode scalar values) that a password has at least.
pub const SHORTEST_CHARACTERS: usize = 8;

/// Bytes that a password has at most; longer ones are refused before any hashing.
pub const LONGEST_BYTES: usize = 1024;

/// The product's own name, which is no password for it.
const PRODUCT: &str = "creditdesk";

/// A password that somebody may choose. `Debug` hides it and there is no `Display`.
#[derive(Clone)]
pub struct NewPassword(String);

/// Why a password may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordProblem {
    /// Fewer than [`SHORTEST_CHARACTERS`].
    TooShort,
    /// More than [`LONGEST_BYTES`].
    TooLong,
    /// Among the first that anybody would guess.
    Common,
    /// The person's own address or name, or the product's.
    AboutYou,
}

impl PasswordProblem {
    /// The problem with its remedy, as it stands at the field.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::TooShort => "Enter a password of at least 8 characters",
            Self::TooLong => "Enter a password of at most 1,024 bytes",
            Self::Common => {
                "Choose a password that is harder to guess: this one is a common password, a single short word or a simple pattern. Several words together are good"
            }
            Self::AboutYou => "Choose a password that is not your name, your email address, your business or the name of this product",
        }
    }
}

impl NewPassword {
    /// Checks a typed password. `about` is what is known of the person: address, name, business.
    ///
    /// # Errors
    /// The one problem to tell first.
    pub fn parse(typed: &str, about: &[&str]) -> Result<Self, PasswordProblem> {
        if typed.len() > LONGEST_BYTES {
            return Err(PasswordProblem::TooLong);
        }
        if typed.chars().count() < SHORTEST_CHARACTERS {
            return Err(PasswordProblem::TooShort);
        }
        if is_about(typed, about) {
            return Err(PasswordProblem::AboutYou);
        }
        if guessable::is_guessable(typed) {
            return Err(PasswordProblem::Common);
        }
        Ok(Self(typed.to_owned()))
    }

    /// The text itself, for the hasher.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(***)")
    }
}

/// Whether the password says nothing but something known about the person, however it is spaced, cased or numbered.
fn is_about(typed: &str, about: &[&str]) -> bool {
    let typed = letters_and_digits(typed);
    let stem = typed.trim_end_matches(|letter: char| letter.is_numeric());
    let says = |known: &str| {
        let known = letters_and_digits(known);
        known.chars().count() >= 3 && (known == typed || known == stem)
    };
    says(PRODUCT)
        || about.iter().any(|known| {
            let parts = known.split(|letter: char| letter == '@' || letter.is_whitespace());
            says(known) || parts.into_iter().any(says)
        })
}

fn letters_and_digits(text: &str) -> String {
    text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABOUT: [&str; 3] = ["maria.keller@acme.example", "Maria Keller-Schmidt", "Acme Industries"];

    fn problem(typed: &str) -> Option<PasswordProblem> {
        NewPassword::parse(typed, &ABOUT).err()
    }

    /// IDN-1: the rules for a new password, at their edges.
    #[test]
    fn length_is_counted_in_characters_below_and_bytes_above() {
        assert_eq!(problem(""), Some(PasswordProblem::TooShort));
        assert_eq!(problem("zu kurz"), Some(PasswordProblem::TooShort));
        assert_eq!(problem("äöüßéèñ"), Some(PasswordProblem::TooShort), "seven characters of two bytes");
        assert_eq!(problem("ä öü ßéø"), None, "eight characters of two bytes");
        assert_eq!(problem(&"ox7 may be ".repeat(6)[..64]), None, "64 characters");
        assert_eq!(problem(&format!("begin{}", "zK4!".repeat(254))), None, "1,021 bytes");
        assert_eq!(problem(&"w".repeat(LONGEST_BYTES + 1)), Some(PasswordProblem::TooLong));
    }

    #[test]
    fn nothing_is_trimmed_or_folded() {
        for typed in ["  leading blanks", "trailing blanks  ", "nul\0inside it", "Zwölf Boxkämpfer", "Zwo\u{308}lf Boxka\u{308}mpfer"] {
            let kept = NewPassword::parse(typed, &[]);
            assert_eq!(kept.map(|password| password.reveal().to_owned()), Ok(typed.to_owned()));
        }
    }

    #[test]
    fn what_is_known_about_the_person_is_refused() {
        for typed in [
            "maria.keller@acme.example",
            "Maria.Keller",
            "mariakeller",
            "Maria.Keller2026",
            "Maria Keller-Schmidt",
            "keller-schmidt",
            "AcmeIndustries",
            "industries99",
            "creditdesk",
            "CreditDesk1",
        ] {
            assert_eq!(problem(typed), Some(PasswordProblem::AboutYou), "{typed}");
        }
        assert_eq!(problem("maria likes tall trees"), None);
    }

    #[test]
    fn a_password_does_not_print() {
        let password = NewPassword::parse("tall trees by the lake", &[]).expect("a good one");
        assert_eq!(format!("{password:?}"), "NewPassword(***)");
    }
}
