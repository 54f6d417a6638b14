//! The fulfilment room on its use cases: landing, hand-over, activation, what follows it, and the lists.

mod activation;
mod codes;
mod hand_over;
mod incoming;
mod landing;
mod lists;
mod race;
mod reconcile;
mod renewal;
mod upgrade;

use crate::support::Stage;
use crate::support::fake_marketplace::{Bought, FakeMarketplace};
use creditdesk::access::{Action, Actor, BusinessRole, BusinessScope, Lengths};
use creditdesk::audit::{ActingAs, Who};
use creditdesk::db::{Failed, FromDb, SplitRefusal};
use creditdesk::fulfilment::activate::{Activated, Activation, activate};
use creditdesk::fulfilment::land::{Landed, land};
use creditdesk::fulfilment::prepare::{Refusal, Viewer, find_held};
use creditdesk::fulfilment::products::Products;
use creditdesk::fulfilment::{Fulfilment, Links};
use creditdesk::identity::actor;
use creditdesk::kernel::clock::Timestamp;
use creditdesk::kernel::id::{BusinessId, PersonId, RegistrationId, SessionReference};
use creditdesk::kernel::sealing::SealingKey;
use creditdesk::kernel::secret::Secret;
use creditdesk::kernel::text::search_key;
use std::sync::Arc;

/// A stage with the room on it and a marketplace that does what it is told.
struct Scene {
    stage: Stage,
    room: Fulfilment,
    market: FakeMarketplace,
}

impl Scene {
    fn new(stage: Stage) -> Self {
        let market = FakeMarketplace::default();
        let links = Links {
            licenses: "https://desk.example/console/licenses".to_owned(),
            credits: "https://desk.example/console/credits".to_owned(),
        };
        let room = Fulfilment {
            db: stage.db.clone(),
            marketplace: Arc::new(market.clone()),
            clock: stage.clock.clone(),
            products: Products::Every,
            links,
            sealing: SealingKey::generate(),
        };
        Self { stage, room, market }
    }

    fn now(&self) -> Timestamp {
        self.stage.now()
    }

    async fn business(&self, name: &str) -> BusinessId {
        let id = BusinessId::generate();
        let insert = self.stage.db.write("INSERT INTO businesses (id, name, search_key, created_at) VALUES ($1, $2, $3, $4)");
        insert.bind(id).bind(name).bind(search_key(name)).bind(self.now()).exec_one().await.unwrap();
        id
    }

    async fn person(&self, email: &str, role: BusinessRole, business: BusinessId) -> Actor {
        let id = PersonId::generate();
        let name = email.split('@').next().unwrap();
        let insert =
            self.stage.db.write("INSERT INTO people (id, email, email_key, name, search_key, created_at) VALUES ($1, $2, $2, $3, $3, $4)");
        insert.bind(id).bind(email).bind(name).bind(self.now()).exec_one().await.unwrap();
        self.join(id, role, business).await
    }

    async fn join(&self, person: PersonId, role: BusinessRole, business: BusinessId) -> Actor {
        let insert = self.stage.db.write("INSERT INTO memberships (business_id, person_id, role, created_at) VALUES ($1, $2, $3, $4)");
        insert.bind(business).bind(person).bind(role).bind(self.now()).exec_one().await.unwrap();
        let chosen = actor::Chosen { business: Some(business), buyer: None };
        actor::find(&self.stage.db, person, SessionReference::generate(), chosen, (self.stage.now(), Lengths::default()))
            .await
            .unwrap()
            .unwrap()
    }

    fn anonymous(&self) -> Who {
        Who { acting_as: ActingAs::Anonymous, ..self.stage.who("anonymous") }
    }

    fn who(&self, actor: &Actor) -> Who {
        Who { person: Some(actor.person), acting_as: ActingAs::Business, ..self.stage.who(&actor.email) }
    }

    async fn land(&self, token: &str) -> Landed {
        land(&self.room, token, &self.anonymous()).await.unwrap()
    }

    /// A click and its landing.
    async fn click(&self, bought: &Bought) -> Landed {
        let token = self.market.click(bought, None);
        self.land(&token).await
    }

    async fn activate(&self, actor: &Actor, landed: &Landed) -> Result<Activated, Refusal> {
        self.activate_with(actor, &landed.handle, landed.registration, true).await
    }

    async fn activate_with(
        &self,
        actor: &Actor,
        handle: &Secret,
        reviewed: RegistrationId,
        terms_accepted: bool,
    ) -> Result<Activated, Refusal> {
        self.try_activate(actor, handle, reviewed, terms_accepted).await.refusal().unwrap()
    }

    async fn try_activate(
        &self,
        actor: &Actor,
        handle: &Secret,
        reviewed: RegistrationId,
        terms_accepted: bool,
    ) -> Result<Activated, Failed<Refusal>> {
        let scope = BusinessScope::of(actor, Action::ManageLicenses).expect("an actor who may");
        let wish = Activation { handle, reviewed, scope, viewer: &Viewer::of(actor), person: actor.person, terms_accepted };
        activate(&self.room, &wish, &self.who(actor)).await
    }

    /// A purchase of so many credits, clicked, landed and activated.
    async fn activated(&self, number: u32, credits: i64, actor: &Actor) -> (Bought, Activated) {
        let bought = self.market.buy(number, credits, self.now());
        let landed = self.click(&bought).await;
        let activated = self.activate(actor, &landed).await.unwrap();
        self.market.world().changes.clear();
        (bought, activated)
    }

    async fn rows<T: FromDb>(&self, sql: &'static str) -> Vec<T> {
        self.stage.db.read(sql).all().await.unwrap()
    }

    async fn numbers(&self, sql: &'static str) -> Vec<i64> {
        self.rows::<(i64,)>(sql).await.into_iter().map(|(number,)| number).collect()
    }

    async fn words(&self, sql: &'static str) -> Vec<String> {
        self.rows::<(String,)>(sql).await.into_iter().map(|(word,)| word).collect()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        self.stage.db.read(sql).scalar().await.unwrap()
    }

    /// Contracts, licenses, ledger entries, mails: what a refused attempt must not leave behind.
    async fn made(&self) -> [i64; 4] {
        [
            self.number("SELECT CAST(COUNT(*) AS BIGINT) FROM contracts").await,
            self.number("SELECT CAST(COUNT(*) AS BIGINT) FROM licenses").await,
            self.number("SELECT CAST(COUNT(*) AS BIGINT) FROM credit_entries").await,
            self.number("SELECT CAST(COUNT(*) AS BIGINT) FROM mails").await,
        ]
    }

    async fn holds(&self, handle: &Secret) -> bool {
        find_held(&self.room, handle, self.now()).await.unwrap().is_some()
    }
}
