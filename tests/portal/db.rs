//! The database layer behaves the same on both engines, and the two schemas are one schema.

use crate::support::{Stage, play, schema, stage::opening};
use chrono::TimeDelta;
use creditdesk::audit::{self, ActingAs, Entry};
use creditdesk::db::{Db, Engine, Error, Failed, MaybeRetry, SplitRefusal, refuse};
use creditdesk::kernel::clock::Timestamp;
use creditdesk::tx;
use std::collections::BTreeSet;
use std::path::Path;
use uuid::Uuid;

both_engines! {
    /// Two rows of one key: the error names the constraint, whichever engine refused.
    #[test]
    async fn a_second_row_of_one_key_is_told_apart(stage: Stage) {
        make_counters(&stage).await;
        add_counter(&stage.db, "account:a", 0).await.unwrap();
        let error = add_counter(&stage.db, "account:a", 0).await.unwrap_err();
        assert!(error.unique_on("counters_pkey", "counters.name"), "{error:?}");
        assert!(!error.unique_on("people_email_key", "people.email_key"));
    }

    /// A rule of the schema holds even where the program forgets it.
    #[test]
    async fn a_broken_check_is_an_error_and_leaves_nothing(stage: Stage) {
        make_counters(&stage).await;
        let error = add_counter(&stage.db, "account:a", -1).await.unwrap_err();
        assert!(matches!(error, Error::Other(_)), "{error:?}");
        assert_eq!(count(&stage.db).await, 0);
    }

    /// A row that points nowhere is refused on both engines; SQLite only does so when asked for each connection.
    #[test]
    async fn a_row_that_points_nowhere_is_refused(stage: Stage) {
        let nobody = creditdesk::kernel::random::id();
        let added = stage.db.write("INSERT INTO staff_roles (person_id, role, created_at) VALUES ($1, 'support', $2)").bind(nobody).bind(stage.now()).exec().await;
        assert!(matches!(added, Err(Error::Other(_))), "{added:?}");
    }

    /// A refusal undoes what the block wrote and is not an error of storage.
    #[test]
    async fn a_refusal_rolls_everything_back(stage: Stage) {
        make_counters(&stage).await;
        let done: Result<(), Failed<&str>> = tx!(stage.db, |tx| {
            tx.q("INSERT INTO counters (name, amount, at) VALUES ('a', 0, $1)").bind(stage.now()).exec_one().await?;
            refuse("not today")
        });
        assert_eq!(done.refusal().unwrap().unwrap_err(), "not today");
        assert_eq!(count(&stage.db).await, 0);
    }

    /// A transaction whose future is dropped, as when a browser goes away, leaves nothing and blocks nobody.
    #[test]
    async fn a_dropped_transaction_leaves_nothing_and_blocks_nobody(stage: Stage) {
        make_counters(&stage).await;
        let mut tx = stage.db.begin().await.unwrap();
        tx.q("INSERT INTO counters (name, amount, at) VALUES ('a', 0, $1)").bind(stage.now()).exec_one().await.unwrap();
        drop(tx);
        add_counter(&stage.db, "b", 0).await.unwrap();
        let names: Vec<(String,)> = stage.db.read("SELECT name FROM counters").all().await.unwrap();
        assert_eq!(names, [("b".to_owned(),)]);
    }

    /// Eight writers add to one row that each reads first: no addition is lost and nobody sees an error.
    #[test]
    async fn writers_on_one_row_lose_no_change(stage: Stage) {
        make_counters(&stage).await;
        add_counter(&stage.db, "hot", 0).await.unwrap();
        let writers: Vec<_> = (0..8).map(|_| tokio::spawn(add_ten_times(stage.db.clone()))).collect();
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        let total: i64 = stage.db.read("SELECT amount FROM counters WHERE name = 'hot'").scalar().await.unwrap();
        assert_eq!(total, 80);
    }

    /// The macro runs a block again when the engine asks for that, and gives up after its tries.
    #[test]
    async fn a_block_runs_again_only_when_the_engine_asks(stage: Stage) {
        make_counters(&stage).await;
        let mut runs = 0;
        let done: Result<i32, Busy> = tx!(stage.db, |tx| {
            runs += 1;
            tx.q("INSERT INTO counters (name, amount, at) VALUES ('a', 0, $1)").bind(stage.now()).exec_one().await?;
            if runs < 3 { Err(Busy::Again) } else { Ok(runs) }
        });
        assert_eq!(done.unwrap(), 3);
        assert_eq!(count(&stage.db).await, 1, "the first two runs left nothing");

        let mut runs = 0;
        let done: Result<(), Busy> = tx!(stage.db, |tx| {
            runs += 1;
            tx.q("UPDATE counters SET amount = 9").exec_one().await?;
            Err(Busy::Never)
        });
        assert!(matches!(done, Err(Busy::Never)));
        assert_eq!(runs, 1);
    }

    /// A write that counts on one row and finds none, or two, is an error.
    #[test]
    async fn a_write_that_hits_another_number_of_rows_is_an_error(stage: Stage) {
        make_counters(&stage).await;
        add_counter(&stage.db, "a", 0).await.unwrap();
        add_counter(&stage.db, "b", 0).await.unwrap();
        let none = stage.db.write("UPDATE counters SET amount = 1 WHERE name = 'c'").exec_one().await.unwrap_err();
        assert!(matches!(none, Error::RowCount { expected: 1, changed: 0 }), "{none:?}");
        let both: Result<(), Error> = tx!(stage.db, |tx| { tx.q("UPDATE counters SET amount = 1").exec_one().await });
        assert!(matches!(both, Err(Error::RowCount { expected: 1, changed: 2 })), "{both:?}");
        let changed: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM counters WHERE amount = 1").scalar().await.unwrap();
        assert_eq!(changed, 0, "the transaction took both changes back");
    }

    /// `INSERT … RETURNING` outside a transaction: SQLite hands out the row before the statement is done, and the error
    /// that then comes must not be lost.
    #[test]
    async fn an_error_at_the_end_of_an_insert_returning_is_seen(stage: Stage) {
        let (parent, child) = match stage.engine() {
            Engine::Sqlite => ("CREATE TABLE parent (id INTEGER PRIMARY KEY)", "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"),
            Engine::Postgres => ("CREATE TABLE parent (id BIGINT PRIMARY KEY)", "CREATE TABLE child (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)"),
        };
        stage.db.write(parent).exec().await.unwrap();
        stage.db.write(child).exec().await.unwrap();
        let returned = stage.db.write("INSERT INTO child (id, parent) VALUES (2, 99) RETURNING id").opt::<(i64,)>().await;
        assert!(returned.is_err(), "{returned:?}");
        let rows: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM child").scalar().await.unwrap();
        assert_eq!(rows, 0);
    }

    /// TIM-1: an instant comes back as it was stored, to the microsecond, and sorts by time whatever its digits.
    #[test]
    async fn an_instant_keeps_its_microseconds(stage: Stage) {
        make_counters(&stage).await;
        let instants: Vec<Timestamp> = ["2026-03-02T09:00:00Z", "2026-03-02T09:00:00.000001Z", "2026-03-02T09:00:00.1Z", "2026-03-02T09:00:00.123456Z", "2026-03-02T09:00:01Z"]
            .map(|text| text.parse().unwrap())
            .into();
        for (number, instant) in instants.iter().enumerate().rev() {
            stage.db.write("INSERT INTO counters (name, amount, at) VALUES ($1, 0, $2)").bind(number.to_string()).bind(instant).exec_one().await.unwrap();
        }
        let read: Vec<(Timestamp,)> = stage.db.read("SELECT at FROM counters ORDER BY at").all().await.unwrap();
        assert_eq!(read.into_iter().map(|row| row.0).collect::<Vec<_>>(), instants);
        let before: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM counters WHERE at < $1").bind(instants[2]).scalar().await.unwrap();
        assert_eq!(before, 2);
    }

    /// Ids, enums, truth values, bytes and absent values come back as they were stored.
    #[test]
    async fn every_kind_of_value_comes_back(stage: Stage) {
        let who = audit::Who { acting_as: ActingAs::Staff, ..stage.who("äö, \u{1F980} and 'quotes'") };
        let entry = Entry::new("test.written", "sub_1").after(serde_json::json!({"credits": 1000}));
        let written: Result<(), Error> = tx!(stage.db, |tx| { audit::record(tx, &who, entry.clone()).await });
        written.unwrap();
        let (label, role, business, after): (String, ActingAs, Option<Uuid>, Option<String>) =
            stage.db.read("SELECT person_label, acting_as, business_id, after FROM audit_entries").one().await.unwrap();
        assert_eq!((label.as_str(), role, business, after.as_deref()), (who.label.as_str(), ActingAs::Staff, None, Some("{\"credits\":1000}")));

        let id = creditdesk::kernel::random::id();
        add_person(&stage.db, id, "a@b.example", stage.now()).await.unwrap();
        let (read, disabled): (Uuid, Option<Timestamp>) = stage.db.read("SELECT id, disabled_at FROM people WHERE id = $1").bind(id).one().await.unwrap();
        assert_eq!((read, disabled), (id, None));

        let secret: Vec<u8> = vec![0, 1, 0xff];
        stage.db.write("INSERT INTO secrets (name, value, created_at) VALUES ('x', $1, $2)").bind(secret.clone()).bind(stage.now()).exec_one().await.unwrap();
        let read: Vec<u8> = stage.db.read("SELECT value FROM secrets").scalar().await.unwrap();
        assert_eq!(read, secret);
    }

    /// Conditions that a page adds one by one take their values in the order they were pushed.
    #[test]
    async fn pushed_conditions_take_their_own_values(stage: Stage) {
        make_counters(&stage).await;
        for name in ["a", "b", "c"] {
            add_counter(&stage.db, name, 3).await.unwrap();
        }
        let query = stage.db.read("SELECT name FROM counters WHERE amount = $1").bind(3i64).push_bind(" AND name >= ", "b").push(" ORDER BY name DESC").push_bind(" LIMIT ", 1i64);
        assert_eq!(query.scalar::<String>().await.unwrap(), "c");
    }

    /// What a person typed stays a value, whatever it looks like.
    #[test]
    async fn text_that_looks_like_sql_stays_text(stage: Stage) {
        make_counters(&stage).await;
        let typed = "'; DROP TABLE counters; --";
        add_counter(&stage.db, typed, 0).await.unwrap();
        let found: Option<(String,)> = stage.db.read("SELECT name FROM counters WHERE name = $1").bind(typed).opt().await.unwrap();
        assert_eq!(found, Some((typed.to_owned(),)));
    }

    /// AUD-2: what happened is never edited or removed, whoever asks the database for it.
    #[test]
    async fn records_refuse_to_be_edited_or_removed(stage: Stage) {
        let written: Result<(), Error> = tx!(stage.db, |tx| { audit::record(tx, &stage.who("ada"), Entry::new("test.written", "sub_1")).await });
        written.unwrap();
        let edited = stage.db.write("UPDATE audit_entries SET person_label = 'eve'").exec().await.unwrap_err();
        let removed = stage.db.write("DELETE FROM audit_entries").exec().await.unwrap_err();
        for refused in [edited, removed] {
            let Error::Other(cause) = &refused else { panic!("{refused:?}") };
            assert!(cause.to_string().contains("append-only"), "{cause}");
        }
        let label: String = stage.db.read("SELECT person_label FROM audit_entries").scalar().await.unwrap();
        assert_eq!(label, "ada");
    }

    /// Each table of records has its guard against both ways of changing it.
    #[test]
    async fn every_table_of_records_is_guarded(stage: Stage) {
        let guarded = schema::append_only_tables(&stage).await;
        let expected = ["allocation_entries", "audit_entries", "audit_seals", "charges", "credit_entries", "offers"];
        for table in expected {
            assert!(guarded.contains(table), "{table} can be edited: {guarded:?}");
        }
    }

    /// A database that went away is told apart from a mistake: the answer to it is "try again later".
    #[test]
    async fn a_database_that_is_away_is_unavailable(stage: Stage) {
        make_counters(&stage).await;
        let other = Db::open(stage.url()).await.unwrap();
        other.close().await;
        let read = other.read("SELECT name FROM counters").all::<(String,)>().await.unwrap_err();
        let written = add_counter(&other, "a", 0).await.unwrap_err();
        let begun = other.begin().await.unwrap_err();
        for error in [read, written, begun] {
            assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
        }
    }

    /// Several processes may migrate one database at once, and a second time changes nothing.
    #[test]
    async fn migrating_twice_or_at_once_is_the_same_as_once(stage: Stage) {
        let url = schema::empty_database(&stage).await;
        let (one, two) = (Db::open(&url).await.unwrap(), Db::open(&url).await.unwrap());
        let (first, second) = tokio::join!(one.migrate(), two.migrate());
        first.unwrap();
        second.unwrap();
        one.migrate().await.unwrap();
        let run: i64 = one.read("SELECT CAST(COUNT(*) AS BIGINT) FROM _sqlx_migrations WHERE success").scalar().await.unwrap();
        assert_eq!(usize::try_from(run).unwrap(), Db::migrations_known(stage.engine()));
        assert_eq!(schema::columns(&one).await, schema::columns(&stage.db).await);
        one.close().await;
        two.close().await;
        schema::drop_database(&stage, &url).await;
    }

    /// Both engines have the same tables with the same columns, and the same ones may be absent.
    #[test]
    async fn the_other_engine_has_the_same_schema(stage: Stage) {
        let url = schema::other_engine(&stage).await;
        let other = Db::open(&url).await.unwrap();
        let (here, there) = (schema::columns(&stage.db).await, schema::columns(&other).await);
        other.close().await;
        schema::drop_other_engine(&stage, &url).await;
        assert!(here.len() > 100, "{here:?}");
        let (missing, extra): (Vec<_>, Vec<_>) = (here.difference(&there).collect(), there.difference(&here).collect());
        assert!(missing.is_empty() && extra.is_empty(), "only here {missing:#?}, only there {extra:#?}");
    }
}

/// A disk that is full is "try again later" too, leaves nothing of the transaction, and heals when there is room.
#[test]
fn a_full_disk_is_unavailable_and_heals() {
    play(Engine::Sqlite, |stage: Stage| async move {
        let Db::Sqlite { write, .. } = &stage.db else { unreachable!("played on SQLite") };
        let insert = || {
            stage
                .db
                .write("INSERT INTO secrets (name, value, created_at) VALUES ('big', $1, $2)")
                .bind(vec![7u8; 1_000_000])
                .bind(stage.now())
        };
        sqlx::raw_sql("PRAGMA max_page_count = 1").execute(write).await.unwrap();
        let full = insert().exec_one().await.unwrap_err();
        assert!(matches!(full, Error::Unavailable(_)), "{full:?}");
        let read: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM secrets").scalar().await.unwrap();
        assert_eq!(read, 0, "reading goes on");
        sqlx::raw_sql("PRAGMA max_page_count = 1000000").execute(write).await.unwrap();
        insert().exec_one().await.unwrap();
    });
}

/// A reader on SQLite cannot write at all, so a forgotten `read` never changes anything.
#[test]
fn a_reading_connection_of_sqlite_cannot_write() {
    play(Engine::Sqlite, |stage: Stage| async move {
        make_counters(&stage).await;
        let Db::Sqlite { read, .. } = &stage.db else { unreachable!("played on SQLite") };

        let written = sqlx::query("INSERT INTO counters (name, amount, at) VALUES ('a', 0, '2026')").execute(read).await;
        assert!(written.is_err());
        assert_eq!(count(&stage.db).await, 0);
    });
}

/// Every migration has the same number and name on both engines.
#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert_eq!(Db::migrations_known(Engine::Sqlite), names("sqlite").len());
    assert_eq!(Db::migrations_known(Engine::Postgres), names("postgres").len());
}

/// Only the two kinds of database are opened, and the error says which.
#[test]
fn an_address_of_another_kind_is_refused_in_words() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(Db::open("mysql://localhost/x")).unwrap_err();
    assert_eq!(error.to_string(), "the database address must start with sqlite: or postgres:");
}

#[derive(Debug)]
enum Busy {
    Again,
    Never,
    Storage,
}

impl From<Error> for Busy {
    fn from(_: Error) -> Self {
        Self::Storage
    }
}

impl MaybeRetry for Busy {
    fn is_retry(&self) -> bool {
        matches!(self, Self::Again)
    }
}

/// A table of this file's own: what is tested here must not depend on any room's tables.
async fn make_counters(stage: &Stage) {
    let table = match stage.engine() {
        Engine::Sqlite => {
            "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, amount INTEGER NOT NULL CHECK (amount >= 0), at TEXT NOT NULL) STRICT"
        }
        Engine::Postgres => {
            "CREATE TABLE counters (name TEXT NOT NULL PRIMARY KEY, amount BIGINT NOT NULL CHECK (amount >= 0), at TIMESTAMPTZ NOT NULL)"
        }
    };
    stage.db.write(table).exec().await.unwrap();
}

async fn add_counter(db: &Db, name: &str, amount: i64) -> Result<(), Error> {
    db.write("INSERT INTO counters (name, amount, at) VALUES ($1, $2, $3)").bind(name).bind(amount).bind(opening()).exec_one().await
}

async fn count(db: &Db) -> i64 {
    db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM counters").scalar().await.unwrap()
}

async fn add_ten_times(db: Db) -> Result<(), Error> {
    for _ in 0..10 {
        tx!(db, |tx| {
            let amount: i64 = tx.lock("SELECT amount FROM counters WHERE name = 'hot'").scalar().await?;
            tx.q("UPDATE counters SET amount = $1, at = $2 WHERE name = 'hot'")
                .bind(amount + 1)
                .bind(opening() + TimeDelta::seconds(amount))
                .exec_one()
                .await
        })?;
    }
    Ok(())
}

async fn add_person(db: &Db, id: Uuid, email: &str, now: Timestamp) -> Result<(), Error> {
    db.write("INSERT INTO people (id, email, email_key, name, search_key, created_at) VALUES ($1, $2, $2, 'A', 'a', $3)")
        .bind(id)
        .bind(email)
        .bind(now)
        .exec_one()
        .await
}
