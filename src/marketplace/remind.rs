//! Reminders to a buyer account's purchasers: of a purchase that nobody activated (SUP-8), and of a contract that ends because
//! it does not renew (EXP-3; the vendor's console tells its licensing administrators). The row that says so, the mails and the
//! audit entry are one transaction. A run that comes late sends the nearest step only.

use super::ids::LicenseArn;
use super::store::agreements::lock_arn;
use super::store::reminders::{self as store, InForce, Reader};
use crate::access::StaffScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, Tx, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::PersonId;
use crate::kernel::show::{self, Zone};
use crate::notices::{Mail, outbox};
use crate::{text_enum, tx};
use askama::Template;
use chrono::TimeDelta;
use serde_json::json;

/// Days of 24 hours after a purchase at which a reminder goes out while it is not activated.
pub const UNCLAIMED_STEPS: [i64; 5] = [1, 3, 7, 14, 30];
/// Days of 24 hours before the end of a contract that does not renew at which its purchasers are told.
pub const ENDING_STEPS: [i64; 3] = [30, 7, 1];
/// Staff remind of a purchase at most once in this time.
pub const BY_HAND_EVERY: TimeDelta = TimeDelta::days(1);
const BATCH: i64 = 200;

text_enum! {
    /// What a reminder is about.
    pub enum ReminderKind {
        /// Nobody activated it.
        Unclaimed = "unclaimed",
        /// It ends and does not renew.
        Ending = "ending",
    }
}

/// Why staff cannot remind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RemindRefusal {
    /// There is no such purchase.
    #[error("no such purchase")]
    NotFound,
    /// It was activated meanwhile.
    #[error("activated")]
    Activated,
    /// Its contract is not in force (any more).
    #[error("not in force")]
    NotInForce,
    /// A reminder went out less than a day ago.
    #[error("reminded lately")]
    TooSoon {
        /// When the next one may.
        until: Timestamp,
    },
    /// The account has nobody who may purchase.
    #[error("nobody to remind")]
    NobodyToTell,
}

#[derive(Template)]
#[template(path = "mail/purchase_reminder.txt", escape = "none")]
struct Text<'a> {
    kind: ReminderKind,
    name: &'a str,
    product: &'a str,
    seller: &'a str,
    buyer: &'a str,
    agreement: &'a str,
    credits: String,
    /// Charged by use: no credits.
    metered: bool,
    purchased: String,
    ends: String,
    in_days: String,
    subscription_url: String,
}

fn mail(kind: ReminderKind, purchase: &InForce, reader: &Reader, (public_url, now): (&str, Timestamp)) -> Mail {
    let zone = reader.time_zone.as_deref().map_or(Zone::UTC, Zone::or_utc);
    let text = Text {
        kind,
        name: &reader.name,
        product: &purchase.product_name,
        seller: &purchase.seller_name,
        buyer: &purchase.buyer_name,
        agreement: &purchase.agreement_id,
        credits: if purchase.credits == 0 { "none; it is charged by use".to_owned() } else { show::count(purchase.credits, "credit") },
        metered: purchase.credits == 0,
        purchased: show::date_time(purchase.purchased_at, zone),
        ends: show::date_time(purchase.ends_at, zone),
        in_days: show::in_days(now, purchase.ends_at, zone),
        subscription_url: format!("{}/marketplace/subscriptions/{}", public_url.trim_end_matches('/'), purchase.agreement_id),
    };
    let (name, subject) = match kind {
        ReminderKind::Unclaimed => {
            ("purchase_unclaimed", format!("Your purchase of {} is not activated yet: set up product", purchase.product_name))
        }
        ReminderKind::Ending => ("contract_ends", format!("Your contract for {} ends {}", purchase.product_name, text.in_days)),
    };
    Mail::new(name, &reader.email, &subject, written(&text))
}

#[expect(clippy::expect_used, reason = "a template of strings writes into memory and cannot fail")]
fn written(text: &Text<'_>) -> String {
    text.render().expect("a mail that renders")
}

/// Why a reminder goes out.
enum Cause {
    /// So many days have come.
    Step(i64),
    /// Somebody of the staff asked for it.
    ByHand(PersonId),
}

/// Writes it down and posts the mails; false when another worker was faster.
async fn send(
    tx: &mut Tx,
    who: &Who,
    (kind, cause): (ReminderKind, Cause),
    purchase: &InForce,
    readers: &[Reader],
    public_url: &str,
) -> Result<bool, Error> {
    let (step, by) = match cause {
        Cause::Step(days) => (Some(days), None),
        Cause::ByHand(person) => (None, Some(person)),
    };
    let about = match kind {
        ReminderKind::Unclaimed => &purchase.initial_agreement_id,
        ReminderKind::Ending => &purchase.agreement_id,
    };
    let people = i64::try_from(readers.len()).unwrap_or(i64::MAX);
    if !store::insert(tx, about, kind, step, people, (who.now, by)).await? {
        return Ok(false);
    }
    for reader in readers {
        outbox::post(tx, mail(kind, purchase, reader, (public_url, who.now)), who.now).await?;
    }
    let entry = Entry::new("subscription.reminded", &purchase.agreement_id).in_buyer_account(&purchase.buyer_account_id);
    audit::record(tx, who, entry.after(json!({ "about": kind.as_str(), "days": step, "people": people }))).await?;
    Ok(true)
}

/// Sends every reminder whose day has come; how many purchases were told.
///
/// # Errors
/// Any storage error; what was sent before it stays sent.
pub async fn remind_due(db: &Db, public_url: &str, now: Timestamp) -> Result<u64, Error> {
    let who = Who::system("purchase reminders", now);
    let mut told = 0;
    for (place, days) in UNCLAIMED_STEPS.into_iter().enumerate() {
        let newest = now - TimeDelta::days(days);
        let oldest = UNCLAIMED_STEPS.get(place + 1).map(|next| now - TimeDelta::days(*next));
        loop {
            let due = store::list_unclaimed_due(db, days, (oldest, newest), now, BATCH).await?;
            let before = told;
            for arn in &due {
                told += u64::from(remind_unclaimed(db, &who, arn, days, public_url).await?);
            }
            if told == before || i64::try_from(due.len()).is_ok_and(|seen| seen < BATCH) {
                break;
            }
        }
    }
    for (days, next) in ENDING_STEPS.into_iter().zip(ENDING_STEPS.into_iter().skip(1).chain([0])) {
        let window = (now + TimeDelta::days(next), now + TimeDelta::days(days));
        for agreement in store::list_ending_due(db, days, window, BATCH).await? {
            told += u64::from(remind_ending(db, &who, &agreement, days, public_url).await?);
        }
    }
    Ok(told)
}

async fn remind_unclaimed(db: &Db, who: &Who, arn: &LicenseArn, days: i64, public_url: &str) -> Result<bool, Error> {
    tx!(db, |tx| {
        let waits = lock_arn(tx, arn).await?.is_some_and(|key| key.activated_at.is_none());
        let Some(purchase) = store::find_in_force(tx, arn, who.now).await?.filter(|_| waits) else { return Ok(false) };
        let readers = store::list_purchasers(tx, &purchase.buyer_account_id).await?;
        send(tx, who, (ReminderKind::Unclaimed, Cause::Step(days)), &purchase, &readers, public_url).await
    })
}

async fn remind_ending(db: &Db, who: &Who, agreement: &str, days: i64, public_url: &str) -> Result<bool, Error> {
    tx!(db, |tx| {
        if !store::lock_not_renewing(tx, agreement, who.now).await? {
            return Ok(false);
        }
        let Some(purchase) = store::find_agreement(tx, agreement, who.now).await? else { return Ok(false) };
        let readers = store::list_purchasers(tx, &purchase.buyer_account_id).await?;
        send(tx, who, (ReminderKind::Ending, Cause::Step(days)), &purchase, &readers, public_url).await
    })
}

/// Reminds of a purchase now, by its key; at most once a day, whoever asks. How many people were told.
///
/// # Errors
/// A refusal, or any storage error.
pub async fn remind_by_hand(
    db: &Db,
    _: StaffScope,
    who: &Who,
    person: PersonId,
    key: &str,
    public_url: &str,
) -> Result<usize, Failed<RemindRefusal>> {
    let arn = store::find_arn(db, key).await?;
    let Some(arn) = arn else { return refuse(RemindRefusal::NotFound) };
    tx!(db, |tx| {
        let Some(locked) = lock_arn(tx, &arn).await? else { return refuse(RemindRefusal::NotFound) };
        if locked.activated_at.is_some() {
            return refuse(RemindRefusal::Activated);
        }
        let Some(purchase) = store::find_in_force(tx, &arn, who.now).await? else { return refuse(RemindRefusal::NotInForce) };
        let last = store::last_sent_at(tx, &purchase.initial_agreement_id).await?;
        if let Some(until) = last.map(|at| at + BY_HAND_EVERY).filter(|until| who.now < *until) {
            return refuse(RemindRefusal::TooSoon { until });
        }
        let readers = store::list_purchasers(tx, &purchase.buyer_account_id).await?;
        if readers.is_empty() {
            return refuse(RemindRefusal::NobodyToTell);
        }
        send(tx, who, (ReminderKind::Unclaimed, Cause::ByHand(person)), &purchase, &readers, public_url).await?;
        Ok::<_, Failed<RemindRefusal>>(readers.len())
    })
}
