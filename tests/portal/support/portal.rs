//! The real application on a free port, over the story's own database and clock. Its clockwork stands still: a story
//! says `portal.run_due_jobs()`.

use super::browser::Browser;
use super::stage::Stage;
use creditdesk::application::{self, Launch, Running};
use creditdesk::config::{Config, Settings};
use creditdesk::db::Db;
use creditdesk::identity::password::Cost;
use creditdesk::jobs;

/// A portal that serves.
pub struct Portal {
    running: Running,
    /// `http://127.0.0.1:…`.
    pub origin: String,
}

impl Portal {
    /// Starts one. Several may serve one database.
    pub async fn start(stage: &Stage) -> Self {
        Self::over(stage, stage.db.clone()).await
    }

    /// One over another handle of the story's database.
    pub async fn over(stage: &Stage, db: Db) -> Self {
        let settings = Settings {
            listen: Some("127.0.0.1:0".to_owned()),
            data: Some(stage.folder().to_owned()),
            database_url: Some(stage.url().to_owned()),
            ..Settings::default()
        };
        let config = Config::from_settings(settings).expect("a configuration without problems");
        let launch = Launch { config, clock: stage.clock.clone(), clockwork: false, password_cost: Cost::LEAST };
        let running = application::start_on(launch, db).await.expect("a portal that starts");
        let origin = format!("http://{}", running.address);
        Self { running, origin }
    }

    /// Somebody's browser that has never been here.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.origin)
    }

    /// Does what is due by the story's clock: mail, events, payments that settle, sweeping.
    pub async fn run_due_jobs(&self) {
        jobs::run_due_jobs(&self.running.portal).await;
    }

    /// Stops it as the program stops: what is under way is finished.
    pub async fn stop(self) {
        self.running.stop().await;
    }

    /// What handlers and jobs share.
    pub fn inside(&self) -> &application::Portal {
        &self.running.portal
    }
}
