//! Which of a marketplace's products this console fulfils, and which dimension of them means credits. It knows no
//! prices and no offers; those are the marketplace's.

use std::collections::BTreeMap;

/// The dimension that means credits where nothing else is said.
pub const CREDITS_DIMENSION: &str = "credits";

/// The products of this console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Products {
    /// Whatever the marketplace resolves, with credits in [`CREDITS_DIMENSION`]: right where console and marketplace
    /// are one program.
    #[default]
    Every,
    /// Only these product codes, each with the key of its credits dimension.
    Only(BTreeMap<String, String>),
}

impl Products {
    /// The dimension that means credits for a product; `None` for a product that is not this console's (SET-5).
    #[must_use]
    pub fn credits_dimension(&self, product_code: &str) -> Option<&str> {
        match self {
            Self::Every => Some(CREDITS_DIMENSION),
            Self::Only(codes) => codes.get(product_code).map(String::as_str),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_that_is_not_listed_is_not_ours() {
        let only = Products::Only(BTreeMap::from([("ours".to_owned(), "points".to_owned())]));
        assert_eq!(only.credits_dimension("ours"), Some("points"));
        assert_eq!(only.credits_dimension("theirs"), None);
        assert_eq!(Products::Every.credits_dimension("theirs"), Some(CREDITS_DIMENSION));
    }
}
