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

/// So many credits more are allocated, whatever for: the rows that an entry leaves, without anybody's having done it.
pub async fn allocate(stage: &Stage, business: BusinessId, credits: i64) {
    let held: Option<(i64, i64)> = stage
        .db
        .read("SELECT entries, credits FROM allocation_accounts WHERE business_id = $1 AND account = 'plain/credit'")
        .bind(business)
        .opt()
        .await
        .unwrap();
    let (number, before) = held.unwrap_or_default();
    let entry = stage.db.write("INSERT INTO allocation_entries (id, business_id, account, number, reason, units_before, units, credits, credits_after, explanation, recorded_at, recorded_by) VALUES ($1, $2, 'plain/credit', $3, 'set', $4, $5, $6, $5, '', $7, 'test')");
    let entry = entry.bind(AllocationEntryId::generate()).bind(business).bind(number + 1).bind(before).bind(before + credits).bind(credits);
    entry.bind(stage.now()).exec_one().await.unwrap();
    let sides = [("plain/credit", before + credits, credits), ("available", 0, -credits)];
    for (account, units, moved) in sides {
        let side = stage.db.write("INSERT INTO allocation_accounts (business_id, account, entries, units, credits, changed_at) VALUES ($1, $2, 1, $3, $4, $5) ON CONFLICT (business_id, account) DO UPDATE SET entries = allocation_accounts.entries + 1, units = excluded.units, credits = allocation_accounts.credits + excluded.credits, changed_at = excluded.changed_at");
        side.bind(business).bind(account).bind(units).bind(moved).bind(stage.now()).exec_one().await.unwrap();
    }
}
