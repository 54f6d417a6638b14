//! Access keys: with which accounts call the marketplace. A seller's key is the account; a buyer's key acts as one person
//! of the account, so that whatever it does is somebody's and goes no further than their role. The secret is shown once.
//! Operators make and revoke keys.

use crate::access::{BuyerRole, BuyerSeat, StaffScope};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::email::Email;
use crate::kernel::id::PersonId;
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::random;
use crate::kernel::sealing::SealingKey;
use crate::kernel::secret::Secret;
use crate::marketplace::store::access_keys as store;
use crate::text_enum;
use crate::tx;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::json;
use std::fmt;

/// Last use is noted this often at most: a busy client must not cost a write a call.
const USE_NOTED_EVERY: TimeDelta = TimeDelta::minutes(1);

text_enum! {
    /// Which side of a sale an account is on.
    pub enum Party {
        /// It publishes products.
        Seller = "seller",
        /// It buys them.
        Buyer = "buyer",
    }
}

/// The public half of a key: `AKIA` and 16 capital letters and digits.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct AccessKeyId(String);

impl AccessKeyId {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(format!("AKIA{}", random::word(16).to_ascii_uppercase()))
    }

    /// From a request or an address; anything of another shape is no key of ours.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("AKIA").filter(|rest| rest.len() == 16)?;
        rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()).then(|| Self(text.to_owned()))
    }

    /// As it is stored and shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccessKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// What it is for, in people's words.
    pub name: String,
    /// 12 digits.
    pub account: String,
    /// For a buyer account: as whom it acts.
    pub acts_as: Option<Email>,
}

/// Why a key is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeRefusal {
    /// Neither a seller nor a buyer has this number.
    #[error("no such account")]
    UnknownAccount,
    /// A seller's key acts as nobody.
    #[error("a seller account has no people")]
    SellerHasNoPeople,
    /// A buyer's key acts as somebody, and nobody of the account has this address.
    #[error("nobody of the account has this address")]
    UnknownPerson,
}

/// Makes a key; its secret is in the answer and nowhere else in the clear.
///
/// # Errors
/// The refusal, or any storage error.
pub async fn make(
    db: &Db,
    _: StaffScope,
    sealing: &SealingKey,
    (by, who): (PersonId, &Who),
    new: &NewKey,
) -> Result<(AccessKeyId, Secret), Failed<MakeRefusal>> {
    let id = AccessKeyId::generate();
    let secret = Secret::presented(&STANDARD.encode(random::bytes::<30>()));
    let sealed = sealing.seal(secret.reveal(), id.as_str());
    tx!(db, |tx| {
        let party = match &new.acts_as {
            None if store::is_seller(tx, &new.account).await? => Party::Seller,
            None if store::is_buyer(tx, &new.account).await? => return refuse(MakeRefusal::UnknownPerson),
            Some(_) if store::is_buyer(tx, &new.account).await? => Party::Buyer,
            Some(_) if store::is_seller(tx, &new.account).await? => return refuse(MakeRefusal::SellerHasNoPeople),
            None | Some(_) => return refuse(MakeRefusal::UnknownAccount),
        };
        let person = match &new.acts_as {
            None => None,
            Some(email) => match store::find_person(tx, &new.account, &email.key()).await? {
                Some(person) => Some(person),
                None => return refuse(MakeRefusal::UnknownPerson),
            },
        };
        store::insert(tx, (&id, &sealed), new, (party, person), (who.now, by)).await?;
        let after = json!({ "name": new.name, "party": party.as_str(), "account": new.account, "acts_as": new.acts_as.as_ref().map(Email::as_str) });
        let entry = Entry::new("access_key.made", &id).after(after);
        let entry = if party == Party::Buyer { entry.in_buyer_account(&new.account) } else { entry };
        audit::record(tx, who, entry).await?;
        Ok(())
    })?;
    Ok((id, secret))
}

/// Revokes a key; it counts from the next call on. False when there is no such key that works.
///
/// # Errors
/// Any storage error.
pub async fn revoke(db: &Db, _: StaffScope, (by, who): (PersonId, &Who), key: &AccessKeyId) -> Result<bool, Error> {
    tx!(db, |tx| {
        if store::revoke(tx, key, by, who.now).await? == 0 {
            return Ok(false);
        }
        audit::record(tx, who, Entry::new("access_key.revoked", key)).await?;
        Ok(true)
    })
}

/// A key as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// The public half.
    pub id: AccessKeyId,
    /// What it is for.
    pub name: String,
    /// Which side its account is on.
    pub party: Party,
    /// 12 digits.
    pub account_id: String,
    /// The account's name.
    pub account_name: String,
    /// As whom a buyer's key acts.
    pub acts_as: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// Keys, newest first.
///
/// # Errors
/// Any storage error.
pub async fn list(db: &Db, _: StaffScope, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Listed>, Error> {
    let rows = store::list(db, after.and_then(Cursor::number), size.overfetch()).await?;
    Ok(Paged::from_overfetch(rows, size, |last: &Listed| Cursor::of_number(last.created_at.timestamp_micros(), last.id.as_str())))
}

/// One key.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, _: StaffScope, key: &AccessKeyId) -> Result<Option<Listed>, Error> {
    store::find(db, key).await
}

/// Who calls, once the signature holds.
#[derive(Clone, Debug)]
pub struct Caller {
    /// With which key.
    pub key: AccessKeyId,
    /// The key's account, 12 digits.
    pub account: String,
    /// As a buyer: who, and in which seat. `None` in the seat when the person lost it or is disabled.
    pub buyer: Option<BuyerCaller>,
}

/// The person as whom a buyer's key acts.
#[derive(Clone, Debug)]
pub struct BuyerCaller {
    /// Who.
    pub person: PersonId,
    /// Their address.
    pub email: String,
    /// Their seat in the account, while they have it.
    pub seat: Option<BuyerSeat>,
}

/// A key that works, with what checks its signatures.
#[derive(Clone, Debug)]
pub struct Known {
    /// Who calls, if the signature holds.
    pub caller: Caller,
    sealed_secret: Vec<u8>,
    last_used_at: Option<Timestamp>,
}

/// The key of this id, if it works.
///
/// # Errors
/// Any storage error.
pub async fn find_working(db: &Db, key: &AccessKeyId) -> Result<Option<Known>, Error> {
    let Some(row) = store::find_working(db, key).await? else { return Ok(None) };
    let seat = |role: BuyerRole| BuyerSeat { account: row.account_id.clone(), name: row.account_name.clone().unwrap_or_default(), role };
    let buyer = row.person_id.map(|person| BuyerCaller { person, email: row.email.clone().unwrap_or_default(), seat: row.role.map(seat) });
    let caller = Caller { key: key.clone(), account: row.account_id, buyer };
    Ok(Some(Known { caller, sealed_secret: row.sealed_secret, last_used_at: row.last_used_at }))
}

impl Known {
    /// The secret, for checking one signature.
    ///
    /// # Errors
    /// When it was sealed under another key file.
    pub fn secret(&self, sealing: &SealingKey) -> Result<String, crate::kernel::sealing::DoesNotOpen> {
        sealing.open(&self.sealed_secret, self.caller.key.as_str())
    }

    /// Notes that the key was used, to the minute.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn note_use(&self, db: &Db, now: Timestamp) -> Result<(), Error> {
        if self.last_used_at.is_none_or(|at| now - at >= USE_NOTED_EVERY) {
            store::note_use(db, &self.caller.key, now).await?;
        }
        Ok(())
    }
}
