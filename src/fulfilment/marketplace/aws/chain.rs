//! Which of an account's agreements is the one behind a purchase, and what came before and after it. AWS joins agreements by
//! their initial agreement; the order of a chain is that of the starts. Pure.

use super::key::is_same_license;
use crate::fulfilment::marketplace::{AgreementFacts, AgreementStanding, Ending};
use crate::kernel::clock::Timestamp;

/// An agreement as AWS lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// First of its chain, where the list tells.
    pub initial: Option<String>,
    /// `ACTIVE`, `RENEWED`, ….
    pub status: String,
    /// Start of the term.
    pub starts_at: Timestamp,
    /// End of the term; far away where there is none.
    pub ends_at: Timestamp,
    /// Whether it renews by itself, where the list tells.
    pub auto_renew: Option<bool>,
    /// Its licenses.
    pub license_arns: Vec<String>,
}

impl Listed {
    /// Whether something is missing that the agreement itself tells.
    pub fn is_incomplete(&self) -> bool {
        self.initial.is_none() || (self.auto_renew.is_none() && self.status == "ACTIVE")
    }

    /// Takes what is missing from the agreement itself.
    pub fn complete_with(&mut self, whole: Self) {
        self.initial = self.initial.take().or(whole.initial);
        self.auto_renew = self.auto_renew.or(whole.auto_renew);
    }

    fn initial(&self) -> &str {
        self.initial.as_deref().unwrap_or(&self.id)
    }

    fn has(&self, license_arn: &str) -> bool {
        self.license_arns.iter().any(|listed| is_same_license(listed, license_arn))
    }
}

/// The agreement of a license ARN, else of an agreement's chain. Several terms may share one license ARN: the one that has
/// begun last counts, and before the first has begun, the first.
pub fn choose<'l>(listed: &'l [Listed], license_arn: Option<&str>, id: Option<&str>, now: Timestamp) -> Option<&'l Listed> {
    let of_license = |agreement: &&Listed| license_arn.is_some_and(|arn| agreement.has(arn));
    if listed.iter().any(|agreement| of_license(&agreement)) {
        return latest(listed.iter().filter(of_license), now);
    }
    let known = listed.iter().find(|agreement| Some(agreement.id.as_str()) == id)?;
    if license_arn.is_some() {
        return Some(known);
    }
    latest(listed.iter().filter(|agreement| agreement.initial() == known.initial()), now)
}

fn latest<'l>(agreements: impl Iterator<Item = &'l Listed> + Clone, now: Timestamp) -> Option<&'l Listed> {
    let begun = agreements.clone().filter(|agreement| agreement.starts_at <= now).max_by_key(|agreement| agreement.starts_at);
    begun.or_else(|| agreements.min_by_key(|agreement| agreement.starts_at))
}

/// How it ended, in the console's words. `RENEWED` and `REPLACED` are no revocations; what is not known is no end.
pub fn ending(status: &str) -> Option<Ending> {
    match status {
        "EXPIRED" | "ARCHIVED" => Some(Ending::Expired),
        "RENEWED" => Some(Ending::Renewed),
        "REPLACED" | "SUPERSEDED" => Some(Ending::Replaced),
        "CANCELLED" => Some(Ending::Cancelled),
        "TERMINATED" => Some(Ending::Terminated),
        "ROLLED_BACK" => Some(Ending::NotPaid),
        _ => None,
    }
}

/// The facts of one agreement with its neighbours.
pub fn facts_of(own: &Listed, listed: &[Listed], now: Timestamp) -> AgreementFacts {
    let in_chain = || listed.iter().filter(|agreement| agreement.id != own.id && agreement.initial() == own.initial());
    let previous = in_chain().filter(|agreement| agreement.starts_at < own.starts_at).max_by_key(|agreement| agreement.starts_at);
    let next = in_chain().filter(|agreement| agreement.starts_at > own.starts_at).min_by_key(|agreement| agreement.starts_at);
    let ending = ending(&own.status);
    AgreementFacts {
        agreement_id: own.id.clone(),
        initial_agreement_id: own.initial().to_owned(),
        previous_agreement_id: previous.map(|agreement| agreement.id.clone()),
        standing: if ending.is_none() && now < own.ends_at { AgreementStanding::Active } else { AgreementStanding::Ended },
        successor: next.and_then(|agreement| agreement.license_arns.first().cloned()),
        starts_at: own.starts_at,
        ends_at: own.ends_at,
        // What has ended in a renewal did renew, whether or not it still says so.
        auto_renew: own.auto_renew.unwrap_or(ending == Some(Ending::Renewed)),
        ending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn start() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().unwrap()
    }

    fn term(id: &str, year: i32, status: &str, arn: &str) -> Listed {
        let starts_at = start() + TimeDelta::days(365) * year;
        Listed {
            id: id.to_owned(),
            initial: Some("agmt-1".to_owned()),
            status: status.to_owned(),
            starts_at,
            ends_at: starts_at + TimeDelta::days(365),
            auto_renew: (status == "ACTIVE").then_some(true),
            license_arns: vec![format!("arn:aws:license-manager::1:license:{arn}")],
        }
    }

    /// REN-4: the chain is that of the initial agreement; every status has its meaning, and only some are an end.
    #[test]
    fn an_agreement_knows_its_neighbours_and_how_it_ended() {
        let listed = [term("agmt-1", 0, "RENEWED", "l-1"), term("agmt-2", 1, "REPLACED", "l-2"), term("agmt-3", 2, "ACTIVE", "l-3")];
        let now = start() + TimeDelta::days(800);
        assert_eq!(choose(&listed, Some("arn:aws:license-manager::1:license:l-9"), None, now), None, "nobody's");
        let found = choose(&listed, Some("aws:license-manager:us-east-1:1:l-2"), None, now).unwrap();
        let facts = facts_of(found, &listed, now);
        assert_eq!((facts.agreement_id.as_str(), facts.initial_agreement_id.as_str()), ("agmt-2", "agmt-1"));
        assert_eq!(facts.previous_agreement_id.as_deref(), Some("agmt-1"));
        assert_eq!(facts.successor.as_deref(), Some("arn:aws:license-manager::1:license:l-3"));
        assert_eq!((facts.ending, facts.standing), (Some(Ending::Replaced), AgreementStanding::Ended));
        let last = facts_of(&listed[2], &listed, now);
        assert_eq!((last.ending, last.standing, last.successor, last.auto_renew), (None, AgreementStanding::Active, None, true));
        assert_eq!(facts_of(&listed[2], &listed, listed[2].ends_at).standing, AgreementStanding::Ended, "half-open");
        let kinds = ["ACTIVE", "ARCHIVED", "CANCELLED", "EXPIRED", "RENEWED", "REPLACED", "ROLLED_BACK", "SUPERSEDED", "TERMINATED", "NEW"];
        let [expired, renewed, replaced] = [Ending::Expired, Ending::Renewed, Ending::Replaced].map(Some);
        let [cancelled, terminated, not_paid] = [Ending::Cancelled, Ending::Terminated, Ending::NotPaid].map(Some);
        let ends = [None, expired, cancelled, expired, renewed, replaced, not_paid, replaced, terminated, None];
        assert_eq!(kinds.map(ending), ends);
    }

    #[test]
    fn terms_that_share_a_license_are_told_apart_by_their_start() {
        let listed = [term("agmt-1", 0, "RENEWED", "l-1"), term("agmt-2", 1, "ACTIVE", "l-1")];
        let arn = &listed[0].license_arns[0];
        let chosen = |now| choose(&listed, Some(arn), None, now).unwrap().id.clone();
        assert_eq!(chosen(listed[1].starts_at), "agmt-2");
        assert_eq!(chosen(listed[1].starts_at - TimeDelta::microseconds(1)), "agmt-1");
        assert_eq!(chosen(start() - TimeDelta::days(1)), "agmt-1");
    }

    #[test]
    fn without_a_license_the_known_agreement_leads_to_its_chain() {
        let other = Listed { initial: Some("agmt-9".to_owned()), ..term("agmt-9", 1, "ACTIVE", "l-9") };
        let listed = [term("agmt-1", 0, "RENEWED", "l-1"), term("agmt-2", 1, "ACTIVE", "l-2"), other];
        let now = start() + TimeDelta::days(400);
        assert_eq!(choose(&listed, None, Some("agmt-1"), now).unwrap().id, "agmt-2");
        assert_eq!(choose(&listed, Some("arn:l-7"), Some("agmt-1"), now).unwrap().id, "agmt-1", "of a license ARN only its own");
        assert_eq!(choose(&listed, Some("arn:l-7"), Some("agmt-7"), now), None);
        let mut bare = Listed { initial: None, auto_renew: None, ..listed[1].clone() };
        assert!(bare.is_incomplete());
        bare.complete_with(listed[1].clone());
        assert_eq!(bare, listed[1]);
    }
}
