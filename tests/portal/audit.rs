//! The chain over the audit log (AUD-2): whoever goes around the triggers and rewrites what happened is found, and the
//! first entry that is wrong is named.

use crate::support::Stage;
use chrono::TimeDelta;
use creditdesk::audit::{self, Broken, Entry, Head};
use creditdesk::db::{Db, Engine, Error};
use creditdesk::tx;
use uuid::Uuid;

/// Entries of a story.
const ENTRIES: i64 = 40;
/// Forgeries tried on them.
const FORGERIES: i64 = 100;

async fn write_entry(stage: &Stage, subject: String) {
    let written: Result<(), Error> =
        tx!(stage.db, |tx| { audit::record(tx, &stage.who("ada"), Entry::new("test.written", &subject)).await });
    written.unwrap();
}

async fn write_and_seal(stage: &Stage) -> Head {
    for number in 0..ENTRIES {
        write_entry(stage, format!("sub_{number}")).await;
        stage.clock.advance(TimeDelta::minutes(7));
    }
    let (sealed, head) = audit::seal(&stage.db, stage.now()).await.unwrap();
    assert_eq!((sealed, head.sequence), (ENTRIES, ENTRIES));
    head
}

/// What somebody can do who owns the database: no trigger and no foreign key is in the way.
async fn take_the_guards_away(stage: &Stage) {
    let steps: &[&'static str] = match stage.engine() {
        Engine::Sqlite => &[
            "DROP TRIGGER audit_entries_no_update",
            "DROP TRIGGER audit_entries_no_delete",
            "DROP TRIGGER audit_seals_no_update",
            "DROP TRIGGER audit_seals_no_delete",
            "PRAGMA foreign_keys = OFF",
        ],
        Engine::Postgres => &["ALTER TABLE audit_entries DISABLE TRIGGER ALL", "ALTER TABLE audit_seals DISABLE TRIGGER ALL"],
    };
    for step in steps {
        stage.db.write(step).exec().await.unwrap();
    }
    for copy in ["CREATE TABLE entries_copy AS SELECT * FROM audit_entries", "CREATE TABLE seals_copy AS SELECT * FROM audit_seals"] {
        stage.db.write(copy).exec().await.unwrap();
    }
}

async fn put_back(db: &Db) {
    for step in [
        "DELETE FROM audit_seals",
        "DELETE FROM audit_entries",
        "INSERT INTO audit_entries SELECT * FROM entries_copy",
        "INSERT INTO audit_seals SELECT * FROM seals_copy",
    ] {
        db.write(step).exec().await.unwrap();
    }
}

async fn entry_of(db: &Db, sequence: i64) -> Uuid {
    db.read("SELECT entry_id FROM audit_seals WHERE sequence = $1").bind(sequence).scalar().await.unwrap()
}

/// Forges the log in one of six ways; what has to be found.
async fn forge(stage: &Stage, way: i64, sequence: i64) -> Broken {
    let db = &stage.db;
    let entry = entry_of(db, sequence).await;
    match way {
        0 => {
            db.write("UPDATE audit_entries SET person_label = 'eve' WHERE id = $1").bind(entry).exec_one().await.unwrap();
            Broken::Changed { sequence, entry }
        }
        1 => {
            db.write("DELETE FROM audit_entries WHERE id = $1").bind(entry).exec_one().await.unwrap();
            Broken::Removed { sequence, entry }
        }
        2 => {
            db.write("DELETE FROM audit_seals WHERE sequence = $1").bind(sequence).exec_one().await.unwrap();
            if sequence == ENTRIES { Broken::CutOff { found: ENTRIES - 1, kept: ENTRIES } } else { Broken::LinkMissing(sequence) }
        }
        3 => {
            // Two entries change places, by way of a number that no link has.
            let other = sequence % ENTRIES + 1;
            for (from, to) in [(sequence, 1_000), (other, sequence), (1_000, other)] {
                db.write("UPDATE audit_seals SET sequence = $2 WHERE sequence = $1").bind(from).bind(to).exec_one().await.unwrap();
            }
            let first = sequence.min(other);
            Broken::Changed { sequence: first, entry: entry_of(db, first).await }
        }
        4 => {
            let put_in = Uuid::from_u128(u128::try_from(sequence).unwrap());
            db.write("INSERT INTO audit_entries (id, recorded_at, person_label, acting_as, address, request_id, action, subject) SELECT $1, recorded_at, 'eve', acting_as, address, request_id, action, subject FROM audit_entries WHERE id = $2")
                .bind(put_in)
                .bind(entry_of(db, 1 + sequence % 20).await)
                .exec_one()
                .await
                .unwrap();
            Broken::PutIn(put_in)
        }
        _ => {
            db.write("DELETE FROM audit_entries WHERE id IN (SELECT entry_id FROM audit_seals WHERE sequence >= $1)")
                .bind(sequence)
                .exec()
                .await
                .unwrap();
            db.write("DELETE FROM audit_seals WHERE sequence >= $1").bind(sequence).exec().await.unwrap();
            Broken::CutOff { found: sequence - 1, kept: ENTRIES }
        }
    }
}

both_engines! {
    /// AUD-2: a hundred edits, removals, exchanges, insertions and cut tails are all found, and the first bad entry is
    /// named.
    #[test]
    async fn every_forgery_of_the_log_is_found_and_named(stage: Stage) {
        let head = write_and_seal(&stage).await;
        take_the_guards_away(&stage).await;
        for number in 0..FORGERIES {
            let sound = audit::verify(&stage.db, &[head]).await.unwrap().expect("nothing is wrong yet");
            assert_eq!((sound.head, sound.waiting), (head, 0));
            let expected = forge(&stage, number % 6, 1 + number * 7 % ENTRIES).await;
            let found = audit::verify(&stage.db, &[head]).await.unwrap();
            assert_eq!(found, Err(expected), "forgery {number}");
            put_back(&stage.db).await;
        }
    }

    /// AUD-2: a chain that was made anew over other entries has another head than the one that was kept.
    #[test]
    async fn a_chain_made_anew_does_not_have_the_head_that_was_kept(stage: Stage) {
        let head = write_and_seal(&stage).await;
        take_the_guards_away(&stage).await;
        stage.db.write("DELETE FROM audit_seals").exec().await.unwrap();
        stage.db.write("UPDATE audit_entries SET person_label = 'eve' WHERE subject = 'sub_3'").exec_one().await.unwrap();
        audit::seal(&stage.db, stage.now()).await.unwrap();
        assert_eq!(audit::verify(&stage.db, &[head]).await.unwrap(), Err(Broken::MadeAnew(ENTRIES)));
        assert!(audit::verify(&stage.db, &[]).await.unwrap().is_ok(), "without a head nothing can tell");
    }

    /// AUD-2: every entry gets exactly one link, also when several processes seal while others write.
    #[test]
    async fn sealing_at_once_seals_each_entry_once(stage: Stage) {
        let other = Db::open(stage.url()).await.unwrap();
        for round in 0..20 {
            for number in 0..5 {
                write_entry(&stage, format!("sub_{round}_{number}")).await;
            }
            let (one, two, ()) = tokio::join!(
                audit::seal(&stage.db, stage.now()),
                audit::seal(&other, stage.now()),
                write_entry(&stage, format!("late_{round}")),
            );
            one.unwrap();
            two.unwrap();
        }
        audit::seal(&stage.db, stage.now()).await.unwrap();
        let sound = audit::verify(&stage.db, &[]).await.unwrap().expect("a sound chain");
        assert_eq!((sound.head.sequence, sound.waiting), (120, 0));
    }

    /// AUD-2: the clockwork seals, and keeps the head outside of the database.
    #[test]
    async fn the_clockwork_seals_the_log_and_keeps_its_head(stage: Stage) {
        let portal = stage.portal().await;
        portal.run_due_jobs().await;
        stage.clock.advance(TimeDelta::seconds(5));
        write_entry(&stage, "sub_1".to_owned()).await;
        portal.run_due_jobs().await;
        let file = creditdesk::jobs::head_file(stage.folder());
        let kept = Head::parse(&std::fs::read_to_string(file).unwrap()).unwrap();
        let sound = audit::verify(&stage.db, &[kept]).await.unwrap().expect("a sound chain");
        assert_eq!((sound.head, sound.waiting), (kept, 0));
        assert!(kept.sequence > 0);
    }
}
