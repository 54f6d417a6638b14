//! Reads what the marketplace says about a contract, along its chain of renewals: a renewal may have another license ARN,
//! and the agreement before it tells which; or its own news names a chain that a contract belongs to (REN-4).

use super::Fulfilment;
use super::marketplace::Unreachable;
use super::next_term::Reading;
use super::store::contracts::{self, Booked};
use super::sync::FollowError;

/// Renewals that are followed in one reading; a term is a year.
const RENEWALS_MAX: usize = 20;

/// A contract as it was seen, with what was read about it.
pub(super) struct Found {
    /// As booked before the marketplace was asked.
    pub contract: Booked,
    /// The license ARN that is in force, or the last one of the chain that is known.
    pub reading: Reading,
    /// The license ARN that was asked about is new here.
    pub joins: bool,
    /// More than one contract or license ARN could be meant: staff decide.
    pub is_unclear: bool,
}

/// The contract that a license ARN belongs to, and its reading; none while nobody has activated the purchase.
pub(super) async fn find(room: &Fulfilment, license_arn: &str) -> Result<Option<Found>, FollowError> {
    if let Some(contract) = contracts::find(&room.db, license_arn).await? {
        let reading = read(room, &contract.product_code, &contract.license_arn).await?;
        return Ok(Some(Found { contract, reading, joins: false, is_unclear: false }));
    }
    let Some(facts) = room.marketplace.agreement(license_arn).await? else { return Ok(None) };
    if facts.agreement_id == facts.initial_agreement_id && facts.previous_agreement_id.is_none() {
        return Ok(None);
    }
    let source = room.marketplace.source();
    let chain = contracts::list_of_chain(&room.db, source, &facts.initial_agreement_id).await?;
    let is_one = chain.len() == 1;
    let contract = match (chain.into_iter().next(), facts.previous_agreement_id) {
        (Some(contract), _) => contract,
        // Of a chain that nobody knows, after an agreement that somebody has.
        (None, Some(previous)) => match contracts::list_of_agreement(&room.db, source, &previous).await?.into_iter().next() {
            Some(contract) => contract,
            None => return Ok(None),
        },
        (None, None) => return Ok(None),
    };
    let own = read(room, &contract.product_code, &contract.license_arn).await?;
    let reading = read(room, &contract.product_code, license_arn).await?;
    // Two license ARNs of one contract in force after its end: only one of them can be its next term.
    let clashes = own.license_arn != reading.license_arn && own.rows.iter().any(|row| row.expires_at > contract.expires_at);
    Ok(Some(Found { contract, reading, joins: true, is_unclear: !is_one || clashes }))
}

/// Reads a license ARN and, where it is not in force any more, the one that goes on from it.
pub(super) async fn read(room: &Fulfilment, product_code: &str, license_arn: &str) -> Result<Reading, Unreachable> {
    let mut reading = read_one(room, product_code, license_arn).await?;
    for _ in 0..RENEWALS_MAX {
        let Some(next) = reading.goes_on_as(room.clock.now()).map(str::to_owned) else { break };
        reading = read_one(room, product_code, &next).await?;
    }
    Ok(reading)
}

/// The rows first: what comes between the two questions is then seen by the next reading.
async fn read_one(room: &Fulfilment, product_code: &str, license_arn: &str) -> Result<Reading, Unreachable> {
    let rows = room.marketplace.entitlements(product_code, license_arn).await?;
    let facts = room.marketplace.agreement(license_arn).await?;
    Ok(Reading { license_arn: license_arn.to_owned(), facts, rows })
}
