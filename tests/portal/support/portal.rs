//! The real application on a free port, over the story's own database and clock. Its clockwork stands still: a story
//! says `portal.run_due_jobs()`.

use super::browser::Browser;
use super::stage::Stage;
use creditdesk::application::{self, Launch, Running};
use creditdesk::config::{AwsSettings, Config, IncomingSettings, Settings, TestBenchSettings, WireSettings};
use creditdesk::db::Db;
use creditdesk::fulfilment::marketplace::Marketplace;
use creditdesk::fulfilment::products::Products;
use creditdesk::identity::password::Cost;
use creditdesk::jobs;
use creditdesk::test_bench::Bench;
use std::sync::Arc;

/// A portal that serves.
pub struct Portal {
    running: Running,
    /// `http://127.0.0.1:…`.
    pub origin: String,
}

impl Portal {
    /// Starts one. Several may serve one database.
    pub async fn start(stage: &Stage) -> Self {
        Self::assemble(stage, stage.db.clone(), None, Products::Every, Settings::default()).await
    }

    /// One over another handle of the story's database.
    pub async fn over(stage: &Stage, db: Db) -> Self {
        Self::assemble(stage, db, None, Products::Every, Settings::default()).await
    }

    /// One whose console learns of purchases from another marketplace, and fulfils these products.
    pub async fn start_with(stage: &Stage, marketplace: Option<Arc<dyn Marketplace>>, products: Products) -> Self {
        Self::assemble(stage, stage.db.clone(), marketplace, products, Settings::default()).await
    }

    /// One whose API for the official SDKs is set up in another way.
    pub async fn with_wire(stage: &Stage, wire: WireSettings) -> Self {
        Self::assemble(stage, stage.db.clone(), None, Products::Every, Settings { wire, ..Settings::default() }).await
    }

    /// One whose test bench is on.
    pub async fn on_bench(stage: &Stage) -> Self {
        Self::on_bench_over(stage, stage.db.clone()).await
    }

    /// The same over another handle of the story's database.
    pub async fn on_bench_over(stage: &Stage, db: Db) -> Self {
        let test_bench = TestBenchSettings { test_bench: Some("on".to_owned()), ..TestBenchSettings::default() };
        Self::assemble(stage, db, None, Products::Every, Settings { test_bench, ..Settings::default() }).await
    }

    /// Its test bench.
    pub fn bench(&self) -> &Bench {
        &self.running.portal.bench
    }

    /// A console whose purchases are those of AWS Marketplace.
    pub async fn with_aws(stage: &Stage, aws: AwsSettings) -> Self {
        let settings = Settings { marketplace: Some("aws".to_owned()), aws, ..Settings::default() };
        Self::assemble(stage, stage.db.clone(), None, Products::Every, settings).await
    }

    /// What its handlers and jobs share.
    pub fn inside(&self) -> &application::Portal {
        &self.running.portal
    }

    /// Where the API listens when it has a port of its own.
    pub fn own_wire_origin(&self) -> Option<String> {
        self.running.wire_address.map(|address| format!("http://{address}"))
    }

    /// One that topics may post to.
    pub async fn with_incoming(stage: &Stage, incoming: IncomingSettings) -> Self {
        let settings = Settings { incoming, ..Settings::default() };
        Self::assemble(stage, stage.db.clone(), None, Products::Every, settings).await
    }

    async fn assemble(stage: &Stage, db: Db, marketplace: Option<Arc<dyn Marketplace>>, products: Products, asked: Settings) -> Self {
        let settings = Settings {
            listen: Some("127.0.0.1:0".to_owned()),
            data: Some(stage.folder().to_owned()),
            database_url: Some(stage.url().to_owned()),
            ..asked
        };
        let config = Config::from_settings(settings).expect("a configuration without problems");
        let (clock, password_cost) = (stage.clock.clone(), Cost::LEAST);
        let launch = Launch { config, clock, clockwork: false, password_cost, marketplace, products };
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
}
