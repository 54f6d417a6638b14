//! Usage of features as people set it, by the solutions file that the program brings along.

use super::Stage;
use creditdesk::audit::Who;
use creditdesk::credits::allocation::{self, SetRefusal, Usage};
use creditdesk::credits::rates::Units;
use creditdesk::credits::solutions::{EMBEDDED, FeatureKey, Solutions};
use creditdesk::db::{Db, SplitRefusal};
use creditdesk::kernel::id::{AllocationEntryId, BusinessId};
use creditdesk::tx;
use std::sync::LazyLock;

/// The program's own solutions.
pub static SOLUTIONS: LazyLock<Solutions> = LazyLock::new(|| Solutions::parse(EMBEDDED).expect("a sound file"));

/// Two features of 20 credits a unit.
pub const XDR: &str = "endpoint-security/xdr";
/// The other one.
pub const ASSESSED: &str = "cyber-risk/core";

/// A key of a feature.
pub fn key(text: &str) -> FeatureKey {
    FeatureKey::parse(text).expect("a feature's key")
}

/// Sets units as a person does; the change in credits.
pub async fn try_units(db: &Db, business: BusinessId, feature: &str, units: Units, who: &Who) -> Result<i64, SetRefusal> {
    let feature = key(feature);
    let usage = Usage { business, feature: &feature, units };
    let set = tx!(db, |tx| { allocation::set(tx, &SOLUTIONS, &usage, None, who).await });
    set.refusal().expect("a database").map(|changed| changed.after - changed.before)
}

/// The same, which must not be refused.
pub async fn use_units(db: &Db, business: BusinessId, feature: &str, units: i64, who: &Who) -> i64 {
    try_units(db, business, feature, Units::of(units), who).await.expect("units that can be charged")
}

/// So many credits more are allocated, whatever for.
pub async fn allocate(stage: &Stage, business: BusinessId, credits: i64) {
    let held = stage.db.read("SELECT credits FROM allocation_accounts WHERE business_id = $1 AND account = 'plain/credit'");
    let before: Option<(i64,)> = held.bind(business).opt().await.unwrap();
    reserve(stage, business, "plain/credit", (before.map_or(0, |(before,)| before) + credits, credits)).await;
}

/// A feature has so many units in all and reserves so many credits more: the rows that an entry leaves, without anybody's
/// having done it. The solutions file need not know the feature.
pub async fn reserve(stage: &Stage, business: BusinessId, feature: &str, (units, credits): (i64, i64)) {
    let held = stage.db.read("SELECT entries, units, credits FROM allocation_accounts WHERE business_id = $1 AND account = $2");
    let held: Option<(i64, i64, i64)> = held.bind(business).bind(feature.to_owned()).opt().await.unwrap();
    let (number, units_before, before) = held.unwrap_or_default();
    let entry = stage.db.write("INSERT INTO allocation_entries (id, business_id, account, number, reason, units_before, units, credits, credits_after, explanation, recorded_at, recorded_by) VALUES ($1, $2, $3, $4, 'set', $5, $6, $7, $8, '', $9, 'test')");
    let entry = entry.bind(AllocationEntryId::generate()).bind(business).bind(feature.to_owned()).bind(number + 1);
    let entry = entry.bind(units_before).bind(units).bind(credits).bind(before + credits);
    entry.bind(stage.now()).exec_one().await.unwrap();
    for (account, units, moved) in [(feature, units, credits), ("available", 0, -credits)] {
        let side = stage.db.write("INSERT INTO allocation_accounts (business_id, account, entries, units, credits, changed_at) VALUES ($1, $2, 1, $3, $4, $5) ON CONFLICT (business_id, account) DO UPDATE SET entries = allocation_accounts.entries + 1, units = excluded.units, credits = allocation_accounts.credits + excluded.credits, changed_at = excluded.changed_at");
        side.bind(business).bind(account.to_owned()).bind(units).bind(moved).bind(stage.now()).exec_one().await.unwrap();
    }
}
