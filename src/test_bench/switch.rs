//! Switches faults on and off. It has an effect from the next question on, in every process on the database.

use super::Bench;
use super::fault::{Fault, TIMES_MAX, VALUE_MAX};
use super::store;
use crate::audit::{self, Entry, Who};
use crate::db::{Error, Failed, refuse};
use crate::tx;
use serde_json::json;

/// Why a fault is not switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SwitchRefusal {
    /// The bench is off.
    #[error("the test bench is off")]
    Off,
    /// Its number is beyond what makes sense.
    #[error("the number must be from 0 to 86,400")]
    Value,
    /// So many times are not counted.
    #[error("the number of times must be from 1 to 1,000,000")]
    Times,
}

impl Bench {
    /// Switches a fault on, with its number (what it has when nobody says) and for so many times or until it is switched off.
    /// On already, it is on in the new way.
    ///
    /// # Errors
    /// The refusal, or any storage error.
    pub async fn switch_on(&self, who: &Who, fault: Fault, value: Option<i64>, times: Option<i64>) -> Result<(), Failed<SwitchRefusal>> {
        let Some(db) = self.db() else { return refuse(SwitchRefusal::Off) };
        let value = fault.number().map_or(0, |(_, usual)| value.unwrap_or(usual));
        if !(0..=VALUE_MAX).contains(&value) {
            return refuse(SwitchRefusal::Value);
        }
        if times.is_some_and(|times| !(1..=TIMES_MAX).contains(&times)) {
            return refuse(SwitchRefusal::Times);
        }
        tx!(db, |tx| {
            store::switch_on(tx, who, fault, value, times).await?;
            let entry = Entry::new("test_bench.fault_on", fault).after(json!({ "value": value, "times": times }));
            audit::record(tx, who, entry).await?;
            Ok::<_, Failed<SwitchRefusal>>(())
        })
    }

    /// Switches a fault off; false when it was not on.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn switch_off(&self, who: &Who, fault: Fault) -> Result<bool, Error> {
        let Some(db) = self.db() else { return Ok(false) };
        tx!(db, |tx| {
            let was_on = store::switch_off(tx, fault).await?;
            if was_on {
                audit::record(tx, who, Entry::new("test_bench.fault_off", fault)).await?;
            }
            Ok::<_, Error>(was_on)
        })
    }
}
