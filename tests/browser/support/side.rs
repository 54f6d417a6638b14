//! One of two real programs: a process of its own with its own data folder, the wall clock and the test bench. The
//! marketplace is `127.0.0.1` and the console `localhost`, because a browser's cookies know hosts and no ports.

use super::Desk;
use creditdesk::kernel::random;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use tempfile::TempDir;

/// The seller of Trend Vision One.
pub const SELLER: &str = "294406891311";
/// The name of its queue of events.
pub const QUEUE: &str = "console";
const PRODUCTS: &str = r#"
[[product]]
code = "74az0btybm649octamy0sktos"
name = "Trend Vision One"
seller = "Trend Micro"
credits_dimension = "credits"
"#;

/// A program that serves; ended when it is dropped.
pub struct Side {
    child: Child,
    /// Where browsers find it.
    pub origin: String,
    settings: Settings,
}

/// What every command of one program is told.
struct Settings {
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    folder: TempDir,
}

/// The port that the console will listen on; the marketplace has to know it first.
pub struct Place {
    held: TcpListener,
    port: u16,
}

impl Place {
    /// A free one, held until the console starts.
    pub fn find() -> Self {
        let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = held.local_addr().expect("its number").port();
        Self { held, port }
    }

    fn origin(&self) -> String {
        format!("http://localhost:{}", self.port)
    }
}

impl Settings {
    fn new(arguments: &[(&str, &str)], environment: &[(&str, &str)]) -> Self {
        let common = [("test-bench", "on"), ("demo", "on")];
        let arguments = common.iter().chain(arguments).map(|(name, value)| format!("--{name}={value}")).collect();
        let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { arguments, environment, folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_creditdesk"));
        command.args(words).args(&self.arguments).arg("--data").arg(self.folder.path()).stdin(Stdio::null()).env_clear();
        command.env("RUST_LOG", "info,sqlx=warn,actix_server=warn").envs(self.environment.clone());
        command
    }

    async fn run(&self, words: &[&str]) -> String {
        let mut command = self.command(words);
        let done = tokio::task::spawn_blocking(move || command.output().expect("a command that starts")).await;
        let Output { status, stdout, stderr } = done.expect("a command that ends");
        assert!(status.success(), "{words:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).expect("words")
    }
}

impl Side {
    /// The marketplace, which sends buyers to a console that does not run yet.
    pub async fn marketplace(console: &Place) -> Self {
        let setup = format!("{}/setup", console.origin());
        Self::start(Settings::new(&[("fulfilment-url", &setup)], &[]), "127.0.0.1:0").await
    }

    /// A console that knows the marketplace only as AWS, by this access key and this queue.
    pub async fn console(place: Place, market: &Self, (key, secret): (&str, &str)) -> Self {
        let (public_url, address) = (place.origin(), format!("127.0.0.1:{}", place.port));
        let queue = format!("{}/{SELLER}/{QUEUE}", market.origin);
        let mut settings = Settings::new(
            &[
                ("public-url", public_url.as_str()),
                ("marketplace", "aws"),
                ("aws-endpoint-metering", &market.origin),
                ("aws-endpoint-entitlement", &market.origin),
                ("aws-endpoint-agreement", &market.origin),
                ("aws-endpoint-sqs", &market.origin),
                ("aws-events-queue", &queue),
            ],
            &[("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", secret)],
        );
        let products = settings.folder.path().join("products.toml");
        std::fs::write(&products, PRODUCTS).expect("a writable folder");
        settings.arguments.push(format!("--aws-products={}", products.display()));
        drop(place.held);
        Self::start(settings, &address).await
    }

    async fn start(settings: Settings, listen: &str) -> Self {
        let listen = listen.to_owned();
        tokio::task::spawn_blocking(move || Self::start_now(settings, &listen)).await.expect("a program that starts")
    }

    fn start_now(settings: Settings, listen: &str) -> Self {
        let log = settings.folder.path().join(format!("log-{}", random::hex::<4>()));
        let errors = File::create(&log).expect("a log file");
        let mut command = settings.command(&["serve", "--listen", listen]);
        let mut child = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the program starts");
        let said = child.stdout.take().expect("its output");
        let (tell, hear) = channel();
        // Read to the end: a program that cannot print what it has to say would stop.
        std::thread::spawn(move || BufReader::new(said).lines().map_while(Result::ok).for_each(|line| drop(tell.send(line))));
        let ready = hear.iter().find_map(|line| line.split_once("ready at ").map(|(_, origin)| origin.to_owned()));
        let Some(origin) = ready else { panic!("the program did not start: {}", log_of(&log)) };
        Self { child, origin: origin.trim().trim_end_matches('/').to_owned(), settings }
    }

    /// An access key of the seller, made by the command: its number and its secret.
    pub async fn seller_key(&self) -> (String, String) {
        let said = self.settings.run(&["access-key", "--as", "operator@creditdesk.example", "--account", SELLER]).await;
        let exported = |name: &str| {
            let start = format!("export {name}=");
            said.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("no {name}: {said}")).to_owned()
        };
        (exported("AWS_ACCESS_KEY_ID"), exported("AWS_SECRET_ACCESS_KEY"))
    }

    /// Switches a fault of the test bench on, with its number.
    pub async fn fault(&self, name: &str, value: &str) {
        self.settings.run(&["test-bench", "fault", name, "on", value]).await;
    }

    /// Puts this program's clock forward; what is due on the way is done when this returns.
    pub async fn pass(&self, time: &str) {
        self.settings.run(&["test-bench", "clock", time]).await;
    }
}

impl Drop for Side {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn log_of(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_default()
}

/// The seller's operator makes the queue that the console will read.
pub async fn make_queue(desk: &Desk, market: &Side) {
    desk.sign_in_anew("operator@creditdesk.example").await;
    desk.open("/admin/event-targets/new").await;
    desk.expect_heading("Make an event target").await;
    desk.fill("Seller account", SELLER).await;
    desk.fill("Name", QUEUE).await;
    desk.choose("Queue").await;
    desk.press("Make the event target").await;
    desk.expect_heading(QUEUE).await;
    assert_eq!(desk.fact("Address").await, format!("{}/{SELLER}/{QUEUE}", market.origin));
}
