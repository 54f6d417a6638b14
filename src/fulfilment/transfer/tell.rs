//! The mails about a transfer. Each side learns what left or joined its own pool and nothing of the other side (SUP-7).

use super::holding::Holding;
use super::model::Request;
use super::store::Told;
use crate::db::{Error, Tx};
use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use crate::notices::{Mail, outbox};
use askama::Template;

/// Which way the contract goes, seen from one business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// It leaves.
    Out,
    /// It comes.
    In,
}

impl Direction {
    /// The action of the business's audit entry.
    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::Out => "license.transferred_out",
            Self::In => "license.transferred_in",
        }
    }
}

#[derive(Template)]
#[template(path = "mail/transfer_out.txt")]
struct Out<'a> {
    facts: &'a Facts,
}

#[derive(Template)]
#[template(path = "mail/transfer_in.txt")]
struct In<'a> {
    facts: &'a Facts,
}

/// Ready to print, the same for both sides.
struct Facts {
    name: String,
    product: String,
    agreement: String,
    reference: String,
    at: String,
    credits: String,
    items: Vec<(String, String, String)>,
}

/// Puts the mail to one person in the outbox.
///
/// # Errors
/// Any storage error.
pub(super) async fn post(
    tx: &mut Tx,
    direction: Direction,
    told: &Told,
    request: &Request,
    holding: &Holding,
    now: Timestamp,
) -> Result<(), Error> {
    let zone = told.time_zone.as_deref().map_or(Zone::UTC, Zone::or_utc);
    let items = holding.items.iter().filter(|item| item.counts(now));
    let facts = Facts {
        name: told.name.clone(),
        product: holding.product_name.clone(),
        agreement: holding.agreement_id.clone(),
        reference: request.id.to_string(),
        at: show::date_time(now, zone),
        credits: show::count(holding.credits_left(now), "credit"),
        items: items
            .map(|item| (item.license.to_string(), show::count(item.credits.get(), "credit"), show::date_time(item.expires_at, zone)))
            .collect(),
    };
    let (kind, subject, body) = match direction {
        Direction::Out => ("transfer_out", format!("{} has left your business", facts.product), written(&Out { facts: &facts })),
        Direction::In => ("transfer_in", format!("{} has joined your business", facts.product), written(&In { facts: &facts })),
    };
    outbox::post(tx, Mail::new(kind, told.email.clone(), &subject, body), now).await
}

#[expect(clippy::expect_used, reason = "writing text into a String does not fail, and half a mail must not go out")]
fn written(template: &impl Template) -> String {
    template.render().expect("a mail template writes into a String")
}
