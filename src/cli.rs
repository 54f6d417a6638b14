//! The commands. Each prints what it did and what to do next.

mod access_key;
mod test_bench;

use crate::application::{self, Launch, Running, StartError};
use crate::assembly;
use crate::audit::{self, Head, Who};
use crate::bench;
use crate::config::{Config, ConfigError, Settings};
use crate::db::SplitRefusal;
use crate::demo;
use crate::demo_history;
use crate::doctor;
use crate::fulfilment::products::Products;
use crate::fulfilment::recheck;
use crate::identity::create_operator::{self, CreateOperatorRefusal};
use crate::identity::password::{Cost, NewPassword, PasswordHasher};
use crate::identity::person::PersonName;
use crate::jobs;
use crate::kernel::clock::Clock;
use crate::kernel::email::Email;
use crate::kernel::random;
use crate::telemetry;
use crate::test_bench::Bench;
use access_key::AccessKeyOptions;
use clap::{Parser, Subcommand};
use std::path::Path;
use test_bench::TestBenchCommand;

/// Sells, activates and looks after SaaS credit licenses bought through a cloud marketplace.
#[derive(Parser, Debug)]
#[command(name = "creditdesk", version, about)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand, Debug)]
enum Command {
    /// Serve the portal (what happens without a command)
    Serve,
    /// Bring the database schema up to date and stop
    Migrate,
    /// Load the demonstration data into an empty database and stop
    Demo {
        /// With a past: two years of purchases, allocation, renewals and upgrades, lived by the real use cases
        #[arg(long)]
        history: bool,
    },
    /// Make the first person of an installation without demonstration data
    CreateOperator {
        /// Address to sign in with
        #[arg(long)]
        email: String,
        /// Name as others see it
        #[arg(long)]
        name: String,
        /// File whose first line is the password; without it a password is made and printed once
        #[arg(long)]
        password_file: Option<std::path::PathBuf>,
    },
    /// Make an access key of the marketplace's API and print it as a shell reads it: `eval "$(creditdesk access-key …)"`
    AccessKey(AccessKeyOptions),
    /// Compare every running contract with the marketplace, book what is missing, and say what staff have to decide
    Reconcile,
    /// Check configuration, database, clock, paths and mail, and say what to do
    Doctor,
    /// Check the audit log
    Audit {
        #[command(subcommand)]
        what: AuditCommand,
    },
    /// The test bench for vendors' engineers: put the clock forward, switch faults
    TestBench {
        #[command(subcommand)]
        what: TestBenchCommand,
    },
    /// Measure this machine: pages and activations beside their limits, memory, time to ready
    Bench(bench::Options),
}

#[derive(Subcommand, Debug)]
enum AuditCommand {
    /// Walk the chain of hashes and name the first entry that was changed, removed or put in
    Verify {
        /// A head that was kept elsewhere, as `audit head` prints it; the one in the data folder is compared as well
        #[arg(long)]
        head: Option<String>,
    },
    /// Print the head of the chain, to be kept where nobody who can write the database can write
    Head,
}

/// A command that did not succeed, in words for the terminal.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The configuration is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// The program did not start.
    #[error("{0}")]
    Start(#[from] StartError),
    /// The doctor found something.
    #[error("{0} problem(s); what to do stands below each")]
    Unhealthy(usize),
    /// The command's own rules said no.
    #[error("{0}")]
    Refused(String),
    /// The system said no.
    #[error("{0}")]
    System(#[from] std::io::Error),
    /// The benchmark could not measure.
    #[error("{0:#}")]
    Bench(#[from] anyhow::Error),
}

/// Runs the command of the command line.
///
/// # Errors
/// In words for the terminal; the process then ends with status 1.
pub async fn run(cli: Cli) -> Result<(), CliError> {
    let config = Config::from_settings(cli.settings)?;
    let command = cli.command.unwrap_or(Command::Serve);
    match command {
        // What these print is for reading by people or shells, and nothing may stand between.
        Command::Bench(_) | Command::AccessKey(_) => bench::start_log(),
        _ => telemetry::start(&config),
    }
    match command {
        Command::Serve => serve(config).await,
        Command::Migrate => {
            assembly::open_database(&config).await?.close().await;
            println!("The database schema is up to date.");
            Ok(())
        }
        Command::Demo { history: false } => load_demonstration(&config).await,
        Command::Demo { history: true } => live_through_history(&config).await,
        Command::CreateOperator { email, name, password_file } => create_operator(&config, &email, &name, password_file.as_deref()).await,
        Command::AccessKey(options) => access_key::make(&config, options).await,
        Command::Audit { what: AuditCommand::Verify { head } } => verify_audit(&config, head.as_deref()).await,
        Command::Audit { what: AuditCommand::Head } => print_audit_head(&config).await,
        Command::Doctor => examine(&config).await,
        Command::Reconcile => reconcile(&config).await,
        Command::TestBench { what } => test_bench::run(config, what).await,
        Command::Bench(options) => Ok(bench::run(&config, options).await?),
    }
}

fn announce(running: &Running) {
    println!("Creditdesk is ready at {}", running.portal.public_url);
    if running.portal.bench.is_on() {
        println!("The test bench is on: {}", running.portal.address_of(crate::web::paths::TEST_BENCH));
    }
    if running.portal.demonstration {
        println!("\nDemonstration people, all with the password {}:", demo::PASSWORD);
        for person in demo::people() {
            println!("  {:<28} {}", person.email, person.what);
        }
        println!();
    }
}

async fn load_demonstration(config: &Config) -> Result<(), CliError> {
    let db = assembly::open_database(config).await?;
    let loaded = demo::load(&db, &PasswordHasher::new(Cost::PRODUCTION), &Clock::system()).await.map_err(StartError::Storage)?;
    db.close().await;
    match loaded {
        demo::Loaded::Now => println!("The demonstration is loaded. Start the program with `creditdesk serve`."),
        demo::Loaded::Already => println!("The demonstration was loaded before; nothing was changed."),
        demo::Loaded::RefusedOtherData => {
            return Err(CliError::Refused("the database has other people; demonstration data never enters such a database".to_owned()));
        }
    }
    Ok(())
}

async fn live_through_history(config: &Config) -> Result<(), CliError> {
    let db = assembly::open_database(config).await?;
    println!("Living through two years; this takes a while.");
    let lived = demo_history::live(config, &db, Clock::system().now()).await;
    db.close().await;
    let lived = lived.map_err(|error| CliError::Refused(format!("{error:#}")))?;
    println!(
        "The demonstration has lived since {}, {} days. Start the program with `creditdesk serve`.",
        lived.from.format("%Y-%m-%d"),
        lived.days
    );
    Ok(())
}

async fn create_operator(config: &Config, email: &str, name: &str, password_file: Option<&Path>) -> Result<(), CliError> {
    let email = Email::parse(email).map_err(|problem| CliError::Refused(format!("--email: {problem}")))?;
    let name = PersonName::parse(name).map_err(|problem| CliError::Refused(format!("--name: {problem}")))?;
    let typed = match password_file {
        Some(file) => std::fs::read_to_string(file)?.lines().next().unwrap_or_default().to_owned(),
        None => random::word(20),
    };
    let password = NewPassword::parse(&typed, &[email.as_str(), name.as_str()])
        .map_err(|problem| CliError::Refused(format!("password: {}", problem.words())))?;
    let db = assembly::open_database(config).await?;
    let who = Who::system("create-operator", Clock::system().now());
    let made = create_operator::create_operator(&db, &PasswordHasher::new(Cost::PRODUCTION), &who, &email, &name, password).await;
    db.close().await;
    match made.refusal().map_err(StartError::Storage)? {
        Ok(_) if password_file.is_some() => println!("{email} is an Operator now."),
        Ok(_) => println!("{email} is an Operator now. The password, shown only here: {typed}"),
        Err(CreateOperatorRefusal::AddressTaken) => return Err(CliError::Refused(format!("{email} has an account already"))),
    }
    Ok(())
}

async fn verify_audit(config: &Config, head: Option<&str>) -> Result<(), CliError> {
    let unreadable = |text: &str| CliError::Refused(format!("{text:?} is no head: a number, a colon, 64 hexadecimal digits"));
    let file = std::fs::read_to_string(jobs::head_file(&config.data)).ok();
    let kept = [head, file.as_deref()].into_iter().flatten();
    let kept: Vec<Head> = kept.map(|text| Head::parse(text).ok_or_else(|| unreadable(text))).collect::<Result<_, _>>()?;
    let db = assembly::open_database(config).await?;
    let verified = audit::verify(&db, &kept).await;
    db.close().await;
    match verified.map_err(StartError::Storage)? {
        Ok(sound) => {
            println!("{} entries are as they were written; {} are too new to be sealed.", sound.head.sequence, sound.waiting);
            println!("The head of the chain: {}", sound.head);
            Ok(())
        }
        Err(broken) => Err(CliError::Refused(broken.to_string())),
    }
}

async fn print_audit_head(config: &Config) -> Result<(), CliError> {
    let db = assembly::open_database(config).await?;
    let sealed = audit::seal(&db, Clock::system().now()).await;
    db.close().await;
    println!("{}", sealed.map_err(StartError::Storage)?.1);
    Ok(())
}

async fn reconcile(config: &Config) -> Result<(), CliError> {
    let db = assembly::open_database(config).await?;
    let origin = config.public_url.as_ref().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
    let (room, _) = assembly::console(config, (&db, &Clock::system(), &Bench::off()), &origin, (None, Products::Every)).await?;
    let compared = recheck::compare_all(&room).await.map_err(StartError::Storage)?;
    let differences = recheck::count_differences(&db).await.map_err(StartError::Storage)?;
    db.close().await;
    println!("{} contracts were compared with the marketplace, {} could not be read.", compared.read, compared.unread);
    match (compared.unread, differences) {
        (0, 0) => println!("What was granted is what the marketplace says."),
        (0, _) => println!("{differences} differences wait for staff at /admin/reconciliation."),
        _ => {
            return Err(CliError::Refused(
                "not every contract could be read; they are read again every five minutes while the program runs".to_owned(),
            ));
        }
    }
    Ok(())
}

async fn examine(config: &Config) -> Result<(), CliError> {
    let findings = doctor::examine(config, &Clock::system()).await;
    for finding in &findings {
        let mark = if finding.advice.is_none() { "ok     " } else { "PROBLEM" };
        println!("{mark}  {}: {}", finding.what, finding.seen);
        if let Some(advice) = &finding.advice {
            println!("         {advice}");
        }
    }
    match findings.iter().filter(|finding| finding.advice.is_some()).count() {
        0 => Ok(()),
        problems => Err(CliError::Unhealthy(problems)),
    }
}

async fn serve(config: Config) -> Result<(), CliError> {
    let mut ends = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let running = application::start(Launch::new(config)).await?;
    announce(&running);
    tokio::select! {
        _ = ends.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping: no new requests, those under way are finished");
    running.stop().await;
    Ok(())
}
