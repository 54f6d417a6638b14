//! The database layer behaves the same on both engines, and the two schemas are one schema.

use crate::support::Stage;
use creditdesk::db::{Db, Error, Failed, SplitRefusal, refuse};
use creditdesk::tx;

both_engines! {
    /// Two rows of one key: the error names the constraint, whichever engine refused.
    #[test]
    async fn a_second_row_of_one_key_is_told_apart(stage: Stage) {
        add_throttle(&stage.db, "account:a", 0).await.expect("a first row");
        let error = add_throttle(&stage.db, "account:a", 0).await.expect_err("a second row");
        assert!(error.unique_on("throttles_pkey", "throttles.name"), "{error:?}");
        assert!(!error.unique_on("people_email_key", "people.email_key"));
    }
}

async fn add_throttle(db: &Db, name: &str, failures: i64) -> Result<(), Error> {
    db.write("INSERT INTO throttles (name, failures, first_at) VALUES ($1, $2, $3)")
        .bind(name)
        .bind(failures)
        .bind(crate::support::stage::opening())
        .exec_one()
        .await
}

both_engines! {
    /// A refusal undoes what the block wrote and is not an error of storage.
    #[test]
    async fn a_refusal_rolls_everything_back(stage: Stage) {
        let done: Result<(), Failed<&str>> = tx!(stage.db, |tx| {
            tx.q("INSERT INTO throttles (name, failures, first_at) VALUES ('a', 0, $1)").bind(stage.now()).exec_one().await?;
            refuse("not today")
        });
        assert_eq!(done.refusal().expect("no storage error").expect_err("a refusal"), "not today");
        let rows: i64 = stage.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM throttles").scalar().await.expect("a count");
        assert_eq!(rows, 0);
    }
}
