//! How the engine would find the rows of a statement, asked for by the benchmark. The statement is one that the program has
//! run; nothing of it is run again.

use super::{Db, Engine, Error, Tx};

/// What makes a plan the same for any values and any number of rows: whole tables and indexes, and the joins that read them,
/// only where nothing else is possible. A small table would be read whole because it is small.
const SETTINGS: [&str; 5] = [
    "SET LOCAL plan_cache_mode = force_generic_plan",
    "SET LOCAL enable_seqscan = off",
    "SET LOCAL enable_hashjoin = off",
    "SET LOCAL enable_mergejoin = off",
    "SET LOCAL enable_material = off",
];

impl Db {
    /// The steps of a statement that the driver was heard to run, each in the engine's own words.
    ///
    /// # Errors
    /// When the engine does not know the statement.
    pub async fn plan(&self, heard: &str) -> Result<Vec<String>, Error> {
        // The transaction is given up: nothing of it stays, and the settings are its own.
        let mut tx = self.begin().await?;
        let steps = match self.engine() {
            Engine::Sqlite => on_sqlite(&mut tx, heard).await?,
            Engine::Postgres => on_postgres(&mut tx, heard).await?,
        };
        tx.rollback().await?;
        Ok(steps)
    }
}

async fn on_sqlite(tx: &mut Tx, heard: &str) -> Result<Vec<String>, Error> {
    let rows: Vec<(i64, i64, i64, String)> = tx.q("EXPLAIN QUERY PLAN ").about(heard).all().await?;
    Ok(rows.into_iter().map(|(.., step)| step).collect())
}

async fn on_postgres(tx: &mut Tx, heard: &str) -> Result<Vec<String>, Error> {
    for setting in SETTINGS {
        tx.q(setting).exec().await?;
    }
    tx.q("PREPARE heard AS ").about(heard).exec().await?;
    let values = vec!["NULL"; parameters(heard)].join(", ");
    let list = if values.is_empty() { String::new() } else { format!("({values})") };
    let rows: Vec<(String,)> = tx.q("EXPLAIN EXECUTE heard").about(&list).all().await?;
    tx.q("DEALLOCATE heard").exec().await?;
    Ok(rows.into_iter().map(|(step,)| step).collect())
}

/// The highest `$N` of a statement.
fn parameters(statement: &str) -> usize {
    let number = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok();
    statement.split('$').skip(1).filter_map(number).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_a_statement_are_counted() {
        assert_eq!((parameters("SELECT 1"), parameters("SELECT $2, $11 WHERE x = $1")), (0, 11));
    }
}
