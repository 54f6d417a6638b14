//! The room's mail: texts from `templates/mail/`, with times in UTC because a mail has no viewer's zone. Pure.

use super::Links;
use super::code::Offered;
use super::difference::Addition;
use super::entitled::Total;
use super::prepare::Ready;
use super::store::contracts;
use super::store::recipients::Recipient;
use crate::audit::Who;
use crate::kernel::clock::Timestamp;
use crate::kernel::credits::Credits;
use crate::kernel::show::{self, Zone};
use crate::kernel::text::mask_account;
use crate::notices::Mail;
use askama::Template;

#[derive(Template)]
#[template(path = "mail/license_activated.txt")]
struct ActivatedText<'a> {
    name: &'a str,
    business: &'a str,
    product: &'a str,
    seller: &'a str,
    credits: Credits,
    metered: bool,
    starts: String,
    expires: String,
    renews: &'static str,
    buyer_account: String,
    agreement: &'a str,
    by: &'a str,
    links: &'a Links,
}

#[derive(Template)]
#[template(path = "mail/license_added.txt")]
struct AddedText<'a> {
    name: &'a str,
    product: &'a str,
    credits: Credits,
    total: Credits,
    since: String,
    expires: String,
    agreement: &'a str,
    links: &'a Links,
}

#[derive(Template)]
#[template(path = "mail/license_renewed.txt")]
struct RenewedText<'a> {
    name: &'a str,
    product: &'a str,
    credits: Credits,
    since: String,
    expires: String,
    agreement: &'a str,
    links: &'a Links,
}

#[derive(Template)]
#[template(path = "mail/license_corrected.txt")]
struct CorrectedText<'a> {
    name: &'a str,
    product: &'a str,
    before: Credits,
    after: Option<Total>,
    since: String,
    expires: String,
    agreement: &'a str,
    links: &'a Links,
}

/// Staff took over what the marketplace says.
pub(super) fn corrected(recipient: &Recipient, contract: &contracts::Booked, total: Option<Total>, who: &Who, links: &Links) -> Mail {
    let text = CorrectedText {
        name: &recipient.name,
        product: &contract.product_name,
        before: contract.granted,
        after: total,
        since: show::date_time(who.now, Zone::UTC),
        expires: show::date_time(total.map_or(contract.expires_at, |total| total.expires_at), Zone::UTC),
        agreement: &contract.agreement_id,
        links,
    };
    Mail::new("license_corrected", &recipient.email, &format!("Corrected: {}", contract.product_name), written(&text))
}

/// The contract goes on for another term (REN-1).
pub(super) fn renewed(recipient: &Recipient, contract: &contracts::Booked, total: Total, links: &Links) -> Mail {
    let text = RenewedText {
        name: &recipient.name,
        product: &contract.product_name,
        credits: total.credits,
        since: show::date_time(contract.expires_at, Zone::UTC),
        expires: show::date_time(total.expires_at, Zone::UTC),
        agreement: &contract.initial_agreement_id,
        links,
    };
    Mail::new("license_renewed", &recipient.email, &format!("Renewed: {}", contract.product_name), written(&text))
}

#[derive(Template)]
#[template(path = "mail/license_by_code.txt")]
struct ByCodeText<'a> {
    name: &'a str,
    business: &'a str,
    offer: &'a Offered,
    credits: Credits,
    since: String,
    expires: String,
    by: &'a str,
    links: &'a Links,
}

/// A license was added by an activation code, to everybody who has licensing permission (LIC-5).
pub(super) fn added_by_code(
    recipient: &Recipient,
    business: &str,
    offer: &Offered,
    expires_at: Timestamp,
    who: &Who,
    links: &Links,
) -> Mail {
    let text = ByCodeText {
        name: &recipient.name,
        business,
        offer,
        credits: offer.worth.credits,
        since: show::date_time(who.now, Zone::UTC),
        expires: show::date_time(expires_at, Zone::UTC),
        by: &who.label,
        links,
    };
    Mail::new("license_by_code", &recipient.email, &format!("License added: {}", offer.worth.product_name), written(&text))
}

/// *Activation Successful*, to everybody who has licensing permission (ACT-8).
pub(super) fn activated(recipient: &Recipient, business: &str, ready: &Ready, who: &Who, links: &Links) -> Mail {
    let purchase = &ready.registration.purchase;
    let text = ActivatedText {
        name: &recipient.name,
        business,
        product: &purchase.product_name,
        seller: &purchase.seller_name,
        credits: ready.credits,
        metered: ready.is_pay_as_you_go(),
        starts: show::date_time(ready.starts_at, Zone::UTC),
        expires: show::date_time(ready.expires_at, Zone::UTC),
        renews: ready.auto_renew.map_or("not known yet", |renews| if renews { "yes" } else { "no" }),
        buyer_account: mask_account(&purchase.buyer_account_id),
        agreement: &ready.agreement_id,
        by: &who.label,
        links,
    };
    Mail::new("license_activated", &recipient.email, &format!("Activation Successful: {}", purchase.product_name), written(&text))
}

/// Credits were added to the running contract (UPG-4).
pub(super) fn added(recipient: &Recipient, contract: &contracts::Booked, addition: Addition, who: &Who, links: &Links) -> Mail {
    let text = AddedText {
        name: &recipient.name,
        product: &contract.product_name,
        credits: addition.credits,
        total: addition.total,
        since: show::date_time(who.now, Zone::UTC),
        expires: show::date_time(contract.expires_at, Zone::UTC),
        agreement: &contract.agreement_id,
        links,
    };
    let subject = format!("{} added: {}", show::count(addition.credits.get(), "credit"), contract.product_name);
    Mail::new("license_added", &recipient.email, &subject, written(&text))
}

#[expect(clippy::expect_used, reason = "a template of strings and numbers writes into memory and cannot fail")]
fn written(text: &impl Template) -> String {
    text.render().expect("a mail that renders")
}
