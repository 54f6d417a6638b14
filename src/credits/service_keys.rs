//! Keys of the vendor's services: who may report which features of which businesses. A key is shown once, when it is made;
//! only its hash is stored. Operators make and revoke them.

use super::solutions::FeatureKey;
use super::store::service_keys as store;
use crate::access::StaffScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, PersonId, ServiceKeyId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::secret::Secret;
use crate::tx;
use chrono::TimeDelta;
use serde_json::json;
use std::collections::BTreeSet;

/// What every key begins with, so that people and scanners know one when they see it.
pub const PREFIX: &str = "ck_";
/// Last use is noted this often at most: a busy service must not cost a write a call.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// A key about to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// What people call the service.
    pub name: String,
    /// What it may report; one at least.
    pub features: Vec<FeatureKey>,
    /// For which businesses; `None` is all of them.
    pub businesses: Option<BTreeSet<BusinessId>>,
}

/// Why a key is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MakeRefusal {
    /// There is no such business.
    UnknownBusiness(BusinessId),
}

/// Makes a key; its text is in the answer and nowhere else.
///
/// # Errors
/// The refusal, or any storage error.
pub async fn make(db: &Db, _: StaffScope, by: PersonId, who: &Who, new: &NewKey) -> Result<(ServiceKeyId, Secret), Failed<MakeRefusal>> {
    let secret = Secret::presented(&format!("{PREFIX}{}", Secret::generate().reveal()));
    let id = ServiceKeyId::generate();
    let features: Vec<String> = new.features.iter().map(ToString::to_string).collect();
    let row = store::NewKey {
        id,
        name: &new.name,
        hash: secret.hash(),
        all_businesses: new.businesses.is_none(),
        created_at: who.now,
        created_by: by,
    };
    tx!(db, |tx| {
        store::insert(tx, &row).await?;
        for feature in &features {
            store::insert_feature(tx, id, feature).await?;
        }
        for business in new.businesses.iter().flatten() {
            if !store::business_exists(tx, *business).await? {
                return refuse(MakeRefusal::UnknownBusiness(*business));
            }
            store::insert_business(tx, id, *business).await?;
        }
        let businesses = new.businesses.as_ref().map(|set| set.iter().map(ToString::to_string).collect::<Vec<_>>());
        let after = json!({ "name": new.name, "features": features, "businesses": businesses.map_or(json!("all"), |list| json!(list)) });
        audit::record(tx, who, Entry::new("service_key.made", id).after(after)).await?;
        Ok(())
    })?;
    Ok((id, secret))
}

/// Revokes a key; it counts from the next call on. What it reported stays, and people may change it again. False when
/// there is no such key that works.
///
/// # Errors
/// Any storage error.
pub async fn revoke(db: &Db, _: StaffScope, by: PersonId, who: &Who, key: ServiceKeyId) -> Result<bool, Error> {
    tx!(db, |tx| {
        if store::revoke(tx, key, Some(by), who.now).await? == 0 {
            return Ok(false);
        }
        audit::record(tx, who, Entry::new("service_key.revoked", key)).await?;
        Ok(true)
    })
}

/// A key as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// Its id; says nothing of the key itself.
    pub id: ServiceKeyId,
    /// What people call the service.
    pub name: String,
    /// Whether it is for every business.
    pub all_businesses: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// A key with what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detail {
    /// The key.
    pub key: Listed,
    /// What it may report.
    pub features: Vec<String>,
    /// For whom, where that is limited.
    pub businesses: Vec<(BusinessId, String)>,
}

/// Keys, newest first.
///
/// # Errors
/// Any storage error.
pub async fn list(db: &Db, _: StaffScope, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Listed>, Error> {
    let rows = store::list(db, after, size.overfetch()).await?;
    Ok(Paged::from_overfetch(rows, size, |last: &Listed| Cursor::of_time(last.created_at, last.id.uuid())))
}

/// One key.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, _: StaffScope, key: ServiceKeyId) -> Result<Option<Detail>, Error> {
    let Some(found) = store::find(db, key).await? else { return Ok(None) };
    Ok(Some(Detail { key: found, features: store::features_of(db, key).await?, businesses: store::businesses_of(db, key).await? }))
}

/// A service that has shown a key that works.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The key's id.
    pub key: ServiceKeyId,
    /// The key's name.
    pub name: String,
    features: BTreeSet<String>,
    businesses: Option<BTreeSet<BusinessId>>,
}

impl Caller {
    /// Whether the business exists as far as this service may know.
    #[must_use]
    pub fn may_see(&self, business: BusinessId) -> bool {
        self.businesses.as_ref().is_none_or(|all| all.contains(&business))
    }

    /// Whether it counts this feature.
    #[must_use]
    pub fn may_report(&self, feature: &str) -> bool {
        self.features.contains(feature)
    }
}

/// Whose key this is, if it is one that works.
///
/// # Errors
/// Any storage error.
pub async fn authenticate(db: &Db, presented: &Secret, now: Timestamp) -> Result<Option<Caller>, Error> {
    if !presented.reveal().starts_with(PREFIX) {
        return Ok(None);
    }
    let Some((key, name, all_businesses, last_used_at)) = store::find_working(db, presented.hash()).await? else { return Ok(None) };
    let features = store::features_of(db, key).await?.into_iter().collect();
    let businesses = match all_businesses {
        true => None,
        false => Some(store::businesses_of(db, key).await?.into_iter().map(|(business, _)| business).collect()),
    };
    if last_used_at.is_none_or(|last| now - last >= USE_NOTED_EVERY) {
        store::note_use(db, key, now).await?;
    }
    Ok(Some(Caller { key, name, features, businesses }))
}
