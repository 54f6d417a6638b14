//! What a purchase is worth at an instant, read from the marketplace's own rows. Pure: the rows come in, one answer goes
//! out. It never looks at a token, an event or a price (ACT-4).

use super::marketplace::{AgreementFacts, AgreementStanding, Entitlement};
use crate::credits::pay_as_you_go::DIMENSION as PAY_AS_YOU_GO;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;

/// A dimension that does not mean credits: nothing is granted for it, staff are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDimension {
    /// Its key.
    pub dimension: String,
    /// What it says.
    pub quantity: i64,
}

/// The credits in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// All credits on the license ARN, more than zero.
    pub credits: Credits,
    /// End of the contract, exclusive.
    pub expires_at: Timestamp,
}

/// The dimension that rows in force have: that of pay-as-you-go where they stand for such a contract and for nothing else,
/// otherwise the one that means credits.
#[must_use]
pub fn dimension_of<'d>(rows: &[Entitlement], credits: &'d str, now: Timestamp) -> &'d str {
    let mut in_force = rows.iter().filter(|row| row.quantity > 0 && now < row.expires_at).peekable();
    let is_pay_as_you_go = in_force.peek().is_some() && in_force.all(|row| row.dimension == PAY_AS_YOU_GO);
    if is_pay_as_you_go { PAY_AS_YOU_GO } else { credits }
}

/// What the rows say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entitled {
    /// `None` when no row in force grants credits.
    pub total: Option<Total>,
    /// Everything that is in force but is not credits.
    pub unknown: Vec<UnknownDimension>,
}

/// Rows of one dimension that contradict each other or add up to more credits than there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contradictory;

/// Reads the rows that are in force at `now`.
///
/// # Errors
/// When the credits rows have different ends or do not add up.
pub fn read(rows: &[Entitlement], dimension: &str, now: Timestamp) -> Result<Entitled, Contradictory> {
    let mut entitled = Entitled { total: None, unknown: Vec::new() };
    for row in rows.iter().filter(|row| row.quantity > 0 && now < row.expires_at) {
        if row.dimension != dimension {
            entitled.unknown.push(UnknownDimension { dimension: row.dimension.clone(), quantity: row.quantity });
            continue;
        }
        let credits = Credits::new(row.quantity).map_err(|_| Contradictory)?;
        let credits = match &entitled.total {
            None => credits,
            Some(total) if total.expires_at == row.expires_at => total.credits.checked_add(credits).map_err(|_| Contradictory)?,
            Some(_) => return Err(Contradictory),
        };
        entitled.total = Some(Total { credits, expires_at: row.expires_at });
    }
    Ok(entitled)
}

/// Why a purchase cannot be activated at the moment although its registration is in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotGrantable {
    /// Payment or provisioning is not finished.
    Pending,
    /// The agreement is over.
    Ended,
    /// The rows are not credits, or contradict each other; staff have to look.
    Unclear,
}

/// What an activation at `now` grants: the credits and the other dimensions that staff are asked about.
///
/// # Errors
/// The reason why it grants nothing.
pub fn grantable(
    rows: &[Entitlement],
    facts: Option<&AgreementFacts>,
    dimension: &str,
    now: Timestamp,
) -> Result<(Total, Vec<UnknownDimension>), NotGrantable> {
    let standing = facts.map_or(AgreementStanding::Pending, |facts| facts.standing);
    if standing == AgreementStanding::Ended {
        return Err(NotGrantable::Ended);
    }
    let entitled = read(rows, dimension, now).map_err(|Contradictory| NotGrantable::Unclear)?;
    match (entitled.total, standing) {
        (Some(total), _) => Ok((total, entitled.unknown)),
        (None, _) if !entitled.unknown.is_empty() => Err(NotGrantable::Unclear),
        (None, _) if !rows.is_empty() && rows.iter().all(|row| row.expires_at <= now) => Err(NotGrantable::Ended),
        (None, AgreementStanding::Pending | AgreementStanding::Active | AgreementStanding::Ended) => Err(NotGrantable::Pending),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn now() -> Timestamp {
        "2026-03-02T09:00:00Z".parse().unwrap()
    }

    fn row(dimension: &str, quantity: i64, days: i64) -> Entitlement {
        Entitlement { dimension: dimension.to_owned(), quantity, expires_at: now() + TimeDelta::days(days) }
    }

    fn facts(standing: AgreementStanding) -> AgreementFacts {
        AgreementFacts {
            agreement_id: "agmt-1".to_owned(),
            initial_agreement_id: "agmt-1".to_owned(),
            previous_agreement_id: None,
            ending: None,
            successor: None,
            standing,
            starts_at: now(),
            ends_at: now() + TimeDelta::days(365),
            auto_renew: true,
        }
    }

    /// ACT-4: what is granted is exactly what the rows in force add up to.
    #[test]
    fn rows_in_force_add_up_and_all_others_count_nothing() {
        let credits = |rows: &[Entitlement]| read(rows, "credits", now()).map(|read| read.total.map(|total| total.credits.get()));
        assert_eq!(credits(&[]), Ok(None));
        assert_eq!(credits(&[row("credits", 1000, 365)]), Ok(Some(1000)));
        assert_eq!(credits(&[row("credits", 1000, 365), row("credits", 24, 365)]), Ok(Some(1024)));
        assert_eq!(credits(&[row("credits", 1000, 0)]), Ok(None), "its last instant is over");
        assert_eq!(credits(&[row("credits", 0, 365), row("credits", -5, 365)]), Ok(None));
        assert_eq!(credits(&[row("credits", 1000, 365), row("credits", 24, 366)]), Err(Contradictory));
        assert_eq!(credits(&[row("credits", i64::MAX, 365), row("credits", 1, 365)]), Err(Contradictory));
        assert_eq!(credits(&[row("seats", 1000, 365)]), Ok(None));
    }

    #[test]
    fn a_purchase_that_is_not_grantable_says_why() {
        let refused = |rows: &[Entitlement], standing: Option<AgreementStanding>| {
            grantable(rows, standing.map(facts).as_ref(), "credits", now()).map(|(total, unknown)| (total.credits.get(), unknown.len()))
        };
        let in_force = [row("credits", 1000, 365)];
        assert_eq!(refused(&in_force, Some(AgreementStanding::Active)), Ok((1000, 0)));
        assert_eq!(refused(&in_force, None), Ok((1000, 0)), "the entitlement came before the agreement (ACT-9)");
        assert_eq!(refused(&in_force, Some(AgreementStanding::Pending)), Ok((1000, 0)));
        assert_eq!(refused(&in_force, Some(AgreementStanding::Ended)), Err(NotGrantable::Ended));
        assert_eq!(refused(&[], Some(AgreementStanding::Pending)), Err(NotGrantable::Pending));
        assert_eq!(refused(&[], Some(AgreementStanding::Active)), Err(NotGrantable::Pending));
        assert_eq!(refused(&[], None), Err(NotGrantable::Pending));
        assert_eq!(refused(&[row("credits", 1000, 0)], Some(AgreementStanding::Active)), Err(NotGrantable::Ended));
        assert_eq!(refused(&[row("seats", 5, 365)], Some(AgreementStanding::Active)), Err(NotGrantable::Unclear));
        assert_eq!(refused(&[row("credits", 10, 365), row("seats", 5, 365)], Some(AgreementStanding::Active)), Ok((10, 1)));
    }
}
