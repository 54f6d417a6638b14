//! Usage of features as people set it, by the solutions file that the program brings along.

use super::Stage;
use creditdesk::audit::Who;
use creditdesk::credits::allocation::{self, SetRefusal, Usage};
use creditdesk::credits::rates::Units;
use creditdesk::credits::solutions::{EMBEDDED, FeatureKey, Solutions};
use creditdesk::db::{Db, SplitRefusal};
use creditdesk::kernel::id::BusinessId;
use creditdesk::tx;
use std::sync::LazyLock;

/// The program's own solutions.
pub static SOLUTIONS: LazyLock<Solutions> = LazyLock::new(|| Solutions::parse(EMBEDDED).expect("a sound file"));

/// A feature of one credit a unit, for stories that only need so many allocated credits.
static PLAIN: LazyLock<Solutions> = LazyLock::new(|| {
    let text = "[[solution]]\nkey = \"plain\"\nname = \"Plain\"\n[[solution.feature]]\nkey = \"credit\"\nname = \"Credit\"\nunit = \"credit\"\nunits = \"credits\"\ncredits = 1\nbasis = \"quantity\"\ncounted = \"Credits\"\npay_as_you_go = false\n";
    Solutions::parse(text).expect("a sound file")
});

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
    let (feature, who) = (key("plain/credit"), stage.who("test"));
    let held: Option<(i64,)> = stage
        .db
        .read("SELECT units FROM allocation_accounts WHERE business_id = $1 AND account = 'plain/credit'")
        .bind(business)
        .opt()
        .await
        .unwrap();
    let usage = Usage { business, feature: &feature, units: Units::of(held.map_or(0, |(units,)| units) + credits) };
    tx!(stage.db, |tx| { allocation::set(tx, &PLAIN, &usage, None, &who).await }).refusal().unwrap().unwrap();
}
