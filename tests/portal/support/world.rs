//! A small world that has one of everything, made through the pages: Acme Industries with an activated purchase, one that
//! waits, an open quote, an invitation and a transfer that waits for approval. Tests about access walk all of it.

use super::browser::Browser;
use super::page::Page;
use super::people::{ACME_ADMIN, ACME_BUYER, ACME_MEMBER, LEAD, Purchase, SUPPORT};
use super::portal::Portal;
use super::stage::Stage;
use creditdesk::fulfilment::incoming::take_in;
use creditdesk::marketplace::wire::access_keys::AccessKeyId;
use std::collections::BTreeMap;
use uuid::Uuid;

/// The world's people and things.
pub struct World {
    pub buyer: Browser,
    pub admin: Browser,
    pub support: Browser,
    /// Activated by Acme Industries.
    pub activated: Purchase,
    /// Set up by nobody yet.
    pub waiting: Purchase,
    /// Values of the variable parts of addresses, all of them Acme's.
    pub own: BTreeMap<&'static str, String>,
}

impl World {
    /// Builds it.
    pub async fn build(stage: &Stage, portal: &Portal) -> Self {
        let mut buyer = portal.sign_in(ACME_BUYER).await;
        let mut admin = portal.sign_in(ACME_ADMIN).await;
        let mut support = portal.sign_in(SUPPORT).await;
        let activated = buyer.buy_for("1,237", &mut admin).await;
        let waiting = buyer.buy("2,000").await;
        buyer.create_contract("3,000").await;
        let quote = buyer.page().path().split('/').nth(3).unwrap_or_default().to_owned();
        admin.open("/console/team/invitations").await;
        admin.fill("Email", "newcomer@acme.example").choose("Role", "Auditor").press("Send the invitation").await;
        assert!(admin.page().problems().is_empty(), "{:?}", admin.page());
        admin.open("/console/credits/new-scenario?years=1&endpoint-security_core=10").await;
        admin.fill("Name", "Ten endpoints").press("Keep the scenario").await;
        assert!(admin.page().problems().is_empty(), "{:?}", admin.page());
        let license = public_id(stage, "lic", "SELECT id FROM licenses").await;
        support.ask_for_transfer(&license, "Globex").await;
        difference(stage).await;
        portal.sign_in(LEAD).await.issue_codes("2", "", "2026-06-30").await;
        service_key(stage).await;
        access_key(stage).await;
        event_target(stage).await;
        let own = own_things(stage, &activated, quote, license).await;
        Self { buyer, admin, support, activated, waiting, own }
    }
}

impl Browser {
    /// Asks for a transfer of a license, preview and confirmation; ends on the request's page.
    pub async fn ask_for_transfer(&mut self, license: &str, destination: &str) -> &Page {
        self.open(&format!("/admin/licenses/{license}/transfer")).await;
        self.fill("Destination business", destination).fill("Reason", "Bought by the wrong part of the group");
        self.fill("Ticket number", "T-1001").press("Preview transfer").await;
        let page = self.fill("License id", license).press("Request transfer").await;
        assert!(page.path().starts_with("/admin/transfers/"), "{page:?}");
        page
    }
}

/// Something that the marketplace reports and nobody knows, put before staff.
async fn difference(stage: &Stage) {
    let insert = stage.db.write("INSERT INTO contract_questions (id, contract_id, kind, granted, reported, seen_at) SELECT $1, id, 'unknown_dimension', granted, 7, activated_at FROM contracts");
    insert.bind(creditdesk::kernel::id::QuestionId::generate()).exec_one().await.expect("one contract");
}

async fn own_things(stage: &Stage, activated: &Purchase, quote: String, license: String) -> BTreeMap<&'static str, String> {
    let person = format!("SELECT id FROM people WHERE email = '{ACME_MEMBER}'");
    let arn: String = stage.db.read("SELECT license_arn FROM contracts").scalar().await.expect("an activated contract");
    BTreeMap::from([
        ("prodview", "prodview-u2in6sa3igl7c".to_owned()),
        ("quote", quote),
        ("agreement", activated.agreement.clone()),
        ("license", license),
        ("contract", public_id(stage, "con", "SELECT id FROM contracts").await),
        ("business", public_id(stage, "biz", "SELECT id FROM businesses WHERE name = 'Acme Industries'").await),
        ("invitation", public_id(stage, "inv", "SELECT id FROM invitations").await),
        ("scenario", public_id(stage, "scn", "SELECT id FROM scenarios").await),
        ("transfer", public_id(stage, "trf", "SELECT id FROM transfers").await),
        ("question", public_id(stage, "que", "SELECT id FROM contract_questions").await),
        ("person", public_id(stage, "per", person.leak()).await),
        ("session", public_id(stage, "ses", "SELECT reference FROM sessions ORDER BY created_at LIMIT 1").await),
        ("purchase", arn.rsplit(':').next().unwrap_or_default().to_owned()),
        ("account", "111122223333".to_owned()),
        ("mail", "mai_00000000000000000000000000".to_owned()),
        ("batch", public_id(stage, "cob", "SELECT id FROM code_batches").await),
        ("number", stage.db.read("SELECT number FROM invoices ORDER BY sequence").scalar().await.expect("an invoice")),
        ("code", "nobody-was-given-this-code".to_owned()),
        ("solution", "endpoint-security".to_owned()),
        ("feature", "essentials".to_owned()),
        ("key", public_id(stage, "key", "SELECT id FROM service_keys").await),
        ("access_key", stage.db.read("SELECT id FROM access_keys").scalar().await.expect("an access key")),
        ("event", incoming_event(stage).await),
        ("fault", "late-events".to_owned()),
        ("record", recorded(stage).await),
        ("service", "AWSMPEntitlementService".to_owned()),
        ("operation", "GetEntitlements".to_owned()),
        ("queue_owner:[0-9]{12}", "294406891311".to_owned()),
        ("queue", "events".to_owned()),
        ("event_target", public_id(stage, "tgt", "SELECT id FROM event_targets").await),
        ("certificate", "0".repeat(32)),
    ])
}

/// A key that nobody knows, made by the operator.
async fn service_key(stage: &Stage) {
    let operator: Uuid =
        stage.db.read("SELECT id FROM people WHERE email = 'operator@creditdesk.example'").scalar().await.expect("the operator");
    let insert = stage.db.write(
        "INSERT INTO service_keys (id, name, key_hash, all_businesses, created_at, created_by) VALUES ($1, 'Sensors', $2, TRUE, $3, $4)",
    );
    let insert = insert.bind(creditdesk::kernel::random::id()).bind(creditdesk::kernel::random::bytes::<32>().to_vec());
    insert.bind(stage.now()).bind(operator).exec_one().await.expect("a row");
}

/// What AWS told, and nobody could read.
async fn incoming_event(stage: &Stage) -> String {
    take_in(&stage.db, "not an event", None, stage.now()).await.expect("a stored event");
    public_id(stage, "evt", "SELECT id FROM incoming_events").await
}

/// An access key of the seller whose secret nobody knows.
async fn access_key(stage: &Stage) {
    let operator: Uuid =
        stage.db.read("SELECT id FROM people WHERE email = 'operator@creditdesk.example'").scalar().await.expect("the operator");
    let insert = stage.db.write("INSERT INTO access_keys (id, name, party, account_id, sealed_secret, created_at, created_by) VALUES ($1, 'Seller', 'seller', '294406891311', $2, $3, $4)");
    let insert = insert.bind(AccessKeyId::generate()).bind(creditdesk::kernel::random::bytes::<32>().to_vec());
    insert.bind(stage.now()).bind(operator).exec_one().await.expect("a row");
}

/// A queue of the seller's events.
async fn event_target(stage: &Stage) {
    let insert = stage.db.write("INSERT INTO event_targets (id, seller_id, kind, name, topic, created_at, created_by) VALUES ($1, '294406891311', 'queue', 'events', 'events', $2, 'operator')");
    insert.bind(creditdesk::kernel::random::id()).bind(stage.now()).exec_one().await.expect("a row");
}

/// Something that the test bench recorded.
async fn recorded(stage: &Stage) -> String {
    let insert = stage.db.write("INSERT INTO test_bench_records (id, kind, seen_at, operation, account, key_id, protocol, status, duration_micros, request_id, request, answer) VALUES ($1, 'call', $2, 'GetEntitlements', '', '', '', 200, 0, '', '{}', '{}')");
    insert.bind(creditdesk::kernel::random::id()).bind(stage.now()).exec_one().await.expect("a row");
    public_id(stage, "rec", "SELECT id FROM test_bench_records WHERE protocol = ''").await
}

/// An id of the database in the form of addresses.
async fn public_id(stage: &Stage, prefix: &str, sql: &'static str) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let id: Uuid = stage.db.read(sql).scalar().await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let letters: String = (0..26).rev().map(|place| char::from(ALPHABET[(id.as_u128() >> (place * 5)) as usize & 31])).collect();
    format!("{prefix}_{letters}")
}

/// The same addresses for things that do not exist, in a form that could.
pub fn missing(own: &BTreeMap<&'static str, String>) -> BTreeMap<&'static str, String> {
    own.iter().map(|(name, value)| (*name, if *name == "prodview" || *name == "code" { value.clone() } else { other(value) })).collect()
}

/// Another value of the same shape: the last letters changed.
fn other(value: &str) -> String {
    let letters: Vec<char> = value.chars().collect();
    let (kept, changed) = letters.split_at(letters.len() - 4);
    let turned = changed.iter().map(|letter| {
        if letter.is_ascii_digit() {
            if *letter == '7' { '3' } else { '7' }
        } else if *letter == 'b' {
            'c'
        } else {
            'b'
        }
    });
    kept.iter().copied().chain(turned).collect()
}

/// Puts values into an address of the route table.
pub fn fill(pattern: &str, values: &BTreeMap<&'static str, String>) -> String {
    let mut address = pattern.to_owned();
    for (name, value) in values {
        address = address.replace(&format!("{{{name}}}"), value);
    }
    assert!(!address.contains('{'), "a part of {pattern} has no value in this world");
    address
}
