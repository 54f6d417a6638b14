//! Transfers beside the real activation and the real follower of the marketplace: what was activated once stays so, what
//! is added goes to whoever owns the contract at that moment, and no page names people of the other business.

use super::{Desk, approve, owner, request};
use crate::support::Stage;
use crate::support::fake_marketplace::{Bought, FakeMarketplace};
use crate::support::fixtures::{as_staff, member};
use creditdesk::access::{Action, Actor, BusinessRole, BusinessScope, Lengths};
use creditdesk::audit::{ActingAs, Who};
use creditdesk::credits::ledger::figures;
use creditdesk::db::SplitRefusal;
use creditdesk::fulfilment::activate::{Activated, Activation, activate};
use creditdesk::fulfilment::land::land;
use creditdesk::fulfilment::licenses::{Filter, Order, list};
use creditdesk::fulfilment::prepare::{Refusal, Viewer};
use creditdesk::fulfilment::products::Products;
use creditdesk::fulfilment::sync::apply_changes;
use creditdesk::fulfilment::{Fulfilment, Links, transfer};
use creditdesk::identity::actor::{self, Chosen};
use creditdesk::kernel::id::{BusinessId, SessionReference};
use creditdesk::kernel::page::PageSize;
use creditdesk::kernel::sealing::SealingKey;
use std::sync::Arc;

/// The room over a marketplace that does what it is told.
struct Live {
    market: FakeMarketplace,
    room: Fulfilment,
}

impl Live {
    fn new(stage: &Stage) -> Self {
        let market = FakeMarketplace::default();
        let links = Links { licenses: "https://desk.example/l".to_owned(), credits: "https://desk.example/c".to_owned() };
        let (db, clock) = (stage.db.clone(), stage.clock.clone());
        let room = Fulfilment {
            db,
            marketplace: Arc::new(market.clone()),
            clock,
            products: Products::Every,
            links,
            sealing: SealingKey::generate(),
        };
        Self { market, room }
    }

    /// Clicks, lands, and presses Activate.
    async fn activate(&self, stage: &Stage, bought: &Bought, actor: &Actor) -> Result<Activated, Refusal> {
        let token = self.market.click(bought, None);
        let landed = land(&self.room, &token, &stage.who("buyer")).await.unwrap();
        let scope = BusinessScope::of(actor, Action::ManageLicenses).unwrap();
        let (handle, reviewed) = (&landed.handle, landed.registration);
        let wish = Activation { handle, reviewed, scope, viewer: &Viewer::of(actor), person: actor.person, terms_accepted: true };
        let who = Who { person: Some(actor.person), acting_as: ActingAs::Business, ..stage.who(&actor.email) };
        activate(&self.room, &wish, &who).await.refusal().unwrap()
    }
}

async fn admin(stage: &Stage, business: BusinessId, email: &str) -> Actor {
    let person = member(stage, business, email, BusinessRole::Administrator).await;
    actor::find(&stage.db, person, SessionReference::generate(), Chosen::default(), (stage.now(), Lengths::default()))
        .await
        .unwrap()
        .unwrap()
}

both_engines! {
    /// SUP-2 ACT-6: a transfer neither consumes nor resets activation: nobody can activate the purchase again, the new owner is
    /// told that it is theirs and the old one that another business has it.
    #[test]
    async fn what_was_activated_once_stays_activated_after_a_transfer(stage: Stage) {
        let (desk, live) = (Desk::new(&stage).await, Live::new(&stage));
        let (ada, gwen) = (admin(&stage, desk.acme, "ada@acme.example").await, admin(&stage, desk.globex, "gwen@globex.example").await);
        let bought = live.market.buy(1, 500, stage.now());
        let activated = live.activate(&stage, &bought, &ada).await.unwrap();
        let id = request(&stage, &desk.support, activated.license.unwrap(), desk.globex).await.unwrap();
        assert!(matches!(live.activate(&stage, &bought, &gwen).await, Err(Refusal::ActivatedElsewhere)));
        approve(&stage, &desk.lead, id).await.unwrap();
        assert!(matches!(live.activate(&stage, &bought, &ada).await, Err(Refusal::ActivatedElsewhere)));
        let Err(Refusal::ActivatedHere(existing)) = live.activate(&stage, &bought, &gwen).await else { panic!("it is theirs") };
        assert_eq!((existing.business, existing.activated_at), (desk.globex, stage.now()));
        assert_eq!(figures(&stage.db, desk.globex, stage.now()).await.unwrap().total_valid, 500);
    }

    /// SUP-7: people of the first owner are not named to the second, and are again when the contract comes back.
    #[test]
    async fn people_of_the_other_business_are_not_named(stage: Stage) {
        let (desk, live) = (Desk::new(&stage).await, Live::new(&stage));
        let (ada, gwen) = (admin(&stage, desk.acme, "ada@acme.example").await, admin(&stage, desk.globex, "gwen@globex.example").await);
        let bought = live.market.buy(1, 500, stage.now());
        let license = live.activate(&stage, &bought, &ada).await.unwrap().license.unwrap();
        let activated_by = async |actor: &Actor| {
            let scope = BusinessScope::of(actor, Action::SeeLicenses).unwrap();
            let page = list(&stage.db, scope, &Filter::default(), Order::default(), (None, PageSize::default()), stage.now()).await.unwrap();
            page.items.into_iter().find(|item| item.id == license).map(|item| item.activated_by)
        };
        let move_to = async |to| {
            let id = request(&stage, &desk.support, license, to).await.unwrap();
            approve(&stage, &desk.lead, id).await.unwrap();
        };
        assert_eq!((activated_by(&ada).await, activated_by(&gwen).await), (Some(Some("ada".to_owned())), None));
        move_to(desk.globex).await;
        assert_eq!((activated_by(&ada).await, activated_by(&gwen).await), (None, Some(Some("a previous owner".to_owned()))));
        let Err(Refusal::ActivatedHere(existing)) = live.activate(&stage, &bought, &gwen).await else { panic!("it is theirs") };
        assert_eq!(existing.activated_by, "a previous owner");
        move_to(desk.acme).await;
        assert_eq!((activated_by(&ada).await, activated_by(&gwen).await), (Some(Some("ada".to_owned())), None));
    }

    /// SUP-2 UPG-4: upgrades that are followed while the contract moves are booked once, and end up with the new owner.
    #[test]
    async fn upgrades_followed_during_a_transfer_end_up_with_the_new_owner(stage: Stage) {
        let (desk, live) = (Desk::new(&stage).await, Live::new(&stage));
        let ada = admin(&stage, desk.acme, "ada@acme.example").await;
        for round in 1..=8 {
            let bought = live.market.buy(round, 500, stage.now());
            let activated = live.activate(&stage, &bought, &ada).await.unwrap();
            let id = request(&stage, &desk.support, activated.license.unwrap(), desk.globex).await.unwrap();
            let before = figures(&stage.db, desk.globex, stage.now()).await.unwrap().total_valid;
            live.market.world().total(&bought, 800);
            live.market.world().announce(&bought);
            let followers: Vec<_> = (0..2).map(|_| live.room.clone()).map(|room| tokio::spawn(async move { apply_changes(&room).await })).collect();
            let (db, lead, who) = (stage.db.clone(), desk.lead.clone(), as_staff(&stage, &desk.lead));
            let approving = tokio::spawn(async move { transfer::approve(&db, &lead, &who, id).await.refusal() });
            for follower in followers {
                follower.await.unwrap().unwrap();
            }
            approving.await.unwrap().unwrap().unwrap();
            apply_changes(&live.room).await.unwrap();
            assert_eq!(owner(&stage.db, activated.contract).await, desk.globex);
            let after = figures(&stage.db, desk.globex, stage.now()).await.unwrap().total_valid;
            assert_eq!(after - before, 800);
            assert_eq!(figures(&stage.db, desk.acme, stage.now()).await.unwrap().total_valid, 1_000, "only what never moved");
        }
    }
}
