//! What an activated contract lacks, compared with the marketplace's rows. Pure (UPG-4, UPG-5).

use super::entitled::read;
use super::marketplace::Entitlement;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::text_enum;

text_enum! {
    /// What staff have to decide about a contract.
    pub enum QuestionKind {
        /// The marketplace's total is below what was granted (UPG-5).
        LowerTotal = "lower_total",
        /// A dimension that does not mean credits, or rows that contradict each other.
        UnknownDimension = "unknown_dimension",
        /// The total comes with another end than the contract's.
        OtherExpiry = "other_expiry",
        /// A renewal or replacement that is not surely this contract's (REN-4).
        UnclearRenewal = "unclear_renewal",
    }
}

/// A question for staff with the number that the marketplace reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// What is to be decided.
    pub kind: QuestionKind,
    /// The marketplace's number; 0 where it has none.
    pub reported: i64,
}

/// What a contract has been granted, as the console has booked it.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// The sum of its items.
    pub credits: Credits,
    /// Until when, exclusive.
    pub expires_at: Timestamp,
    /// The dimension that means credits.
    pub dimension: &'a str,
}

/// Credits that are missing in the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addition {
    /// How many; more than zero.
    pub credits: Credits,
    /// What is granted with them.
    pub total: Credits,
}

/// What has to be done: at most one addition, and what staff are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// To be booked as a new item.
    pub addition: Option<Addition>,
    /// To be put before staff.
    pub questions: Vec<Question>,
}

/// Compares. The same total seen twice makes no difference; a lower one, another end, or another dimension is never
/// booked. A contract that is over is left alone.
#[must_use]
pub fn compare(granted: Granted<'_>, rows: &[Entitlement], now: Timestamp) -> Difference {
    let mut difference = Difference::default();
    if granted.expires_at <= now {
        return difference;
    }
    let Ok(entitled) = read(rows, granted.dimension, now) else {
        difference.questions.push(Question { kind: QuestionKind::UnknownDimension, reported: 0 });
        return difference;
    };
    for unknown in &entitled.unknown {
        difference.questions.push(Question { kind: QuestionKind::UnknownDimension, reported: unknown.quantity });
    }
    let Some(total) = entitled.total else {
        difference.questions.push(Question { kind: QuestionKind::LowerTotal, reported: 0 });
        return difference;
    };
    // To the second: marketplaces differ in how finely they write an instant.
    if total.expires_at.timestamp() != granted.expires_at.timestamp() {
        difference.questions.push(Question { kind: QuestionKind::OtherExpiry, reported: total.credits.get() });
        return difference;
    }
    match total.credits.checked_sub(granted.credits) {
        Ok(credits) => difference.addition = (!credits.is_zero()).then_some(Addition { credits, total: total.credits }),
        Err(_) => difference.questions.push(Question { kind: QuestionKind::LowerTotal, reported: total.credits.get() }),
    }
    difference
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn now() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().unwrap()
    }

    fn compared(rows: &[(&str, i64, TimeDelta)], now: Timestamp) -> Difference {
        let end = self::now() + TimeDelta::days(365);
        let rows: Vec<_> = rows
            .iter()
            .map(|(dimension, quantity, later)| Entitlement {
                dimension: (*dimension).to_owned(),
                quantity: *quantity,
                expires_at: end + *later,
            })
            .collect();
        compare(Granted { credits: Credits::new(1000).unwrap(), expires_at: end, dimension: "credits" }, &rows, now)
    }

    fn asks(kind: QuestionKind, reported: i64) -> Difference {
        Difference { addition: None, questions: vec![Question { kind, reported }] }
    }

    fn adds(credits: i64) -> Difference {
        let [credits, total] = [credits, 1000 + credits].map(|number| Credits::new(number).unwrap());
        Difference { addition: Some(Addition { credits, total }), questions: Vec::new() }
    }

    /// UPG-4, UPG-5: only a higher total with the same end, to the second, is booked.
    #[test]
    fn only_a_higher_total_with_the_same_end_is_booked() {
        let same = TimeDelta::zero();
        let half_a_second = TimeDelta::milliseconds(500);
        let a_second = TimeDelta::seconds(1);
        assert_eq!(compared(&[("credits", 1000, same)], now()), Difference::default());
        assert_eq!(compared(&[("credits", 1500, same)], now()), adds(500));
        assert_eq!(compared(&[("credits", 1500, half_a_second)], now()), adds(500));
        assert_eq!(compared(&[("credits", 1500, a_second)], now()), asks(QuestionKind::OtherExpiry, 1500));
        assert_eq!(compared(&[("credits", 1000, a_second)], now()), asks(QuestionKind::OtherExpiry, 1000));
        assert_eq!(compared(&[("credits", 999, same)], now()), asks(QuestionKind::LowerTotal, 999));
        assert_eq!(compared(&[], now()), asks(QuestionKind::LowerTotal, 0));
        assert_eq!(compared(&[("credits", i64::MAX, same)], now()), asks(QuestionKind::UnknownDimension, 0));
        let two = compared(&[("credits", 1001, same), ("seats", 7, same)], now());
        assert_eq!(two.addition, adds(1).addition);
        assert_eq!(two.questions, asks(QuestionKind::UnknownDimension, 7).questions);
    }

    #[test]
    fn a_contract_that_is_over_is_left_alone() {
        let end = now() + TimeDelta::days(365);
        let tick = TimeDelta::microseconds(1);
        assert_eq!(compared(&[("credits", 1500, TimeDelta::zero())], end - tick), adds(500));
        assert_eq!(compared(&[("credits", 1500, TimeDelta::days(365))], end), Difference::default());
        assert_eq!(compared(&[], end), Difference::default());
    }
}
