//! SQL of what the console knows about a purchase by its key, whether it was activated or only presented.

use crate::db::{Db, Error};

/// What was noted of it.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(in crate::fulfilment) struct KnownPurchase {
    pub agreement_id: String,
    pub buyer_account_id: String,
}

/// By the license ARN that a contract has, had before a renewal, or that a registration came with.
pub(in crate::fulfilment) async fn find(db: &Db, license_arn: &str) -> Result<Option<KnownPurchase>, Error> {
    let contract = db.read("SELECT agreement_id, buyer_account_id FROM contracts WHERE ").push_bind("license_arn = ", license_arn);
    if let Some(known) = contract.opt().await? {
        return Ok(Some(known));
    }
    let former = db.read("SELECT f.agreement_id, c.buyer_account_id FROM contract_arns f JOIN contracts c ON c.id = f.contract_id WHERE ");
    if let Some(known) = former.push_bind("f.license_arn = ", license_arn).opt().await? {
        return Ok(Some(known));
    }
    let presented = db.read("SELECT agreement_id, buyer_account_id FROM registrations WHERE ").push_bind("license_arn = ", license_arn);
    presented.push(" ORDER BY landed_at DESC, id DESC LIMIT 1").opt().await
}
