//! Purchases in force that nobody has activated, for staff (SUP-8): what was bought, by whom, how long ago, how far set-up
//! is, and what the buyer was reminded of. It only reads; what the console saw of them is not known here.

use crate::access::StaffScope;
use crate::db::{Db, Error, Query};
use crate::kernel::clock::Timestamp;
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text::like_pattern;

/// What the list is narrowed by.
#[derive(Clone, Debug, Default)]
pub struct UnclaimedFilter {
    /// Folded words, each in the product's or the buyer account's name.
    pub words: Vec<String>,
    /// Only those whose set-up was begun, or was not.
    pub set_up_begun: Option<bool>,
    /// Only those purchased at this instant or before.
    pub purchased_until: Option<Timestamp>,
}

/// A purchase that waits.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Unclaimed {
    /// The key that console and marketplace share.
    pub license_arn: String,
    /// Its agreement in force.
    pub agreement_id: String,
    /// What was bought.
    pub product_name: String,
    /// Who bought it, 12 digits.
    pub buyer_account_id: String,
    /// The account's name.
    pub buyer_name: String,
    /// How many credits.
    pub credits: i64,
    /// When it was bought.
    pub purchased_at: Timestamp,
    /// When its term ends.
    pub ends_at: Timestamp,
    /// When somebody first clicked *Set up your account*.
    pub set_up_at: Option<Timestamp>,
    /// How many reminders went out.
    pub reminders: i64,
    /// When the last one did.
    pub reminded_at: Option<Timestamp>,
}

impl Unclaimed {
    /// The last part of the license ARN, by which staff address a purchase.
    #[must_use]
    pub fn key(&self) -> &str {
        self.license_arn.rsplit(':').next().unwrap_or_default()
    }
}

const FROM: &str = " FROM license_arns k JOIN agreements g ON g.license_arn = k.arn JOIN products p ON p.id = g.product_id JOIN buyer_accounts a ON a.id = g.buyer_account_id WHERE k.activated_at IS NULL AND g.status = 'active'";

fn narrowed<'q>(query: Query<'q>, filter: &UnclaimedFilter, now: Timestamp) -> Query<'q> {
    let mut query = query.push(FROM).push_bind(" AND g.ends_at > ", now);
    query = match filter.set_up_begun {
        None => query,
        Some(true) => query.push(" AND k.set_up_at IS NOT NULL"),
        Some(false) => query.push(" AND k.set_up_at IS NULL"),
    };
    if let Some(until) = filter.purchased_until {
        query = query.push_bind(" AND k.created_at <= ", until);
    }
    filter.words.iter().fold(query, |query, word| {
        let pattern = like_pattern(word);
        query
            .push_bind(" AND (p.search_key LIKE ", pattern.clone())
            .push_bind(" ESCAPE '\\' OR a.search_key LIKE ", pattern)
            .push(" ESCAPE '\\')")
    })
}

/// Purchases that wait, the oldest first.
///
/// # Errors
/// Any storage error.
pub async fn list(
    db: &Db,
    _: StaffScope,
    filter: &UnclaimedFilter,
    now: Timestamp,
    after: Option<&Cursor>,
    size: PageSize,
) -> Result<Paged<Unclaimed>, Error> {
    let columns = "SELECT k.arn AS license_arn, g.id AS agreement_id, p.name AS product_name, g.buyer_account_id, a.name AS buyer_name, CASE WHEN p.dimension = 'pay_as_you_go' THEN 0 ELSE g.credits END AS credits, k.created_at AS purchased_at, g.ends_at, k.set_up_at, (SELECT CAST(COUNT(*) AS BIGINT) FROM purchase_reminders r WHERE r.agreement_id = g.initial_agreement_id AND r.kind = 'unclaimed') AS reminders, (SELECT MAX(r.sent_at) FROM purchase_reminders r WHERE r.agreement_id = g.initial_agreement_id AND r.kind = 'unclaimed') AS reminded_at";
    let mut query = narrowed(db.read(columns), filter, now);
    if let Some((key, arn)) = after.and_then(Cursor::number) {
        let at = Timestamp::from_timestamp_micros(key).unwrap_or_default();
        query = query.push_bind(" AND (k.created_at, k.arn) > (", at).push_bind(", ", arn).push(")");
    }
    let rows = query.push_bind(" ORDER BY k.created_at, k.arn LIMIT ", size.overfetch()).all().await?;
    Ok(Paged::from_overfetch(rows, size, |last: &Unclaimed| Cursor::of_number(last.purchased_at.timestamp_micros(), &last.license_arn)))
}

/// How many purchases the filter leaves, and their credits.
///
/// # Errors
/// Any storage error.
pub async fn count(db: &Db, _: StaffScope, filter: &UnclaimedFilter, now: Timestamp) -> Result<(i64, i64), Error> {
    let query = db.read("SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN p.dimension = 'pay_as_you_go' THEN 0 ELSE g.credits END), 0) AS BIGINT)");
    narrowed(query, filter, now).one().await
}

/// How many of them end after `from` and up to `to`, and their credits.
///
/// # Errors
/// Any storage error.
pub async fn count_ending(db: &Db, _: StaffScope, from: Timestamp, to: Timestamp) -> Result<(i64, i64), Error> {
    let query = db.read("SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(CASE WHEN p.dimension = 'pay_as_you_go' THEN 0 ELSE g.credits END), 0) AS BIGINT)");
    narrowed(query, &UnclaimedFilter::default(), from).push_bind(" AND g.ends_at <= ", to).one().await
}
