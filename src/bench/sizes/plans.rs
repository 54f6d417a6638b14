//! What grows with the database: hears every statement of the measured pages and of the usage API and asks the engine how
//! it would find their rows. One that looks at a whole table, or at a whole index, is named.

use crate::application::Portal;
use crate::bench::parts;
use crate::bench::purchases::Customer;
use crate::bench::statements;
use crate::db::{Db, Engine, Error};
use crate::identity::actor::{self, Chosen};
use crate::web::{console, paths};
use anyhow::{anyhow, bail};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What is asked of both pages besides their plain address: every order, filter and window has statements of its own.
const LICENSES: [&str; 6] =
    ["", "sort=product", "sort=status&order=descending", "sort=activated&order=ascending", "status=active", "q=agmt"];
const CREDITS: [&str; 6] = ["", "month=ahead", "sort=expires-first", "sort=oldest&status=expired", "q=agmt&kind=new", "tab=solutions"];

/// How many statements were looked at.
///
/// # Errors
/// When one of them looks at a whole table; each is named with its plan.
pub async fn check(portal: &Arc<Portal>, customer: &Customer, of_usage: Vec<String>) -> anyhow::Result<usize> {
    let mut all: BTreeSet<String> = of_usage.into_iter().collect();
    for query in LICENSES {
        all.extend(of_page(portal, customer, &format!("{}?{query}", paths::licenses())).await?);
    }
    for query in CREDITS {
        all.extend(of_page(portal, customer, &format!("{}?{query}", paths::credits())).await?);
    }
    let mut problems = String::new();
    for statement in &all {
        for step in whole_tables(&portal.db, statement).await? {
            problems = format!("{problems}\n{statement}\n    {step}");
        }
    }
    if problems.is_empty() { Ok(all.len()) } else { bail!("statements that look at a whole table:{problems}") }
}

async fn of_page(portal: &Arc<Portal>, customer: &Customer, address: &str) -> anyhow::Result<Vec<String>> {
    let admin = &customer.admin;
    let visit = parts::visit(portal, Some(admin.clone()), address, "");
    let page = async {
        actor::find(&portal.db, admin.person, admin.session, Chosen::default(), (visit.now(), portal.config.access_lengths)).await?;
        match address.starts_with(&paths::licenses()) {
            true => console::licenses::view(&visit).await.map(|_| ()),
            false => console::credits::show(visit.clone()).await.map(|_| ()),
        }
        .map_err(|error| anyhow!("{address}: {error:?}"))
    };
    let (shown, heard) = statements::during(page).await;
    shown?;
    Ok(heard)
}

/// The steps of a statement's plan that look at everything.
async fn whole_tables(db: &Db, statement: &str) -> Result<Vec<String>, Error> {
    let steps = db.plan(statement).await?;
    Ok(match db.engine() {
        Engine::Sqlite => steps.into_iter().filter(|step| is_whole_on_sqlite(step)).collect(),
        Engine::Postgres => whole_on_postgres(&steps),
    })
}

/// A constant row and the rows of a subquery are no table.
fn is_whole_on_sqlite(step: &str) -> bool {
    let scanned = step.strip_prefix("SCAN ").is_some_and(|what| !what.starts_with("CONSTANT ROW") && !what.starts_with('('));
    scanned || step.contains("AUTOMATIC")
}

/// Tables read whole, and indexes read whole: those without a condition below them.
fn whole_on_postgres(plan: &[String]) -> Vec<String> {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let is_whole = |place: usize, line: &str| {
        let by_index = line.contains("Index Scan using") || line.contains("Index Only Scan using");
        let own = plan[place + 1..].iter().take_while(|next| depth(next) > depth(line) && !next.contains("->"));
        line.contains("Seq Scan on") || (by_index && !own.into_iter().any(|next| next.trim_start().starts_with("Index Cond:")))
    };
    let found = plan.iter().enumerate().filter(|(place, line)| is_whole(*place, line));
    found.map(|(_, line)| line.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_look_at_everything_are_found() {
        for (step, whole) in [
            ("SCAN l", true),
            ("SCAN licenses USING COVERING INDEX licenses_by_activation", true),
            ("SEARCH l USING AUTOMATIC COVERING INDEX (contract_id=?)", true),
            ("SEARCH l USING INDEX licenses_by_business (business_id=?)", false),
            ("SCAN CONSTANT ROW", false),
            ("SCAN (subquery-2)", false),
        ] {
            assert_eq!(is_whole_on_sqlite(step), whole, "{step}");
        }
        let plan = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let bounded = plan("Limit  (cost=1)\n  ->  Index Scan using a on licenses l  (cost=1)\n        Index Cond: (business_id = $1)");
        let whole = plan(
            "Sort\n  ->  Index Only Scan using a on licenses l  (cost=1)\n        Filter: x\n  ->  Index Scan using b on c\n        Index Cond: (id = 1)",
        );
        assert!(whole_on_postgres(&bounded).is_empty());
        assert_eq!(whole_on_postgres(&whole), ["->  Index Only Scan using a on licenses l  (cost=1)"]);
        assert_eq!(whole_on_postgres(&plan("Seq Scan on people  (cost=1)")).len(), 1);
    }
}
