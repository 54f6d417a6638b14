//! The program: reads its configuration and runs one of its commands.

use clap::Parser;
use creditdesk::cli::{Cli, run};
use std::process::ExitCode;

#[actix_web::main]
async fn main() -> ExitCode {
    match run(Cli::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("creditdesk: {error}");
            ExitCode::FAILURE
        }
    }
}
