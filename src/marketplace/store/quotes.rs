//! Quotes.

use crate::access::BuyerScope;
use crate::db::{Db, Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::PersonId;
use crate::kernel::money::{Currency, Money};
use crate::marketplace::ids::{AgreementId, OfferId, ProductId, QuoteId};
use crate::marketplace::quote::{Quote, QuoteKind, QuoteState, QuoteStatus};

const COLUMNS: &str = "SELECT id, kind, buyer_account_id, product_id, offer_id, agreement_id, credits, price_minor, amount_minor, currency, duration_months, auto_renew, purchase_order, status, replaced_by, created_by, created_at, lapses_at, accepted_at FROM quotes WHERE id = ";

#[derive(sqlx::FromRow)]
struct QuoteRow {
    id: QuoteId,
    kind: QuoteKind,
    buyer_account_id: String,
    product_id: ProductId,
    offer_id: OfferId,
    agreement_id: Option<AgreementId>,
    credits: Credits,
    price_minor: i64,
    amount_minor: i64,
    currency: Currency,
    duration_months: i64,
    auto_renew: bool,
    purchase_order: Option<String>,
    status: QuoteStatus,
    replaced_by: Option<QuoteId>,
    created_by: PersonId,
    created_at: Timestamp,
    lapses_at: Timestamp,
    accepted_at: Option<Timestamp>,
}

impl QuoteRow {
    /// The constraints of the table make the last arm impossible; a row that breaks them is not guessed at.
    fn quote(self) -> Result<Quote, Error> {
        let state = match (self.status, self.accepted_at, self.replaced_by) {
            (QuoteStatus::Draft, None, None) => QuoteState::Draft,
            (QuoteStatus::Accepted, Some(at), None) => QuoteState::Accepted { at },
            (QuoteStatus::Replaced, None, Some(by)) => QuoteState::Replaced { by },
            (QuoteStatus::Draft | QuoteStatus::Accepted | QuoteStatus::Replaced, _, _) => {
                return Err(Error::Other(sqlx::Error::Decode(format!("quote {} contradicts itself", self.id).into())));
            }
        };
        Ok(Quote {
            id: self.id,
            kind: self.kind,
            buyer_account_id: self.buyer_account_id,
            product_id: self.product_id,
            offer_id: self.offer_id,
            agreement_id: self.agreement_id,
            credits: self.credits,
            price: Money::new(self.price_minor, self.currency),
            amount: Money::new(self.amount_minor, self.currency),
            duration_months: self.duration_months,
            auto_renew: self.auto_renew,
            purchase_order: self.purchase_order,
            created_by: self.created_by,
            created_at: self.created_at,
            lapses_at: self.lapses_at,
            state,
        })
    }
}

/// Keeps a new quote: always a draft.
pub(in crate::marketplace) async fn insert(tx: &mut Tx, quote: &Quote) -> Result<(), Error> {
    tx.q("INSERT INTO quotes (id, kind, buyer_account_id, product_id, offer_id, agreement_id, credits, price_minor, amount_minor, currency, duration_months, auto_renew, purchase_order, status, created_by, created_at, lapses_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)")
        .bind(&quote.id)
        .bind(quote.kind)
        .bind(&quote.buyer_account_id)
        .bind(&quote.product_id)
        .bind(&quote.offer_id)
        .bind(&quote.agreement_id)
        .bind(quote.credits)
        .bind(quote.price.minor)
        .bind(quote.amount.minor)
        .bind(quote.amount.currency)
        .bind(quote.duration_months)
        .bind(quote.auto_renew)
        .bind(&quote.purchase_order)
        .bind(QuoteStatus::Draft)
        .bind(quote.created_by)
        .bind(quote.created_at)
        .bind(quote.lapses_at)
        .exec_one()
        .await
}

/// A quote of the buyer's own account (MKT-14).
pub(in crate::marketplace) async fn find(db: &Db, scope: &BuyerScope, id: &QuoteId) -> Result<Option<Quote>, Error> {
    let row = db.read(COLUMNS).push_bind("", id).push_bind(" AND buyer_account_id = ", scope.account()).opt::<QuoteRow>().await?;
    row.map(QuoteRow::quote).transpose()
}

/// The same, locked.
pub(in crate::marketplace) async fn lock(tx: &mut Tx, scope: &BuyerScope, id: &QuoteId) -> Result<Option<Quote>, Error> {
    let row = tx.lock(COLUMNS).push_bind("", id).push_bind(" AND buyer_account_id = ", scope.account()).opt::<QuoteRow>().await?;
    row.map(QuoteRow::quote).transpose()
}

/// The quote of a payment, locked; for what was already begun in its buyer's name.
pub(in crate::marketplace) async fn lock_of_payment(tx: &mut Tx, id: &QuoteId) -> Result<Quote, Error> {
    tx.lock(COLUMNS).push_bind("", id).one::<QuoteRow>().await?.quote()
}

/// It was accepted.
pub(in crate::marketplace) async fn accept(tx: &mut Tx, id: &QuoteId, now: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE quotes SET status = 'accepted', accepted_at = $2 WHERE id = $1 AND status = 'draft'").bind(id).bind(now).exec_one().await
}

/// Another took its place.
pub(in crate::marketplace) async fn replace(tx: &mut Tx, id: &QuoteId, by: &QuoteId) -> Result<(), Error> {
    tx.q("UPDATE quotes SET status = 'replaced', replaced_by = $2 WHERE id = $1 AND status = 'draft'").bind(id).bind(by).exec_one().await
}

const PENDING_UPGRADES: &str = "SELECT CAST(COALESCE(SUM(q.credits), 0) AS BIGINT) FROM quotes q JOIN payments p ON p.quote_id = q.id WHERE q.agreement_id = $1 AND p.status = 'pending'";

/// Credits of the agreement's upgrades whose payment is pending: accepted, but not yet in force.
pub(in crate::marketplace) async fn sum_pending_upgrades(tx: &mut Tx, agreement: &AgreementId) -> Result<i64, Error> {
    tx.q(PENDING_UPGRADES).bind(agreement).scalar().await
}

/// The same, for a page.
pub(in crate::marketplace) async fn sum_pending_upgrades_shown(db: &Db, agreement: &AgreementId) -> Result<i64, Error> {
    db.read(PENDING_UPGRADES).bind(agreement).scalar().await
}
