//! Sign-in by password, and what guessing costs (IDN-1).

use super::{GOOD, Town};
use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::db::{Db, SplitRefusal};
use creditdesk::identity::confirm_password::{ConfirmRefusal, confirm_password};
use creditdesk::identity::disable::{disable, enable};
use creditdesk::identity::password::{Cost, PasswordHasher};
use creditdesk::identity::sign_in::{SignInRefusal, sign_in};
use creditdesk::identity::throttle::{self, SIGN_IN_OF_ADDRESS, Verdict};
use creditdesk::kernel::id::PersonId;

const RIGHT: &str = creditdesk::demo::PASSWORD;

impl Town {
    async fn try_from(&self, address: &str, email: &str, password: &str) -> Result<PersonId, SignInRefusal> {
        sign_in(&self.stage.db, &self.hasher, &self.visitor(address), email, password).await.refusal().unwrap()
    }

    async fn try_once(&self, email: &str, password: &str) -> Result<PersonId, SignInRefusal> {
        self.try_from("192.0.2.7", email, password).await
    }
}

fn minutes(count: i64) -> TimeDelta {
    TimeDelta::minutes(count)
}

both_engines! {
    /// IDN-1: whoever has the password is signed in, however they write the address.
    #[test]
    async fn the_right_password_signs_in(stage: Stage) {
        let town = Town::on(stage).await;
        let ada = town.person("admin@acme.example").await;
        for email in ["admin@acme.example", "  Admin@ACME.example "] {
            assert_eq!(town.try_once(email, RIGHT).await, Ok(ada), "{email}");
        }
        for wrong in ["creditdesk-demo ", "Creditdesk-demo", "", GOOD] {
            assert_eq!(town.try_once("admin@acme.example", wrong).await, Err(SignInRefusal::NotRecognised), "{wrong:?}");
        }
    }

    /// IDN-1: unknown person, wrong password and disabled person are one answer, and each costs exactly one hash.
    #[test]
    async fn nobody_learns_who_exists(stage: Stage) {
        let town = Town::on(stage).await;
        disable(&town.stage.db, &town.stage.who("operator"), town.person("viewer@acme.example").await).await.unwrap();
        for (email, password) in [
            ("admin@acme.example", GOOD),
            ("nobody@acme.example", GOOD),
            ("viewer@acme.example", RIGHT),
            ("viewer@acme.example", GOOD),
            ("not an address", GOOD),
            ("", ""),
        ] {
            let hashes = town.hasher.done();
            assert_eq!(town.try_once(email, password).await, Err(SignInRefusal::NotRecognised), "{email}");
            assert_eq!(town.hasher.done(), hashes + 1, "{email}");
        }
        let (hashes, endless) = (town.hasher.done(), "a".repeat(1 << 20));
        for email in ["admin@acme.example", "nobody@acme.example"] {
            assert_eq!(town.try_once(email, &endless).await, Err(SignInRefusal::NotRecognised));
        }
        assert_eq!(town.hasher.done(), hashes, "nobody's password is a megabyte long");
    }

    /// IDN-1: after five failures an account waits 1, 2, 4, 8 and 15 minutes between tries, known or not; the right
    /// password does not shorten the wait, and clears it afterwards.
    #[test]
    async fn an_account_is_slowed_down_with_a_doubling_wait(stage: Stage) {
        let town = Town::on(stage).await;
        for email in ["admin@acme.example", "nobody@acme.example"] {
            for _ in 0..5 {
                assert_eq!(town.try_once(email, GOOD).await, Err(SignInRefusal::NotRecognised));
            }
            for wait in [1, 2, 4, 8, 15, 15] {
                let (until, hashes) = (town.stage.now() + minutes(wait), town.hasher.done());
                assert_eq!(town.try_once(email, RIGHT).await, Err(SignInRefusal::Throttled { until }), "{email} {wait}");
                town.stage.clock.advance(minutes(wait) - TimeDelta::microseconds(1));
                assert_eq!(town.try_once(email, RIGHT).await, Err(SignInRefusal::Throttled { until }), "{email} {wait}");
                assert_eq!(town.hasher.done(), hashes, "a refused try is not hashed");
                town.stage.clock.advance(TimeDelta::microseconds(1));
                if wait < 15 {
                    assert_eq!(town.try_once(email, GOOD).await, Err(SignInRefusal::NotRecognised), "{email} {wait}");
                } else {
                    // A quarter of an hour without a try: everything is forgotten.
                    break;
                }
            }
        }
        let ada = town.person("admin@acme.example").await;
        for _ in 0..4 {
            assert_eq!(town.try_once("admin@acme.example", GOOD).await, Err(SignInRefusal::NotRecognised));
        }
        assert_eq!(town.try_once("admin@acme.example", RIGHT).await, Ok(ada));
        for _ in 0..4 {
            assert_eq!(town.try_once("admin@acme.example", GOOD).await, Err(SignInRefusal::NotRecognised), "the count began anew");
        }
        assert_eq!(town.try_once("admin@acme.example", RIGHT).await, Ok(ada));
    }

    /// IDN-1: a thousand guesses at one account from a hundred addresses within a quarter of an hour: ten hashes at most.
    #[test]
    async fn many_addresses_do_not_make_more_guesses(stage: Stage) {
        let town = Town::on(stage).await;
        let hashes = town.hasher.done();
        for guess in 0..1_000 {
            let address = format!("198.51.100.{}", guess % 100);
            assert!(town.try_from(&address, "admin@acme.example", GOOD).await.is_err());
            town.stage.clock.advance(TimeDelta::milliseconds(899));
        }
        assert!(town.hasher.done() - hashes <= 10, "{}", town.hasher.done() - hashes);
        assert!(town.hasher.done() - hashes >= 5);
    }

    /// IDN-1: guesses in parallel, from two processes, are counted before they are made.
    #[test]
    async fn parallel_guesses_cannot_outrun_the_count(stage: Stage) {
        let town = Town::on(stage).await;
        let second = Db::open(town.stage.url()).await.unwrap();
        let hashes = town.hasher.done();
        let mut guesses = tokio::task::JoinSet::new();
        for guess in 0..40 {
            let db = if guess % 2 == 0 { town.stage.db.clone() } else { second.clone() };
            let (hasher, who) = (town.hasher.clone(), town.visitor(&format!("198.51.100.{guess}")));
            guesses.spawn(async move { sign_in(&db, &hasher, &who, "admin@acme.example", GOOD).await.refusal().unwrap() });
        }
        let answers = guesses.join_all().await;
        second.close().await;
        let recognised = |answer: &&Result<PersonId, SignInRefusal>| matches!(answer, Err(SignInRefusal::NotRecognised));
        assert_eq!(answers.iter().filter(recognised).count(), 5);
        assert_eq!(town.hasher.done() - hashes, 5);
    }

    /// IDN-1: one address that tries many accounts is stopped, without stopping those accounts for others.
    #[test]
    async fn an_address_that_sprays_is_stopped(stage: Stage) {
        let town = Town::on(stage).await;
        for guess in 0..50 {
            assert_eq!(town.try_from("203.0.113.9", &format!("person{guess}@acme.example"), GOOD).await, Err(SignInRefusal::NotRecognised));
        }
        let until = town.stage.now() + minutes(15);
        for email in ["person99@acme.example", "admin@acme.example"] {
            assert_eq!(town.try_from("203.0.113.9", email, RIGHT).await, Err(SignInRefusal::Throttled { until }));
        }
        assert!(town.try_from("203.0.113.10", "admin@acme.example", RIGHT).await.is_ok(), "another address");
        town.stage.clock.advance(minutes(15));
        assert!(town.try_from("203.0.113.9", "admin@acme.example", RIGHT).await.is_ok());
    }

    /// IDN-1: an office behind one address signs in as often as it likes.
    #[test]
    async fn right_passwords_do_not_count_against_an_address(stage: Stage) {
        let town = Town::on(stage).await;
        for _ in 0..120 {
            assert!(town.try_from("203.0.113.9", "admin@acme.example", RIGHT).await.is_ok());
        }
        assert_eq!(town.count("SELECT CAST(COALESCE(SUM(failures), 0) AS BIGINT) FROM throttles").await, 0);
    }

    /// IDN-1: of IPv6 a whole /64 counts as one address, and no typed name is kept in readable form.
    #[test]
    async fn one_customer_of_ipv6_is_one_address_and_typed_names_are_not_kept(stage: Stage) {
        let town = Town::on(stage).await;
        for (guess, address) in ["2001:db8:1:2::1", "2001:db8:1:2:ffff::2", "::ffff:203.0.113.5", "203.0.113.5"].iter().enumerate() {
            assert!(town.try_from(address, &format!("secret-typed-here-{guess}"), GOOD).await.is_err());
        }
        let names: Vec<(String,)> = town.stage.db.read("SELECT name FROM throttles ORDER BY name").all().await.unwrap();
        assert_eq!(names.iter().filter(|(name,)| name.starts_with("sign-in address")).count(), 2, "{names:?}");
        assert!(names.iter().all(|(name,)| !name.contains("secret")), "{names:?}");
    }

    /// SUP-4: a password typed again is checked like at sign-in, and guesses at it count together with those.
    #[test]
    async fn confirming_a_password_is_no_way_around_the_limit(stage: Stage) {
        let town = Town::on(stage).await;
        let (sam, who) = (town.person("support@creditdesk.example").await, town.who("support@creditdesk.example").await);
        let confirm = async |typed: &str| {
            let who = creditdesk::audit::Who { now: town.stage.now(), ..who.clone() };
            confirm_password(&town.stage.db, &town.hasher, &who, sam, typed).await.refusal().unwrap()
        };
        assert_eq!(confirm(RIGHT).await, Ok(()));
        for _ in 0..5 {
            assert_eq!(confirm(GOOD).await, Err(ConfirmRefusal::Wrong));
        }
        let until = town.stage.now() + minutes(1);
        assert_eq!(confirm(RIGHT).await, Err(ConfirmRefusal::Throttled { until }));
        assert_eq!(town.try_once("support@creditdesk.example", RIGHT).await, Err(SignInRefusal::Throttled { until }));
        town.stage.clock.advance(minutes(1));
        assert_eq!(confirm(RIGHT).await, Ok(()));
        assert!(town.try_once("support@creditdesk.example", RIGHT).await.is_ok());
    }

    /// IDN-1: a password hashed when hashing was cheaper is hashed anew at the next sign-in.
    #[test]
    async fn a_cheap_hash_is_replaced_at_sign_in(stage: Stage) {
        let mut town = Town::on(stage).await;
        let stored = "SELECT password_hash FROM people WHERE email_key = 'admin@acme.example'";
        let before: String = town.stage.db.read(stored).scalar().await.unwrap();
        town.hasher = PasswordHasher::new(Cost { memory_kib: 64, passes: 2, lanes: 1 });
        assert!(town.try_once("admin@acme.example", GOOD).await.is_err());
        assert_eq!(town.stage.db.read(stored).scalar::<String>().await.unwrap(), before, "a wrong password changes nothing");
        assert!(town.try_once("admin@acme.example", RIGHT).await.is_ok());
        let after: String = town.stage.db.read(stored).scalar().await.unwrap();
        assert!(before.contains("m=8,t=1") && after.contains("m=64,t=2"), "{before} {after}");
        assert!(town.try_once("admin@acme.example", RIGHT).await.is_ok());
    }

    /// IDN-5: a disabled person's sessions end, their actor is not loaded, and they are let in again when enabled.
    #[test]
    async fn disabling_counts_from_the_next_request(stage: Stage) {
        let town = Town::on(stage).await;
        let (who, vera) = (town.stage.who("operator"), town.person("viewer@acme.example").await);
        let (session, _) = town.session("viewer@acme.example").await;
        let (other, _) = town.session("admin@acme.example").await;
        disable(&town.stage.db, &who, vera).await.unwrap();
        assert!(!town.is_alive(&session).await);
        assert!(town.is_alive(&other).await, "nobody else's");
        assert!(town.actor("viewer@acme.example").await.is_none());
        enable(&town.stage.db, &who, vera).await.unwrap();
        assert!(town.try_once("viewer@acme.example", RIGHT).await.is_ok());
        assert!(town.actor("viewer@acme.example").await.is_some());
        assert!(!town.is_alive(&session).await, "what was ended stays ended");
    }

    /// IDN-1: counts that are over are removed, those that still block are not.
    #[test]
    async fn sweeping_forgets_only_what_is_over(stage: Stage) {
        let town = Town::on(stage).await;
        assert!(town.try_once("nobody@acme.example", GOOD).await.is_err());
        town.stage.clock.advance(minutes(119));
        assert_eq!(throttle::sweep(&town.stage.db, town.stage.now()).await.unwrap(), 0);
        let key = throttle::Key::of_address(SIGN_IN_OF_ADDRESS, "203.0.113.77");
        assert_eq!(throttle::count_all(&town.stage.db, &[key], town.stage.now()).await.unwrap(), Verdict::Free { blocks_after: false });
        town.stage.clock.advance(minutes(2));
        assert_eq!(throttle::sweep(&town.stage.db, town.stage.now()).await.unwrap(), 2);
        assert_eq!(town.count("SELECT CAST(COUNT(*) AS BIGINT) FROM throttles").await, 1);
    }
}
