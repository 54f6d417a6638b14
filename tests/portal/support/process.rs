//! The real program in a process of its own: the debug build that `cargo` made for these tests, with the wall clock and
//! its clockwork running.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;

/// A running `creditdesk serve`; ended when it is dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// The same as an origin.
    pub origin: String,
}

impl Process {
    /// Starts it on a free port with the demonstration and waits until it says that it is ready.
    pub async fn start(database_url: &str, data: &Path) -> Self {
        let (database_url, data) = (database_url.to_owned(), data.to_owned());
        tokio::task::spawn_blocking(move || Self::start_now(&database_url, &data)).await.expect("a process that starts")
    }

    fn start_now(database_url: &str, data: &Path) -> Self {
        let log = File::create(data.join(format!("log-{}", creditdesk::kernel::random::hex::<4>()))).expect("a log file");
        let mut child = Command::new(env!("CARGO_BIN_EXE_creditdesk"))
            .args(["serve", "--listen", "127.0.0.1:0", "--database-url", database_url, "--data"])
            .arg(data)
            .env_clear()
            .env("RUST_LOG", "info,sqlx=warn,actix_server=warn")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        let said = child.stdout.take().expect("its output");
        let (tell, hear) = channel();
        // Read to the end: a program that cannot print what it has to say would stop.
        std::thread::spawn(move || BufReader::new(said).lines().map_while(Result::ok).for_each(|line| drop(tell.send(line))));
        let ready = hear.iter().find_map(|line| line.split("http://").nth(1).map(str::to_owned));
        let Some(ready) = ready else { panic!("the program did not say where it listens; its log is in {}", data.display()) };
        let address = ready.trim().trim_end_matches('/').split_whitespace().next().unwrap_or_default().trim_end_matches('/');
        let address: SocketAddr = address.parse().unwrap_or_else(|error| panic!("{ready}: {error}"));
        Self { child, address, origin: format!("http://{address}") }
    }

    /// Asks it to stop, as a service manager does.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().expect("kill runs");
        assert!(sent.success());
    }

    /// Waits for its end.
    pub async fn wait(mut self) -> ExitStatus {
        tokio::task::spawn_blocking(move || self.child.wait().expect("its status")).await.expect("a wait that ends")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
