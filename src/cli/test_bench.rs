//! `creditdesk test-bench`: the bench from a terminal. It works on the database, so that programs that serve from it follow
//! within a second.

use crate::application::{Launch, Portal, StartError};
use crate::assembly;
use crate::audit::Who;
use crate::cli::CliError;
use crate::config::{Config, Demo};
use crate::db::SplitRefusal;
use crate::jobs::{MailIs, move_clock};
use crate::kernel::show;
use crate::test_bench::fault::Fault;
use clap::{Subcommand, ValueEnum};

/// What to do.
#[derive(Subcommand, Debug)]
pub enum TestBenchCommand {
    /// Say where the clock stands and which faults are on
    Show,
    /// Put the clock forward, and do what is due on the way; without an argument, say where it stands
    Clock {
        /// How far (`+90s`, `+15m`, `+1h`, `+30d`) or an instant (`2027-01-01T00:00:00Z`)
        to: Option<String>,
    },
    /// Switch a fault on or off
    Fault {
        /// Its name; `show` lists them
        name: String,
        /// Which way
        to: Switch,
        /// Seconds, or calls a second, where the fault has a number
        value: Option<i64>,
        /// Only for the next so many times
        #[arg(long)]
        next: Option<i64>,
    },
}

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// Runs it.
///
/// # Errors
/// In words for the terminal.
pub async fn run(config: Config, command: TestBenchCommand) -> Result<(), CliError> {
    if !config.test_bench {
        let words = "the test bench is off; switch it on with CREDITDESK_TEST_BENCH=on, here and for the program that serves";
        return Err(CliError::Refused(words.to_owned()));
    }
    let db = assembly::open_database(&config).await?;
    let listen = config.listen;
    // What the program that serves has loaded is there; a command loads nothing.
    let launch = Launch { clockwork: false, ..Launch::new(Config { demo: Demo::Off, ..config }) };
    let portal = assembly::build(launch, db, listen).await?;
    let done = act(&portal, command).await;
    portal.db.close().await;
    done
}

async fn act(portal: &Portal, command: TestBenchCommand) -> Result<(), CliError> {
    let who = Who::system("test-bench command", portal.clock.now());
    match command {
        TestBenchCommand::Clock { to: Some(to) } => {
            let moved = move_clock(portal, &who, &to, MailIs::Left).await.refusal().map_err(StartError::Storage)?;
            moved.map_err(|refusal| CliError::Refused(refusal.to_string()))?;
            say_clock(portal);
        }
        TestBenchCommand::Clock { to: None } => say_clock(portal),
        TestBenchCommand::Fault { name, to, value, next } => {
            let fault =
                Fault::parse(&name).ok_or_else(|| CliError::Refused(format!("there is no fault {name:?}; there are {}", names())))?;
            switch(portal, &who, fault, (to, value, next)).await?;
        }
        TestBenchCommand::Show => {
            say_clock(portal);
            say_faults(portal).await?;
        }
    }
    Ok(())
}

async fn switch(portal: &Portal, who: &Who, fault: Fault, (to, value, next): (Switch, Option<i64>, Option<i64>)) -> Result<(), CliError> {
    if to == Switch::Off {
        portal.bench.switch_off(who, fault).await.map_err(StartError::Storage)?;
        println!("{} is off.", fault.label());
        return Ok(());
    }
    let switched = portal.bench.switch_on(who, fault, value, next).await.refusal().map_err(StartError::Storage)?;
    switched.map_err(|refusal| CliError::Refused(refusal.to_string()))?;
    println!("{} is on. {}", fault.label(), fault.does());
    Ok(())
}

fn names() -> String {
    Fault::ALL.iter().map(|fault| fault.as_str()).collect::<Vec<_>>().join(", ")
}

fn say_clock(portal: &Portal) {
    println!("The clock stands at {}, the system's at {}.", show::iso(portal.clock.now()), show::iso(portal.clock.unmoved().now()));
}

async fn say_faults(portal: &Portal) -> Result<(), CliError> {
    let faults = portal.bench.faults().await.map_err(StartError::Storage)?;
    for fault in Fault::ALL {
        let state = match faults.find(*fault) {
            None => "off".to_owned(),
            Some(setting) => {
                let number = fault.number().map(|(unit, _)| format!(" {} {unit}", setting.value)).unwrap_or_default();
                let times = setting.remaining.map(|times| format!(", {times} more times")).unwrap_or_default();
                format!("on{number}{times}")
            }
        };
        println!("{:<20} {state:<30} {}", fault.as_str(), fault.does());
    }
    Ok(())
}
