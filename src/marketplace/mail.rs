//! Mail to the person who pressed *Pay now*, and about renewals to all purchasers of the account, written in the transaction of what it tells of. Plain text; times in UTC,
//! because a mail has no viewer whose zone is known.

use super::accept::Deal;
use super::agreement::Agreement;
use super::invoice::document;
use super::payment::PaymentState;
use super::store::{buyers, catalog};
use crate::db::{Error, Tx};
use crate::kernel::credits::Credits;
use crate::kernel::show::{self, Zone};
use crate::notices::{Mail, outbox};
use askama::Template;

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// A purchase is paid.
    PurchasePaid,
    /// A purchase waits for its payment.
    PurchasePending,
    /// The payment of a purchase did not arrive.
    PurchaseNotPaid,
    /// An upgrade is paid.
    UpgradePaid,
    /// An upgrade waits for its payment.
    UpgradePending,
    /// The payment of an upgrade did not arrive.
    UpgradeNotPaid,
}

impl Occasion {
    const fn kind(self) -> &'static str {
        match self {
            Self::PurchasePaid => "marketplace_purchase_paid",
            Self::PurchasePending => "marketplace_purchase_pending",
            Self::PurchaseNotPaid => "marketplace_purchase_not_paid",
            Self::UpgradePaid => "marketplace_upgrade_paid",
            Self::UpgradePending => "marketplace_upgrade_pending",
            Self::UpgradeNotPaid => "marketplace_upgrade_not_paid",
        }
    }

    fn subject(self, product: &str) -> String {
        match self {
            Self::PurchasePaid => format!("Your purchase of {product}: set up your account"),
            Self::PurchasePending => format!("Your purchase of {product}: payment pending"),
            Self::PurchaseNotPaid => format!("Your purchase of {product} was not paid"),
            Self::UpgradePaid => format!("Credits added to {product}"),
            Self::UpgradePending => format!("Your upgrade of {product}: payment pending"),
            Self::UpgradeNotPaid => format!("Your upgrade of {product} was not paid"),
        }
    }
}

/// What a mail about a renewal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RenewalOccasion {
    /// The next term is paid.
    Paid,
    /// It waits for its payment.
    Pending,
    /// There is no next term, because it was not paid.
    NotPaid,
}

impl RenewalOccasion {
    const fn kind(self) -> &'static str {
        match self {
            Self::Paid => "marketplace_renewal_paid",
            Self::Pending => "marketplace_renewal_pending",
            Self::NotPaid => "marketplace_renewal_not_paid",
        }
    }

    fn subject(self, product: &str) -> String {
        match self {
            Self::Paid => format!("Your contract for {product} was renewed"),
            Self::Pending => format!("The renewal of {product}: payment pending"),
            Self::NotPaid => format!("Your contract for {product} ended: its renewal was not paid"),
        }
    }
}

#[derive(Template)]
#[template(path = "mail/marketplace_renewal.txt", escape = "none")]
struct RenewalMail<'m> {
    occasion: RenewalOccasion,
    facts: &'m Facts<'m>,
}

#[derive(Template)]
#[template(path = "mail/marketplace_purchase.txt", escape = "none")]
struct PurchaseMail<'m> {
    occasion: Occasion,
    facts: Facts<'m>,
}

#[derive(Template)]
#[template(path = "mail/marketplace_upgrade.txt", escape = "none")]
struct UpgradeMail<'m> {
    occasion: Occasion,
    facts: Facts<'m>,
}

/// What both mails say, ready to print.
struct Facts<'m> {
    product: String,
    seller: String,
    agreement: &'m str,
    credits: String,
    total: String,
    amount: String,
    reason: &'m str,
    starts: String,
    ends: String,
    renews: bool,
    /// Charged by use: no credits, nothing due now.
    metered: bool,
    purchase_order: &'m str,
    subscription_url: String,
    /// Number and address of the invoice, where something was charged.
    invoice: Option<(&'m str, String)>,
}

/// Puts the mail in the outbox; `invoice` is the number of what was charged.
pub(super) async fn post(
    tx: &mut Tx,
    deal: Deal<'_>,
    occasion: Occasion,
    agreement: &Agreement,
    invoice: Option<&str>,
) -> Result<(), Error> {
    let recipient = buyers::get_email(tx, deal.payment.started_by).await?;
    let facts = facts(tx, deal, agreement, invoice).await?;
    let subject = occasion.subject(&facts.product);
    let body = match occasion {
        Occasion::PurchasePaid | Occasion::PurchasePending | Occasion::PurchaseNotPaid => PurchaseMail { occasion, facts }.render(),
        Occasion::UpgradePaid | Occasion::UpgradePending | Occasion::UpgradeNotPaid => UpgradeMail { occasion, facts }.render(),
    };
    let mail = Mail::new(occasion.kind(), recipient, &subject, written(body)?);
    outbox::post(tx, receipt(mail, invoice), deal.who.now).await
}

/// Puts mails about a renewal in the outbox, one for each purchaser of the account. Without a next term `next` is the one
/// that did not come into force, or the old one; the mail says when that ended. `invoice` is the number of what was charged.
pub(super) async fn post_renewal(
    tx: &mut Tx,
    deal: Deal<'_>,
    occasion: RenewalOccasion,
    (old, next): (&Agreement, &Agreement),
    invoice: Option<&str>,
) -> Result<(), Error> {
    let facts = Facts { starts: show::date_time(old.ends_at, Zone::UTC), ..facts(tx, deal, next, invoice).await? };
    let subject = occasion.subject(&facts.product);
    for recipient in buyers::list_purchaser_emails(tx, &old.buyer_account_id).await? {
        let body = written(RenewalMail { occasion, facts: &facts }.render())?;
        outbox::post(tx, receipt(Mail::new(occasion.kind(), recipient, &subject, body), invoice), deal.who.now).await?;
    }
    Ok(())
}

/// With the invoice as a file, where something was charged (MKT-13).
fn receipt(mail: Mail, invoice: Option<&str>) -> Mail {
    match invoice {
        Some(number) => mail.with_on_delivery(&document::file_name(number), document::MEDIA_TYPE),
        None => mail,
    }
}

fn written(body: Result<String, askama::Error>) -> Result<String, Error> {
    body.map_err(|error| Error::Other(sqlx::Error::Encode(Box::new(error))))
}

async fn facts<'m>(tx: &mut Tx, deal: Deal<'m>, agreement: &'m Agreement, invoice: Option<&'m str>) -> Result<Facts<'m>, Error> {
    let Deal { public_url, quote, payment, .. } = deal;
    let origin = public_url.trim_end_matches('/');
    let (product, seller) = catalog::get_names(tx, &quote.product_id).await?;
    let reason = match &payment.state {
        PaymentState::SettledDeclined { reason, .. } | PaymentState::Declined { reason, .. } => reason.as_str(),
        _ => "",
    };
    Ok(Facts {
        product,
        seller,
        agreement: agreement.id.as_str(),
        credits: show::count(quote.credits.get(), "credit"),
        total: show::count(agreement.credits.checked_add(quote.credits).unwrap_or(Credits::MAX).get(), "credit"),
        amount: quote.amount.to_string(),
        reason,
        starts: show::date_time(agreement.starts_at, Zone::UTC),
        ends: show::date_time(agreement.ends_at, Zone::UTC),
        renews: agreement.auto_renew,
        metered: quote.is_metered(),
        purchase_order: quote.purchase_order.as_deref().unwrap_or_default(),
        subscription_url: format!("{origin}/marketplace/subscriptions/{}", agreement.id),
        invoice: invoice.map(|number| (number, format!("{origin}/marketplace/invoices/{number}"))),
    })
}
