//! Every change of this room is on record, in the same transaction, and holds no secret (AUD-1).

use super::{GOOD, Town};
use crate::support::Stage;
use creditdesk::access::BusinessRole;
use creditdesk::db::{Db, Engine, SplitRefusal};
use creditdesk::identity::business::BusinessName;
use creditdesk::identity::change_password::{Own, change_password};
use creditdesk::identity::change_profile::{self, change_profile};
use creditdesk::identity::disable::{disable, enable};
use creditdesk::identity::end_sessions::{self, EndRefusal};
use creditdesk::identity::invite::{self, invite};
use creditdesk::identity::members;
use creditdesk::identity::password::NewPassword;
use creditdesk::identity::person::PersonName;
use creditdesk::identity::register::{self, Registration};
use creditdesk::identity::sign_in::{record_sign_out, sign_in};
use creditdesk::identity::{accept_invitation, reset};
use creditdesk::kernel::email::Email;
use creditdesk::kernel::id::SessionReference;
use creditdesk::kernel::secret::Secret;
use creditdesk::kernel::show::Zone;
use std::cell::RefCell;

const RIGHT: &str = creditdesk::demo::PASSWORD;

fn good() -> NewPassword {
    NewPassword::parse(GOOD, &[]).unwrap()
}

/// Keeps the code that a mail would carry.
fn keep(kept: &RefCell<Option<Secret>>) -> impl Fn(&Secret) -> String + '_ {
    |code| {
        kept.replace(Some(code.clone()));
        "LINK".to_owned()
    }
}

/// Everything the database holds, as text.
async fn dump(db: &Db) -> String {
    let tables: Vec<(String,)> = db
        .read(match db.engine() {
            Engine::Sqlite => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '_sqlx%'",
            Engine::Postgres => "SELECT CAST(table_name AS TEXT) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_sqlx%'",
        })
        .all()
        .await
        .unwrap();
    let mut text = String::new();
    for (table,) in tables {
        let sql: &'static str = match (db.engine(), table.as_str()) {
            (_, "mails") => continue,
            (Engine::Sqlite, "people") => "SELECT COALESCE(GROUP_CONCAT(email || name || password_hash), '') FROM people",
            (Engine::Sqlite, "sign_ups") => "SELECT COALESCE(GROUP_CONCAT(HEX(code_hash) || email || name || business), '') FROM sign_ups",
            (Engine::Sqlite, "invitations") => "SELECT COALESCE(GROUP_CONCAT(HEX(code_hash) || email), '') FROM invitations",
            (Engine::Sqlite, "password_resets") => "SELECT COALESCE(GROUP_CONCAT(HEX(code_hash)), '') FROM password_resets",
            (Engine::Sqlite, "sessions") => "SELECT COALESCE(GROUP_CONCAT(HEX(key_hash) || state), '') FROM sessions",
            (Engine::Sqlite, "audit_entries") => {
                "SELECT COALESCE(GROUP_CONCAT(subject || COALESCE(before, '') || COALESCE(after, '')), '') FROM audit_entries"
            }
            (Engine::Postgres, "people") => "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM people t",
            (Engine::Postgres, "sign_ups") => "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM sign_ups t",
            (Engine::Postgres, "invitations") => "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM invitations t",
            (Engine::Postgres, "password_resets") => "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM password_resets t",
            (Engine::Postgres, "sessions") => "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM sessions t",
            (Engine::Postgres, "audit_entries") => "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM audit_entries t",
            _ => continue,
        };
        text.push_str(&db.read(sql).scalar::<String>().await.unwrap());
    }
    text
}

both_engines! {
    /// AUD-1: every change writes one entry that says who did what to what.
    #[test]
    async fn every_change_is_on_record(stage: Stage) {
        let town = Town::on(stage).await;
        let (db, hasher) = (&town.stage.db, &town.hasher);
        let (ada, who, visitor) = (town.person("admin@acme.example").await, town.who("admin@acme.example").await, town.visitor("192.0.2.7"));
        let (scope, business) = (town.scope("admin@acme.example").await, town.scope("admin@acme.example").await.business());
        let (email, code) = (Email::parse("nora@neumann.example").unwrap(), RefCell::new(None));
        let (_, own) = town.session("admin@acme.example").await;
        let mia = town.person("member@acme.example").await;
        let before = town.entries().await;

        sign_in(db, hasher, &visitor, "admin@acme.example", RIGHT).await.unwrap();
        record_sign_out(db, &who, ada).await.unwrap();
        change_profile(db, &who, ada, &PersonName::parse("Ada Anders").unwrap(), Some("Europe/Berlin".parse::<Zone>().unwrap())).await.unwrap();
        invite(db, &who, (scope, ada), &email, BusinessRole::Member, keep(&code)).await.unwrap();
        let invited = code.take().unwrap();
        let joined = accept_invitation::accept_as_new(db, hasher, &visitor, &invited, &PersonName::parse("Nora").unwrap(), good()).await.unwrap();
        let second = invite(db, &who, (scope, ada), &Email::parse("x@neumann.example").unwrap(), BusinessRole::Member, keep(&code)).await.unwrap();
        invite::withdraw(db, &who, scope, second).await.unwrap();
        members::change_role(db, &who, scope, mia, BusinessRole::Auditor).await.unwrap();
        members::remove(db, &who, scope, mia).await.unwrap();
        reset::ask(db, &visitor, &email, keep(&code)).await.unwrap();
        reset::reset(db, hasher, &visitor, &code.take().unwrap(), good()).await.unwrap();
        let typed = Registration {
            email: Email::parse("rolf@neumann.example").unwrap(),
            name: PersonName::parse("Rolf").unwrap(),
            business: BusinessName::parse("Rolf AG").unwrap(),
        };
        register::ask(db, &visitor, &typed, keep(&code), "SIGN-IN").await.unwrap();
        register::finish(db, hasher, &visitor, &code.take().unwrap(), good()).await.unwrap();
        register::ask(db, &visitor, &typed, keep(&code), "SIGN-IN").await.unwrap();
        change_password(db, hasher, &who, Own { person: ada, session: own }, RIGHT, GOOD).await.unwrap();
        let (_, other) = town.session("admin@acme.example").await;
        end_sessions::end(db, &who, ada, other).await.unwrap();
        town.session("admin@acme.example").await;
        assert_eq!(end_sessions::end_others(db, &who, ada, own).await.unwrap(), 1);
        disable(db, &who, joined.person).await.unwrap();
        enable(db, &who, joined.person).await.unwrap();

        let said = town.entries_since(before).await;
        let (new, rolf) = ("nora@neumann.example", "rolf@neumann.example");
        let expected = [
            ("person.signed_in", "admin@acme.example"),
            ("person.signed_out", "admin@acme.example"),
            ("person.profile_changed", "admin@acme.example"),
            ("invitation.sent", "admin@acme.example"),
            ("person.registered", new),
            ("member.joined", new),
            ("invitation.sent", "admin@acme.example"),
            ("invitation.withdrawn", "admin@acme.example"),
            ("member.role_changed", "admin@acme.example"),
            ("member.removed", "admin@acme.example"),
            ("person.password_reset_sent", "not signed in"),
            ("person.password_reset", new),
            ("registration.requested", "not signed in"),
            ("person.registered", rolf),
            ("business.registered", rolf),
            ("registration.repeated", "not signed in"),
            ("person.password_changed", "admin@acme.example"),
            ("session.ended", "admin@acme.example"),
            ("session.others_ended", "admin@acme.example"),
            ("person.disabled", "admin@acme.example"),
            ("person.enabled", "admin@acme.example"),
        ];
        assert_eq!(said.iter().map(|(action, label)| (action.as_str(), label.as_str())).collect::<Vec<_>>(), expected);
        let own_business: i64 = db
            .read("SELECT CAST(COUNT(*) AS BIGINT) FROM audit_entries WHERE business_id = $1 AND action IN ('invitation.sent', 'invitation.withdrawn', 'member.joined', 'member.role_changed', 'member.removed')")
            .bind(business)
            .scalar()
            .await
            .unwrap();
        assert_eq!(own_business, 6 + 4, "its auditors see them; four joined when the demonstration was loaded");
    }

    /// AUD-1: what is refused, and what changes nothing, leaves no entry.
    #[test]
    async fn what_did_not_happen_is_not_on_record(stage: Stage) {
        let town = Town::on(stage).await;
        let (ada, who, scope) = (town.person("admin@acme.example").await, town.who("admin@acme.example").await, town.scope("admin@acme.example").await);
        let (_, globex) = town.session("admin@globex.example").await;
        let before = town.entries().await;
        assert!(members::remove(&town.stage.db, &who, scope, ada).await.is_err());
        assert!(members::change_role(&town.stage.db, &who, scope, ada, BusinessRole::Member).await.is_err());
        members::change_role(&town.stage.db, &who, scope, ada, BusinessRole::Administrator).await.unwrap();
        for session in [globex, SessionReference::generate()] {
            assert_eq!(end_sessions::end(&town.stage.db, &who, ada, session).await.refusal().unwrap(), Err(EndRefusal::NotFound));
        }
        let (_, own) = town.session("admin@acme.example").await;
        assert_eq!(end_sessions::end_others(&town.stage.db, &who, ada, own).await.unwrap(), 0);
        let person = change_profile::get(&town.stage.db, ada).await.unwrap();
        change_profile(&town.stage.db, &who, ada, &PersonName::parse(&person.name).unwrap(), None).await.unwrap();
        assert!(sign_in(&town.stage.db, &town.hasher, &town.visitor("192.0.2.7"), "admin@acme.example", GOOD).await.is_err());
        assert_eq!(town.entries_since(before).await, []);
        assert_eq!(town.references(town.person("admin@globex.example").await).await, [globex], "nobody ends another's session");
    }

    /// SUP-9: passwords, codes and session keys are nowhere in the database in readable form.
    #[test]
    async fn no_secret_is_stored_in_readable_form(stage: Stage) {
        let town = Town::on(stage).await;
        let (db, who, visitor) = (&town.stage.db, town.who("admin@acme.example").await, town.visitor("192.0.2.7"));
        let (ada, scope, code) = (town.person("admin@acme.example").await, town.scope("admin@acme.example").await, RefCell::new(None));
        let email = Email::parse("nora@neumann.example").unwrap();
        let (session, _) = town.session("admin@acme.example").await;
        let mut secrets = vec![RIGHT.to_owned(), session.as_ref().to_owned()];
        invite(db, &who, (scope, ada), &email, BusinessRole::Member, keep(&code)).await.unwrap();
        secrets.push(code.take().unwrap().reveal().to_owned());
        reset::ask(db, &visitor, &Email::parse("viewer@acme.example").unwrap(), keep(&code)).await.unwrap();
        secrets.push(code.take().unwrap().reveal().to_owned());
        let typed = Registration { email, name: PersonName::parse("Nora").unwrap(), business: BusinessName::parse("Nora AG").unwrap() };
        register::ask(db, &visitor, &typed, keep(&code), "SIGN-IN").await.unwrap();
        secrets.push(code.take().unwrap().reveal().to_owned());
        let everything = dump(db).await;
        assert!(everything.contains("nora@neumann.example") && everything.contains("$argon2id$"), "the dump has the tables in it");
        for secret in secrets {
            assert!(!everything.contains(&secret), "{secret}");
        }
    }
}
