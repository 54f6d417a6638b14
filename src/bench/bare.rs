//! The limit for activations: the very statements of one activation, in the same transactions, with values that were
//! prepared before. Nothing is decided, checked or put into words here. Each run of the benchmark compares these
//! statements with those that the use case runs, so that the two cannot drift apart.

use super::purchases::Customer;
use crate::application::Portal;
use crate::db::{Db, Error, Tx};
use crate::fulfilment::land::Landed;
use crate::kernel::clock::Timestamp;
use crate::kernel::id::{BusinessId, PersonId};
use crate::kernel::{random, text};
use crate::tx;
use anyhow::Context;
use uuid::Uuid;

const HELD: &str = "SELECT r.id, r.source, r.license_arn, r.product_code, r.product_name, r.seller_name, r.agreement_id, r.buyer_account_id, r.landed_at, r.expires_at, COALESCE(r.completed_at, c.activated_at) AS completed_at, h.business_id AS bound_to, h.expires_at AS handle_until FROM registration_handles h JOIN registrations r ON r.id = h.registration_id LEFT JOIN contracts c ON c.license_arn = r.license_arn WHERE h.handle_hash = $1 AND h.expires_at > $2";
const ACTIVATION: &str = "SELECT c.id, c.business_id, c.product_name, c.activated_at, CASE WHEN c.business_id <> (SELECT t.from_business_id FROM transfers t WHERE t.contract_id = c.id AND t.status = 'approved' ORDER BY t.requested_at, t.id LIMIT 1) THEN 'a previous owner' ELSE p.name END AS activated_by FROM contracts c JOIN people p ON p.id = c.activated_by WHERE c.id IN (SELECT k.id FROM contracts k WHERE k.license_arn = $1 UNION ALL SELECT f.contract_id FROM contract_arns f WHERE f.license_arn = $1)";
const ENTITLEMENTS: &str = "SELECT e.dimension, e.quantity, e.expires_at FROM entitlements e JOIN license_arns l ON l.arn = e.license_arn JOIN agreements a ON a.id = l.agreement_id JOIN products p ON p.id = l.product_id WHERE e.license_arn = $1 AND p.product_code = $2 AND a.status = 'active' AND e.expires_at > $3 ORDER BY e.dimension";
const AGREEMENT: &str = "SELECT a.id, a.initial_agreement_id, a.quote_id, a.buyer_account_id, a.product_id, a.offer_id, a.license_arn, a.status, a.anchor_at, a.term_number, a.duration_months, a.starts_at, a.ends_at, a.auto_renew, a.credits, a.next_credits, a.purchase_order, a.accepted_by, a.accepted_at FROM agreements a WHERE a.id = (SELECT l.agreement_id FROM license_arns l WHERE l.arn = $1)";
const ROLE: &str = "SELECT m.role, b.name FROM memberships m JOIN people p ON p.id = m.person_id JOIN businesses b ON b.id = m.business_id WHERE m.business_id = $1 AND m.person_id = $2 AND p.disabled_at IS NULL";
const CONTRACT: &str = "INSERT INTO contracts (id, business_id, source, license_arn, product_code, product_name, seller_name, dimension, agreement_id, initial_agreement_id, buyer_account_id, auto_renew, granted, expires_at, activated_at, activated_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT DO NOTHING";
const LICENSE: &str = "INSERT INTO licenses (id, contract_id, business_id, item_number, kind, product_name, source, agreement_id, credits, starts_at, expires_at, activated_at, activated_by, search_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
const GRANT: &str = "INSERT INTO credit_entries (id, business_id, contract_id, license_id, kind, credits, effective_at, expires_at, recorded_at, transfer_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const COMPLETE: &str = "UPDATE registrations SET completed_at = $2 WHERE license_arn = $1 AND completed_at IS NULL";
/// Also of a usage report.
pub(super) const AUDIT: &str = "INSERT INTO audit_entries (id, recorded_at, person_id, person_label, acting_as, business_id, buyer_account_id, address, request_id, action, subject, before, after) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
const RECIPIENTS: &str = "SELECT p.name, p.email FROM memberships m JOIN people p ON p.id = m.person_id WHERE m.business_id = $1 AND m.role IN ('administrator', 'licensing_manager') AND p.disabled_at IS NULL ORDER BY p.email_key";
const MAIL: &str = "INSERT INTO mails (id, kind, recipient, subject, body, created_at, attempts, next_attempt_at, attachment_name, attachment_type, attachment) VALUES ($1, $2, $3, $4, $5, $6, 0, $6, $7, $8, $9)";
const BOOKED: &str = "SELECT id, business_id, source, license_arn, product_code, product_name, dimension, agreement_id, initial_agreement_id, buyer_account_id, auto_renew, granted, expires_at, ended_at, (SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions q WHERE q.contract_id = contracts.id AND q.closed_at IS NULL) AS open_questions FROM contracts WHERE license_arn = $1";
const ARN: &str = "SELECT agreement_id, buyer_account_id, set_up_at, activated_at FROM license_arns WHERE arn = $1";
const ARN_ACTIVATED: &str = "UPDATE license_arns SET activated_at = $2 WHERE arn = $1 AND activated_at IS NULL";
const REPORTED: &str = "UPDATE contracts SET reported_at = $2 WHERE id = $1 AND reported_at IS NULL";

const FACTS: &str = "SELECT r.license_arn, r.product_code, r.product_name, r.seller_name, r.agreement_id, r.buyer_account_id, e.dimension, e.quantity, e.expires_at FROM registrations r JOIN entitlements e ON e.license_arn = r.license_arn WHERE r.id = $1";
const TEXTS: &str = "SELECT m.recipient, m.subject, m.body, CAST((SELECT MAX(a.after) FROM audit_entries a WHERE a.action = 'license.activated') AS TEXT), CAST((SELECT MAX(a.after) FROM audit_entries a WHERE a.action = 'subscription.activated') AS TEXT) FROM mails m WHERE m.kind = 'license_activated' AND m.recipient = $1 LIMIT 1";

/// What the texts of an activation look like: those of one that the use case made.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Texts(String, String, String, String, String);

impl Texts {
    /// From the last activation of this administrator's business.
    ///
    /// # Errors
    /// When there was none.
    pub async fn load(db: &Db, customer: &Customer) -> anyhow::Result<Self> {
        db.read(TEXTS).bind(&customer.admin.email).opt().await?.context("an activation of the use case comes first")
    }
}

#[derive(Clone, Debug, sqlx::FromRow)]
struct Facts {
    license_arn: String,
    product_code: String,
    product_name: String,
    seller_name: String,
    agreement_id: String,
    buyer_account_id: String,
    dimension: String,
    quantity: i64,
    expires_at: Timestamp,
}

/// The values of one activation.
#[derive(Clone, Debug)]
pub struct Prepared {
    handle_hash: Vec<u8>,
    facts: Facts,
    texts: Texts,
    business: BusinessId,
    person: PersonId,
    label: String,
    now: Timestamp,
    contract: Uuid,
    license: Uuid,
    entry: Uuid,
    mail: Uuid,
    audited: [Uuid; 2],
    search_key: String,
}

impl Prepared {
    /// Prepares a purchase that nobody activated.
    ///
    /// # Errors
    /// When the purchase is not there.
    pub async fn load(portal: &Portal, customer: &Customer, ready: &Landed, texts: &Texts) -> anyhow::Result<Self> {
        let facts: Facts = portal.db.read(FACTS).bind(ready.registration).one().await?;
        Ok(Self {
            handle_hash: ready.handle.hash(),
            search_key: text::search_key(&format!("{} {}", facts.product_name, facts.agreement_id)),
            facts,
            texts: texts.clone(),
            business: customer.admin.business.context("a business to activate for")?,
            person: customer.admin.person,
            label: customer.admin.email.clone(),
            now: portal.clock.now(),
            contract: random::id(),
            license: random::id(),
            entry: random::id(),
            mail: random::id(),
            audited: [random::id(), random::id()],
        })
    }
}

/// Runs the statements of one activation.
///
/// # Errors
/// Any storage error.
pub async fn activate(db: &Db, values: &Prepared) -> Result<(), Error> {
    look_up(db, values).await?;
    tx!(db, |tx| { book(tx, values).await })?;
    db.read(BOOKED).bind(&values.facts.license_arn).opt::<(Uuid,)>().await?;
    read_truth(db, values).await?;
    tx!(db, |tx| { tell(tx, values).await })?;
    db.write(REPORTED).bind(values.contract).bind(values.now).exec_one().await
}

async fn look_up(db: &Db, values: &Prepared) -> Result<(), Error> {
    db.read(HELD).bind(&values.handle_hash).bind(values.now).opt::<(Uuid,)>().await?;
    db.read(ACTIVATION).bind(&values.facts.license_arn).opt::<(Uuid,)>().await?;
    db.read(HELD).bind(&values.handle_hash).bind(values.now).opt::<(Uuid,)>().await?;
    read_truth(db, values).await
}

async fn read_truth(db: &Db, values: &Prepared) -> Result<(), Error> {
    let facts = &values.facts;
    db.read(ENTITLEMENTS).bind(&facts.license_arn).bind(&facts.product_code).bind(values.now).all::<(String,)>().await?;
    db.read(AGREEMENT).bind(&facts.license_arn).opt::<(String,)>().await?;
    Ok(())
}

async fn book(tx: &mut Tx, values: &Prepared) -> Result<(), Error> {
    let facts = &values.facts;
    tx.q(ROLE).bind(values.business).bind(values.person).opt::<(String,)>().await?;
    insert_contract(tx, values).await?;
    insert_license(tx, values).await?;
    tx.q(GRANT)
        .bind(values.entry)
        .bind(values.business)
        .bind(values.contract)
        .bind(values.license)
        .bind("granted")
        .bind(facts.quantity)
        .bind(values.now)
        .bind(facts.expires_at)
        .bind(values.now)
        .bind(None::<Uuid>)
        .exec_one()
        .await?;
    tx.q(COMPLETE).bind(&facts.license_arn).bind(values.now).exec().await?;
    let who = (Some(values.person), values.label.as_str(), "business", Some(values.business));
    insert_audit(tx, values, values.audited[0], who, ("license.activated", &values.texts.3)).await?;
    tx.q(RECIPIENTS).bind(values.business).all::<(String,)>().await?;
    tx.q(MAIL)
        .bind(values.mail)
        .bind("license_activated")
        .bind(&values.texts.0)
        .bind(&values.texts.1)
        .bind(&values.texts.2)
        .bind(values.now)
        .bind(None::<String>)
        .bind(None::<String>)
        .bind(None::<Vec<u8>>)
        .exec_one()
        .await
}

async fn insert_contract(tx: &mut Tx, values: &Prepared) -> Result<(), Error> {
    let facts = &values.facts;
    tx.q(CONTRACT)
        .bind(values.contract)
        .bind(values.business)
        .bind("embedded")
        .bind(&facts.license_arn)
        .bind(&facts.product_code)
        .bind(&facts.product_name)
        .bind(&facts.seller_name)
        .bind(&facts.dimension)
        .bind(&facts.agreement_id)
        .bind(&facts.agreement_id)
        .bind(&facts.buyer_account_id)
        .bind(true)
        .bind(facts.quantity)
        .bind(facts.expires_at)
        .bind(values.now)
        .bind(values.person)
        .exec_one()
        .await
}

async fn insert_license(tx: &mut Tx, values: &Prepared) -> Result<(), Error> {
    let facts = &values.facts;
    tx.q(LICENSE)
        .bind(values.license)
        .bind(values.contract)
        .bind(values.business)
        .bind(1i64)
        .bind("new")
        .bind(&facts.product_name)
        .bind("embedded")
        .bind(&facts.agreement_id)
        .bind(facts.quantity)
        .bind(values.now)
        .bind(facts.expires_at)
        .bind(values.now)
        .bind(Some(values.person))
        .bind(&values.search_key)
        .exec_one()
        .await
}

type Acting<'a> = (Option<PersonId>, &'a str, &'a str, Option<BusinessId>);

async fn insert_audit(tx: &mut Tx, values: &Prepared, id: Uuid, who: Acting<'_>, what: (&str, &str)) -> Result<(), Error> {
    let (person, label, acting_as, business) = who;
    let (action, after) = what;
    tx.q(AUDIT)
        .bind(id)
        .bind(values.now)
        .bind(person)
        .bind(label)
        .bind(acting_as)
        .bind(business)
        .bind(Some(values.facts.buyer_account_id.as_str()))
        .bind("-")
        .bind("-")
        .bind(action)
        .bind(values.facts.agreement_id.as_str())
        .bind(None::<String>)
        .bind(Some(after))
        .exec_one()
        .await
}

async fn tell(tx: &mut Tx, values: &Prepared) -> Result<(), Error> {
    tx.lock(ARN).bind(&values.facts.license_arn).opt::<(String,)>().await?;
    tx.q(ARN_ACTIVATED).bind(&values.facts.license_arn).bind(values.now).exec_one().await?;
    let who = (None, "console", "system", None);
    insert_audit(tx, values, values.audited[1], who, ("subscription.activated", &values.texts.4)).await
}
