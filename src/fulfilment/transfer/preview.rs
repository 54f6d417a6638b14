//! What a transfer would do, before anybody confirms it (SUP-3): both businesses' figures before and after at one instant,
//! and who will be told. It reads and changes nothing.

use super::holding::{Holding, Immovable};
use super::store::{self, Named, Told};
use super::typed::LicenseRef;
use crate::access::StaffScope;
use crate::credits::ledger::{self, Figures};
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, ContractId};

/// One of the two businesses.
#[derive(Clone, Debug)]
pub struct Side {
    /// Which.
    pub business: BusinessId,
    /// Its name.
    pub name: String,
    /// Its figures now.
    pub before: Figures,
    /// Its figures right after the transfer.
    pub after: Figures,
    /// Who will be mailed; nobody when the business has nobody with licensing permission.
    pub told: Vec<Told>,
}

/// Both sides of a transfer at one instant.
#[derive(Clone, Debug)]
pub struct Preview {
    /// The instant.
    pub at: Timestamp,
    /// What moves.
    pub holding: Holding,
    /// The credits that change pools.
    pub credits: i64,
    /// Where they leave.
    pub from: Side,
    /// Where they arrive.
    pub to: Side,
    /// Why it cannot be done at this instant.
    pub barred: Option<Immovable>,
}

/// What staff named by its id.
#[derive(Clone, Debug)]
pub enum Pointed {
    /// A contract of a business.
    Held(Holding),
    /// A purchase that no business has activated.
    NotActivated,
    /// Nothing.
    Nothing,
}

/// What a license id or a purchase's key stands for.
///
/// # Errors
/// Any storage error.
pub async fn pointed(db: &Db, _: StaffScope, license: &LicenseRef) -> Result<Pointed, Error> {
    Ok(match store::named(db, license).await? {
        Named::Contract(contract) => store::find_holding(db, contract).await?.map_or(Pointed::Nothing, Pointed::Held),
        Named::NotActivated => Pointed::NotActivated,
        Named::Nothing => Pointed::Nothing,
    })
}

/// What moving a contract to a business would do now. `None` when one of them does not exist.
///
/// # Errors
/// Any storage error.
pub async fn preview(db: &Db, _: StaffScope, contract: ContractId, to: BusinessId, now: Timestamp) -> Result<Option<Preview>, Error> {
    let Some(holding) = store::find_holding(db, contract).await? else { return Ok(None) };
    let closed = store::is_closed(db, to).await?.then_some(Immovable::DestinationClosed);
    let barred = holding.movable_to(to, now).err().or(closed);
    let credits = if barred.is_none() { holding.credits_left(now) } else { 0 };
    let (Some(from), Some(to)) = (side(db, holding.owner, -credits, now).await?, side(db, to, credits, now).await?) else {
        return Ok(None);
    };
    Ok(Some(Preview { at: now, holding, credits, from, to, barred }))
}

async fn side(db: &Db, business: BusinessId, credits: i64, now: Timestamp) -> Result<Option<Side>, Error> {
    let Some(name) = store::business_name(db, business).await? else { return Ok(None) };
    let before = ledger::figures(db, business, now).await?;
    // Allocations stay where they are (SUP-2).
    let after = Figures { total_valid: before.total_valid + credits, allocated: before.allocated };
    let told = store::list_told(db, business).await?;
    Ok(Some(Side { business, name, before, after, told }))
}
