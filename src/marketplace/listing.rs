//! A listing: what a person reads before they buy. Finds listings by words (MKT-1) and by their place on the web. It has
//! no part in buying; what a buyer agreed to is frozen in the quote.

use super::catalog::PAY_AS_YOU_GO;
use super::ids::{OfferId, ProductId, Prodview};
use super::offer::Offer;
use super::store::catalog as store;
use crate::db::{Db, Error};
use crate::kernel::money::Currency;
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text::search_words;

/// More words than this are not looked for: nobody means so many, and each costs a comparison.
const WORDS_MAX: usize = 12;

/// A product with its seller and the offer in force.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Listing {
    /// The product.
    pub id: ProductId,
    /// Its place on the web.
    pub prodview: Prodview,
    /// Its key in the entitlement API.
    pub product_code: String,
    /// Its name.
    pub name: String,
    /// Its shelf.
    pub category: String,
    /// One or two sentences.
    pub summary: String,
    /// Paragraphs, parted by empty lines.
    pub description: String,
    /// Points, one a line.
    pub highlights: String,
    /// What a credit is.
    pub credit_meaning: String,
    /// Paragraphs, parted by empty lines.
    pub license_terms: String,
    /// One paragraph.
    pub refund_policy: String,
    /// The entitlement's dimension.
    pub dimension: String,
    /// Where set-up is handed over to, when not to the program's own page.
    pub fulfilment_url: Option<String>,
    /// Place in the catalog.
    pub position: i64,
    /// The seller's account number.
    pub seller_id: String,
    /// The seller.
    pub seller_name: String,
    /// Where buyers write to.
    pub support_email: String,
    /// Where buyers read on.
    pub support_url: String,
    /// The offer in force.
    pub offer_id: OfferId,
    /// Its price of one credit for the term, in minor units.
    pub price_minor: i64,
    /// Its currency.
    pub currency: Currency,
    /// Its term in calendar months.
    pub duration_months: i64,
    /// Its fewest credits.
    pub credits_min: i64,
    /// Its most credits.
    pub credits_max: i64,
    /// Its step.
    pub credits_step: i64,
}

impl Listing {
    /// Whether it is charged by use (CRD-9).
    #[must_use]
    pub fn is_metered(&self) -> bool {
        self.dimension == PAY_AS_YOU_GO
    }

    /// The price terms in force.
    #[must_use]
    pub fn offer(&self) -> Offer {
        Offer {
            id: self.offer_id.clone(),
            price_minor: self.price_minor,
            currency: self.currency,
            duration_months: self.duration_months,
            credits_min: self.credits_min,
            credits_max: self.credits_max,
            credits_step: self.credits_step,
        }
    }
}

/// A listed product by its place on the web.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, prodview: &Prodview) -> Result<Option<Listing>, Error> {
    store::find_listing(db, prodview).await
}

/// The product of a purchase, also when it is no longer listed.
///
/// # Errors
/// Any storage error.
pub async fn get(db: &Db, product: &ProductId) -> Result<Listing, Error> {
    store::get_listing(db, product).await
}

/// Listings whose seller, name and category together have every word typed, whatever its case and accents (MKT-1).
/// No words find everything.
///
/// # Errors
/// Any storage error.
pub async fn search(db: &Db, typed: &str, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Listing>, Error> {
    let mut words = search_words(typed);
    words.truncate(WORDS_MAX);
    let found = store::search(db, &words, after.and_then(Cursor::number), size.overfetch()).await?;
    let total = store::count(db, &words).await?;
    let page = Paged::from_overfetch(found, size, |listing| Cursor::of_number(listing.position, listing.id.as_str()));
    Ok(page.with_total(total))
}

/// The categories that have a listing, by name.
///
/// # Errors
/// Any storage error.
pub async fn categories(db: &Db) -> Result<Vec<String>, Error> {
    store::list_categories(db).await
}
