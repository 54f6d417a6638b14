//! License Information: the licenses of one business, what they are narrowed and sorted by, and one of them in detail
//! (LIC-1 to LIC-3, LIC-6). It reads only; there is no way from here to move a license (LIC-4).

use super::code::masked;
use super::license::{Kind, Source, Status};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::{ContractId, LicenseId};
use crate::text_enum;

pub use super::store::listing::{count, find, get_terms, list, list_of_contract};

text_enum! {
    /// What the list may be narrowed to. *Not activated* is no row of this list but a registration.
    pub enum Standing {
        /// In force.
        Active = "active",
        /// In force for thirty days more at most.
        ExpiresSoon = "expires_soon",
        /// Past its expiration.
        Expired = "expired",
        /// Taken away.
        Revoked = "revoked",
    }
}

text_enum! {
    /// What the list is sorted by.
    pub enum Column {
        /// When it was activated.
        Activated = "activated",
        /// The product's name, then the agreement.
        Product = "product",
        /// How long it still lasts; those that ended first come first.
        Status = "status",
    }
}

impl Standing {
    /// The standing in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Active => Status::Active.label(),
            Self::ExpiresSoon => "Expires soon",
            Self::Expired => Status::Expired.label(),
            Self::Revoked => Status::Revoked.label(),
        }
    }
}

/// The order of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// By what.
    pub column: Column,
    /// Largest first.
    pub descending: bool,
}

impl Default for Order {
    /// What was activated last comes first.
    fn default() -> Self {
        Self { column: Column::Activated, descending: true }
    }
}

/// What the list is narrowed by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// How it stands.
    pub standing: Option<Standing>,
    /// Words of the product's name or the agreement; all must occur, whatever their case and accents.
    pub words: String,
}

/// A row of License Information.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct License {
    /// Its id.
    pub id: LicenseId,
    /// The contract it belongs to.
    pub contract_id: ContractId,
    /// Its place in the contract, from 1.
    pub item_number: i64,
    /// What made it.
    pub kind: Kind,
    /// What it is for.
    pub product_name: String,
    /// Where it comes from.
    pub source: Source,
    /// Under which agreement.
    pub agreement_id: String,
    /// What it grants; shown in Credits & Billing only (LIC-2).
    pub credits: Credits,
    /// Start of its term.
    pub starts_at: Timestamp,
    /// End of its term, exclusive.
    pub expires_at: Timestamp,
    /// When it was activated; for an upgrade when it was booked.
    pub activated_at: Timestamp,
    /// Who activated it; nobody has to activate an upgrade.
    pub activated_by: Option<String>,
    /// When it was taken away.
    pub revoked_at: Option<Timestamp>,
    /// What the list is sorted by in the product's column.
    pub(super) search_key: String,
    /// Last group of the activation code that its contract was made with.
    pub(super) last_group: Option<String>,
}

impl License {
    /// The activation code, masked, where one applies (LIC-2).
    #[must_use]
    pub fn code(&self) -> Option<String> {
        self.last_group.as_deref().map(masked)
    }

    /// How it stands at `now` (LIC-3).
    #[must_use]
    pub fn status(&self, now: Timestamp) -> Status {
        Status::of(self.revoked_at, self.expires_at, now)
    }

    /// Whether *Expires soon* stands beside its status.
    #[must_use]
    pub fn expires_soon(&self, now: Timestamp) -> bool {
        self.status(now).expires_soon(self.expires_at, now)
    }
}

/// What all items of a contract share.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Terms {
    /// The key of the purchase.
    pub license_arn: String,
    /// The seller.
    pub seller_name: String,
    /// The buyer's 12 digits; shown masked.
    pub buyer_account_id: String,
    /// Whether the contract renews by itself.
    pub auto_renew: bool,
    /// First agreement of the chain.
    pub initial_agreement_id: String,
}
