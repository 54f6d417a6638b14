//! A batch of usage that a seller tells by the API: for one product, all or none of it taken, and what is told again kept
//! once. It shares its records with what the console tells ([`super::metering`]): one a license, dimension and hour.

use super::catalog::{CustomerIdentity, PAY_AS_YOU_GO};
use super::ids::LicenseArn;
use super::metering::TermSpan;
use super::store::metering::{self as store, MeteredProduct, ToldRow};
use super::used::Used;
use super::wire::access_keys::AccessKeyId;
use crate::db::{Db, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::random;
use crate::tx;
use chrono::{Datelike, DurationRound, NaiveTime, TimeDelta};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use uuid::{Builder, Variant, Version};

/// Usage is told within this of its hour.
const WINDOW: TimeDelta = TimeDelta::hours(24);
/// The month before is open until this hour of the first day, in UTC.
const GRACE: TimeDelta = TimeDelta::hours(6);
/// What is left to tell the last usage after the end of a subscription.
const LAST_CALL: TimeDelta = TimeDelta::hours(1);
/// Clocks may differ by this much before an instant counts as future.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

/// Whose usage it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// The holder of a license.
    License {
        /// Its key.
        arn: LicenseArn,
        /// The buyer's 12 digits, which have to fit.
        account: String,
    },
    /// A customer of the product.
    Customer {
        /// The buyer's 12 digits.
        account: String,
        /// Whether they were named by a customer identifier, which has to be one that exists.
        by_identifier: bool,
    },
}

/// One record as it was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Whose usage.
    pub named: Named,
    /// What was used.
    pub dimension: String,
    /// When, at any instant of the hour.
    pub at: Timestamp,
    /// How much; nothing used is a figure too.
    pub quantity: Used,
    /// How it is split by tags, as it was sent.
    pub allocations: Option<String>,
}

/// What became of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is kept, now or since it was told before; the id is the same each time.
    Kept(String),
    /// Nobody was subscribed then, or the last call is over.
    NotSubscribed,
    /// The hour has another quantity already, which stays.
    Duplicate,
}

/// Why none of a batch is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchRefusal {
    /// The seller has no product of this code.
    #[error("The product code does not match a product of this account.")]
    ProductCode,
    /// A license that is not there, not of this product or customer, or not in force yet; or none where one is needed.
    #[error("{0}")]
    License(&'static str),
    /// No buyer has this identifier.
    #[error("The customer identifier does not exist.")]
    Customer,
    /// The product is not charged for this.
    #[error("The product has no usage dimension {0}.")]
    Dimension(String),
    /// Too early or too late.
    #[error("The timestamp {0} is out of the allowed range.")]
    Timestamp(String),
}

/// Takes a batch; one outcome a record, in their order.
///
/// # Errors
/// A refusal of all of it, or any storage error.
pub async fn tell(
    db: &Db,
    (seller, key): (&str, &AccessKeyId),
    product_code: Option<&str>,
    records: &[Told],
    now: Timestamp,
) -> Result<Vec<Outcome>, Failed<BatchRefusal>> {
    tx!(db, |tx| {
        let Some(product) = product_of(tx, seller, product_code, records).await? else { return Ok(Vec::new()) };
        // Most batches are of few customers.
        let mut spans: BTreeMap<&Named, Vec<TermSpan>> = BTreeMap::new();
        for record in records {
            check(&product, record, now)?;
            if !spans.contains_key(&record.named) {
                spans.insert(&record.named, spans_of(tx, &product, record).await?);
            }
        }
        let mut outcomes = vec![Outcome::NotSubscribed; records.len()];
        let mut places = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            match place(&spans[&record.named], record, now) {
                Place::In(term) => places.push((index, term)),
                Place::NotSubscribed => {}
                Place::TooEarly => return refuse(BatchRefusal::License("The usage is from before the license was in force.")),
            }
        }
        // Everybody keeps records in the same order, so that two batches never wait for each other.
        places.sort_by(|(one, a), (other, b)| {
            let key = |index: usize| (&records[index].dimension, hour_of(records[index].at), index);
            (&a.license_arn, key(*one)).cmp(&(&b.license_arn, key(*other)))
        });
        for (index, term) in places {
            outcomes[index] = keep(tx, key, term, &records[index], now).await?;
        }
        Ok::<_, Failed<BatchRefusal>>(outcomes)
    })
}

/// The one product that a batch is of; none for an empty batch that names none.
async fn product_of(
    tx: &mut Tx,
    seller: &str,
    code: Option<&str>,
    records: &[Told],
) -> Result<Option<MeteredProduct>, Failed<BatchRefusal>> {
    if let Some(code) = code {
        let Some(product) = store::find_product(tx, seller, code).await? else { return refuse(BatchRefusal::ProductCode) };
        return Ok(Some(product));
    }
    let Some(first) = records.first() else { return Ok(None) };
    let Named::License { arn, .. } = &first.named else {
        return refuse(BatchRefusal::License("Without a ProductCode every record needs its LicenseArn."));
    };
    match store::find_product_of_license(tx, seller, arn).await? {
        Some(product) => Ok(Some(product)),
        None => refuse(BatchRefusal::License("The license does not exist, or is not of a product of this account.")),
    }
}

/// What is refused of a record whoever's it is.
fn check(product: &MeteredProduct, record: &Told, now: Timestamp) -> Result<(), Failed<BatchRefusal>> {
    let takes_any = product.dimension == PAY_AS_YOU_GO && product.usage_dimensions.is_empty();
    if !takes_any && !product.usage_dimensions.lines().any(|known| known == record.dimension) {
        return refuse(BatchRefusal::Dimension(record.dimension.clone()));
    }
    if !is_in_window(record.at, now) {
        return refuse(BatchRefusal::Timestamp(record.at.format("%Y-%m-%dT%H:%M:%SZ").to_string()));
    }
    Ok(())
}

/// A day back, and into the month before only until its grace is over; then as far as its whole last day.
fn is_in_window(at: Timestamp, now: Timestamp) -> bool {
    let month = month_of(now);
    let earliest =
        if now < month + GRACE { (now - WINDOW).min(month - TimeDelta::days(1) - TimeDelta::microseconds(1)) } else { now - WINDOW };
    let is_closed = at < month && now >= month + GRACE;
    at > earliest && !is_closed && at <= now + CLOCKS_DIFFER
}

fn month_of(at: Timestamp) -> Timestamp {
    let today = at.date_naive();
    today.with_day(1).unwrap_or(today).and_time(NaiveTime::MIN).and_utc()
}

async fn spans_of(tx: &mut Tx, product: &MeteredProduct, record: &Told) -> Result<Vec<TermSpan>, Failed<BatchRefusal>> {
    match &record.named {
        Named::License { arn, account } => {
            let spans = store::list_terms_of_license(tx, arn).await?;
            // A license of another product is refused as one that does not exist.
            if !spans.iter().any(|span| span.product_id == product.id) {
                return refuse(BatchRefusal::License("A batch is for one product, and the license does not exist or is not of it."));
            }
            if spans.iter().any(|span| span.buyer_account_id != *account) {
                return refuse(BatchRefusal::License("The license is not the customer's."));
            }
            Ok(spans)
        }
        Named::Customer { .. } if product.customer_identity == CustomerIdentity::Concurrent => {
            refuse(BatchRefusal::License("A customer of this product may have several agreements: every record needs its LicenseArn."))
        }
        Named::Customer { account, by_identifier } => {
            if *by_identifier && !store::is_buyer(tx, account).await? {
                return refuse(BatchRefusal::Customer);
            }
            Ok(store::list_terms_of_customer(tx, account, &product.id).await?)
        }
    }
}

enum Place<'s> {
    In(&'s TermSpan),
    NotSubscribed,
    TooEarly,
}

/// The term that an hour belongs to, while there is still time to tell.
fn place<'s>(spans: &'s [TermSpan], record: &Told, now: Timestamp) -> Place<'s> {
    let hour = hour_of(record.at);
    let in_force = || spans.iter().filter(|span| span.was_in_force());
    let (Some(begins), Some(ends)) = (in_force().map(|span| span.starts_at).min(), in_force().map(|span| span.ends_at).max()) else {
        return Place::NotSubscribed;
    };
    if now >= ends + LAST_CALL {
        return Place::NotSubscribed;
    }
    match spans.iter().find(|span| span.covers(hour)) {
        Some(term) => Place::In(term),
        None if hour < begins && matches!(record.named, Named::License { .. }) => Place::TooEarly,
        None => Place::NotSubscribed,
    }
}

fn hour_of(at: Timestamp) -> Timestamp {
    at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at)
}

async fn keep(tx: &mut Tx, key: &AccessKeyId, term: &TermSpan, record: &Told, now: Timestamp) -> Result<Outcome, crate::db::Error> {
    let row = ToldRow {
        key: random::id().to_string(),
        license_arn: &term.license_arn,
        agreement_id: &term.agreement_id,
        dimension: &record.dimension,
        hour_at: hour_of(record.at),
        quantity: record.quantity.parts(),
        allocations: record.allocations.as_deref(),
        access_key: key.as_str(),
    };
    if store::insert_told(tx, &row, now).await? {
        return Ok(Outcome::Kept(id_of(&row.key)));
    }
    let (kept, units, millionths) = store::get_of_hour(tx, &row).await?;
    let is_same = Used::of_parts(units, millionths) == record.quantity;
    Ok(if is_same { Outcome::Kept(id_of(&kept)) } else { Outcome::Duplicate })
}

/// The id of a record as the seller is told it: it follows from the record's key, whoever made that.
fn id_of(key: &str) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&Sha256::digest(key.as_bytes())[..16]);
    Builder::from_bytes(bytes).with_variant(Variant::RFC4122).with_version(Version::Custom).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    /// Section 3.2 of the protocol: a day back, the month before until 06:00 on the first, nothing of the future.
    #[test]
    fn usage_is_told_within_a_day_and_a_month_is_closed_at_six() {
        for (now, usage, is_taken) in [
            ("2026-03-15T12:00:00Z", "2026-03-15T12:00:00Z", true),
            ("2026-03-15T12:00:00Z", "2026-03-15T12:05:00Z", true),
            ("2026-03-15T12:00:00Z", "2026-03-15T12:05:01Z", false),
            ("2026-03-15T12:00:00Z", "2026-03-14T12:00:00.000001Z", true),
            ("2026-03-15T12:00:00Z", "2026-03-14T12:00:00Z", false),
            ("2026-04-01T05:59:59Z", "2026-03-31T23:59:59Z", true),
            ("2026-04-01T05:00:00Z", "2026-03-31T00:00:00Z", true),
            ("2026-04-01T05:00:00Z", "2026-03-30T23:59:59Z", false),
            ("2026-04-01T06:00:00Z", "2026-03-31T23:59:59Z", false),
            ("2026-04-01T06:00:00Z", "2026-04-01T00:00:00Z", true),
            ("2026-01-01T00:00:00Z", "2025-12-31T00:00:00Z", true),
        ] {
            assert_eq!(is_in_window(at(usage), at(now)), is_taken, "{usage} at {now}");
        }
    }

    #[test]
    fn the_id_of_a_record_is_always_the_same() {
        let id = id_of("one");
        assert_eq!((id_of("one"), id.len(), id.as_bytes()[14]), (id.clone(), 36, b'8'));
        assert_ne!(id_of("two"), id);
    }
}
