//! Tells the marketplace what pay-as-you-go contracts used, hour by hour (CRD-9). What it does not take now is told again,
//! under the same keys, so that nothing is lost and nothing counts twice.

use super::Fulfilment;
use super::marketplace::{Metering, Usage};
use crate::credits::pay_as_you_go::{self, Hour, Open};
use crate::db::Error;
use crate::kernel::show;

/// Contracts looked at in one go.
const BATCH: i64 = 50;

/// Tells of every whole hour that was not taken; how many stretches of hours were taken. A marketplace without metering is asked again at
/// the next run, which costs it nothing.
///
/// # Errors
/// The first storage error.
pub async fn tell_usage(room: &Fulfilment) -> Result<u64, Error> {
    let (mut told, mut after) = (0, None);
    loop {
        let (batch, seen) = pay_as_you_go::list_open(&room.db, room.clock.now(), after, BATCH).await?;
        let before = told;
        for open in batch {
            told += u64::from(tell(room, &open).await?);
        }
        // Whoever was away for long has more than one stretch of hours; these contracts are looked at again.
        if told == before {
            after = seen;
        }
        if seen.is_none() {
            return Ok(told);
        }
    }
}

/// Whether the marketplace has it now and nobody else noted that before.
async fn tell(room: &Fulfilment, open: &Open) -> Result<bool, Error> {
    let usage: Vec<Usage> = open.hours.iter().map(|hour| usage(open, hour)).collect();
    match room.marketplace.meter(&open.license_arn, &usage).await {
        Ok(Metering::Taken) => pay_as_you_go::note_taken(&room.db, open).await,
        Ok(Metering::NotSupported) => Ok(false),
        Err(error) => {
            tracing::warn!(contract = %open.contract, cause = %error.0, "metered usage could not be told");
            Ok(false)
        }
    }
}

fn usage(open: &Open, hour: &Hour) -> Usage {
    Usage {
        key: format!("{}:{}:{}", open.contract, hour.feature, show::iso(hour.at)),
        dimension: hour.feature.to_string(),
        hour_at: hour.at,
        quantity: hour.units,
    }
}
