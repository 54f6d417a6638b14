//! The real application on a free port with the demonstration, over a SQLite file of its own. Its clock stands still until
//! the journey moves it; mail and events go their way when the journey says so.

use creditdesk::application::{self, Launch, Running};
use creditdesk::config::{Config, Settings};
use creditdesk::identity::password::Cost;
use creditdesk::jobs;
use creditdesk::kernel::clock::Clock;
use creditdesk::kernel::id::QuestionId;
use creditdesk::rehearsal::Player;
use tempfile::TempDir;

/// A portal that serves.
pub struct Portal {
    running: Running,
    /// Moves only by `advance`.
    pub clock: Clock,
    /// `http://127.0.0.1:…`.
    pub origin: String,
    _folder: TempDir,
}

impl Portal {
    /// Starts one, on 2 March 2026 at 09:00 UTC.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings { listen: Some("127.0.0.1:0".to_owned()), data: Some(folder.path().to_owned()), ..Settings::default() };
        let config = Config::from_settings(settings).expect("a configuration without problems");
        let clock = Clock::manual("2026-03-02T09:00:00Z".parse().expect("a valid instant"));
        let launch = Launch { clock: clock.clone(), clockwork: false, password_cost: Cost::LEAST, ..Launch::new(config) };
        let running = application::start(launch).await.expect("a portal that starts");
        let origin = format!("http://{}", running.address);
        Self { running, clock, origin, _folder: folder }
    }

    /// Does what is due by the clock.
    pub async fn run_due_jobs(&self) {
        jobs::run_due_jobs(&self.running.portal).await;
    }

    /// How many agreements there are.
    pub async fn agreements(&self) -> i64 {
        self.running.portal.db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM agreements").scalar().await.expect("a count")
    }

    /// A service of the vendor counts units of a feature for Acme Industries, as its own program would.
    pub async fn count_units(&self, feature: &str, units: i64) {
        let portal = &self.running.portal;
        let operator = Player::find(portal, "operator@creditdesk.example", None).await.expect("the operator");
        let key = operator.make_service_key("Storage scanner", &[feature]).await.expect("a key");
        let manager = Player::find(portal, "licensing@acme.example", None).await.expect("the licensing manager");
        manager.is_counted(key, feature, units).await.expect("units that can be counted");
    }

    /// Something that the marketplace reports and nobody knows, put before staff.
    pub async fn ask_staff(&self) {
        let insert = self.running.portal.db.write("INSERT INTO contract_questions (id, contract_id, kind, granted, reported, seen_at) SELECT $1, id, 'lower_total', granted, 7, activated_at FROM contracts LIMIT 1");
        insert.bind(QuestionId::generate()).exec_one().await.expect("a contract to ask about");
    }

    /// Ends it.
    pub async fn stop(self) {
        self.running.stop().await;
    }
}
