//! Payments and charges.

use crate::db::{Db, Error, Query, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{ChargeId, PaymentId, PersonId};
use crate::kernel::money::{Currency, Money};
use crate::marketplace::ids::{AgreementId, QuoteId};
use crate::marketplace::invoice::issue::Charged;
use crate::marketplace::payment::{Payment, PaymentMethod, PaymentState, PaymentStatus};
use crate::marketplace::quote::QuoteKind;

const COLUMNS: &str = "SELECT p.id, p.quote_id, q.buyer_account_id, p.attempt, p.method, p.amount_minor, p.currency, p.status, p.reason, p.started_by, p.started_at, p.decided_at, p.settled_at FROM payments p JOIN quotes q ON q.id = p.quote_id WHERE ";

#[derive(sqlx::FromRow)]
struct PaymentRow {
    id: PaymentId,
    quote_id: QuoteId,
    buyer_account_id: String,
    attempt: i64,
    method: PaymentMethod,
    amount_minor: i64,
    currency: Currency,
    status: PaymentStatus,
    reason: Option<String>,
    started_by: PersonId,
    started_at: Timestamp,
    decided_at: Option<Timestamp>,
    settled_at: Option<Timestamp>,
}

impl PaymentRow {
    fn payment(self) -> Payment {
        let at = self.decided_at.unwrap_or(self.started_at);
        let settled = self.settled_at.unwrap_or(at);
        let reason = self.reason.unwrap_or_default();
        let state = match self.status {
            PaymentStatus::Started => PaymentState::Started,
            PaymentStatus::Approved => PaymentState::Approved { at },
            PaymentStatus::Declined => PaymentState::Declined { at, reason },
            PaymentStatus::Pending => PaymentState::Pending { since: at },
            PaymentStatus::SettledApproved => PaymentState::SettledApproved { since: at, at: settled },
            PaymentStatus::SettledDeclined => PaymentState::SettledDeclined { since: at, at: settled, reason },
        };
        Payment {
            id: self.id,
            quote_id: self.quote_id,
            buyer_account_id: self.buyer_account_id,
            attempt: self.attempt,
            method: self.method,
            amount: Money::new(self.amount_minor, self.currency),
            started_by: self.started_by,
            started_at: self.started_at,
            state,
        }
    }
}

/// Begins an attempt; false when it was begun before.
pub(in crate::marketplace) async fn insert(tx: &mut Tx, payment: &Payment) -> Result<bool, Error> {
    let inserted = tx
        .q("INSERT INTO payments (id, quote_id, attempt, provider, method, amount_minor, currency, status, started_by, started_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (quote_id, attempt) DO NOTHING")
        .bind(payment.id)
        .bind(&payment.quote_id)
        .bind(payment.attempt)
        .bind(payment.method.provider())
        .bind(payment.method)
        .bind(payment.amount.minor)
        .bind(payment.amount.currency)
        .bind(PaymentStatus::Started)
        .bind(payment.started_by)
        .bind(payment.started_at)
        .exec()
        .await?;
    Ok(inserted == 1)
}

/// A quote's attempts, first to last; the quote is locked by the caller.
pub(in crate::marketplace) async fn list_of_quote(tx: &mut Tx, quote: &QuoteId) -> Result<Vec<Payment>, Error> {
    let rows = tx.q(COLUMNS).push_bind("p.quote_id = ", quote).push(" ORDER BY p.attempt").all::<PaymentRow>().await?;
    Ok(rows.into_iter().map(PaymentRow::payment).collect())
}

/// A quote's attempts, first to last, for a page.
pub(in crate::marketplace) async fn list_shown(db: &Db, quote: &QuoteId) -> Result<Vec<Payment>, Error> {
    let rows = db.read(COLUMNS).push_bind("p.quote_id = ", quote).push(" ORDER BY p.attempt").all::<PaymentRow>().await?;
    Ok(rows.into_iter().map(PaymentRow::payment).collect())
}

/// One attempt, as it stands now; its quote is locked by the caller.
pub(in crate::marketplace) async fn get(tx: &mut Tx, id: PaymentId) -> Result<Payment, Error> {
    tx.q(COLUMNS).push_bind("p.id = ", id).one::<PaymentRow>().await.map(PaymentRow::payment)
}

/// Where a list of open attempts goes on.
pub(in crate::marketplace) type After = Option<(Timestamp, PaymentId)>;

/// Attempts without an answer, begun at or before an instant, oldest first.
pub(in crate::marketplace) async fn list_started(db: &Db, begun_by: Timestamp, after: After, most: i64) -> Result<Vec<Payment>, Error> {
    list_open(db.read(COLUMNS).push("p.status = 'started'"), begun_by, after, most).await
}

/// Attempts that wait for the money, begun at or before an instant, oldest first.
pub(in crate::marketplace) async fn list_pending(db: &Db, begun_by: Timestamp, after: After, most: i64) -> Result<Vec<Payment>, Error> {
    list_open(db.read(COLUMNS).push("p.status = 'pending'"), begun_by, after, most).await
}

/// The status stands in the text, not in a value, so that the partial index is used.
async fn list_open(query: Query<'_>, begun_by: Timestamp, after: After, most: i64) -> Result<Vec<Payment>, Error> {
    let mut query = query.push_bind(" AND p.started_at <= ", begun_by);
    if let Some((at, id)) = after {
        query = query.push_bind(" AND (p.started_at, p.id) > (", at).push_bind(", ", id).push(")");
    }
    let rows = query.push_bind(" ORDER BY p.started_at, p.id LIMIT ", most).all::<PaymentRow>().await?;
    Ok(rows.into_iter().map(PaymentRow::payment).collect())
}

/// The provider's answer; only once.
pub(in crate::marketplace) async fn decide(tx: &mut Tx, id: PaymentId, state: &PaymentState, now: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE payments SET status = $2, reason = $3, decided_at = $4 WHERE id = $1 AND status = 'started'")
        .bind(id)
        .bind(state.status())
        .bind(reason(state))
        .bind(now)
        .exec_one()
        .await
}

/// What became of a pending payment; only once.
pub(in crate::marketplace) async fn settle(tx: &mut Tx, id: PaymentId, state: &PaymentState, now: Timestamp) -> Result<(), Error> {
    tx.q("UPDATE payments SET status = $2, reason = $3, settled_at = $4 WHERE id = $1 AND status = 'pending'")
        .bind(id)
        .bind(state.status())
        .bind(reason(state))
        .bind(now)
        .exec_one()
        .await
}

fn reason(state: &PaymentState) -> Option<String> {
    match state {
        PaymentState::Declined { reason, .. } | PaymentState::SettledDeclined { reason, .. } => Some(reason.clone()),
        PaymentState::Started | PaymentState::Approved { .. } | PaymentState::Pending { .. } | PaymentState::SettledApproved { .. } => None,
    }
}

/// Books what was charged; its invoice was kept before, or the database refuses it.
pub(in crate::marketplace) async fn insert_charge(tx: &mut Tx, id: ChargeId, charged: &Charged<'_>, now: Timestamp) -> Result<(), Error> {
    tx.q("INSERT INTO charges (id, agreement_id, quote_id, payment_id, kind, credits, amount_minor, currency, charged_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
        .bind(id)
        .bind(charged.agreement)
        .bind(charged.quote)
        .bind(charged.payment)
        .bind(charged.kind)
        .bind(charged.credits)
        .bind(charged.amount.minor)
        .bind(charged.amount.currency)
        .bind(now)
        .exec_one()
        .await
}

/// Something that was charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChargeLine {
    /// Its id.
    pub id: ChargeId,
    /// For which quote.
    pub quote_id: QuoteId,
    /// New contract or upgrade.
    pub kind: QuoteKind,
    /// Credits it paid for.
    pub credits: Credits,
    /// How much.
    pub amount: Money,
    /// The buyer's own number for it.
    pub purchase_order: Option<String>,
    /// When.
    pub charged_at: Timestamp,
    /// Number of its invoice.
    pub invoice: Option<String>,
}

/// What was charged for an agreement, first to last. The caller has found the agreement in the buyer's scope.
pub(in crate::marketplace) async fn list_charges(db: &Db, agreement: &AgreementId) -> Result<Vec<ChargeLine>, Error> {
    type Row = (ChargeId, QuoteId, QuoteKind, Credits, i64, Currency, Option<String>, Timestamp, Option<String>);
    let rows = db
        .read("SELECT c.id, c.quote_id, c.kind, c.credits, c.amount_minor, c.currency, q.purchase_order, c.charged_at, i.number FROM charges c JOIN quotes q ON q.id = c.quote_id LEFT JOIN invoices i ON i.charge_id = c.id WHERE c.agreement_id = $1 ORDER BY c.charged_at, c.id")
        .bind(agreement)
        .all::<Row>()
        .await?;
    let line = |(id, quote_id, kind, credits, minor, currency, purchase_order, charged_at, invoice): Row| ChargeLine {
        id,
        quote_id,
        kind,
        credits,
        amount: Money::new(minor, currency),
        purchase_order,
        charged_at,
        invoice,
    };
    Ok(rows.into_iter().map(line).collect())
}
