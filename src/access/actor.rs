//! The signed-in person with everything that decides what they may do, read anew at each request (IDN-5).

use super::phase::Phase;
use crate::kernel::id::{BusinessId, PersonId, SessionReference};
use crate::text_enum;

text_enum! {
    /// What a person is in a business (IDN-2).
    pub enum BusinessRole {
        /// Everything, licensing included.
        Administrator = "administrator",
        /// Licensing.
        LicensingManager = "licensing_manager",
        /// Sees licenses and credits.
        BillingViewer = "billing_viewer",
        /// Sees these and the audit log.
        Auditor = "auditor",
        /// Sees neither.
        Member = "member",
    }
}

text_enum! {
    /// What a person is in a buyer account (IDN-3).
    pub enum BuyerRole {
        /// May purchase.
        Purchaser = "purchaser",
        /// May look.
        Viewer = "viewer",
    }
}

text_enum! {
    /// What a person is among the vendor's staff (IDN-3).
    pub enum StaffRole {
        /// Looks things up and asks for transfers.
        Support = "support",
        /// Also approves what somebody else asked for.
        SupportLead = "support_lead",
        /// Runs the program.
        Operator = "operator",
    }
}

impl BusinessRole {
    /// The role in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Administrator => "Administrator",
            Self::LicensingManager => "Licensing manager",
            Self::BillingViewer => "Billing viewer",
            Self::Auditor => "Auditor",
            Self::Member => "Member",
        }
    }

    /// *Licensing permission* of product.md: Administrator or Licensing manager.
    #[must_use]
    pub const fn has_licensing_permission(self) -> bool {
        matches!(self, Self::Administrator | Self::LicensingManager)
    }
}

impl BuyerRole {
    /// The role in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Purchaser => "Purchaser",
            Self::Viewer => "Viewer",
        }
    }
}

impl StaffRole {
    /// The role in words.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Support => "Support",
            Self::SupportLead => "Support lead",
            Self::Operator => "Operator",
        }
    }
}

/// A business that a person belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Which.
    pub business: BusinessId,
    /// Its name.
    pub name: String,
    /// As what.
    pub role: BusinessRole,
    /// How far the business's access goes at this request (EXP-2).
    pub phase: Phase,
}

/// A buyer account that a person belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuyerSeat {
    /// Its 12 digits.
    pub account: String,
    /// Its name.
    pub name: String,
    /// As what.
    pub role: BuyerRole,
}

/// A signed-in person. `business` and `buyer` are the ones they are working in at the moment.
#[derive(Clone, Debug)]
pub struct Actor {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their chosen time zone, an IANA name.
    pub time_zone: Option<String>,
    /// The session they act in.
    pub session: SessionReference,
    /// Every business they belong to, by name.
    pub memberships: Vec<Membership>,
    /// Every buyer account they belong to, by name.
    pub seats: Vec<BuyerSeat>,
    /// Their staff roles.
    pub staff: Vec<StaffRole>,
    /// The business chosen in this session, else their first.
    pub business: Option<BusinessId>,
    /// The buyer account chosen in this session, else their first.
    pub buyer: Option<String>,
}

impl Actor {
    /// The membership they are working in.
    #[must_use]
    pub fn membership(&self) -> Option<&Membership> {
        self.memberships.iter().find(|membership| Some(membership.business) == self.business)
    }

    /// The membership in a given business.
    #[must_use]
    pub fn membership_in(&self, business: BusinessId) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.business == business)
    }

    /// The same person, working in another of their businesses; whether they belong to it is for the policy to decide.
    #[must_use]
    pub fn working_in(&self, business: BusinessId) -> Self {
        Self { business: Some(business), ..self.clone() }
    }

    /// The seat in the buyer account they are working in.
    #[must_use]
    pub fn seat(&self) -> Option<&BuyerSeat> {
        self.seats.iter().find(|seat| Some(&seat.account) == self.buyer.as_ref())
    }

    /// Whether they hold a staff role.
    #[must_use]
    pub fn is_staff_as(&self, role: StaffRole) -> bool {
        self.staff.contains(&role)
    }
}
