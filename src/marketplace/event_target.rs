//! Event targets: where a seller's events go. A queue holds them until they are taken; a webhook is sent them, once it has
//! confirmed that it wants them. Operators make and withdraw targets.

use super::ids::ProductId;
use super::store::deliveries::{self, NewDelivery};
use super::store::event_targets as store;
use crate::access::StaffScope;
use crate::audit::{self, Entry, Who};
use crate::db::{Db, Error, Failed, refuse};
use crate::kernel::clock::Timestamp;
use crate::kernel::id::EventTargetId;
use crate::kernel::page::{Cursor, PageSize, Paged};
use crate::kernel::sealing::SealingKey;
use crate::kernel::secret::Secret;
use crate::text_enum;
use crate::tx;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::json;
use url::Url;

/// The longest name of a target, as SQS has it.
pub const NAME_CHARS_MAX: usize = 80;
/// The longest address of a webhook.
pub const ADDRESS_CHARS_MAX: usize = 500;
/// A webhook can confirm for so long, as with SNS.
pub const CONFIRMATION_LIFE: TimeDelta = TimeDelta::days(2);

text_enum! {
    /// How events get to a target.
    pub enum TargetKind {
        /// They wait until they are received, by the API of SQS.
        Queue = "queue",
        /// They are posted in the envelope of SNS.
        Webhook = "webhook",
    }
}

text_enum! {
    /// Which messages a target gets.
    pub enum Topic {
        /// Every event of the seller, in the form of EventBridge.
        Events = "events",
        /// `entitlement-updated` of one listing from before concurrent agreements.
        Entitlement = "entitlement",
        /// `subscribe-success` and its kin, of one such listing.
        Subscription = "subscription",
    }
}

impl Topic {
    /// The topic's ARN, as subscribers are told it. `code` is the product code of an older listing.
    #[must_use]
    pub fn arn(self, seller: &str, code: &str) -> String {
        let name = match self {
            Self::Events => "creditdesk-events".to_owned(),
            Self::Entitlement => format!("aws-mp-entitlement-notification-{code}"),
            Self::Subscription => format!("aws-mp-subscription-notification-{code}"),
        };
        format!("arn:aws:sns:us-east-1:{seller}:{name}")
    }
}

/// Whether a text can name a target: what SQS lets name a queue.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let shaped = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    !text.is_empty() && text.len() <= NAME_CHARS_MAX && shaped
}

/// The address of a webhook: http or https, without a user, as short as [`ADDRESS_CHARS_MAX`].
#[must_use]
pub fn parse_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|_| text.len() <= ADDRESS_CHARS_MAX)?;
    let is_plain = matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none();
    (is_plain && url.host().is_some()).then_some(url)
}

/// Where a target gets its messages from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A queue of every event.
    Queue,
    /// A webhook at this address, of every event or of an older listing's topic.
    Webhook(Url, Topic, Option<ProductId>),
}

/// A target about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTarget {
    /// The seller's 12 digits.
    pub seller: String,
    /// Fit by [`is_name`].
    pub name: String,
    /// What it is.
    pub wanted: Wanted,
}

/// Why a target is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetRefusal {
    /// No seller has this number.
    #[error("no such seller account")]
    UnknownSeller,
    /// The seller has a target of this name.
    #[error("this seller has an event target of this name")]
    NameTaken,
    /// Only listings of the seller from before concurrent agreements have these topics.
    #[error("no listing of this seller has this topic")]
    NoSuchTopic,
}

/// Makes a target. A queue gets every event from now on; a webhook is asked to confirm first.
///
/// # Errors
/// The refusal, or any storage error.
pub async fn make(
    db: &Db,
    _: StaffScope,
    sealing: &SealingKey,
    who: &Who,
    new: &NewTarget,
) -> Result<EventTargetId, Failed<TargetRefusal>> {
    let (id, token) = (EventTargetId::generate(), Secret::generate());
    let sealed_token = STANDARD.encode(sealing.seal(token.reveal(), &id.to_string()));
    tx!(db, |tx| {
        if !store::is_seller(tx, &new.seller).await? {
            return refuse(TargetRefusal::UnknownSeller);
        }
        if let Wanted::Webhook(_, _, Some(product)) = &new.wanted
            && !store::is_older_listing(tx, &new.seller, product).await?
        {
            return refuse(TargetRefusal::NoSuchTopic);
        }
        let is_webhook = new.wanted != Wanted::Queue;
        if !store::insert(tx, id, new, is_webhook.then(|| token.hash()), who).await? {
            return refuse(TargetRefusal::NameTaken);
        }
        if is_webhook {
            let kind = TargetKind::Webhook;
            let delivery = NewDelivery { target: id, event: None, kind, message: &sealed_token, queued_at: who.now };
            deliveries::insert(tx, &delivery, who.now).await?;
        }
        let address = if let Wanted::Webhook(address, ..) = &new.wanted { Some(address.as_str()) } else { None };
        let after = json!({ "seller": new.seller, "name": new.name, "address": address });
        audit::record(tx, who, Entry::new("event_target.made", id).after(after)).await?;
        Ok::<_, Failed<TargetRefusal>>(())
    })?;
    Ok(id)
}

/// Withdraws a target: what waits for it is given up. False when there is no such target that works.
///
/// # Errors
/// Any storage error.
pub async fn withdraw(db: &Db, _: StaffScope, who: &Who, target: EventTargetId) -> Result<bool, Error> {
    tx!(db, |tx| {
        if !store::withdraw(tx, target, who.now).await? {
            return Ok(false);
        }
        deliveries::give_up_all(tx, target, "The target was withdrawn.", who.now).await?;
        audit::record(tx, who, Entry::new("event_target.withdrawn", target)).await?;
        Ok::<_, Error>(true)
    })
}

/// A webhook confirms that it wants its messages, by the token that it was sent. The target; nothing for a token that is
/// unknown, too old, or of a target that is withdrawn. Confirmed again, nothing changes.
///
/// # Errors
/// Any storage error.
pub async fn confirm(db: &Db, who: &Who, token: &Secret) -> Result<Option<EventTargetId>, Error> {
    tx!(db, |tx| {
        let Some(target) = store::lock_by_token(tx, &token.hash(), who.now - CONFIRMATION_LIFE).await? else {
            return Ok(None);
        };
        if store::confirm(tx, target, who.now).await? {
            audit::record(tx, who, Entry::new("event_target.confirmed", target)).await?;
        }
        Ok::<_, Error>(Some(target))
    })
}

/// A target as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Listed {
    /// Its id.
    pub id: EventTargetId,
    /// The seller's 12 digits.
    pub seller_id: String,
    /// As shown.
    pub seller_name: String,
    /// Queue or webhook.
    pub kind: TargetKind,
    /// Its name.
    pub name: String,
    /// A webhook's address.
    pub address: Option<String>,
    /// What it gets.
    pub topic: Topic,
    /// The product code of an older listing's topic.
    pub product_code: Option<String>,
    /// When a webhook confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// Messages that wait, those that were received and not deleted included.
    pub waiting: i64,
    /// Messages that were deleted, or answered with success.
    pub delivered: i64,
    /// Messages that were given up.
    pub failed: i64,
    /// What a webhook answered last.
    pub last_answer: Option<String>,
}

/// Targets, newest first.
///
/// # Errors
/// Any storage error.
pub async fn list(db: &Db, _: StaffScope, after: Option<&Cursor>, size: PageSize) -> Result<Paged<Listed>, Error> {
    let rows = store::list(db, after.and_then(Cursor::time), size.overfetch()).await?;
    Ok(Paged::from_overfetch(rows, size, |last: &Listed| Cursor::of_time(last.created_at, last.id.uuid())))
}

/// One target.
///
/// # Errors
/// Any storage error.
pub async fn find(db: &Db, _: StaffScope, target: EventTargetId) -> Result<Option<Listed>, Error> {
    store::find(db, target).await
}

/// Listings from before concurrent agreements, whose topics a webhook can have: id, name, code, seller.
///
/// # Errors
/// Any storage error.
pub async fn list_older_listings(db: &Db, _: StaffScope) -> Result<Vec<(ProductId, String, String, String)>, Error> {
    store::list_older_listings(db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_of_targets_have_a_form() {
        assert!(is_name("my-queue_1") && is_name(&"a".repeat(80)));
        for wrong in ["", "a b", "a/b", "é", &"a".repeat(81)] {
            assert!(!is_name(wrong), "{wrong}");
        }
        assert!(parse_address("https://vendor.example/hook?x=1").is_some() && parse_address("http://127.0.0.1:9000").is_some());
        for wrong in ["", "vendor.example", "ftp://vendor.example", "https://me@vendor.example", "https://me:x@vendor.example", "http://"] {
            assert!(parse_address(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn topics_are_named_as_subscribers_know_them() {
        assert_eq!(Topic::Events.arn("294406891311", ""), "arn:aws:sns:us-east-1:294406891311:creditdesk-events");
        let named = Topic::Entitlement.arn("294406891311", "abc");
        assert_eq!(named, "arn:aws:sns:us-east-1:294406891311:aws-mp-entitlement-notification-abc");
    }
}
