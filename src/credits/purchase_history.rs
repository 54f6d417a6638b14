//! Purchase history (CRD-6): every license item that a business owns, with its term, credits and standing.
//!
//! It lists what was bought; how credits then moved is in [`super::history`] and [`super::trace`].

use super::store::items::{self, Place};
use crate::access::BusinessScope;
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{ContractId, LicenseId};
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::text;
use crate::text_enum;

text_enum! {
    /// How an item came to be.
    pub enum Kind {
        /// A first purchase.
        New = "new",
        /// Credits added to a running contract.
        Upgrade = "upgrade",
        /// The next term.
        Renewal = "renewal",
        /// An activation code.
        Code = "code",
    }
}

text_enum! {
    /// Where an item was bought.
    pub enum Source {
        /// The embedded marketplace.
        Embedded = "embedded",
        /// AWS Marketplace.
        Aws = "aws",
        /// An activation code, sold directly.
        Code = "code",
    }
}

text_enum! {
    /// How an item stands at an instant (LIC-3).
    pub enum Status {
        /// Its credits count.
        Active = "active",
        /// It reached its expiration.
        Expired = "expired",
        /// It was taken back.
        Revoked = "revoked",
    }
}

text_enum! {
    /// What the list is sorted by.
    pub enum Sort {
        /// Newest first.
        Newest = "newest",
        /// Oldest first.
        Oldest = "oldest",
        /// Soonest expiration first.
        ExpiresFirst = "expires-first",
        /// Latest expiration first.
        ExpiresLast = "expires-last",
    }
}

impl Kind {
    /// The word for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Upgrade => "Upgrade",
            Self::Renewal => "Renewal",
            Self::Code => "Code",
        }
    }
}

impl Source {
    /// The words for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Embedded => "Marketplace",
            Self::Aws => "AWS Marketplace",
            Self::Code => "Activation code",
        }
    }
}

impl Status {
    /// The word for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => "Active",
            Self::Expired => "Expired",
            Self::Revoked => "Revoked",
        }
    }

    /// The tone beside the word.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Active => "success",
            Self::Expired => "neutral",
            Self::Revoked => "danger",
        }
    }
}

/// One license item.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Item {
    /// The item; the anchor of its row.
    pub id: LicenseId,
    /// Original and upgrades together.
    pub contract_id: ContractId,
    /// New, upgrade, renewal or code.
    pub kind: Kind,
    /// What was bought.
    pub product_name: String,
    /// Where.
    pub source: Source,
    /// The agreement, or the order of a code.
    pub agreement_id: String,
    /// Whole credits.
    pub credits: i64,
    /// First instant of the running term.
    pub starts_at: Timestamp,
    /// The same, where the running term is a renewal.
    pub renewed_at: Option<Timestamp>,
    /// First instant after it.
    pub expires_at: Timestamp,
    /// When it joined the business's licenses.
    pub activated_at: Timestamp,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

impl Item {
    /// What it is, in words: its kind, and whether it went on for another term (CRD-6).
    #[must_use]
    pub fn type_label(&self) -> String {
        if self.renewed_at.is_some() { format!("{}, renewed", self.kind.label()) } else { self.kind.label().to_owned() }
    }

    /// How it stands at `now`.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        match self.revoked_at {
            Some(_) => Status::Revoked,
            None if now < self.expires_at => Status::Active,
            None => Status::Expired,
        }
    }
}

/// What narrows the list; every part by GET.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Words of product or agreement.
    pub words: String,
    /// Only items of this kind.
    pub kind: Option<Kind>,
    /// Only items that stand so.
    pub status: Option<Status>,
}

impl Filter {
    /// Whether everything is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        text::search_words(&self.words).is_empty() && self.kind.is_none() && self.status.is_none()
    }
}

/// A list to read: whose, narrowed and sorted how, at which instant.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Whose items.
    pub scope: BusinessScope,
    /// Which of them.
    pub filter: Filter,
    /// In which order.
    pub sort: Sort,
    /// Decides each item's status.
    pub now: Timestamp,
}

impl Listing {
    /// One page after a cursor, with the number of rows on all pages.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn page(&self, db: &Db, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Item>, Error> {
        let place = after.and_then(Cursor::time).map_or(Place::Top, |(at, id)| Place::After(at, id));
        let items = items::list(db, self, place, size.overfetch()).await?;
        let total = items::count(db, self).await?;
        Ok(Paged::from_overfetch(items, size, |item| self.cursor(item)).with_total(total))
    }

    /// The page that begins with this item; the first page when the item stands there or is not in the list.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn page_with(&self, db: &Db, item: LicenseId, size: PageSize) -> Result<Paged<Item>, Error> {
        let first = self.page(db, None, size).await?;
        if first.next.is_none() || first.items.iter().any(|row| row.id == item) {
            return Ok(first);
        }
        let Some(found) = items::find(db, self, item).await? else { return Ok(first) };
        let rows = items::list(db, self, Place::From(self.sorted_by(&found), found.id.uuid()), size.overfetch()).await?;
        Ok(Paged { total: first.total, ..Paged::from_overfetch(rows, size, |item| self.cursor(item)) })
    }

    /// Every row, read in batches by key; for the CSV.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn all(&self, db: &Db) -> Result<Vec<Item>, Error> {
        const BATCH: i64 = 1_000;
        let mut rows: Vec<Item> = Vec::new();
        loop {
            let place = rows.last().map_or(Place::Top, |last| Place::After(self.sorted_by(last), last.id.uuid()));
            let batch = items::list(db, self, place, BATCH).await?;
            let is_last = i64::try_from(batch.len()).unwrap_or(BATCH) < BATCH;
            rows.extend(batch);
            if is_last {
                return Ok(rows);
            }
        }
    }

    fn sorted_by(&self, item: &Item) -> Timestamp {
        match self.sort {
            Sort::Newest | Sort::Oldest => item.activated_at,
            Sort::ExpiresFirst | Sort::ExpiresLast => item.expires_at,
        }
    }

    fn cursor(&self, item: &Item) -> Cursor {
        Cursor::of_time(self.sorted_by(item), item.id.uuid())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    /// TIM-3: an item is active up to its expiration and not at it.
    #[test]
    fn an_item_expires_at_its_expiration_and_not_a_microsecond_earlier() {
        let expires_at: Timestamp = "2027-03-02T09:00:00Z".parse().unwrap();
        let item = Item {
            id: LicenseId::generate(),
            contract_id: ContractId::generate(),
            kind: Kind::New,
            product_name: "Trend Vision One".to_owned(),
            source: Source::Embedded,
            agreement_id: "agmt-1".to_owned(),
            credits: 100,
            starts_at: expires_at - TimeDelta::days(365),
            renewed_at: None,
            expires_at,
            activated_at: expires_at - TimeDelta::days(364),
            revoked_at: None,
        };
        assert_eq!(item.status(expires_at - TimeDelta::microseconds(1)), Status::Active);
        assert_eq!(item.status(expires_at), Status::Expired);
        let revoked = Item { revoked_at: Some(expires_at - TimeDelta::days(1)), ..item };
        assert_eq!(revoked.status(expires_at), Status::Revoked);
    }
}
