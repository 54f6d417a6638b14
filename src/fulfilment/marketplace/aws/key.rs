//! The key of a purchase: its license ARN, or for listings from before concurrent agreements product and customer. Pure.

/// What the key of a legacy listing's purchase begins with.
const LEGACY: &str = "legacy:";

/// A key, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PurchaseKey<'a> {
    /// A license ARN.
    License(&'a str),
    /// A customer of a product that has one purchase at a time.
    Legacy {
        /// The product code.
        product: &'a str,
        /// The customer identifier.
        customer: &'a str,
    },
}

impl<'a> PurchaseKey<'a> {
    /// Reads a key.
    #[must_use]
    pub fn parse(key: &'a str) -> Self {
        match key.strip_prefix(LEGACY).and_then(|rest| rest.split_once(':')) {
            Some((product, customer)) => Self::Legacy { product, customer },
            None => Self::License(key),
        }
    }
}

/// The key of a legacy listing's purchase.
#[must_use]
pub fn legacy(product: &str, customer: &str) -> String {
    format!("{LEGACY}{product}:{customer}")
}

/// Whether two texts name one license: AWS prints ARNs in more than one form, so the last part counts.
#[must_use]
pub fn is_same_license(one: &str, other: &str) -> bool {
    one == other || (part(one).is_some() && part(one) == part(other))
}

fn part(arn: &str) -> Option<&str> {
    arn.rsplit(':').next().filter(|part| part.starts_with("l-") && part.len() > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_license_arn_or_a_customer_of_a_product() {
        let arn = "arn:aws:license-manager::294406891311:license:l-9d01";
        assert_eq!(PurchaseKey::parse(arn), PurchaseKey::License(arn));
        let legacy = legacy("74az0", "ifAPi5AcF3");
        assert_eq!(PurchaseKey::parse(&legacy), PurchaseKey::Legacy { product: "74az0", customer: "ifAPi5AcF3" });
        assert_eq!(PurchaseKey::parse("legacy:74az0"), PurchaseKey::License("legacy:74az0"));
    }

    /// Rule of identifiers: events print license ARNs without `arn:` and `license:`.
    #[test]
    fn licenses_are_compared_by_their_last_part() {
        let arn = "arn:aws:license-manager::294406891311:license:l-9d01";
        assert!(is_same_license(arn, "aws:license-manager:us-east-1:123456789012:l-9d01"));
        assert!(!is_same_license(arn, "arn:aws:license-manager::294406891311:license:l-9d02"));
        assert!(!is_same_license("legacy:a:b", "legacy:c:b"));
        assert!(!is_same_license("a:l-", "b:l-"));
    }
}
