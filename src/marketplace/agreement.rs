//! An agreement: an accepted quote with its term, and the license ARN that is the key of the purchase. The model, and
//! what the seller's side tells about it. What makes agreements is [`super::pay`], what ends pending ones
//! [`super::settle`].

use super::ids::{AgreementId, LicenseArn, OfferId, ProductId, QuoteId};
use super::store::{agreements as store, renewals};
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::id::PersonId;
use crate::kernel::term::{Term, TermError};
use crate::text_enum;
use crate::tx;
use serde_json::json;

text_enum! {
    /// How an agreement is stored. An active one whose term is over has ended, whether or not a job has noted it.
    pub enum AgreementStatus {
        /// Accepted; the payment is not settled, there is no entitlement.
        Pending = "pending",
        /// In force.
        Active = "active",
        /// The payment did not arrive.
        RolledBack = "rolled_back",
        /// The term ended without renewal.
        Expired = "expired",
        /// The next term goes on under another agreement.
        Renewed = "renewed",
        /// Ended by the buyer.
        Cancelled = "cancelled",
        /// Ended by the seller.
        Terminated = "terminated",
    }
}

/// An agreement.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Agreement {
    /// Its id.
    pub id: AgreementId,
    /// The first of its chain of renewals; a first one names itself.
    pub initial_agreement_id: AgreementId,
    /// The quote that made it.
    pub quote_id: QuoteId,
    /// The buyer's 12 digits.
    pub buyer_account_id: String,
    /// Of which product.
    pub product_id: ProductId,
    /// At which terms.
    pub offer_id: OfferId,
    /// The key of the purchase.
    pub license_arn: LicenseArn,
    /// How it is stored.
    pub status: AgreementStatus,
    /// From which all ends are computed (TIM-2).
    pub anchor_at: Timestamp,
    /// Which term of the chain, from 1.
    pub term_number: i64,
    /// Calendar months in a term.
    pub duration_months: i64,
    /// First instant.
    pub starts_at: Timestamp,
    /// First instant after.
    pub ends_at: Timestamp,
    /// Whether it renews by itself.
    pub auto_renew: bool,
    /// Credits in force, upgrades included.
    pub credits: Credits,
    /// Credits that the buyer chose for the next term; nothing means those in force at the end (REN-3).
    pub next_credits: Option<Credits>,
    /// The buyer's own number for it.
    pub purchase_order: Option<String>,
    /// Who pressed Pay now.
    pub accepted_by: PersonId,
    /// When it was accepted.
    pub accepted_at: Timestamp,
}

/// What an agreement comes to at an instant, if the clockwork looks at it then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// Its end has not come, or it is not in force at all.
    Nothing,
    /// It ends.
    Ends,
    /// It goes on for another term.
    Renews {
        /// With so many credits.
        credits: Credits,
    },
}

/// How an agreement stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The payment is not settled.
    Pending,
    /// In force.
    Active,
    /// The payment did not arrive; it never was in force.
    RolledBack,
    /// Over.
    Ended,
}

/// What happens to an agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AgreementEvent {
    /// The pending payment arrived.
    SettledApproved,
    /// The pending payment did not arrive.
    SettledDeclined,
    /// Credits are added.
    Upgraded,
    /// Auto renew is switched on or off.
    RenewalChanged,
    /// A registration token is asked for.
    SetUp,
}

/// The event does not belong to this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not while the agreement is {0:?}")]
pub struct NotNow(pub Standing);

impl Standing {
    /// Of a stored status at an instant (TIM-3: in force while `now < ends_at`).
    #[must_use]
    pub fn of(status: AgreementStatus, ends_at: Timestamp, now: Timestamp) -> Self {
        match status {
            AgreementStatus::Pending => Self::Pending,
            AgreementStatus::Active if now < ends_at => Self::Active,
            AgreementStatus::RolledBack => Self::RolledBack,
            AgreementStatus::Active
            | AgreementStatus::Expired
            | AgreementStatus::Renewed
            | AgreementStatus::Cancelled
            | AgreementStatus::Terminated => Self::Ended,
        }
    }

    /// The status after an event.
    ///
    /// # Errors
    /// When it does not happen to an agreement that stands so.
    pub fn after(self, event: AgreementEvent) -> Result<AgreementStatus, NotNow> {
        match (self, event) {
            (Self::Pending, AgreementEvent::SettledApproved) => Ok(AgreementStatus::Active),
            (Self::Pending, AgreementEvent::SettledDeclined) => Ok(AgreementStatus::RolledBack),
            (Self::Pending, AgreementEvent::SetUp) => Ok(AgreementStatus::Pending),
            (Self::Active, AgreementEvent::Upgraded | AgreementEvent::RenewalChanged | AgreementEvent::SetUp) => {
                Ok(AgreementStatus::Active)
            }
            (Self::Pending, AgreementEvent::Upgraded | AgreementEvent::RenewalChanged)
            | (Self::Active, AgreementEvent::SettledApproved | AgreementEvent::SettledDeclined)
            | (
                Self::RolledBack | Self::Ended,
                AgreementEvent::SettledApproved
                | AgreementEvent::SettledDeclined
                | AgreementEvent::Upgraded
                | AgreementEvent::RenewalChanged
                | AgreementEvent::SetUp,
            ) => Err(NotNow(self)),
        }
    }
}

impl Agreement {
    /// How it stands at an instant.
    #[must_use]
    pub fn standing(&self, now: Timestamp) -> Standing {
        Standing::of(self.status, self.ends_at, now)
    }

    /// What becomes of it at an instant: at its end it renews if auto renew is on then (REN-1, TIM-3).
    #[must_use]
    pub fn at_end(&self, now: Timestamp) -> AtEnd {
        match self.status {
            AgreementStatus::Active if now < self.ends_at => AtEnd::Nothing,
            AgreementStatus::Active if self.auto_renew => AtEnd::Renews { credits: self.next_credits.unwrap_or(self.credits) },
            AgreementStatus::Active => AtEnd::Ends,
            AgreementStatus::Pending
            | AgreementStatus::RolledBack
            | AgreementStatus::Expired
            | AgreementStatus::Renewed
            | AgreementStatus::Cancelled
            | AgreementStatus::Terminated => AtEnd::Nothing,
        }
    }

    /// Its term, computed from the anchor.
    ///
    /// # Errors
    /// When it lies beyond the calendar, which no stored agreement's does.
    pub fn term(&self) -> Result<Term, TermError> {
        Term::new(self.anchor_at, u32::try_from(self.term_number).unwrap_or(0), u32::try_from(self.duration_months).unwrap_or(0))
    }
}

/// The seller tells that the purchase was activated; said again, nothing changes. False when no such ARN is known.
///
/// # Errors
/// Any storage error.
pub async fn mark_activated(db: &Db, who: &Who, arn: &LicenseArn, at: Timestamp) -> Result<bool, Error> {
    tx!(db, |tx| {
        let Some(key) = store::lock_arn(tx, arn).await? else {
            return Ok(false);
        };
        if key.activated_at.is_none() {
            store::activate(tx, arn, at).await?;
            let entry = Entry::new("subscription.activated", &key.agreement_id).in_buyer_account(&key.buyer_account_id);
            audit::record(tx, who, entry.after(json!({ "activated_at": at.to_rfc3339() }))).await?;
        }
        Ok::<_, Error>(true)
    })
}

/// The agreement behind a license ARN, for the seller.
///
/// # Errors
/// Any storage error.
pub async fn find_by_arn(db: &Db, arn: &LicenseArn) -> Result<Option<Agreement>, Error> {
    store::find_by_arn(db, arn).await
}

/// The agreements before and after one in its chain of renewals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The agreement that it renewed.
    pub previous: Option<AgreementId>,
    /// The license ARN of the one that renewed it.
    pub successor: Option<LicenseArn>,
}

/// What came before and after an agreement, for the seller.
///
/// # Errors
/// Any storage error.
pub async fn find_neighbours(db: &Db, agreement: &Agreement) -> Result<Neighbours, Error> {
    let (chain, term) = (&agreement.initial_agreement_id, agreement.term_number);
    Ok(Neighbours {
        previous: if term > 1 { renewals::find_previous(db, chain, term).await? } else { None },
        successor: if agreement.status == AgreementStatus::Renewed { renewals::find_successor(db, chain, term).await? } else { None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    /// MKT-9, UPG-1: every standing with every event.
    #[test]
    fn the_table_of_agreement_states_and_events() {
        let events = [
            AgreementEvent::SettledApproved,
            AgreementEvent::SettledDeclined,
            AgreementEvent::Upgraded,
            AgreementEvent::RenewalChanged,
            AgreementEvent::SetUp,
        ];
        let mut table = "standing | settled approved | settled declined | upgraded | renewal changed | set up\n".to_owned();
        for standing in [Standing::Pending, Standing::Active, Standing::RolledBack, Standing::Ended] {
            write!(table, "{standing:?}").expect("text");
            for event in events {
                let cell = standing.after(event).map_or_else(|_| "-".to_owned(), |status| status.to_string());
                write!(table, " | {cell}").expect("text");
            }
            table.push('\n');
        }
        let expected = "\
standing | settled approved | settled declined | upgraded | renewal changed | set up
Pending | active | rolled_back | - | - | pending
Active | - | - | active | active | active
RolledBack | - | - | - | - | -
Ended | - | - | - | - | -
";
        assert_eq!(table, expected);
    }

    /// REN-1, REN-2: only an agreement in force whose end has passed is decided, by what is stored then.
    #[test]
    fn what_becomes_of_an_agreement_at_its_end() {
        let end: Timestamp = "2027-03-02T09:00:00Z".parse().expect("an instant");
        let id = AgreementId::parse("agmt-a").expect("an id");
        let credits = |number| Credits::new(number).expect("credits");
        let agreement = |status, auto_renew, next_credits| Agreement {
            id: id.clone(),
            initial_agreement_id: id.clone(),
            quote_id: QuoteId::parse("ar-q").expect("an id"),
            buyer_account_id: "111122223333".to_owned(),
            product_id: ProductId::parse("prod-p").expect("an id"),
            offer_id: OfferId::parse("offer-o").expect("an id"),
            license_arn: LicenseArn::generate("294406891311"),
            status,
            anchor_at: end - chrono::TimeDelta::days(365),
            term_number: 1,
            duration_months: 12,
            starts_at: end - chrono::TimeDelta::days(365),
            ends_at: end,
            auto_renew,
            credits: credits(1_000),
            next_credits,
            purchase_order: None,
            accepted_by: PersonId::generate(),
            accepted_at: end,
        };
        let active = |auto_renew, next| agreement(AgreementStatus::Active, auto_renew, next);
        assert_eq!(active(true, None).at_end(end - chrono::TimeDelta::microseconds(1)), AtEnd::Nothing);
        assert_eq!(active(true, None).at_end(end), AtEnd::Renews { credits: credits(1_000) });
        assert_eq!(active(true, Some(credits(400))).at_end(end), AtEnd::Renews { credits: credits(400) });
        assert_eq!(active(false, None).at_end(end), AtEnd::Ends);
        for status in AgreementStatus::ALL.iter().filter(|status| **status != AgreementStatus::Active) {
            assert_eq!(agreement(*status, true, None).at_end(end), AtEnd::Nothing, "{status}");
        }
    }

    #[test]
    fn an_active_agreement_has_ended_at_its_end_and_not_a_microsecond_sooner() {
        let end: Timestamp = "2027-03-02T09:00:00Z".parse().expect("an instant");
        let before = end - chrono::TimeDelta::microseconds(1);
        assert_eq!(Standing::of(AgreementStatus::Active, end, before), Standing::Active);
        assert_eq!(Standing::of(AgreementStatus::Active, end, end), Standing::Ended);
        for status in [AgreementStatus::Expired, AgreementStatus::Renewed, AgreementStatus::Cancelled, AgreementStatus::Terminated] {
            assert_eq!(Standing::of(status, end, before), Standing::Ended, "{status}");
        }
    }
}
