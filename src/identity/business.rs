//! A business: a customer organisation of the vendor, the tenant that licenses belong to.

use crate::kernel::text::{TextError, one_line};

/// Characters of a business's name at most.
pub const BUSINESS_NAME_LONGEST: usize = 120;

/// A business's name as its people write it. Two businesses may have the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessName(String);

impl BusinessName {
    /// From what was typed.
    ///
    /// # Errors
    /// When it is empty, too long, or has characters that no name has.
    pub fn parse(typed: &str) -> Result<Self, TextError> {
        one_line(typed, BUSINESS_NAME_LONGEST).map(Self)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
