//! `creditdesk doctor`: looks at everything a start needs and says what to do about what is wrong. It changes nothing
//! but a file that it writes into the data folder and removes.

use crate::assembly;
use crate::assembly_aws;
use crate::config::{Config, MailTo, Seller, without_password};
use crate::credits::allocation;
use crate::db::{Db, Engine};
use crate::fulfilment::marketplace::aws::probe::probe;
use crate::kernel::clock::Clock;
use crate::kernel::show;
use chrono::{DateTime, TimeDelta, Utc};
use lettre::{AsyncSmtpTransport, Tokio1Executor};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

/// The oldest time that a working clock can show: this program did not exist before.
const BORN: &str = "2026-11-01T00:00:00Z";

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// What was seen.
    pub seen: String,
    /// What to do, if something is wrong.
    pub advice: Option<String>,
}

impl Finding {
    fn good(what: &'static str, seen: impl Into<String>) -> Self {
        Self { what, seen: seen.into(), advice: None }
    }

    fn bad(what: &'static str, seen: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what, seen: seen.into(), advice: Some(advice.into()) }
    }
}

/// Looks at everything, in the order of a start.
pub async fn examine(config: &Config, clock: &Clock) -> Vec<Finding> {
    let mut findings = vec![listener(config), public_url(config), time(clock), folder(&config.data), solutions(config)];
    findings.extend(database(config, clock).await);
    findings.push(marketplace(config, clock).await);
    findings.push(access(config));
    findings.push(mail(config).await);
    findings
}

fn listener(config: &Config) -> Finding {
    match TcpListener::bind(config.listen) {
        Ok(_) => Finding::good("address", format!("{} is free", config.listen)),
        Err(error) => Finding::bad(
            "address",
            format!("{} cannot be used: {error}", config.listen),
            "Stop the program that listens there, or choose another with CREDITDESK_LISTEN.",
        ),
    }
}

fn public_url(config: &Config) -> Finding {
    match &config.public_url {
        None if config.listen.ip().is_loopback() => Finding::good("public address", "follows the listener on this machine"),
        None => Finding::bad("public address", "not set", "Set CREDITDESK_PUBLIC_URL to the https origin that people type."),
        Some(url) if url.scheme() == "https" || config.listen.ip().is_loopback() => Finding::good("public address", url.to_string()),
        Some(url) => Finding::bad("public address", format!("{url} is not encrypted"), "Put a TLS proxy in front and use an https origin."),
    }
}

fn time(clock: &Clock) -> Finding {
    let now = clock.now();
    let born = DateTime::parse_from_rfc3339(BORN).map(|at| at.with_timezone(&Utc)).unwrap_or_default();
    if now >= born {
        Finding::good("clock", now.to_rfc3339())
    } else {
        Finding::bad(
            "clock",
            format!("{} is in the past", now.to_rfc3339()),
            "Set the machine's clock, best by NTP: deadlines depend on it.",
        )
    }
}

fn folder(data: &Path) -> Finding {
    let probe = data.join(".doctor");
    let tried = std::fs::create_dir_all(data).and_then(|()| std::fs::write(&probe, b"ok")).and_then(|()| std::fs::remove_file(&probe));
    match tried {
        Ok(()) => Finding::good("data folder", format!("{} can be written", data.display())),
        Err(error) => Finding::bad(
            "data folder",
            format!("{} cannot be written: {error}", data.display()),
            "Give the program's user the folder, or name another with CREDITDESK_DATA.",
        ),
    }
}

/// Whether the marketplace that sells can be asked.
async fn marketplace(config: &Config, clock: &Clock) -> Finding {
    let Seller::Aws(settings) = &config.marketplace else {
        return Finding::good("marketplace", "the one inside the program");
    };
    let (products, connection) = match assembly_aws::load_products(settings) {
        Ok(products) => (products, assembly_aws::connection(settings)),
        Err(error) => {
            return Finding::bad("AWS Marketplace", error.to_string(), "Mend every line that is named; README shows a whole file.");
        }
    };
    match probe(&connection, clock, &products).await {
        Ok(()) => {
            let count = show::count(i64::try_from(products.all().count()).unwrap_or(i64::MAX), "product");
            Finding::good("AWS Marketplace", format!("answers in {} for {count}", connection.region))
        }
        Err(error) => Finding::bad(
            "AWS Marketplace",
            format!("{error:#}"),
            "Check the credentials (of the account that published the products), its right aws-marketplace:GetEntitlements, the region, the product codes and the network.",
        ),
    }
}

fn solutions(config: &Config) -> Finding {
    match assembly::load_solutions(config) {
        Ok(solutions) => {
            let features = show::count(i64::try_from(solutions.features().count()).unwrap_or(i64::MAX), "feature");
            Finding::good(
                "solutions file",
                format!("{features} of {}", show::count(i64::try_from(solutions.all().len()).unwrap_or(i64::MAX), "solution")),
            )
        }
        Err(error) => Finding::bad(
            "solutions file",
            error.to_string(),
            "Mend every line that is named, or leave CREDITDESK_SOLUTIONS out for the file inside the program.",
        ),
    }
}

async fn database(config: &Config, clock: &Clock) -> Vec<Finding> {
    let address = without_password(&config.database_url);
    let db = match Db::open(&config.database_url).await {
        Ok(db) => db,
        Err(error) => {
            let advice = "Check DATABASE_URL, that the server runs, and that its user may connect.";
            return vec![Finding::bad("database", format!("{address} does not open: {error:?}"), advice)];
        }
    };
    let mut findings = vec![Finding::good("database", format!("{address} answers"))];
    findings.push(schema(&db).await);
    findings.push(accounts(&db).await);
    if db.engine() == Engine::Postgres {
        findings.push(server_time(&db, clock).await);
    }
    db.close().await;
    findings
}

async fn schema(db: &Db) -> Finding {
    let known = Db::migrations_known(db.engine());
    let run: Result<i64, _> = db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM _sqlx_migrations WHERE success").scalar().await;
    match run.map(usize::try_from) {
        Ok(Ok(run)) if run == known => Finding::good("schema", format!("all {known} migrations were run")),
        Ok(Ok(run)) if run > known => Finding::bad(
            "schema",
            format!("{run} migrations were run, this program knows {known}"),
            "Run the newer program that made this database.",
        ),
        _ => Finding::good("schema", format!("{known} migrations will be run at the next start, or now by `creditdesk migrate`")),
    }
}

async fn accounts(db: &Db) -> Finding {
    match allocation::check(db).await {
        Ok(differences) if differences.is_empty() => Finding::good("allocation", "every account is the sum of its entries"),
        Ok(differences) => {
            let (business, account, held, entered) = &differences[0];
            Finding::bad(
                "allocation",
                format!(
                    "{} differ from their entries, first {account} of {business}: {held} instead of {entered}",
                    show::count(i64::try_from(differences.len()).unwrap_or(i64::MAX), "account")
                ),
                "Somebody changed the tables by hand, or restored half a backup: compare with one, and write to support.",
            )
        }
        Err(_) => Finding::good("allocation", "will be looked at once the schema is up to date"),
    }
}

async fn server_time(db: &Db, clock: &Clock) -> Finding {
    let server: Result<DateTime<Utc>, _> = db.read("SELECT CURRENT_TIMESTAMP").scalar().await;
    match server {
        Ok(at) if (at - clock.now()).abs() < TimeDelta::seconds(5) => Finding::good("server's clock", "agrees with this machine"),
        Ok(at) => Finding::bad("server's clock", format!("differs by {} s", (at - clock.now()).num_seconds()), "Let both follow NTP."),
        Err(error) => Finding::bad("server's clock", format!("cannot be read: {error:?}"), "Check the database."),
    }
}

/// How long access goes on after the last license, which an operator may have set and forgotten.
fn access(config: &Config) -> Finding {
    let lengths = config.access_lengths;
    let seen = format!("{} days of grace after the last license, then {} days of lock", lengths.grace_days(), lengths.lock_days());
    Finding::good("access", seen)
}

async fn mail(config: &Config) -> Finding {
    let MailTo::Smtp(url) = &config.mail else {
        return Finding::good("mail", format!("files in {}", config.data.join("mail").display()));
    };
    let answer = match AsyncSmtpTransport::<Tokio1Executor>::from_url(url) {
        Ok(builder) => {
            let transport: AsyncSmtpTransport<Tokio1Executor> = builder.timeout(Some(Duration::from_secs(10))).build();
            transport.test_connection().await.map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    match answer {
        Ok(true) => Finding::good("mail", format!("{} answers", without_password(url))),
        Ok(false) => Finding::bad("mail", "the server hangs up", "Check CREDITDESK_SMTP_URL."),
        Err(error) => Finding::bad("mail", format!("the server does not answer: {error}"), "Check CREDITDESK_SMTP_URL and the network."),
    }
}
