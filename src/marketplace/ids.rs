//! The marketplace's own ids, in the form that a cloud marketplace gives them: a prefix and lower-case letters and
//! digits. Each is a type of its own; none of them is a secret.

use crate::kernel::random;
use std::fmt;

/// Longer texts are no id of ours and are not even looked up.
const CHARS_MAX: usize = 128;

macro_rules! text_ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// From a path, a form or a file; anything of another shape is no id of this kind.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let rest = text.strip_prefix($prefix)?;
                let shaped = !rest.is_empty()
                    && text.len() <= CHARS_MAX
                    && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":-".contains(&byte));
                shaped.then(|| Self(text.to_owned()))
            }

            /// The id as it is stored and shown.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

text_ids! {
    /// A product, `prod-` and 13 characters.
    ProductId = "prod-";
    /// A listing's place on the web, `prodview-` and 13 characters.
    Prodview = "prodview-";
    /// A published offer, `offer-` and 13 characters.
    OfferId = "offer-";
    /// A quote: an agreement request, `ar-` and 25 characters.
    QuoteId = "ar-";
    /// An agreement, `agmt-` and 25 characters.
    AgreementId = "agmt-";
    /// The key of one purchase, which console and marketplace share.
    LicenseArn = "arn:aws:license-manager::";
}

impl OfferId {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(format!("offer-{}", random::word(13)))
    }
}

impl QuoteId {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(format!("ar-{}", random::word(25)))
    }
}

impl AgreementId {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(format!("agmt-{}", random::word(25)))
    }
}

impl LicenseArn {
    /// A new one, issued by the seller of the product (12 digits).
    #[must_use]
    pub fn generate(seller: &str) -> Self {
        Self(format!("arn:aws:license-manager::{seller}:license:l-{}", random::hex::<16>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_have_the_marketplaces_form_and_parse() {
        let (quote, agreement, arn) = (QuoteId::generate(), AgreementId::generate(), LicenseArn::generate("294406891311"));
        assert_eq!(quote.as_str().len(), "ar-".len() + 25);
        assert_eq!(agreement.as_str().len(), "agmt-".len() + 25);
        let hex = arn.as_str().strip_prefix("arn:aws:license-manager::294406891311:license:l-").expect("the form of an ARN");
        assert!(hex.len() == 32 && hex.bytes().all(|digit| digit.is_ascii_hexdigit()), "{hex}");
        assert_eq!(QuoteId::parse(quote.as_str()), Some(quote));
        assert_eq!(AgreementId::parse(agreement.as_str()), Some(agreement));
        assert_eq!(LicenseArn::parse(arn.as_str()), Some(arn));
    }

    #[test]
    fn a_text_of_another_shape_is_no_id() {
        for text in ["", "ar-", "agmt-x", "ar-A", "ar-a b", "ar-\u{0}", "ar-é", "AR-x"] {
            assert_eq!(QuoteId::parse(text), None, "{text:?}");
        }
        assert_eq!(QuoteId::parse(&format!("ar-{}", "x".repeat(CHARS_MAX))), None);
    }
}
