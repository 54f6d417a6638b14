//! The commands. Each prints what it did and what to do next.

use crate::application::{self, StartError};
use crate::config::{Config, ConfigError, Settings};
use crate::doctor;
use crate::kernel::clock::Clock;
use crate::telemetry;
use clap::{Parser, Subcommand};

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
    /// Check configuration, database, clock, paths and mail, and say what to do
    Doctor,
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
    /// The system said no.
    #[error("{0}")]
    System(#[from] std::io::Error),
}

/// Runs the command of the command line.
///
/// # Errors
/// In words for the terminal; the process then ends with status 1.
pub async fn run(cli: Cli) -> Result<(), CliError> {
    let config = Config::from_settings(cli.settings)?;
    telemetry::start(&config);
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => serve(config).await,
        Command::Migrate => {
            application::open_database(&config).await?.close().await;
            println!("The database schema is up to date.");
            Ok(())
        }
        Command::Doctor => examine(&config).await,
    }
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
    let running = application::start(config, Clock::system(), true).await?;
    println!("Creditdesk is ready at {}", running.portal.public_url);
    tokio::select! {
        _ = ends.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
    tracing::info!("stopping: no new requests, those under way are finished");
    running.stop().await;
    Ok(())
}
