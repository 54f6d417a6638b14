//! The test bench for vendors' engineers: a clock that can be put forward, faults that can be switched on, and a record of
//! every call, event and redirect. Off unless it is switched on, and then nothing of it is read or written.
//!
//! It knows no marketplace: those who can fail ask here whether they shall.

pub mod clock;
pub mod deliveries;
pub mod fault;
pub mod inspect;
mod redact;
mod store;
pub mod switch;

use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::PaymentId;
use crate::text_enum;
use fault::{Fault, Faults};

/// The bench, on or off; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Bench(Option<Db>);

text_enum! {
    /// What becomes of a payment that the bench took over.
    pub enum Decided {
        /// The money arrives after all.
        Approved = "approved",
        /// It does not.
        Declined = "declined",
    }
}

/// A payment that the bench took over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct TakenOver {
    /// What becomes of it.
    pub outcome: Decided,
    /// From when on that is told.
    pub decides_at: Timestamp,
}

impl Bench {
    /// A bench that is off: every question is answered at once, and with no.
    #[must_use]
    pub const fn off() -> Self {
        Self(None)
    }

    /// A bench on this database.
    #[must_use]
    pub const fn on(db: Db) -> Self {
        Self(Some(db))
    }

    /// Whether it is on.
    #[must_use]
    pub const fn is_on(&self) -> bool {
        self.0.is_some()
    }

    const fn db(&self) -> Option<&Db> {
        self.0.as_ref()
    }

    /// The faults that are on; one read, and none when the bench is off.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn faults(&self) -> Result<Faults, Error> {
        match self.db() {
            None => Ok(Faults::default()),
            Some(db) => store::list_faults(db).await,
        }
    }

    /// Uses a fault once; false when it is not on, or others have used it up.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn use_up(&self, faults: &Faults, fault: Fault) -> Result<bool, Error> {
        match (self.db(), faults.find(fault)) {
            (None, _) | (_, None) => Ok(false),
            (Some(_), Some(setting)) if setting.remaining.is_none() => Ok(true),
            (Some(db), Some(_)) => store::count_down(db, fault).await,
        }
    }

    /// When an event that is due `now` is delivered, and what that uses up. See [`deliveries::deliveries`].
    ///
    /// # Errors
    /// Any storage error.
    pub async fn plan_deliveries(&self, now: Timestamp, turn: u64) -> Result<Vec<Timestamp>, Error> {
        let faults = self.faults().await?;
        for fault in deliveries::used(&faults) {
            self.use_up(&faults, fault).await?;
        }
        Ok(deliveries::deliveries(&faults, now, turn))
    }

    /// Whether the bench took a payment over.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn find_payment(&self, payment: PaymentId) -> Result<Option<TakenOver>, Error> {
        match self.db() {
            None => Ok(None),
            Some(db) => store::find_payment(db, payment).await,
        }
    }

    /// Takes a payment over, if a fault says so. Said again for the same payment, nothing changes.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn take_over(&self, payment: PaymentId, asked_at: Timestamp) -> Result<bool, Error> {
        let Some(db) = self.db() else { return Ok(false) };
        if store::find_payment(db, payment).await?.is_some() {
            return Ok(true);
        }
        let faults = self.faults().await?;
        for (fault, outcome) in [(Fault::PaymentFails, Decided::Declined), (Fault::ProvisioningDelay, Decided::Approved)] {
            let Some(seconds) = faults.value(fault) else { continue };
            if self.use_up(&faults, fault).await? {
                let taken = TakenOver { outcome, decides_at: asked_at + chrono::TimeDelta::seconds(seconds) };
                store::insert_payment(db, payment, taken).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a registration token that is presented now is to be refused as expired, by its hash.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn refuses_token(&self, token_hash: &[u8], now: Timestamp) -> Result<bool, Error> {
        let Some(db) = self.db() else { return Ok(false) };
        let faults = self.faults().await?;
        if faults.has(Fault::ExpiredTokens) && self.use_up(&faults, Fault::ExpiredTokens).await? {
            return Ok(true);
        }
        if !faults.has(Fault::ReplayedTokens) || store::insert_token(db, token_hash, now).await? {
            return Ok(false);
        }
        self.use_up(&faults, Fault::ReplayedTokens).await
    }

    /// Removes the records beyond the newest [`inspect::KEPT`], and tokens of long ago; how many.
    ///
    /// # Errors
    /// Any storage error.
    pub async fn sweep(&self, now: Timestamp) -> Result<u64, Error> {
        let Some(db) = self.db() else { return Ok(0) };
        Ok(store::sweep_records(db, inspect::KEPT).await? + store::sweep_tokens(db, now - chrono::TimeDelta::days(90)).await?)
    }
}
