//! Brings the database up to the catalog file: texts change in place, other price terms become a new offer, products
//! that left the file are no longer listed. Loading the same file again changes nothing, and several processes may load
//! it at once: what one inserts, the others wait for and then find.

use super::catalog::{Catalog, Product, Seller};
use super::ids::OfferId;
use super::store::catalog::{self as store, ProductRow};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Tx};
use crate::tx;
use serde_json::json;

/// What a load changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Published {
    /// Sellers that were new or changed.
    pub sellers: usize,
    /// Products that were new or changed.
    pub products: usize,
    /// Products whose price terms are other than before.
    pub offers: usize,
    /// Products that are no longer listed.
    pub withdrawn: usize,
}

/// Loads a catalog.
///
/// # Errors
/// Any storage error; nothing is changed then.
pub async fn publish(db: &Db, catalog: &Catalog, who: &Who) -> Result<Published, Error> {
    tx!(db, |tx| {
        let mut done = Published::default();
        for seller in &catalog.sellers {
            done.sellers += usize::from(publish_seller(tx, who, seller).await?);
        }
        for (position, product) in (0_i64..).zip(&catalog.products) {
            done.products += usize::from(publish_product(tx, who, &ProductRow::of(product, position)).await?);
            done.offers += usize::from(publish_offer(tx, who, product).await?);
        }
        for id in store::list_listed(tx).await? {
            let in_the_file = catalog.products.iter().any(|product| product.id == id);
            if !in_the_file && store::withdraw(tx, &id).await? {
                audit::record(tx, who, Entry::new("product.withdrawn", &id)).await?;
                done.withdrawn += 1;
            }
        }
        Ok::<_, Error>(done)
    })
}

async fn publish_seller(tx: &mut Tx, who: &Who, seller: &Seller) -> Result<bool, Error> {
    if !store::insert_seller(tx, seller).await? {
        if store::lock_seller(tx, &seller.id).await? == *seller {
            return Ok(false);
        }
        store::update_seller(tx, seller).await?;
    }
    let entry = Entry::new("seller.published", &seller.id).after(json!({ "name": seller.name }));
    audit::record(tx, who, entry).await?;
    Ok(true)
}

async fn publish_product(tx: &mut Tx, who: &Who, row: &ProductRow) -> Result<bool, Error> {
    if !store::insert_product(tx, row).await? {
        if store::lock_product(tx, &row.id).await? == *row {
            return Ok(false);
        }
        store::update_product(tx, row).await?;
    }
    let entry = Entry::new("product.published", &row.id).after(json!({ "name": row.name, "prodview": row.prodview.as_str() }));
    audit::record(tx, who, entry).await?;
    Ok(true)
}

/// Makes the file's terms the current ones. Terms that were offered before are the old offer again, not a second one.
async fn publish_offer(tx: &mut Tx, who: &Who, product: &Product) -> Result<bool, Error> {
    let terms = &product.terms;
    store::insert_offer(tx, &OfferId::generate(), &product.id, terms, who.now).await?;
    let offer = store::get_offer_of_terms(tx, &product.id, terms).await?;
    let current = store::find_current_offer(tx, &product.id).await?;
    if current.as_ref() == Some(&offer) {
        return Ok(false);
    }
    store::put_current_offer(tx, &product.id, &offer, who.now).await?;
    let entry = Entry::new("offer.published", &offer)
        .before(json!({ "product": product.id.as_str(), "offer": current.as_ref().map(OfferId::as_str) }))
        .after(json!({ "product": product.id.as_str(), "offer": offer.as_str(), "price": terms.price.to_string() }));
    audit::record(tx, who, entry).await?;
    Ok(true)
}
