//! A person: one email address, one password, any number of roles.

use crate::kernel::clock::Timestamp;
use crate::kernel::id::PersonId;
use crate::kernel::show::Zone;
use crate::kernel::text::{TextError, one_line};

/// Characters of a person's name at most.
pub const NAME_LONGEST: usize = 100;

/// A person's name as they write it: one line, nothing in it that hides or forges text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonName(String);

impl PersonName {
    /// From what was typed.
    ///
    /// # Errors
    /// When it is empty, too long, or has characters that no name has.
    pub fn parse(typed: &str) -> Result<Self, TextError> {
        one_line(typed, NAME_LONGEST).map(Self)
    }

    /// What to do about a name that is none, as it stands at the field where a person types their own.
    #[must_use]
    pub fn problem(error: TextError) -> String {
        match error {
            TextError::Empty => "Enter your name".to_owned(),
            TextError::TooLong { .. } | TextError::Forbidden => error.in_words("name"),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a person's own page shows and their use cases need; no password.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Person {
    /// Who.
    pub id: PersonId,
    /// As they write it.
    pub email: String,
    /// As they write it.
    pub name: String,
    /// The zone they chose, if any.
    pub time_zone: Option<String>,
    /// Since when they may not sign in, if so.
    pub disabled_at: Option<Timestamp>,
}

impl Person {
    /// The zone in which they read times.
    #[must_use]
    pub fn zone(&self) -> Zone {
        self.time_zone.as_deref().map(Zone::or_utc).unwrap_or_default()
    }
}
