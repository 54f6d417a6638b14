//! The measured program: a second process of this very executable that serves on a free port.

use super::place::Place;
use anyhow::{Context, anyhow};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

const READY: &str = "Creditdesk is ready at http://";
const LOG: &str = "serve.log";

/// A program that serves; it is ended with this value.
#[derive(Debug)]
pub struct Served {
    child: Child,
    /// Kept open: the program writes on, and a closed pipe would end it.
    _words: BufReader<ChildStdout>,
    /// Where it listens.
    pub address: SocketAddr,
    /// From the start of the process to the line that says it is ready.
    pub ready_after: Duration,
}

/// Memory of a process, in kilobytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// What is resident now.
    pub resident: u64,
    /// The most that ever was.
    pub most: u64,
}

impl Served {
    /// Starts the program on the place's database and waits until it is ready.
    ///
    /// # Errors
    /// When it does not start; its log is in the message.
    pub async fn start(place: &Place, workers: usize) -> anyhow::Result<Self> {
        let log = place.folder().join(LOG);
        let mut command = Command::new(std::env::current_exe().context("this executable")?);
        // Nothing of this process's own settings: they could lead the program elsewhere.
        command.env_clear().env("DATABASE_URL", place.database_url()).env("CREDITDESK_DATA", place.folder());
        command.args(["serve", "--listen", "127.0.0.1:0", "--demo", "on", "--workers", &workers.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(std::fs::File::create(&log)?);
        let served = tokio::task::spawn_blocking(move || wait_until_ready(command)).await?;
        served.with_context(|| format!("the measured program did not start:\n{}", std::fs::read_to_string(&log).unwrap_or_default()))
    }

    /// What the system says of the process's memory.
    ///
    /// # Errors
    /// When `/proc` has no such figures.
    pub fn memory(&self) -> anyhow::Result<Memory> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).context("memory is read from /proc")?;
        let figure = |name: &str| {
            let words = status.lines().find_map(|line| line.strip_prefix(name));
            words.and_then(|words| words.split_whitespace().next()?.parse().ok()).with_context(|| format!("/proc has no {name}"))
        };
        Ok(Memory { resident: figure("VmRSS:")?, most: figure("VmHWM:")? })
    }
}

fn wait_until_ready(mut command: Command) -> anyhow::Result<Served> {
    let started = Instant::now();
    let mut child = command.spawn()?;
    let mut words = BufReader::new(child.stdout.take().context("a pipe")?);
    let mut line = String::new();
    words.read_line(&mut line)?;
    let ready_after = started.elapsed();
    match line.trim().trim_end_matches('/').strip_prefix(READY).and_then(|address| address.parse().ok()) {
        Some(address) => Ok(Served { child, _words: words, address, ready_after }),
        None => {
            child.kill().ok();
            child.wait().ok();
            Err(anyhow!("its first line was {line:?}"))
        }
    }
}

impl Drop for Served {
    /// Ends it as a power cut would: the database is made for that, and the next start shows it.
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
