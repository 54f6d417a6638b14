//! What a vendor's engineer needs to know of the products to call the API: codes, proposals and terms. For staff pages.

use super::agreements::terms::{Term, proposal_id};
use crate::access::StaffScope;
use crate::db::{Db, Error};
use crate::marketplace::store::wire as store;

pub use crate::marketplace::store::wire::WireProduct;

/// The products that are listed, in the catalog's order.
///
/// # Errors
/// Any storage error.
pub async fn list(db: &Db, _: StaffScope) -> Result<Vec<WireProduct>, Error> {
    store::list_products(db).await
}

impl WireProduct {
    /// The proposal that accepts its offer.
    #[must_use]
    pub fn proposal(&self) -> String {
        proposal_id(&self.offer_id)
    }

    /// The terms that a purchase names, with their ids.
    #[must_use]
    pub fn terms(&self) -> Vec<(Term, String)> {
        let named = [Term::Legal, Term::Support, Term::Pricing, Term::Renewal];
        named.into_iter().map(|term| (term, term.id(&self.offer_id))).collect()
    }
}
