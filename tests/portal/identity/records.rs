//! Every change of this room is on record, in the same transaction, and holds no secret (AUD-1).

use super::{GOOD, Town};
use crate::support::Stage;
use creditdesk::access::BusinessRole;
use creditdesk::audit::{self, AuditFilter};
use creditdesk::db::{Engine, SplitRefusal};
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
use creditdesk::kernel::page::PageSize;
use creditdesk::kernel::secret::Secret;
use creditdesk::kernel::show::Zone;
use std::cell::RefCell;

const RIGHT: &str = creditdesk::demo::PASSWORD;
const ADA: &str = "admin@acme.example";
const NEW: &str = "nora@neumann.example";

fn good() -> NewPassword {
    NewPassword::parse(GOOD, &[]).unwrap()
}

fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

fn registration(email: &str) -> Registration {
    Registration { email: Email::parse(email).unwrap(), name: name("Rolf"), business: BusinessName::parse("Rolf AG").unwrap() }
}

/// Keeps the code that a mail would carry.
fn keep(kept: &RefCell<Option<Secret>>) -> impl Fn(&Secret) -> String + '_ {
    |code| {
        kept.replace(Some(code.clone()));
        "LINK".to_owned()
    }
}

/// The tables of this room on Postgres, row by row as text.
const ROWS: [&str; 7] = [
    "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM people t",
    "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM sign_ups t",
    "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM invitations t",
    "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM password_resets t",
    "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM sessions t",
    "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM throttles t",
    "SELECT COALESCE(STRING_AGG(CAST(t AS TEXT), ''), '') FROM audit_entries t",
];

/// Everything the database holds: on SQLite the bytes of its files.
async fn dump(stage: &Stage) -> String {
    let mut text = String::new();
    match stage.engine() {
        Engine::Sqlite => {
            for file in std::fs::read_dir(stage.folder()).unwrap() {
                text.push_str(&String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()));
            }
        }
        Engine::Postgres => {
            for sql in ROWS {
                text.push_str(&stage.db.read(sql).scalar::<String>().await.unwrap());
            }
        }
    }
    text
}

both_engines! {
    /// AUD-1: every change of a person's own account writes one entry that says who did what.
    #[test]
    async fn every_change_of_an_account_is_on_record(stage: Stage) {
        let town = Town::on(stage).await;
        let (db, hasher, code) = (&town.stage.db, &town.hasher, RefCell::new(None));
        let (ada, who, visitor) = (town.person(ADA).await, town.who(ADA).await, town.visitor("192.0.2.7"));
        let (_, own) = town.session(ADA).await;
        let before = town.entries().await;
        sign_in(db, hasher, &visitor, ADA, RIGHT).await.unwrap();
        record_sign_out(db, &who, ada).await.unwrap();
        change_profile(db, &who, ada, &name("Ada Anders"), Some("Europe/Berlin".parse::<Zone>().unwrap())).await.unwrap();
        change_password(db, hasher, &who, Own { person: ada, session: own }, RIGHT, GOOD).await.unwrap();
        let (_, other) = town.session(ADA).await;
        end_sessions::end(db, &who, ada, other).await.unwrap();
        town.session(ADA).await;
        assert_eq!(end_sessions::end_others(db, &who, ada, own).await.unwrap(), 1);
        reset::ask(db, &visitor, &Email::parse(ADA).unwrap(), keep(&code)).await.unwrap();
        reset::reset(db, hasher, &visitor, &code.take().unwrap(), good()).await.unwrap();
        disable(db, &who, ada).await.unwrap();
        enable(db, &who, ada).await.unwrap();
        let expected = [
            ("person.signed_in", ADA),
            ("person.signed_out", ADA),
            ("person.profile_changed", ADA),
            ("person.password_changed", ADA),
            ("session.ended", ADA),
            ("session.others_ended", ADA),
            ("person.password_reset_sent", "not signed in"),
            ("person.password_reset", ADA),
            ("person.disabled", ADA),
            ("person.enabled", ADA),
        ];
        assert_eq!(town.entries_since(before).await, expected.map(|(action, label)| (action.to_owned(), label.to_owned())));
    }

    /// AUD-1: every change of a business and its team writes one entry; the business's auditors see those of theirs.
    #[test]
    async fn every_change_of_a_team_is_on_record(stage: Stage) {
        let town = Town::on(stage).await;
        let (db, hasher, code) = (&town.stage.db, &town.hasher, RefCell::new(None));
        let (scope, who, visitor) = (town.scope(ADA).await, town.who(ADA).await, town.visitor("192.0.2.7"));
        let (inviter, mia) = ((scope, town.person(ADA).await), town.person("member@acme.example").await);
        let before = town.entries().await;
        invite(db, &who, inviter, &Email::parse(NEW).unwrap(), BusinessRole::Member, keep(&code)).await.unwrap();
        accept_invitation::accept_as_new(db, hasher, &visitor, &code.take().unwrap(), &name("Nora"), good()).await.unwrap();
        let second = invite(db, &who, inviter, &Email::parse("x@neumann.example").unwrap(), BusinessRole::Member, keep(&code)).await.unwrap();
        invite::withdraw(db, &who, scope, second).await.unwrap();
        members::change_role(db, &who, scope, mia, BusinessRole::Auditor).await.unwrap();
        members::remove(db, &who, scope, mia).await.unwrap();
        let typed = registration("rolf@neumann.example");
        register::ask(db, &visitor, &typed, keep(&code), "SIGN-IN").await.unwrap();
        register::finish(db, hasher, &visitor, &code.take().unwrap(), good()).await.unwrap();
        register::ask(db, &visitor, &typed, keep(&code), "SIGN-IN").await.unwrap();
        let expected = [
            ("invitation.sent", ADA),
            ("person.registered", NEW),
            ("member.joined", NEW),
            ("invitation.sent", ADA),
            ("invitation.withdrawn", ADA),
            ("member.role_changed", ADA),
            ("member.removed", ADA),
            ("registration.requested", "not signed in"),
            ("person.registered", "rolf@neumann.example"),
            ("business.registered", "rolf@neumann.example"),
            ("registration.repeated", "not signed in"),
        ];
        assert_eq!(town.entries_since(before).await, expected.map(|(action, label)| (action.to_owned(), label.to_owned())));
        let theirs = audit::list_of_business(db, scope.business(), &AuditFilter::default(), None, PageSize::default()).await.unwrap();
        let seen: Vec<&str> = theirs.items.iter().take(6).map(|entry| entry.action.as_str()).collect();
        assert_eq!(seen, ["member.removed", "member.role_changed", "invitation.withdrawn", "invitation.sent", "member.joined", "invitation.sent"]);
    }

    /// AUD-1: what is refused, and what changes nothing, leaves no entry.
    #[test]
    async fn what_did_not_happen_is_not_on_record(stage: Stage) {
        let town = Town::on(stage).await;
        let (ada, who, scope) = (town.person(ADA).await, town.who(ADA).await, town.scope(ADA).await);
        let (_, globex) = town.session("admin@globex.example").await;
        let before = town.entries().await;
        assert!(members::remove(&town.stage.db, &who, scope, ada).await.is_err());
        assert!(members::change_role(&town.stage.db, &who, scope, ada, BusinessRole::Member).await.is_err());
        members::change_role(&town.stage.db, &who, scope, ada, BusinessRole::Administrator).await.unwrap();
        for session in [globex, SessionReference::generate()] {
            assert_eq!(end_sessions::end(&town.stage.db, &who, ada, session).await.refusal().unwrap(), Err(EndRefusal::NotFound));
        }
        let (_, own) = town.session(ADA).await;
        assert_eq!(end_sessions::end_others(&town.stage.db, &who, ada, own).await.unwrap(), 0);
        let person = change_profile::get(&town.stage.db, ada).await.unwrap();
        change_profile(&town.stage.db, &who, ada, &name(&person.name), None).await.unwrap();
        assert!(sign_in(&town.stage.db, &town.hasher, &town.visitor("192.0.2.7"), ADA, GOOD).await.is_err());
        assert_eq!(town.entries_since(before).await, []);
        assert_eq!(town.references(town.person("admin@globex.example").await).await, [globex], "nobody ends another's session");
    }

    /// SUP-9: passwords, codes and session keys are nowhere in the database in readable form.
    #[test]
    async fn no_secret_is_stored_in_readable_form(stage: Stage) {
        let town = Town::on(stage).await;
        let (db, who, visitor) = (&town.stage.db, town.who(ADA).await, town.visitor("192.0.2.7"));
        let (ada, scope, code) = (town.person(ADA).await, town.scope(ADA).await, RefCell::new(None));
        let email = Email::parse(NEW).unwrap();
        let (session, _) = town.session(ADA).await;
        let mut secrets = vec![RIGHT.to_owned(), session.as_ref().to_owned()];
        invite(db, &who, (scope, ada), &email, BusinessRole::Member, keep(&code)).await.unwrap();
        secrets.push(code.take().unwrap().reveal().to_owned());
        reset::ask(db, &visitor, &Email::parse("viewer@acme.example").unwrap(), keep(&code)).await.unwrap();
        secrets.push(code.take().unwrap().reveal().to_owned());
        register::ask(db, &visitor, &registration(NEW), keep(&code), "SIGN-IN").await.unwrap();
        secrets.push(code.take().unwrap().reveal().to_owned());
        let everything = dump(&town.stage).await;
        assert!(everything.contains(NEW) && everything.contains("$argon2id$"), "the dump has the tables in it");
        for secret in secrets {
            assert!(!everything.contains(&secret), "{secret}");
        }
    }
}
