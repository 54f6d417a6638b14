//! Where people buy: in the program's own marketplace, or in AWS Marketplace, whose pages are not here.

use super::paths;

/// AWS Marketplace's own pages.
const AWS_PRODUCTS: &str = "https://aws.amazon.com/marketplace";
const AWS_SUBSCRIPTIONS: &str = "https://console.aws.amazon.com/marketplace/home#/subscriptions";

/// The addresses that pages lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shop {
    /// Whether the program itself sells.
    pub is_embedded: bool,
    /// Where products are.
    pub marketplace: String,
    /// Where a buyer's purchases are.
    pub subscriptions: String,
    /// Products by name with the page where they are bought, as far as it is known.
    pub products: Vec<(String, Option<String>)>,
}

impl Shop {
    /// The program's own marketplace.
    #[must_use]
    pub fn embedded() -> Self {
        Self { is_embedded: true, marketplace: paths::marketplace(), subscriptions: paths::subscriptions(), products: Vec::new() }
    }

    /// AWS Marketplace with these products.
    #[must_use]
    pub fn aws(products: Vec<(String, Option<String>)>) -> Self {
        let (marketplace, subscriptions) = (AWS_PRODUCTS.to_owned(), AWS_SUBSCRIPTIONS.to_owned());
        Self { is_embedded: false, marketplace, subscriptions, products }
    }

    /// Where products are found by a word.
    #[must_use]
    pub fn search(&self, words: &str) -> String {
        if self.is_embedded { paths::with_query(&self.marketplace, &[("q", words)]) } else { self.marketplace.clone() }
    }
}
