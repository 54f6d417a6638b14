//! What needs somebody's attention in a pool, most urgent first. Pure: it is told what is there and says what matters.

use super::ledger::Figures;
use super::pool::{Expiration, Nearness, Pool, Standing};
use super::store;
use crate::access::BusinessScope;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use chrono::TimeDelta;

/// How long after its end an expired license is still pointed out.
const EXPIRED_SHOWN_DAYS: i64 = 30;

/// Items that ran out lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expired {
    /// When the last of them did.
    pub last_at: Timestamp,
    /// How many items.
    pub items: i64,
    /// Their credits.
    pub credits: i64,
}

/// Credits that leave the pool within 7, 30 or 90 days, taken together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// How near.
    pub nearness: Nearness,
    /// How many credits leave.
    pub credits: i64,
    /// When the first of them do.
    pub first_at: Timestamp,
    /// When the last of them do.
    pub last_at: Timestamp,
    /// The figures after the last, if nothing else changes.
    pub figures_then: Figures,
}

impl Expiring {
    fn of(expiration: &Expiration, nearness: Nearness) -> Self {
        let Expiration { at, credits, figures_then, .. } = *expiration;
        Self { nearness, credits, first_at: at, last_at: at, figures_then }
    }

    fn and(self, later: &Expiration) -> Self {
        Self { credits: self.credits + later.credits, last_at: later.at, figures_then: later.figures_then, ..self }
    }
}

/// One thing to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// More is allocated than is valid.
    NegativeBalance {
        /// The missing credits.
        short: i64,
    },
    /// Credits left the pool lately.
    Expired(Expired),
    /// Credits will leave the pool within 90 days.
    Expiring(Expiring),
    /// The business never had a license.
    NoLicense,
}

/// What is known about a pool when it is judged.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The figures now.
    pub pool: Pool,
    /// What leaves next, soonest first.
    pub expirations: Vec<Expiration>,
    /// What left lately.
    pub expired: Option<Expired>,
    /// Whether the business has any license item, valid or not.
    pub has_items: bool,
}

impl Facts {
    /// What matters, most urgent first; empty when all is well.
    #[must_use]
    pub fn attention(&self) -> Vec<Attention> {
        let mut found = Vec::new();
        if let Standing::Short(short) = Standing::of(self.pool.figures) {
            found.push(Attention::NegativeBalance { short });
        }
        found.extend(self.expired.map(Attention::Expired));
        found.extend(self.expiring().into_iter().map(Attention::Expiring));
        if !self.has_items && self.pool.figures == Figures::default() {
            found.push(Attention::NoLicense);
        }
        found
    }
}

impl Facts {
    /// What leaves within 90 days, one entry for each nearness.
    fn expiring(&self) -> Vec<Expiring> {
        let mut groups: Vec<Expiring> = Vec::new();
        for expiration in &self.expirations {
            let nearness = Nearness::of(self.pool.as_of, expiration.at);
            match groups.last_mut().filter(|group| group.nearness == nearness) {
                Some(group) => *group = group.and(expiration),
                None if nearness.needs_attention() => groups.push(Expiring::of(expiration, nearness)),
                None => {}
            }
        }
        groups
    }
}

/// Reads what [`Facts::attention`] judges, for the pool as it was read.
///
/// # Errors
/// Any storage error.
pub async fn facts(db: &Db, scope: BusinessScope, pool: Pool) -> Result<Facts, Error> {
    const EXPIRATIONS_MAX: i64 = 100;
    let since = pool.as_of - TimeDelta::days(EXPIRED_SHOWN_DAYS);
    let expirations = super::pool::expirations(db, scope, pool, EXPIRATIONS_MAX).await?;
    let (items, credits, last_at) = store::expired_since(db, scope.business(), since, pool.as_of).await?;
    let expired = last_at.map(|last_at| Expired { last_at, items, credits });
    let has_items = has_items(db, scope).await?;
    Ok(Facts { pool, expirations, expired, has_items })
}

/// Whether the business has a license item, valid or not.
///
/// # Errors
/// Any storage error.
pub async fn has_items(db: &Db, scope: BusinessScope) -> Result<bool, Error> {
    store::any_item(db, scope.business()).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(total_valid: i64, allocated: i64) -> Facts {
        let as_of = "2026-03-02T09:00:00Z".parse().unwrap();
        Facts { pool: Pool { as_of, figures: Figures { total_valid, allocated } }, expirations: vec![], expired: None, has_items: true }
    }

    #[test]
    fn a_pool_in_order_needs_no_attention() {
        assert_eq!(facts(1_000, 400).attention(), []);
        assert_eq!(facts(0, 0).attention(), [], "every license may have been moved away or run out long ago");
    }

    #[test]
    fn a_business_without_any_license_is_told_so_and_nothing_else() {
        let fresh = Facts { has_items: false, ..facts(0, 0) };
        assert_eq!(fresh.attention(), [Attention::NoLicense]);
    }

    #[test]
    fn what_is_missing_comes_before_what_will_be_missing() {
        let mut troubled = facts(100, 400);
        let now = troubled.pool.as_of;
        let leaves = |days, credits| Expiration { at: now + TimeDelta::days(days), credits, items: 1, figures_then: Figures::default() };
        let expired = Expired { last_at: now, items: 1, credits: 50 };
        troubled.expired = Some(expired);
        troubled.expirations = vec![leaves(7, 60), leaves(8, 5), leaves(30, 10), leaves(91, 40)];
        let found = troubled.attention();
        assert_eq!(found[..2], [Attention::NegativeBalance { short: 300 }, Attention::Expired(expired)]);
        let told = |nearness, credits, first: i64, last: i64| {
            let at = |days| now + TimeDelta::days(days);
            Attention::Expiring(Expiring { nearness, credits, first_at: at(first), last_at: at(last), figures_then: Figures::default() })
        };
        assert_eq!(
            found[2..],
            [told(Nearness::Week, 60, 7, 7), told(Nearness::Month, 15, 8, 30)],
            "what is more than 90 days off does not press"
        );
    }
}
