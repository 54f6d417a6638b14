//! The adapter to the embedded marketplace: the only code that knows both sides. It translates, and decides nothing.

use super::{
    AgreementFacts, AgreementStanding, Change, Ending, Entitlement, Marketplace, Metering, ResolveError, ResolvedPurchase, Unreachable,
    Usage,
};
use crate::audit::Who;
use crate::db::{Db, Failed};
use crate::kernel::clock::{Clock, Timestamp};
use crate::kernel::id::EventId;
use crate::kernel::secret::Secret;
use crate::marketplace::agreement::{self, AgreementStatus, Standing};
use crate::marketplace::bench::{self, Bench};
use crate::marketplace::ids::LicenseArn;
use crate::marketplace::token::ResolveRefusal;
use crate::marketplace::{entitlement, event, metering};
use async_trait::async_trait;

/// The embedded marketplace on the program's own database.
#[derive(Clone, Debug)]
pub struct Embedded {
    db: Db,
    clock: Clock,
    bench: Bench,
}

impl Embedded {
    /// On this database, by this clock.
    #[must_use]
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, bench: Bench::off() }
    }

    /// The same under the test bench.
    #[must_use]
    pub fn under(self, bench: Bench) -> Self {
        Self { bench, ..self }
    }
}

fn unreachable_by(error: crate::db::Error) -> Unreachable {
    Unreachable(error.into())
}

/// An agreement whose end has passed is not ended before the renewal run has decided.
const fn ending(status: AgreementStatus) -> Option<Ending> {
    match status {
        AgreementStatus::Pending | AgreementStatus::Active => None,
        AgreementStatus::RolledBack => Some(Ending::NotPaid),
        AgreementStatus::Expired => Some(Ending::Expired),
        AgreementStatus::Renewed => Some(Ending::Renewed),
        AgreementStatus::Cancelled => Some(Ending::Cancelled),
        AgreementStatus::Terminated => Some(Ending::Terminated),
    }
}

#[async_trait]
impl Marketplace for Embedded {
    async fn resolve(&self, token: &Secret) -> Result<ResolvedPurchase, ResolveError> {
        let purchase = bench::resolve(&self.bench, &self.db, token, self.clock.now()).await.map_err(|failed| match failed {
            Failed::Refused(ResolveRefusal::Unknown) => ResolveError::Invalid,
            Failed::Refused(ResolveRefusal::Expired) => ResolveError::Expired,
            Failed::Storage(error) => ResolveError::Unreachable(error.into()),
        })?;
        Ok(ResolvedPurchase {
            license_arn: purchase.license_arn.to_string(),
            product_code: purchase.product_code,
            product_name: purchase.product_name,
            seller_name: purchase.seller_name,
            agreement_id: purchase.agreement_id.to_string(),
            buyer_account_id: purchase.buyer_account_id,
            token_expires_at: Some(purchase.expires_at),
        })
    }

    async fn entitlements(&self, product_code: &str, license_arn: &str) -> Result<Vec<Entitlement>, Unreachable> {
        let Some(arn) = LicenseArn::parse(license_arn) else {
            return Ok(Vec::new());
        };
        let rows = entitlement::in_force(&self.db, product_code, &arn, self.clock.now()).await.map_err(unreachable_by)?;
        let translate = |row: entitlement::Entitlement| Entitlement {
            dimension: row.dimension,
            quantity: row.quantity.get(),
            expires_at: row.expires_at,
        };
        Ok(rows.into_iter().map(translate).collect())
    }

    async fn agreement(&self, license_arn: &str) -> Result<Option<AgreementFacts>, Unreachable> {
        let Some(arn) = LicenseArn::parse(license_arn) else {
            return Ok(None);
        };
        let Some(agreement) = agreement::find_by_arn(&self.db, &arn).await.map_err(unreachable_by)? else {
            return Ok(None);
        };
        let neighbours = agreement::find_neighbours(&self.db, &agreement).await.map_err(unreachable_by)?;
        let now = self.clock.now();
        Ok(Some(AgreementFacts {
            previous_agreement_id: neighbours.previous.map(|previous| previous.to_string()),
            successor: neighbours.successor.map(|successor| successor.to_string()),
            ending: ending(agreement.status),
            standing: match agreement.standing(now) {
                Standing::Pending => AgreementStanding::Pending,
                Standing::Active => AgreementStanding::Active,
                Standing::RolledBack | Standing::Ended => AgreementStanding::Ended,
            },
            agreement_id: agreement.id.to_string(),
            initial_agreement_id: agreement.initial_agreement_id.to_string(),
            starts_at: agreement.starts_at,
            ends_at: agreement.ends_at,
            auto_renew: agreement.auto_renew,
        }))
    }

    async fn receive(&self, most: u32) -> Result<Vec<Change>, Unreachable> {
        let events = bench::list_waiting(&self.bench, &self.db, most, self.clock.now()).await.map_err(unreachable_by)?;
        Ok(events.into_iter().map(|event| Change { id: event.id, license_arn: event.license_arn.to_string() }).collect())
    }

    async fn acknowledge(&self, changes: &[EventId]) -> Result<(), Unreachable> {
        event::acknowledge(&self.db, changes, self.clock.now()).await.map_err(unreachable_by)
    }

    async fn meter(&self, license_arn: &str, usage: &[Usage]) -> Result<Metering, Unreachable> {
        let Some(arn) = LicenseArn::parse(license_arn) else {
            return Ok(Metering::NotSupported);
        };
        let records = usage.iter().map(|hour| metering::Record {
            key: hour.key.clone(),
            dimension: hour.dimension.clone(),
            hour_at: hour.hour_at,
            quantity: hour.quantity,
        });
        let taken = metering::take(&self.db, &arn, &records.collect::<Vec<_>>(), self.clock.now()).await.map_err(unreachable_by)?;
        Ok(if taken { Metering::Taken } else { Metering::NotSupported })
    }

    async fn report_activated(&self, license_arn: &str, at: Timestamp) -> Result<(), Unreachable> {
        let Some(arn) = LicenseArn::parse(license_arn) else {
            return Ok(());
        };
        let who = Who::system("console", self.clock.now());
        agreement::mark_activated(&self.db, &who, &arn, at).await.map(drop).map_err(unreachable_by)
    }
}
