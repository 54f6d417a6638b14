//! What AWS does not tell about a product: its name, its seller's name, which dimension means credits, or that it is
//! charged by use. From a small TOML file, by product code. Pure.

use crate::credits::pay_as_you_go;
use crate::fulfilment::products::{CREDITS_DIMENSION, Products};
use serde::Deserialize;
use std::collections::BTreeMap;

/// One product of the file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// The product code, as the AWS Marketplace Management Portal shows it.
    pub code: String,
    /// Its name, for people.
    pub name: String,
    /// The seller's name, for people.
    pub seller: String,
    /// The dimension that means credits; `credits` where nothing is said.
    #[serde(default)]
    pub credits_dimension: Option<String>,
    /// Charged by use, without credits.
    #[serde(default)]
    pub pay_as_you_go: bool,
    /// Where people buy it.
    #[serde(default)]
    pub listing: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    product: Vec<Product>,
}

/// The products that this console fulfils, by product code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProductList(BTreeMap<String, Product>);

/// Everything that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the products file has {} problem(s):\n{}", .0.len(), .0.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n"))]
pub struct ProductProblems(pub Vec<String>);

impl ProductList {
    /// Reads the file's text.
    ///
    /// # Errors
    /// All problems together.
    pub fn parse(text: &str) -> Result<Self, ProductProblems> {
        let file: File = toml::from_str(text).map_err(|error| ProductProblems(vec![error.to_string()]))?;
        let mut problems = Vec::new();
        if file.product.is_empty() {
            problems.push("there is no [[product]]".to_owned());
        }
        let mut by_code = BTreeMap::new();
        for product in file.product {
            problems.extend(problem_of(&product));
            if by_code.contains_key(&product.code) {
                problems.push(format!("the code {} is there twice", product.code));
            }
            by_code.insert(product.code.clone(), product);
        }
        if problems.is_empty() { Ok(Self(by_code)) } else { Err(ProductProblems(problems)) }
    }

    /// A product by its code.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<&Product> {
        self.0.get(code)
    }

    /// All of them, by code.
    pub fn all(&self) -> impl Iterator<Item = &Product> {
        self.0.values()
    }

    /// As the console's use cases ask: which product is ours, and what means credits there.
    #[must_use]
    pub fn for_console(&self) -> Products {
        Products::Only(self.all().map(|product| (product.code.clone(), product.dimension().to_owned())).collect())
    }
}

impl Product {
    /// The dimension that means credits, or stands for a contract that is charged by use.
    #[must_use]
    pub fn dimension(&self) -> &str {
        if self.pay_as_you_go { pay_as_you_go::DIMENSION } else { self.credits_dimension.as_deref().unwrap_or(CREDITS_DIMENSION) }
    }
}

fn problem_of(product: &Product) -> Option<String> {
    let is_code = (1..=255).contains(&product.code.len()) && product.code.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_code {
        return Some(format!("{:?} is no product code", product.code));
    }
    let code = &product.code;
    if product.name.trim().is_empty() || product.seller.trim().is_empty() {
        return Some(format!("{code} needs a name and a seller"));
    }
    if product.listing.as_ref().is_some_and(|listing| !listing.starts_with("https://")) {
        return Some(format!("{code}: listing has to be an https:// address"));
    }
    match &product.credits_dimension {
        Some(_) if product.pay_as_you_go => Some(format!("{code} is charged by use and has no credits_dimension")),
        Some(dimension) if dimension.trim().is_empty() => Some(format!("{code} has an empty credits_dimension")),
        Some(_) | None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_what_aws_does_not_tell() {
        let list = ProductList::parse(
            "[[product]]\ncode = \"one\"\nname = \"One\"\nseller = \"S\"\n\n[[product]]\ncode = \"two\"\nname = \"Two\"\nseller = \"S\"\ncredits_dimension = \"points\"\n\n[[product]]\ncode = \"use\"\nname = \"Use\"\nseller = \"S\"\npay_as_you_go = true\n",
        )
        .unwrap();
        let products = list.for_console();
        assert_eq!(products.credits_dimension("one"), Some("credits"));
        assert_eq!(products.credits_dimension("two"), Some("points"));
        assert_eq!(products.credits_dimension("use"), Some("pay_as_you_go"));
        assert_eq!((products.credits_dimension("three"), list.find("one").unwrap().name.as_str()), (None, "One"));
    }

    #[test]
    fn every_problem_of_the_file_is_named() {
        let wrong = "[[product]]\ncode = \"a b\"\nname = \"A\"\nseller = \"S\"\n\n[[product]]\ncode = \"b\"\nname = \"\"\nseller = \"S\"\n\n[[product]]\ncode = \"c\"\nname = \"C\"\nseller = \"S\"\npay_as_you_go = true\ncredits_dimension = \"credits\"\n\n[[product]]\ncode = \"c\"\nname = \"C\"\nseller = \"S\"\n";
        let ProductProblems(problems) = ProductList::parse(wrong).unwrap_err();
        assert_eq!(problems.len(), 4, "{problems:?}");
        for wrong in ["", "[[product]]", "product = 1", "[[product]]\ncode = \"a\"\nname = \"A\"\nseller = \"S\"\nprice = 1\n"] {
            assert!(ProductList::parse(wrong).is_err(), "{wrong}");
        }
    }
}
