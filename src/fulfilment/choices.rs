//! In which of their businesses a person can activate, and why not in the others (ACT-3, SET-9). Pure.

use super::registration::Held;
use crate::access::{Action, Actor, BusinessRole, Refused, allows};
use crate::kernel::id::BusinessId;

/// Why a business of the person cannot take the license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CannotTake {
    /// The person has this role there, which has no licensing permission.
    Role(BusinessRole),
    /// It is closed (EXP-2).
    Closed,
    /// The hand-over link was made for another business.
    OtherLink,
    /// It has a pay-as-you-go contract, and this would be another one (CRD-9).
    HasPayAsYouGo,
}

/// One of the person's businesses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Which.
    pub business: BusinessId,
    /// Its name.
    pub name: String,
    /// Why it cannot be chosen.
    pub cannot: Option<CannotTake>,
}

/// Every business of the person, by name. A link that is for another business is the first reason: no role helps then.
#[must_use]
pub fn choices(actor: &Actor, held: &Held) -> Vec<Choice> {
    let choice = |membership: &crate::access::Membership| {
        let may = allows(&actor.working_in(membership.business), Action::ManageLicenses);
        let cannot = match (held.serves(membership.business), may) {
            (false, _) => Some(CannotTake::OtherLink),
            (true, Ok(())) => None,
            (true, Err(Refused::Closed { .. })) => Some(CannotTake::Closed),
            (true, Err(_)) => Some(CannotTake::Role(membership.role)),
        };
        Choice { business: membership.business, name: membership.name.clone(), cannot }
    };
    actor.memberships.iter().map(choice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Membership, Phase};
    use crate::fulfilment::license::Source;
    use crate::fulfilment::registration::{HANDLE_KEPT, Purchase, Registration, deadline};
    use crate::kernel::clock::Timestamp;
    use crate::kernel::id::{PersonId, RegistrationId, SessionReference};

    fn held(bound_to: Option<BusinessId>) -> Held {
        let landed_at: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        let purchase = Purchase {
            source: Source::Embedded,
            license_arn: String::new(),
            product_code: String::new(),
            product_name: String::new(),
            seller_name: String::new(),
            agreement_id: String::new(),
            buyer_account_id: String::new(),
        };
        let expires_at = deadline(landed_at, None);
        let registration = Registration { id: RegistrationId::generate(), purchase, landed_at, expires_at, completed_at: None };
        Held { registration, bound_to, handle_until: landed_at + HANDLE_KEPT }
    }

    /// ACT-3, ACT-2: every business is listed; only those with licensing permission can be chosen.
    #[test]
    fn businesses_that_cannot_take_it_are_listed_with_the_reason() {
        let memberships: Vec<Membership> = BusinessRole::ALL
            .iter()
            .map(|role| Membership { business: BusinessId::generate(), name: role.label().to_owned(), role: *role, phase: Phase::Active })
            .collect();
        let actor = Actor {
            person: PersonId::generate(),
            name: "Ada".to_owned(),
            email: "ada@acme.example".to_owned(),
            time_zone: None,
            session: SessionReference::generate(),
            business: memberships.first().map(|membership| membership.business),
            memberships,
            seats: Vec::new(),
            staff: Vec::new(),
            buyer: None,
        };
        let reasons = |bound_to| choices(&actor, &held(bound_to)).into_iter().map(|choice| choice.cannot).collect::<Vec<_>>();
        let role = |role| Some(CannotTake::Role(role));
        let open = [None, None, role(BusinessRole::BillingViewer), role(BusinessRole::Auditor), role(BusinessRole::Member)];
        assert_eq!(reasons(None), open);
        let link = Some(CannotTake::OtherLink);
        let second = actor.memberships[1].business;
        assert_eq!(reasons(Some(second)), [link, None, link, link, link]);
        let now = held(None).registration.landed_at;
        let mut late = actor.clone();
        late.memberships[0].phase = Phase::Locked { expired_at: now, closes_at: now };
        late.memberships[1].phase = Phase::Closed { since: now, for_deletion: false };
        let first_two: Vec<_> = choices(&late, &held(None)).into_iter().take(2).map(|choice| choice.cannot).collect();
        assert_eq!(first_two, [None, Some(CannotTake::Closed)], "EXP-2: a locked business renews, a closed one does not");
        let last = actor.memberships[4].business;
        assert_eq!(reasons(Some(last)), [link, link, link, link, role(BusinessRole::Member)]);
    }
}
