//! A demonstration with a past: two years of a customer's life, lived by the real use cases on a clock that is moved, with
//! the clockwork run on every day in between. Nothing is written into tables by hand, so every page, mail, invoice and audit
//! entry is what the program itself made of it.

use crate::application::{Launch, Portal, StartError};
use crate::assembly;
use crate::config::{Config, Demo};
use crate::credits::billing_model::BillingModel;
use crate::db::Db;
use crate::identity::password::Cost;
use crate::jobs::run_due_jobs;
use crate::kernel::clock::{Clock, Timestamp};
use crate::marketplace::ids::AgreementId;
use crate::rehearsal::Player;
use anyhow::{Context, ensure};
use chrono::{Months, TimeDelta};
use std::net::SocketAddr;

/// How far back the story begins, in months.
const MONTHS: u32 = 24;

/// Charged by use, as begun packs of scans and as buckets.
const SCANS: &str = "file-security/storage-scan";
const BUCKETS: &str = "file-security/storage-bucket";

/// The clockwork runs so often while nothing else happens.
const DAY: TimeDelta = TimeDelta::days(1);

/// What was lived through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lived {
    /// The first instant of the story.
    pub from: Timestamp,
    /// Days on which the clockwork ran.
    pub days: u32,
}

/// Lives the story on an empty, migrated database, up to `now`.
///
/// # Errors
/// [`StartError`] when the program could not start there; when the database has people already, or a step is refused.
pub async fn live(config: &Config, db: &Db, now: Timestamp) -> anyhow::Result<Lived> {
    let people: i64 = db.read("SELECT CAST(COUNT(*) AS BIGINT) FROM people").scalar().await?;
    ensure!(people == 0, "the database has people; a demonstration with a past needs an empty one");
    let from = now.checked_sub_months(Months::new(MONTHS)).context("a date two years ago")?;
    let clock = Clock::manual(from);
    let config = Config { demo: Demo::On, ..config.clone() };
    let launch = Launch { clock: clock.clone(), clockwork: false, password_cost: Cost::PRODUCTION, ..Launch::new(config) };
    let listen = SocketAddr::from(([127, 0, 0, 1], launch.config.listen.port()));
    let portal = assembly::build(launch, db.clone(), listen).await.map_err(|error: StartError| anyhow::anyhow!("{error}"))?;
    ensure!(portal.demonstration, "the demonstration could not be loaded");
    let mut story = Story { portal: &portal, now, days: 0 };
    story.acme().await?;
    story.wait_until(TimeDelta::zero()).await;
    Ok(Lived { from, days: story.days })
}

struct Story<'p> {
    portal: &'p Portal,
    now: Timestamp,
    days: u32,
}

impl Story<'_> {
    /// Lives on, day by day, until so long before now.
    async fn wait_until(&mut self, before_now: TimeDelta) {
        let until = self.now - before_now;
        while self.portal.clock.now() < until {
            let left = until - self.portal.clock.now();
            self.portal.clock.advance(left.min(DAY));
            run_due_jobs(self.portal).await;
            self.days += 1;
        }
    }

    async fn days_ago(&mut self, days: i64) {
        self.wait_until(TimeDelta::days(days)).await;
    }

    async fn player(&self, email: &str) -> anyhow::Result<Player<'_>> {
        Player::find(self.portal, email, None).await
    }

    /// Acme buys, grows, renews larger and falls short for a while; others come in between.
    async fn acme(&mut self) -> anyhow::Result<()> {
        let first = self.purchase("buyer@acme.example", "licensing@acme.example", 10_000, true).await?;
        self.uses(&[("endpoint-security/xdr", 100), ("email-security/email-sensor", 200)]).await?;
        self.days_ago(640).await;
        self.uses(&[("zero-trust/internet-access", 40)]).await?;
        self.days_ago(550).await;
        self.player("buyer@acme.example").await?.upgrade(&first, 2_000).await?;
        self.days_ago(470).await;
        self.uses(&[("endpoint-security/xdr", 240), ("mobile-security/devices", 300)]).await?;
        self.days_ago(400).await;
        self.player("buyer@acme.example").await?.choose_next_term(&first, 15_000).await?;
        self.globex().await?;
        self.days_ago(310).await;
        self.purchase("buyer@acme.example", "admin@acme.example", 3_000, false).await?;
        self.uses(&[("cyber-risk/core", 320)]).await?;
        self.days_ago(240).await;
        // More than there is: allowed, explained, and mended by an upgrade some weeks later.
        self.uses(&[("zero-trust/internet-access", 80), ("cyber-risk/core", 420)]).await?;
        self.days_ago(205).await;
        let renewed = self.newest_agreement("111122223333", &first).await?;
        self.player("buyer@acme.example").await?.upgrade(&renewed, 5_000).await?;
        self.days_ago(120).await;
        self.uses(&[("zero-trust/internet-access", 0), ("threat-intelligence/sandbox-reserve", 20)]).await?;
        self.by_use().await?;
        self.days_ago(10).await;
        // Bought and never set up: staff see it, and the buyer is reminded.
        self.player("buyer@globex.example").await?.buy(500, true).await?;
        Ok(())
    }

    /// Scans grow and shrink: they are charged by use, and what a service counts is told to the marketplace hour by hour.
    async fn by_use(&mut self) -> anyhow::Result<()> {
        self.days_ago(100).await;
        let buyer = self.player("buyer@acme.example").await?;
        let agreement = buyer.subscribe(true).await?;
        let landed = buyer.set_up(&agreement).await?;
        self.player("licensing@acme.example").await?.activate(&landed).await?;
        let key = self.player("operator@creditdesk.example").await?.make_service_key("Storage scanner", &[SCANS, BUCKETS]).await?;
        for feature in [SCANS, BUCKETS] {
            self.player("licensing@acme.example").await?.change_model(feature, BillingModel::PayAsYouGo).await?;
        }
        for (days_ago, scans, buckets) in [(99, 1_200_000, 2), (70, 2_600_000, 3), (45, 900_000, 3), (15, 3_400_000, 5)] {
            self.days_ago(days_ago).await;
            let manager = self.player("licensing@acme.example").await?;
            manager.is_counted(key, SCANS, scans).await?;
            manager.is_counted(key, BUCKETS, buckets).await?;
        }
        Ok(())
    }

    /// Globex does not renew: its business is in its days of grace now.
    async fn globex(&mut self) -> anyhow::Result<()> {
        self.days_ago(385).await;
        self.purchase("buyer@globex.example", "admin@globex.example", 1_000, false).await.map(drop)
    }

    async fn purchase(&mut self, buyer: &str, admin: &str, credits: i64, auto_renew: bool) -> anyhow::Result<AgreementId> {
        let buyer = self.player(buyer).await?;
        let agreement = buyer.buy(credits, auto_renew).await?;
        let landed = buyer.set_up(&agreement).await?;
        self.portal.clock.advance(TimeDelta::minutes(20));
        self.player(admin).await?.activate(&landed).await?;
        run_due_jobs(self.portal).await;
        Ok(agreement)
    }

    async fn uses(&self, features: &[(&str, i64)]) -> anyhow::Result<()> {
        let manager = self.player("licensing@acme.example").await?;
        for (feature, units) in features {
            manager.use_units(feature, *units).await?;
        }
        Ok(())
    }

    /// The agreement that is in force now in the chain of this one.
    async fn newest_agreement(&self, account: &str, first: &AgreementId) -> anyhow::Result<AgreementId> {
        let found: Option<(AgreementId,)> = self
            .portal
            .db
            .read("SELECT id FROM agreements WHERE buyer_account_id = $1 AND initial_agreement_id = $2 ORDER BY term_number DESC LIMIT 1")
            .bind(account.to_owned())
            .bind(first)
            .opt()
            .await?;
        found.map(|(agreement,)| agreement).context("the chain's newest agreement")
    }
}
