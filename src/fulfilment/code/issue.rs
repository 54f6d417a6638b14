//! Issues codes for a direct order, one or up to a thousand, and takes back those that are not used. The codes exist in
//! readable form in the answer of [`issue`] and nowhere else.

use super::Worth;
use super::text::CodeText;
use crate::access::StaffScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Failed, refuse};
use crate::fulfilment::products::Products;
use crate::fulfilment::store::codes as store;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, CodeBatchId, CodeId, PersonId};
use crate::tx;
use serde_json::json;

/// Most codes in a batch.
pub const BATCH_MAX: i64 = 1_000;
/// Longest term of a license.
pub const MONTHS_MAX: i64 = 120;

/// What is ordered.
#[derive(Clone, Debug)]
pub struct Order {
    /// What each code brings.
    pub worth: Worth,
    /// Number of the direct order.
    pub order_number: String,
    /// From when on no code can be used.
    pub valid_until: Timestamp,
    /// The only business that can use them; any where there is none.
    pub business: Option<BusinessId>,
    /// How many codes, 1 to [`BATCH_MAX`].
    pub size: i64,
}

/// Why nothing was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IssueRefusal {
    /// This form issued codes before; they are not shown again.
    #[error("the form has been sent already")]
    AlreadyIssued(CodeBatchId),
    /// Nobody has registered this business.
    #[error("no such business")]
    NoSuchBusiness,
    /// This console does not sell licenses of it.
    #[error("not a product of this console")]
    UnknownProduct,
    /// It is over already.
    #[error("valid until an instant that has passed")]
    Over,
}

/// Codes in readable form, this once.
#[derive(Debug)]
pub struct Issued {
    /// The batch.
    pub batch: CodeBatchId,
    /// Its codes in their order.
    pub codes: Vec<CodeText>,
}

/// Issues a batch. `form_key` is the form's own: sent twice, it issues once.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn issue(
    db: &Db,
    products: &Products,
    _: StaffScope,
    who: &Who,
    (person, form_key): (PersonId, &str),
    order: &Order,
) -> Result<Issued, Failed<IssueRefusal>> {
    if products.credits_dimension(&order.worth.product_code).is_none() {
        return refuse(IssueRefusal::UnknownProduct);
    }
    if order.valid_until <= who.now {
        return refuse(IssueRefusal::Over);
    }
    let codes: Vec<CodeText> = (0..order.size.clamp(1, BATCH_MAX)).map(|_| CodeText::generate()).collect();
    let batch = CodeBatchId::generate();
    tx!(db, |tx| {
        if let Some(business) = order.business
            && !store::is_business(tx, business).await?
        {
            return refuse(IssueRefusal::NoSuchBusiness);
        }
        if !store::insert_batch(tx, (batch, form_key), order, (person, who.now)).await? {
            return refuse(IssueRefusal::AlreadyIssued(store::get_batch_of_form(tx, form_key).await?));
        }
        for (place, code) in (1..).zip(&codes) {
            store::insert(tx, batch, place, code).await?;
        }
        let after = json!({
            "order": order.order_number,
            "product": order.worth.product_name,
            "credits": order.worth.credits,
            "months": order.worth.term_months,
            "codes": codes.len(),
            "valid_until": order.valid_until,
            "business": order.business.map(|business| business.to_string()),
        });
        audit::record(tx, who, Entry::new("codes.issued", batch).after(after)).await?;
        Ok::<_, Failed<IssueRefusal>>(())
    })?;
    Ok(Issued { batch, codes })
}

/// Takes back one code of a batch, or all of it, as far as they are not used; how many.
///
/// # Errors
/// Any storage error.
pub async fn withdraw(
    db: &Db,
    _: StaffScope,
    who: &Who,
    person: PersonId,
    batch: CodeBatchId,
    code: Option<CodeId>,
) -> Result<u64, crate::db::Error> {
    tx!(db, |tx| {
        let withdrawn = store::withdraw(tx, batch, code, (person, who.now)).await?;
        if withdrawn > 0 {
            let subject = code.map_or_else(|| batch.to_string(), |code| code.to_string());
            let entry = Entry::new("codes.withdrawn", subject).after(json!({ "batch": batch.to_string(), "codes": withdrawn }));
            audit::record(tx, who, entry).await?;
        }
        Ok::<_, crate::db::Error>(withdrawn)
    })
}
