//! What becomes of a contract when its end has passed, as far as the marketplace tells at this moment; and how a renewed
//! total is shared among its items. Pure (REN-1, REN-4).

use super::entitled::{Total, read};
use super::marketplace::{AgreementFacts, Ending, Entitlement};
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;

/// What the marketplace said about one license ARN.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Which.
    pub license_arn: String,
    /// Its agreement, if the marketplace knows it.
    pub facts: Option<AgreementFacts>,
    /// Its entitlements in force.
    pub rows: Vec<Entitlement>,
}

impl Reading {
    /// The license ARN that goes on where nothing is in force here any more.
    #[must_use]
    pub fn goes_on_as(&self, now: Timestamp) -> Option<&str> {
        let in_force = self.rows.iter().any(|row| row.quantity > 0 && now < row.expires_at);
        let next = self.facts.as_ref()?.successor.as_deref()?;
        (!in_force && next != self.license_arn).then_some(next)
    }
}

/// A contract's term as the console has booked it.
#[derive(Clone, Copy, Debug)]
pub struct Term<'a> {
    /// Its end, exclusive.
    pub expires_at: Timestamp,
    /// The license ARN that it has.
    pub license_arn: &'a str,
    /// First agreement of its chain.
    pub initial_agreement_id: &'a str,
    /// The dimension that means credits.
    pub dimension: &'a str,
}

/// What is to be done about a contract's term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// The term runs; the rows tell whether credits were added.
    Runs,
    /// The next term is known already and begins at the end; it is booked then.
    NotYet,
    /// The next term is to be booked.
    Renews(Total),
    /// The marketplace says that it is over.
    Ended,
    /// Nothing is sure yet: a renewal may be in flight. Nothing is taken away; it is read again.
    Open,
    /// Staff decide, with the total that the marketplace reports.
    Unclear(i64),
}

/// Decides by the reading of a license ARN of the contract's chain.
#[must_use]
pub fn at_end(term: Term<'_>, reading: &Reading, now: Timestamp) -> AtEnd {
    let Ok(entitled) = read(&reading.rows, term.dimension, now) else { return AtEnd::Unclear(0) };
    let reported = entitled.total.map_or(0, |total| total.credits.get());
    let facts = reading.facts.as_ref();
    let is_own = reading.license_arn == term.license_arn;
    if facts.is_some_and(|facts| facts.initial_agreement_id != term.initial_agreement_id) || (facts.is_none() && !is_own) {
        return AtEnd::Unclear(reported);
    }
    if now < term.expires_at {
        return before_the_end(term, reading, facts, reported, is_own);
    }
    // Whole seconds: marketplaces differ in how finely they write an instant.
    let begins_before = |facts: &AgreementFacts| facts.starts_at.timestamp() < term.expires_at.timestamp();
    match entitled.total {
        Some(total) if !is_own && facts.is_some_and(begins_before) => AtEnd::Unclear(total.credits.get()),
        Some(total) => AtEnd::Renews(total),
        None => match facts.and_then(|facts| facts.ending) {
            Some(Ending::Expired | Ending::Cancelled | Ending::Terminated | Ending::NotPaid) => AtEnd::Ended,
            // Not revocations: there is, or will be, another agreement to read.
            Some(Ending::Renewed | Ending::Replaced) | None => AtEnd::Open,
        },
    }
}

fn before_the_end(term: Term<'_>, reading: &Reading, facts: Option<&AgreementFacts>, reported: i64, is_own: bool) -> AtEnd {
    let begins_at_the_end = facts.is_some_and(|facts| facts.starts_at.timestamp() >= term.expires_at.timestamp());
    let renewed = facts.is_some_and(|facts| facts.ending == Some(Ending::Renewed));
    let replaced = facts.is_some_and(|facts| facts.ending == Some(Ending::Replaced)) && reading.rows.is_empty();
    // It ran out at the very end that is known here: only the marketplace's clock is ahead.
    let ran_out =
        |facts: &AgreementFacts| facts.ending == Some(Ending::Expired) && facts.ends_at.timestamp() == term.expires_at.timestamp();
    let ended_there = is_own && reading.rows.is_empty() && facts.is_some_and(ran_out);
    if begins_at_the_end || renewed || ended_there {
        AtEnd::NotYet
    } else if replaced || !is_own {
        AtEnd::Unclear(reported)
    } else {
        AtEnd::Runs
    }
}

/// How a total is shared among the items of a contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// What each item has in the next term, in the items' order; nothing for those that end.
    pub of_items: Vec<Credits>,
    /// What no item has: it becomes an item of its own.
    pub added: Credits,
}

/// Shares a total among items, given oldest first. Fewer credits than before are taken from the newest back, so that the
/// original purchase is the last to shrink; more credits are added apart.
#[must_use]
pub fn share(items: &[Credits], total: Credits) -> Shares {
    let mut left = total;
    let mut take = |credits: &Credits| {
        let share = (*credits).min(left);
        left = left.checked_sub(share).unwrap_or(Credits::ZERO);
        share
    };
    let of_items = items.iter().map(&mut take).collect();
    Shares { of_items, added: left }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fulfilment::marketplace::AgreementStanding;
    use chrono::TimeDelta;

    fn end() -> Timestamp {
        "2027-03-02T09:00:00Z".parse().unwrap()
    }

    fn number(credits: i64) -> Credits {
        Credits::new(credits).unwrap()
    }

    fn facts(initial: &str, starts_at: Timestamp, ending: Option<Ending>) -> AgreementFacts {
        AgreementFacts {
            agreement_id: "agmt-2".to_owned(),
            initial_agreement_id: initial.to_owned(),
            previous_agreement_id: None,
            standing: if ending.is_some() { AgreementStanding::Ended } else { AgreementStanding::Active },
            ending,
            successor: None,
            starts_at,
            ends_at: starts_at + TimeDelta::days(365),
            auto_renew: true,
        }
    }

    fn decided(arn: &str, facts: Option<AgreementFacts>, row: Option<(i64, Timestamp)>, now: Timestamp) -> AtEnd {
        let term = Term { expires_at: end(), license_arn: "own", initial_agreement_id: "agmt-1", dimension: "credits" };
        let row = row.map(|(quantity, expires_at)| Entitlement { dimension: "credits".to_owned(), quantity, expires_at });
        at_end(term, &Reading { license_arn: arn.to_owned(), facts, rows: row.into_iter().collect() }, now)
    }

    /// REN-4: an end that passed takes nothing away before the marketplace said that it is over; RENEWED and REPLACED are
    /// not revocations; what does not fit the chain is for staff.
    #[test]
    fn what_becomes_of_a_term_at_its_end() {
        let (now, start) = (end(), end() - TimeDelta::days(365));
        let later = end() + TimeDelta::days(365);
        let next = Total { credits: number(900), expires_at: later };
        let row = Some((900, later));
        let old = |ending| Some(facts("agmt-1", start, ending));
        assert_eq!(decided("own", old(None), None, now), AtEnd::Open, "a renewal may be in flight");
        assert_eq!(decided("own", None, None, now), AtEnd::Open, "the marketplace does not know it at this moment");
        for (ending, decision) in [
            (Ending::Renewed, AtEnd::Open),
            (Ending::Replaced, AtEnd::Open),
            (Ending::Expired, AtEnd::Ended),
            (Ending::Cancelled, AtEnd::Ended),
            (Ending::Terminated, AtEnd::Ended),
            (Ending::NotPaid, AtEnd::Ended),
        ] {
            assert_eq!(decided("own", old(Some(ending)), None, now), decision, "{ending:?}");
        }
        assert_eq!(decided("own", Some(facts("agmt-1", end(), None)), row, now), AtEnd::Renews(next));
        assert_eq!(decided("own", None, row, now), AtEnd::Renews(next), "the entitlement came before its agreement");
        assert_eq!(decided("new", Some(facts("agmt-1", end(), None)), row, now), AtEnd::Renews(next), "under another license ARN");
        assert_eq!(decided("new", Some(facts("agmt-9", end(), None)), row, now), AtEnd::Unclear(900), "of another chain");
        assert_eq!(decided("new", None, row, now), AtEnd::Unclear(900));
        assert_eq!(decided("new", Some(facts("agmt-1", start, None)), row, now), AtEnd::Unclear(900), "it overlaps the term");
        assert_eq!(decided("own", old(None), Some((i64::MAX, later)), now), AtEnd::Unclear(0));
    }

    /// REN-1, TIM-3: news of the next term that comes before the end waits for it.
    #[test]
    fn before_its_end_a_term_runs() {
        let (now, start) = (end() - TimeDelta::microseconds(1), end() - TimeDelta::days(365));
        let (row, later) = (Some((900, end())), Some((900, end() + TimeDelta::days(365))));
        assert_eq!(decided("own", Some(facts("agmt-1", start, None)), row, now), AtEnd::Runs);
        assert_eq!(decided("own", Some(facts("agmt-1", end(), None)), later, now), AtEnd::NotYet);
        assert_eq!(decided("new", Some(facts("agmt-1", end(), None)), later, now), AtEnd::NotYet);
        assert_eq!(decided("own", Some(facts("agmt-1", start, Some(Ending::Renewed))), None, now), AtEnd::NotYet);
        assert_eq!(decided("own", Some(facts("agmt-1", start, Some(Ending::Expired))), None, now), AtEnd::NotYet, "a clock ahead of ours");
        let cut_short = Some(facts("agmt-1", start - TimeDelta::days(1), Some(Ending::Expired)));
        assert_eq!(decided("own", cut_short, None, now), AtEnd::Runs, "an earlier end than ours is a difference");
        assert_eq!(decided("own", Some(facts("agmt-1", start, Some(Ending::Terminated))), None, now), AtEnd::Runs);
        assert_eq!(decided("own", Some(facts("agmt-1", start, Some(Ending::Replaced))), None, now), AtEnd::Unclear(0));
        assert_eq!(decided("new", Some(facts("agmt-1", start, None)), later, now), AtEnd::Unclear(900));
    }

    /// REN-1: fewer credits shrink the items from the newest back, more are an item of their own.
    #[test]
    fn a_total_is_shared_oldest_first() {
        let items = [number(1000), number(600), number(50)];
        let shared = |total| {
            let shares = share(&items, number(total));
            (shares.of_items.iter().map(|share| share.get()).collect::<Vec<_>>(), shares.added.get())
        };
        assert_eq!(shared(1650), (vec![1000, 600, 50], 0));
        assert_eq!(shared(2000), (vec![1000, 600, 50], 350));
        assert_eq!(shared(1620), (vec![1000, 600, 20], 0));
        assert_eq!(shared(1600), (vec![1000, 600, 0], 0));
        assert_eq!(shared(1200), (vec![1000, 200, 0], 0));
        assert_eq!(shared(1), (vec![1, 0, 0], 0));
        assert_eq!(share(&[], number(7)), Shares { of_items: Vec::new(), added: number(7) });
    }
}
