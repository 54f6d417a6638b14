//! The marketplace's API under load, signed as the SDKs sign: entitlements in both protocols, tokens, and metering, the
//! last beside another emulator's server where one is given.

use super::child::Served;
use super::load::{self, Measured};
use super::pages::Load;
use super::place::Place;
use super::purchases;
use super::signed::{Call, Key};
use crate::access::{Action, StaffScope};
use crate::application::Portal;
use crate::audit::{ActingAs, Who};
use crate::marketplace::wire::access_keys::{self, NewKey};
use crate::marketplace::wire::customer;
use crate::marketplace::wire::products::{self, WireProduct};
use crate::marketplace::wire::{cbor, value::Structure};
use anyhow::{Context, anyhow, ensure};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

const ROUNDS: usize = 3;
const SELLER: &str = "294406891311";
const BUYER: &str = "111122223333";
const ENTITLEMENT: &str = "AWSMPEntitlementService";
const METERING: &str = "AWSMPMeteringService";
const AGREEMENT: &str = "AWSMPCommerceService_v20200301";
const BATCH: Call<'_> = Call::Json("1.1", METERING, "BatchMeterUsage");
/// Records of a full batch.
const FULL: usize = 25;

/// One kind of call; one figure a round.
#[derive(Clone, Debug)]
pub struct Figures {
    /// What was called.
    pub what: &'static str,
    /// The program.
    pub measured: Vec<Measured>,
    /// The other server, where there is one and it has the operation.
    pub beside: Vec<Measured>,
}

/// What calls are made with.
struct Ready {
    seller: Key,
    license: String,
    token: String,
    credits_code: String,
    by_use_code: String,
}

/// Loads the running program's API, and the other server's.
///
/// # Errors
/// When a call is not answered as it should be.
pub async fn measure(place: &Place, portal: &Arc<Portal>, load: Load, beside: Option<SocketAddr>) -> anyhow::Result<Vec<Figures>> {
    let served = Served::start(place, load.workers).await?;
    let (address, now) = (served.address, portal.clock.now());
    let ready = prepare(portal, address, now).await?;
    let filter = json!({ "ProductCode": ready.credits_code, "Filter": { "LICENSE_ARN": [ready.license] } });
    let filter_cbor = Structure::new().with("ProductCode", ready.credits_code.as_str());
    let filter_cbor = filter_cbor.with("Filter", Structure::new().with("LICENSE_ARN", vec![ready.license.as_str()]));
    let token = json!({ "RegistrationToken": ready.token });
    let request = |call, body: &[u8]| ready.seller.request(call, body, now);
    let mut all = Vec::new();
    for (what, request) in [
        ("GetEntitlements, JSON", request(Call::Json("1.1", ENTITLEMENT, "GetEntitlements"), filter.to_string().as_bytes())),
        ("GetEntitlements, CBOR", request(Call::Cbor(ENTITLEMENT, "GetEntitlements"), &cbor::write(filter_cbor.0))),
        ("ResolveCustomer, JSON", request(Call::Json("1.1", METERING, "ResolveCustomer"), token.to_string().as_bytes())),
    ] {
        load::run(address, &request, load.connections, load.time / 5).await?;
        let mut figures = Figures { what, measured: Vec::new(), beside: Vec::new() };
        for _ in 0..ROUNDS {
            figures.measured.push(sound(what, load::run(address, &request, load.connections, load.time).await?)?);
        }
        all.push(figures);
    }
    let ready = Arc::new(ready);
    for (what, records) in [("BatchMeterUsage, 1 record", 1), ("BatchMeterUsage, 25 records", FULL)] {
        all.push(batches(what, records, (&ready, now), (address, beside), load).await?);
    }
    Ok(all)
}

fn sound(what: &str, measured: Measured) -> anyhow::Result<Measured> {
    ensure!(measured.failures == 0, "{what}: {} calls failed", measured.failures);
    Ok(measured)
}

/// Batches whose records are all new; both servers in turns, from the same client.
async fn batches(
    what: &'static str,
    records: usize,
    (ready, now): (&Arc<Ready>, DateTime<Utc>),
    (address, beside): (SocketAddr, Option<SocketAddr>),
    load: Load,
) -> anyhow::Result<Figures> {
    let mut figures = Figures { what, measured: Vec::new(), beside: Vec::new() };
    for round in 0..=ROUNDS {
        // Not counted: the first warms up.
        let time = if round == 0 { load.time / 5 } else { load.time };
        let next = |name: &'static str| {
            let ready = Arc::clone(ready);
            move |connection: usize, number: usize| batch(&ready, now, &format!("{name}-{records}-{round}-{connection}-{number}"), records)
        };
        let own = sound(what, load::run_each(address, next("own"), load.connections, time).await?)?;
        let other = match beside {
            Some(beside) => Some(sound(what, load::run_each(beside, next("own"), load.connections, time).await?)?),
            None => None,
        };
        if round > 0 {
            figures.measured.push(own);
            figures.beside.extend(other);
        }
    }
    Ok(figures)
}

fn batch(ready: &Ready, now: DateTime<Utc>, name: &str, records: usize) -> Vec<u8> {
    let customer = customer::identifier(BUYER).unwrap_or_default();
    let record = |number| json!({ "Timestamp": now.timestamp(), "CustomerIdentifier": customer, "Dimension": format!("{name}-{number}"), "Quantity": 3 });
    let body = json!({ "ProductCode": ready.by_use_code, "UsageRecords": (0..records).map(record).collect::<Vec<_>>() });
    ready.seller.request(BATCH, body.to_string().as_bytes(), now)
}

/// Keys, a purchase with its token, and a subscription that is charged by use, made by the API itself.
async fn prepare(portal: &Portal, address: SocketAddr, now: DateTime<Utc>) -> anyhow::Result<Ready> {
    // Both emulators are to take the same records: a customer by identifier, and any dimension.
    let legacy =
        portal.db.write("UPDATE products SET customer_identity = 'legacy', usage_dimensions = '' WHERE dimension = 'pay_as_you_go'");
    legacy.exec_one().await?;
    let operator = purchases::person(portal, "operator@creditdesk.example").await?;
    let scope = StaffScope::of(&operator, Action::ManageAccessKeys).map_err(|_| anyhow!("the operator may not make keys"))?;
    let who = Who { person: Some(operator.person), acting_as: ActingAs::Staff, ..Who::system("bench", now) };
    let mut keys = Vec::new();
    for (account, acts_as) in [(SELLER, None), (BUYER, Some("buyer@acme.example".parse()?))] {
        let new = NewKey { name: "Bench".to_owned(), account: account.to_owned(), acts_as };
        let scope = StaffScope::of(&operator, Action::ManageAccessKeys).map_err(|_| anyhow!("the operator may not make keys"))?;
        let made = access_keys::make(&portal.db, scope, &portal.wire.sealing, (operator.person, &who), &new).await;
        let (id, secret) = made.map_err(|failed| anyhow!("{failed:?}"))?;
        keys.push(Key { id: id.to_string(), secret: secret.reveal().to_owned() });
    }
    let (buyer, seller) = (keys.pop().context("two keys")?, keys.pop().context("two keys")?);
    let all = products::list(&portal.db, scope).await?;
    let find = |dimension| {
        all.iter().find(|product| product.dimension == dimension && product.seller_id == SELLER).context("the demonstration's products")
    };
    let (credits, by_use) = (find("credits")?, find("pay_as_you_go")?);
    let bought = buy(&buyer, address, credits, now).await?;
    buy(&buyer, address, by_use, now).await?;
    let text = |name: &str| bought[name].as_str().map(str::to_owned).context("an entitlement");
    Ok(Ready {
        seller,
        license: text("licenseArn")?,
        token: text("registrationToken")?,
        credits_code: credits.product_code.clone(),
        by_use_code: by_use.product_code.clone(),
    })
}

/// The entitlement of a purchase.
async fn buy(buyer: &Key, address: SocketAddr, product: &WireProduct, now: DateTime<Utc>) -> anyhow::Result<Value> {
    let quantity = if product.dimension == "credits" { 500 } else { 1 };
    let pricing = json!({ "selectorValue": "P12M", "dimensions": [{ "dimensionKey": product.dimension, "dimensionValue": quantity }] });
    let mut terms: Vec<Value> = product.terms().into_iter().take(3).map(|(_, id)| json!({ "id": id })).collect();
    terms[2]["configuration"] = json!({ "configurableUpfrontPricingTermConfiguration": pricing });
    let request = json!({ "intent": "NEW", "agreementProposalIdentifier": product.proposal(), "requestedTerms": terms });
    let call = |operation| Call::Json("1.0", AGREEMENT, operation);
    let request = buyer.ask(address, call("CreateAgreementRequest"), &request, now).await?;
    let accept = json!({ "agreementRequestId": request["agreementRequestId"] });
    let agreement = buyer.ask(address, call("AcceptAgreementRequest"), &accept, now).await?;
    let asked = json!({ "agreementId": agreement["agreementId"] });
    Ok(buyer.ask(address, call("GetAgreementEntitlements"), &asked, now).await?["agreementEntitlements"][0].take())
}
