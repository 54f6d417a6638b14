//! Events of AWS on the use cases: whatever comes twice, late, in another order or not at all, the same is booked, because
//! an event is only a reason to read the marketplace (quality B6).

use super::Scene;
use super::renewal::{ARN, acme};
use crate::support::Stage;
use crate::support::fake_marketplace::{Bought, Call, FakeMarketplace};
use async_trait::async_trait;
use chrono::TimeDelta;
use creditdesk::access::{Actor, BusinessRole};
use creditdesk::db::Db;
use creditdesk::fulfilment::Fulfilment;
use creditdesk::fulfilment::incoming::{self, Taken, take_in};
use creditdesk::fulfilment::marketplace::{
    AgreementFacts, Change, Ending, Entitlement, Marketplace, ResolveError, ResolvedPurchase, Unreachable,
};
use creditdesk::fulfilment::reread::reread_ends;
use creditdesk::fulfilment::sync::apply_changes;
use creditdesk::kernel::clock::{Clock, Timestamp};
use creditdesk::kernel::id::{BusinessId, EventId};
use creditdesk::kernel::secret::Secret;
use serde_json::{Value, json};
use std::sync::Arc;

const ACCOUNT: &str = "111122223333";
const PRODUCT: &str = "74az0btybm649octamy0sktos";

/// The fake as the truth, and stored events as what is heard of it.
struct Hearing {
    market: FakeMarketplace,
    db: Db,
    clock: Clock,
}

#[async_trait]
impl Marketplace for Hearing {
    async fn resolve(&self, token: &Secret) -> Result<ResolvedPurchase, ResolveError> {
        self.market.resolve(token).await
    }

    async fn entitlements(&self, product_code: &str, license_arn: &str) -> Result<Vec<Entitlement>, Unreachable> {
        self.market.entitlements(product_code, license_arn).await
    }

    async fn agreement(&self, license_arn: &str) -> Result<Option<AgreementFacts>, Unreachable> {
        self.market.agreement(license_arn).await
    }

    async fn receive(&self, most: u32) -> Result<Vec<Change>, Unreachable> {
        incoming::list_waiting(&self.db, most, self.clock.now()).await.map_err(|error| Unreachable(error.into()))
    }

    async fn acknowledge(&self, changes: &[EventId]) -> Result<(), Unreachable> {
        incoming::acknowledge(&self.db, changes, self.clock.now()).await.map_err(|error| Unreachable(error.into()))
    }

    async fn report_activated(&self, license_arn: &str, at: Timestamp) -> Result<(), Unreachable> {
        self.market.report_activated(license_arn, at).await
    }
}

/// A scene whose room hears by events alone.
struct Heard {
    scene: Scene,
    acme: BusinessId,
    admin: Actor,
}

/// Where the purchase stands at the end of a story.
#[derive(Debug, PartialEq, Eq)]
struct Stands {
    contracts: Vec<(String, String, i64, Timestamp, bool)>,
    valid: i64,
    questions: i64,
}

impl Heard {
    async fn new(stage: Stage) -> Self {
        let mut scene = Scene::new(stage);
        let marketplace = Hearing { market: scene.market.clone(), db: scene.stage.db.clone(), clock: scene.stage.clock.clone() };
        scene.room = Fulfilment { marketplace: Arc::new(marketplace), ..scene.room };
        let (acme, admin) = acme(&scene).await;
        Self { scene, acme, admin }
    }

    async fn hears(&self, event: &Value) -> Taken {
        take_in(&self.scene.stage.db, &event.to_string(), None, self.scene.now()).await.unwrap()
    }

    /// The jobs once, after every pause of a waiting event.
    async fn works(&self) {
        self.scene.stage.clock.advance(TimeDelta::minutes(16));
        incoming::replay(&self.scene.stage.db, self.scene.now()).await.unwrap();
        apply_changes(&self.scene.room).await.unwrap();
        reread_ends(&self.scene.room).await.unwrap();
    }

    async fn stands(&self, business: BusinessId) -> Stands {
        let contracts = self.scene.stage.db.read("SELECT license_arn, agreement_id, granted, expires_at, ended_at IS NOT NULL FROM contracts WHERE business_id = $1 ORDER BY license_arn");
        let open = "SELECT CAST(COUNT(*) AS BIGINT) FROM contract_questions q JOIN contracts c ON c.id = q.contract_id WHERE q.closed_at IS NULL AND c.business_id = $1";
        Stands {
            contracts: contracts.bind(business).all().await.unwrap(),
            valid: self.scene.valid(business, self.scene.now()).await,
            questions: self.scene.stage.db.read(open).bind(business).scalar().await.unwrap(),
        }
    }

    /// A business of its own for each story that is told many times.
    async fn party(&self, number: u32) -> (BusinessId, Actor) {
        let business = self.scene.business(&format!("Business {number}")).await;
        (business, self.scene.person(&format!("admin{number}@business.example"), BusinessRole::Administrator, business).await)
    }

    async fn states(&self) -> Vec<String> {
        self.scene.words("SELECT state FROM incoming_events ORDER BY received_at, id").await
    }
}

/// An event of a purchase, in EventBridge's shape.
fn event(detail_type: &str, number: u32, detail: Value) -> Value {
    let mut whole = json!({ "requestId": format!("9838714e-0000-0000-0000-{number:012}"), "catalog": "AWSMarketplace",
        "acceptor": { "accountId": ACCOUNT }, "proposer": { "accountId": "294406891311" } });
    whole.as_object_mut().unwrap().extend(detail.as_object().unwrap().clone());
    json!({ "version": "0", "id": format!("6c53798d-0000-0000-0000-{number:012}"), "detail-type": detail_type,
        "source": "aws.agreement-marketplace", "account": "294406891311", "time": "2026-03-02T09:00:00Z", "region": "us-east-1",
        "resources": [], "detail": whole })
}

fn created(bought: &Bought, number: u32) -> Value {
    event(
        "Purchase Agreement Created - Proposer",
        number,
        json!({ "agreement": { "id": bought.agreement_id, "intent": "NEW", "status": "ACTIVE" } }),
    )
}

fn renewed(bought: &Bought, next: &Bought, number: u32) -> Value {
    let agreement = json!({ "id": next.agreement_id, "intent": "RENEW", "status": "ACTIVE", "previousAgreementId": bought.agreement_id });
    event("Purchase Agreement Created - Proposer", number, json!({ "agreement": agreement }))
}

fn amended(bought: &Bought, number: u32) -> Value {
    event("Purchase Agreement Amended Acceptor", number, json!({ "agreement": { "id": bought.agreement_id, "intent": "AMEND" } }))
}

fn ended(bought: &Bought, number: u32) -> Value {
    event("Purchase Agreement Ended - Manufacturer", number, json!({ "agreement": { "id": bought.agreement_id, "status": "RENEWED" } }))
}

fn updated(bought: &Bought, number: u32) -> Value {
    license("License Updated - Manufacturer", bought, number)
}

fn license(detail_type: &str, bought: &Bought, number: u32) -> Value {
    event(
        detail_type,
        number,
        json!({ "agreement": { "id": bought.agreement_id }, "product": { "code": PRODUCT }, "license": { "arn": bought.license_arn } }),
    )
}

/// All orders of four things.
fn orders() -> Vec<[usize; 4]> {
    let mut orders = Vec::new();
    for code in 0..256_usize {
        let order = [code & 3, code >> 2 & 3, code >> 4 & 3, code >> 6 & 3];
        if (0..4).all(|place| order.contains(&place)) {
            orders.push(order);
        }
    }
    orders
}

both_engines! {
    /// Quality B6, UPG-4, REN-4: created, updated, amended and ended, in all 24 orders, each heard before or after the
    /// marketplace shows what it tells of, with work between them: the same end state.
    #[test]
    async fn every_order_of_events_ends_the_same(stage: Stage) {
        let heard = Heard::new(stage).await;
        assert_eq!(orders().len(), 24);
        for (number, order) in (1_u32..).zip(orders()) {
            let (business, admin) = heard.party(number).await;
            let (bought, _) = heard.scene.activated(number, 1_000, &admin).await;
            let base = number * 100;
            let events = [created(&bought, base), updated(&bought, base + 1), amended(&bought, base + 2), ended(&bought, base + 3)];
            heard.hears(&events[order[0]]).await;
            heard.works().await;
            heard.scene.market.world().total(&bought, 1_500);
            heard.hears(&events[order[1]]).await;
            heard.works().await;
            heard.scene.reach(bought.ends_at + TimeDelta::seconds(1));
            heard.hears(&events[order[2]]).await;
            heard.works().await;
            heard.scene.market.world().renews_as(&bought, &renewal_arn(number), 1_500, true);
            heard.hears(&events[order[3]]).await;
            heard.works().await;
            let next = (renewal_arn(number), format!("{}next", bought.agreement_id), 1_500, bought.ends_at + TimeDelta::days(365), false);
            assert_eq!(heard.stands(business).await, Stands { contracts: vec![next], valid: 1_500, questions: 0 }, "{order:?}");
            let items = heard.scene.stage.db.read("SELECT credits FROM licenses WHERE business_id = $1 ORDER BY item_number").bind(business);
            assert_eq!(items.all::<(i64,)>().await.unwrap(), [(1_000,), (500,)], "{order:?}");
            assert!(heard.states().await.iter().all(|state| state == "followed"), "{order:?}: {:?}", heard.states().await);
        }
    }

    /// Quality B6: events of any kind ten times over, and all of them 48 hours late and in the wrong order: what is booked is
    /// what the marketplace says, once.
    #[test]
    async fn duplicates_and_late_events_book_nothing_twice(stage: Stage) {
        let heard = Heard::new(stage).await;
        let (bought, _) = heard.scene.activated(1, 1_000, &heard.admin).await;
        heard.scene.market.world().total(&bought, 1_500);
        heard.scene.stage.clock.advance(TimeDelta::hours(48));
        let kinds = [
            "License Updated - Manufacturer", "Purchase Agreement Amended - Proposer", "Purchase Agreement Created - Proposer",
            "Purchase Agreement Ending - Proposer", "Purchase Agreement Renewal Upcoming - Proposer",
            "Purchase Agreement Advisory Issued - Manufacturer", "Purchase Agreement Advisory Resolved - Manufacturer",
            "Agreement Cancellation Request Pending Approval - Proposer", "Purchase Agreement Billing Adjustment Completed - Proposer",
            "License Deprovisioned - Manufacturer", "Purchase Agreement Ended - Proposer",
        ];
        for round in 0..10 {
            for (number, kind) in (1_u32..).zip(kinds) {
                let taken = heard.hears(&license(kind, &bought, number)).await;
                assert_eq!(taken == Taken::Duplicate, round > 0, "{kind} in round {round}");
            }
            heard.works().await;
        }
        let stands = heard.stands(heard.acme).await;
        assert_eq!((stands.valid, stands.contracts[0].2, stands.questions), (1_500, 1_500, 0), "{stands:?}");
        assert_eq!(heard.scene.numbers("SELECT credits FROM licenses ORDER BY item_number").await, [1_000, 500]);
        let rows = heard.scene.rows::<(i64, String)>("SELECT duplicates, state FROM incoming_events").await;
        assert_eq!(rows, vec![(9, "followed".to_owned()); kinds.len()]);
        assert_eq!(heard.scene.number("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE action LIKE 'marketplace.advisory%'").await, 2);
    }

    /// Quality B6: of four events any are lost: what is heard, and the reading at the end, are enough.
    #[test]
    async fn lost_events_are_made_up_for(stage: Stage) {
        let heard = Heard::new(stage).await;
        for lost in 0..16_u32 {
            let (business, admin) = heard.party(lost).await;
            let (bought, _) = heard.scene.activated(lost, 1_000, &admin).await;
            heard.scene.market.world().total(&bought, 1_500);
            heard.scene.reach(bought.ends_at + TimeDelta::seconds(1));
            let next = heard.scene.market.world().renews_as(&bought, &renewal_arn(lost), 1_500, true);
            let base = lost * 10;
            let events = [updated(&bought, base), renewed(&bought, &next, base + 1), updated(&next, base + 2), ended(&bought, base + 3)];
            for (_, event) in events.iter().enumerate().filter(|(place, _)| lost >> place & 1 == 0) {
                heard.hears(event).await;
            }
            heard.works().await;
            let contract = (next.license_arn, next.agreement_id, 1_500, next.ends_at, false);
            assert_eq!(heard.stands(business).await, Stands { contracts: vec![contract], valid: 1_500, questions: 0 }, "lost {lost:04b}");
        }
    }

    /// Rule 51 of the protocol: what comes before anybody registers is kept as unmatched, and followed after the activation.
    /// Registering alone changes nothing.
    #[test]
    async fn events_before_the_registration_wait_for_it(stage: Stage) {
        let heard = Heard::new(stage).await;
        let bought = heard.scene.market.buy(1, 1_000, heard.scene.now());
        for event in [updated(&bought, 1), created(&bought, 2), amended(&bought, 3)] {
            heard.hears(&event).await;
        }
        heard.works().await;
        assert_eq!(heard.states().await, ["unmatched"; 3]);
        assert_eq!(heard.scene.made().await, [0; 4]);
        let landed = heard.scene.click(&bought).await;
        heard.works().await;
        assert_eq!(heard.states().await, ["unmatched"; 3]);
        heard.scene.activate(&heard.admin, &landed).await.unwrap();
        heard.scene.market.world().total(&bought, 1_700);
        heard.works().await;
        assert_eq!(heard.states().await, ["followed"; 3]);
        assert_eq!(heard.stands(heard.acme).await.valid, 1_700);
        heard.hears(&updated(&Bought { license_arn: ARN.to_owned(), agreement_id: "agmt-of-nobody".to_owned(), ends_at: bought.ends_at }, 4)).await;
        heard.works().await;
        heard.scene.stage.clock.advance(TimeDelta::days(89));
        heard.works().await;
        assert_eq!(heard.states().await, ["followed", "followed", "followed", "unmatched"]);
        heard.scene.stage.clock.advance(TimeDelta::days(2));
        heard.works().await;
        assert_eq!(heard.states().await, Vec::<String>::new());
    }

    /// Fact 8 of the protocol, rule 54: an event never carries the truth. Forged figures, an end that is none, and a license
    /// that is said to be gone change nothing.
    #[test]
    async fn an_event_carries_no_truth(stage: Stage) {
        let heard = Heard::new(stage).await;
        let (bought, _) = heard.scene.activated(1, 1_000, &heard.admin).await;
        let before = heard.stands(heard.acme).await;
        let made = heard.scene.made().await;
        for (number, kind) in (1_u32..).zip(["License Updated - Manufacturer", "License Deprovisioned - Manufacturer", "Purchase Agreement Ended - Proposer"]) {
            let mut lie = license(kind, &bought, number);
            lie["detail"]["entitlements"] = json!([{ "dimension": "credits", "quantity": 9_000_000 }]);
            lie["detail"]["agreement"]["status"] = json!("TERMINATED");
            lie["detail"]["agreement"]["endTime"] = json!("2026-03-02T09:00:00Z");
            lie["detail"]["credits"] = json!(9_000_000);
            heard.hears(&lie).await;
            heard.works().await;
        }
        assert_eq!(heard.states().await, ["followed"; 3]);
        assert_eq!((heard.stands(heard.acme).await, heard.scene.made().await), (before, made));
    }

    /// Rules 52 and 53: the short form of the license ARN, the agreement alone, the account with its product, and a legacy
    /// customer are each enough; two agreements of one account are told apart.
    #[test]
    async fn a_purchase_is_found_by_each_of_its_names(stage: Stage) {
        let heard = Heard::new(stage).await;
        let (first, _) = heard.scene.activated(1, 1_000, &heard.admin).await;
        heard.scene.activated(2, 2_000, &heard.admin).await;
        let short = format!("aws:license-manager:us-east-1:{ACCOUNT}:l-{:032X}", 1);
        let by_short = event("license updated", 1, json!({ "license": { "arn": short }, "product": { "code": PRODUCT } }));
        let by_account = event("License Updated", 4, json!({ "product": { "code": PRODUCT } }));
        let by_customer = json!({ "action": "entitlement-updated", "customer-identifier": ACCOUNT, "product-code": PRODUCT });
        for (total, event, read) in [
            (1_100, by_short, 1), (1_200, amended(&first, 2), 1), (1_300, updated(&first, 3), 1), (1_400, by_account, 2), (1_500, by_customer, 2),
        ] {
            heard.scene.market.world().total(&first, total);
            heard.scene.market.world().calls.clear();
            heard.hears(&event).await;
            heard.works().await;
            let readings = heard.scene.market.world().calls.iter().filter(|call| **call == Call::Entitlements).count();
            assert_eq!(readings, read, "{event}");
            assert_eq!(heard.stands(heard.acme).await.valid, total + 2_000, "{event}");
        }
        assert!(heard.states().await.iter().all(|state| state == "followed"));
    }

    /// What cannot be followed while the marketplace is away waits, is tried at growing distances, and holds nothing up; an
    /// end that the marketplace does not confirm is read until it does.
    #[test]
    async fn an_event_waits_for_a_marketplace_that_is_away(stage: Stage) {
        let heard = Heard::new(stage).await;
        let (bought, _) = heard.scene.activated(1, 1_000, &heard.admin).await;
        heard.scene.market.world().total(&bought, 1_500);
        heard.scene.market.world().away.insert(Call::Entitlements);
        heard.hears(&updated(&bought, 1)).await;
        for _ in 0..50 {
            apply_changes(&heard.scene.room).await.unwrap();
            heard.scene.stage.clock.advance(TimeDelta::seconds(10));
        }
        let tried = heard.scene.number("SELECT tries FROM incoming_events").await;
        assert!((5..=10).contains(&tried), "{tried} tries in 500 seconds");
        assert_eq!((heard.states().await, heard.stands(heard.acme).await.valid), (vec!["waiting".to_owned()], 1_000));
        heard.scene.market.world().away.clear();
        heard.works().await;
        assert_eq!((heard.states().await, heard.stands(heard.acme).await.valid), (vec!["followed".to_owned()], 1_500));
        heard.scene.reach(bought.ends_at);
        heard.scene.market.world().ends_as(&bought, Some(Ending::Expired));
        heard.hears(&ended(&bought, 2)).await;
        heard.works().await;
        assert!(heard.stands(heard.acme).await.contracts[0].4, "the contract has ended");
    }
}

fn renewal_arn(number: u32) -> String {
    format!("arn:aws:license-manager::294406891311:license:l-f{number:031x}")
}
