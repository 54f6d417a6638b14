//! What this room reads itself: the standing of one business, for those who act without a person.

use super::phase::{Lengths, Phase, Standing};
use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::BusinessId;

/// The phase of a business for those who act without a person, such as the usage API. None when there is no such business.
///
/// # Errors
/// Any storage error.
pub async fn phase_of_business(db: &Db, business: BusinessId, now: Timestamp, lengths: Lengths) -> Result<Option<Phase>, Error> {
    let standing: Option<Standing> = db
        .read("SELECT (SELECT MAX(l.expires_at) FROM licenses l WHERE l.business_id = b.id AND l.revoked_at IS NULL) AS last_expiry, b.closed_at FROM businesses b WHERE b.id = $1")
        .bind(business)
        .opt()
        .await?;
    Ok(standing.map(|standing| standing.phase(now, lengths)))
}
