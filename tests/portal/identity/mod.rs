//! People, businesses and roles: the use cases on both engines. The pages over them are in `sign_in.rs`, `account.rs`
//! and `team.rs`.

mod demonstration;
mod guesses;
mod passwords;
mod records;
mod registration;
mod teams;

use crate::support::Stage;
use actix_session::storage::{SessionKey, SessionStore};
use creditdesk::access::{Action, Actor, BusinessScope, Lengths};
use creditdesk::audit::{ActingAs, Who};
use creditdesk::demo;
use creditdesk::identity::actor::{self, Chosen};
use creditdesk::identity::password::{Cost, PasswordHasher};
use creditdesk::identity::session::{Sessions, key};
use creditdesk::kernel::id::{PersonId, SessionReference};
use std::collections::HashMap;

/// A password that every rule takes.
const GOOD: &str = "seven tall trees by the lake";

/// The stage with the demonstration's people in it.
struct Town {
    stage: Stage,
    hasher: PasswordHasher,
}

impl Town {
    async fn on(stage: Stage) -> Self {
        let hasher = PasswordHasher::new(Cost::LEAST);
        assert_eq!(demo::load(&stage.db, &hasher, &stage.clock).await.unwrap(), demo::Loaded::Now);
        Self { stage, hasher }
    }

    async fn person(&self, email: &str) -> PersonId {
        self.stage.db.read("SELECT id FROM people WHERE email_key = $1").bind(email).scalar().await.unwrap()
    }

    /// A request of somebody who is not signed in, from the given network address.
    fn visitor(&self, address: &str) -> Who {
        Who { address: address.to_owned(), acting_as: ActingAs::Anonymous, ..self.stage.who("not signed in") }
    }

    async fn who(&self, email: &str) -> Who {
        Who { person: Some(self.person(email).await), acting_as: ActingAs::Business, ..self.stage.who(email) }
    }

    /// The actor as the next request would load it.
    async fn actor(&self, email: &str) -> Option<Actor> {
        actor::find(
            &self.stage.db,
            self.person(email).await,
            SessionReference::generate(),
            Chosen::default(),
            (self.stage.now(), Lengths::default()),
        )
        .await
        .unwrap()
    }

    async fn scope(&self, email: &str) -> BusinessScope {
        BusinessScope::of(&self.actor(email).await.unwrap(), Action::ManageTeam).unwrap()
    }

    /// A session of the person: its key as the browser has it, and its reference.
    async fn session(&self, email: &str) -> (SessionKey, SessionReference) {
        let person = self.person(email).await;
        let state = HashMap::from([(key::PERSON.to_owned(), serde_json::to_string(&person.uuid()).unwrap())]);
        let known = self.references(person).await;
        let session_key = self.sessions().save(state, &actix_web::cookie::time::Duration::hours(1)).await.unwrap();
        let reference = self.references(person).await.into_iter().find(|reference| !known.contains(reference)).unwrap();
        (session_key, reference)
    }

    fn sessions(&self) -> Sessions {
        Sessions::new(self.stage.db.clone(), self.stage.clock.clone())
    }

    async fn references(&self, person: PersonId) -> Vec<SessionReference> {
        let rows = self.stage.db.read("SELECT reference FROM sessions WHERE person_id = $1").bind(person).all().await.unwrap();
        rows.into_iter().map(|(reference,): (SessionReference,)| reference).collect()
    }

    async fn is_alive(&self, session: &SessionKey) -> bool {
        self.sessions().load(session).await.unwrap().is_some()
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.stage.db.read(sql).scalar().await.unwrap()
    }

    /// Bodies of the mails to an address, oldest first.
    async fn mails(&self, recipient: &str) -> Vec<String> {
        let rows = self.stage.db.read("SELECT subject, body FROM mails WHERE recipient = $1 ORDER BY created_at, id").bind(recipient);
        rows.all().await.unwrap().into_iter().map(|(subject, body): (String, String)| format!("{subject}\n{body}")).collect()
    }

    /// Actions of the audit log since it had so many entries, in order.
    async fn entries_since(&self, count: i64) -> Vec<(String, String)> {
        let rows: Vec<(String, String)> =
            self.stage.db.read("SELECT action, person_label FROM audit_entries ORDER BY recorded_at, id").all().await.unwrap();
        rows.into_iter().skip(usize::try_from(count).unwrap()).collect()
    }

    async fn entries(&self) -> i64 {
        self.count("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries").await
    }
}
