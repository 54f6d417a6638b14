//! The table of jobs, and how one is claimed and run.

use super::seal::seal_audit;
use crate::application::Portal;
use crate::credits::billing_model::return_ended;
use crate::credits::{allocation, usage_calls};
use crate::db::Error;
use crate::fulfilment::expiry::warn_due;
use crate::fulfilment::incoming;
use crate::fulfilment::land::forget_handles;
use crate::fulfilment::metering::tell_usage;
use crate::fulfilment::recheck::compare_due;
use crate::fulfilment::report::report_activations;
use crate::fulfilment::reread::reread_ends;
use crate::fulfilment::sync::apply_changes;
use crate::fulfilment::transfer::lapse_overdue;
use crate::fulfilment::waiting::resolve_waiting;
use crate::identity::sweep::sweep;
use crate::kernel::clock::Timestamp;
use crate::kernel::random;
use crate::marketplace::invoice;
use crate::marketplace::remind::remind_due;
use crate::marketplace::renew::renew_due;
use crate::marketplace::settle::{resume_started_payments, settle_pending_payments};
use crate::marketplace::token;
use crate::notices::deliver::deliver_due;
use chrono::TimeDelta;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

/// A lease ends by itself after this long, for the process that died in the middle of a job.
const LEASE: TimeDelta = TimeDelta::minutes(2);
/// At every tick.
const OFTEN: TimeDelta = TimeDelta::zero();
const SELDOM: TimeDelta = TimeDelta::minutes(10);
/// Most pieces of work in one run.
const BATCH: i64 = 100;

type Work = for<'a> fn(&'a Portal) -> BoxFuture<'a, anyhow::Result<u64>>;

/// Something that has to happen without anybody asking.
#[derive(Clone, Copy)]
pub struct Job {
    /// Its name, in the log and in the lease.
    pub name: &'static str,
    /// The least time between two runs, by the injected clock. Zero: at every tick and by every process; such a job
    /// claims each piece of work itself and costs one read when there is none.
    pub every: TimeDelta,
    work: Work,
}

/// Every job, in the order in which they run: payments settle before agreements renew, agreements before the console looks for changes, and mail goes last.
pub const JOBS: &[Job] = &[
    Job {
        name: "resume payments",
        every: OFTEN,
        work: |portal| async { Ok(resume_started_payments(&portal.till, &portal.clock).await?) }.boxed(),
    },
    Job {
        name: "settle payments",
        every: OFTEN,
        work: |portal| async { Ok(settle_pending_payments(&portal.till, &portal.clock).await?) }.boxed(),
    },
    Job { name: "renew agreements", every: OFTEN, work: |portal| async { Ok(renew_due(&portal.till, &portal.clock).await?) }.boxed() },
    Job {
        name: "replay incoming events",
        every: TimeDelta::minutes(1),
        work: |portal| async { Ok(incoming::replay(&portal.db, portal.clock.now()).await?) }.boxed(),
    },
    Job { name: "wake receivers", every: OFTEN, work: |portal| async { Ok(wake_receivers(portal)) }.boxed() },
    Job { name: "apply changes", every: OFTEN, work: |portal| async { Ok(apply_changes(&portal.fulfilment).await?) }.boxed() },
    Job {
        name: "resolve waiting registrations",
        every: TimeDelta::seconds(15),
        work: |portal| async { Ok(resolve_waiting(&portal.fulfilment).await?) }.boxed(),
    },
    Job {
        name: "compare contracts",
        every: TimeDelta::seconds(10),
        work: |portal| async { Ok(compare_due(&portal.fulfilment).await?.read) }.boxed(),
    },
    Job { name: "reread ends", every: OFTEN, work: |portal| async { Ok(reread_ends(&portal.fulfilment).await?) }.boxed() },
    Job { name: "report activations", every: OFTEN, work: |portal| async { Ok(report_activations(&portal.fulfilment).await?) }.boxed() },
    Job {
        name: "return metered features",
        every: OFTEN,
        work: |portal| async { Ok(return_ended(&portal.db, &portal.solutions, portal.clock.now()).await?) }.boxed(),
    },
    Job {
        name: "tell metered usage",
        every: TimeDelta::minutes(1),
        work: |portal| async { Ok(tell_usage(&portal.fulfilment).await?) }.boxed(),
    },
    Job {
        name: "lapse transfers",
        every: TimeDelta::minutes(1),
        work: |portal| async { Ok(lapse_overdue(&portal.db, portal.clock.now(), BATCH).await?) }.boxed(),
    },
    Job {
        name: "expiry warnings",
        every: SELDOM,
        work: |portal| async { Ok(warn_due(&portal.fulfilment, portal.config.access_lengths).await?) }.boxed(),
    },
    Job {
        name: "remind buyers",
        every: SELDOM,
        work: |portal| async { Ok(remind_due(&portal.db, &portal.till.public_url, portal.clock.now()).await?) }.boxed(),
    },
    Job {
        name: "deliver mail",
        every: OFTEN,
        work: |portal| async { Ok(deliver_due(&portal.db, &portal.clock, &portal.mail, invoice::file_of_name).await?) }.boxed(),
    },
    Job { name: "post events", every: OFTEN, work: |portal| async { Ok(portal.courier.deliver_due().await?) }.boxed() },
    Job { name: "check allocation", every: TimeDelta::hours(1), work: |portal| async { check_allocation(portal).await }.boxed() },
    Job {
        name: "sweep usage calls",
        every: SELDOM,
        work: |portal| async { Ok(usage_calls::sweep(&portal.db, portal.clock.now()).await?) }.boxed(),
    },
    Job { name: "seal audit log", every: TimeDelta::seconds(5), work: |portal| seal_audit(portal).boxed() },
    Job { name: "sweep handles", every: SELDOM, work: |portal| async { Ok(forget_handles(&portal.fulfilment).await?) }.boxed() },
    Job { name: "sweep tokens", every: SELDOM, work: |portal| async { Ok(token::sweep(&portal.db, portal.clock.now()).await?) }.boxed() },
    Job { name: "sweep test bench", every: SELDOM, work: |portal| async { Ok(portal.bench.sweep(portal.clock.now()).await?) }.boxed() },
    Job {
        name: "sweep sign-ins",
        every: SELDOM,
        work: |portal| async { Ok(sweep(&portal.db, portal.clock.unmoved().now()).await?) }.boxed(),
    },
];

/// Whoever waits for a message of a queue looks again.
fn wake_receivers(portal: &Portal) -> u64 {
    portal.wire.queues.bell.ring();
    0
}

/// Jobs of the embedded marketplace: they rest while AWS Marketplace sells.
const OF_THE_SHOP: [&str; 7] =
    ["resume payments", "settle payments", "renew agreements", "wake receivers", "remind buyers", "post events", "sweep tokens"];

/// Says which accounts are not the sum of their entries; nothing is mended, because nobody knows which side is right.
async fn check_allocation(portal: &Portal) -> anyhow::Result<u64> {
    let differences = allocation::check(&portal.db).await?;
    for (business, account, held, entered) in &differences {
        tracing::error!(%business, account, held, entered, "an account of allocation is not the sum of its entries");
    }
    metrics::gauge!("creditdesk_allocation_differences").set(u32::try_from(differences.len()).unwrap_or(u32::MAX));
    Ok(u64::try_from(differences.len()).unwrap_or(u64::MAX))
}

/// Runs every job that is due and not being run by another process. A job that fails is logged and tried again at the
/// next tick; the others go on.
pub async fn run_due_jobs(portal: &Portal) {
    run_due(portal, |_| true).await;
}

/// The same of some jobs. Where another process moved the test bench's clock, this one follows first.
pub(super) async fn run_due(portal: &Portal, wanted: fn(&Job) -> bool) {
    portal.present().await;
    for job in JOBS.iter().filter(|job| (portal.shop.is_embedded || !OF_THE_SHOP.contains(&job.name)) && wanted(job)) {
        if let Err(error) = run_one(portal, job).await {
            metrics::counter!("creditdesk_job_failures_total", "job" => job.name).increment(1);
            tracing::warn!(job = job.name, error = ?error, "a job failed");
        }
    }
}

async fn run_one(portal: &Portal, job: &Job) -> anyhow::Result<()> {
    let now = portal.clock.now();
    if job.every.is_zero() {
        (job.work)(portal).await?;
        return Ok(());
    }
    let holder = random::id();
    if !claim(portal, job, holder, now).await? {
        return Ok(());
    }
    let done = (job.work)(portal).await;
    let release = portal
        .db
        .write("UPDATE job_leases SET leased_until = $3, finished_at = $3 WHERE name = $1 AND holder = $2")
        .bind(job.name)
        .bind(holder)
        .bind(now);
    release.exec().await?;
    let count = done?;
    if count > 0 {
        tracing::debug!(job = job.name, count, "a job did something");
    }
    Ok(())
}

async fn claim(portal: &Portal, job: &Job, holder: uuid::Uuid, now: Timestamp) -> Result<bool, Error> {
    let due_if_finished_by = now - job.every;
    // A read first: at most ticks there is nothing to do, and a read costs no write.
    let busy: Option<(String,)> = portal
        .db
        .read("SELECT name FROM job_leases WHERE name = $1 AND (leased_until > $2 OR finished_at > $3)")
        .bind(job.name)
        .bind(now)
        .bind(due_if_finished_by)
        .opt()
        .await?;
    if busy.is_some() {
        return Ok(false);
    }
    let claimed = portal
        .db
        .write("INSERT INTO job_leases (name, holder, leased_until) VALUES ($1, $2, $3) ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, leased_until = excluded.leased_until WHERE job_leases.leased_until <= $4")
        .bind(job.name)
        .bind(holder)
        .bind(now + LEASE)
        .bind(now)
        .exec()
        .await?;
    Ok(claimed == 1)
}
