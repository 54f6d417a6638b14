//! Usage reports a second through the running program's HTTP API, beside the same statements in a bare loop.

use super::activations::{TASKS, per_second};
use super::bare_usage::{self, Prepared};
use super::child::Served;
use super::load::Connection;
use super::purchases;
use super::sizes::Charged;
use super::statements;
use crate::access::{Action, StaffScope};
use crate::application::Portal;
use crate::audit::{ActingAs, Who};
use crate::credits::rates::Units;
use crate::credits::service_keys::{self, NewKey};
use crate::credits::solutions::FeatureKey;
use crate::credits::usage_calls::{self, Call, Report};
use crate::kernel::id::{BusinessId, ServiceKeyId};
use crate::kernel::random;
use crate::kernel::secret::Secret;
use crate::web::paths;
use anyhow::{Context, anyhow, ensure};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The two take turns so often.
const ROUNDS: usize = 4;

/// What was measured.
#[derive(Clone, Debug)]
pub struct Usage {
    /// Reports a second over HTTP, one a call; one figure a round.
    pub measured: Vec<u64>,
    /// A second, by the bare statements.
    pub limit: Vec<u64>,
    /// The statements of one report.
    pub statements: Vec<String>,
}

/// One of the services that report at the same time, each for a feature of a business of its own.
#[derive(Clone, Debug)]
pub struct Service {
    key: ServiceKeyId,
    secret: Secret,
    /// Whose usage.
    pub business: BusinessId,
    feature: FeatureKey,
}

/// Reports `count` times in either way.
///
/// # Errors
/// When the bare loop does not run the statements of a report any more, a report is not taken, or storage fails.
pub async fn measure(
    portal: &Arc<Portal>,
    served: &Served,
    (businesses, charged): (&[BusinessId], &Charged),
    count: usize,
) -> anyhow::Result<Usage> {
    let mut services = Vec::with_capacity(TASKS);
    for task in 0..TASKS {
        let business = businesses[task % businesses.len()];
        services.push(service(portal, business, &charged.features[task].0).await?);
    }
    let (statements, prepared) = compare_statements(portal, &services[0]).await?;
    let mut usage = Usage { measured: Vec::new(), limit: Vec::new(), statements };
    let of_task = (count / ROUNDS / TASKS).max(2);
    for _ in 0..ROUNDS {
        usage.measured.push(per_second(of_task * TASKS, over_http(portal, served, &services, of_task).await?));
        usage.limit.push(per_second(of_task * TASKS, run_statements(portal, &services, &prepared, of_task).await?));
    }
    Ok(usage)
}

async fn service(portal: &Portal, business: BusinessId, feature: &FeatureKey) -> anyhow::Result<Service> {
    let operator = purchases::person(portal, "operator@creditdesk.example").await?;
    let scope = StaffScope::of(&operator, Action::ManageServiceKeys).map_err(|_| anyhow!("the operator may not make keys"))?;
    let new = NewKey { name: "Bench".to_owned(), features: vec![feature.clone()], businesses: None };
    let who = Who { person: Some(operator.person), acting_as: ActingAs::Staff, ..Who::system("bench", portal.clock.now()) };
    let made = service_keys::make(&portal.db, scope, operator.person, &who, &new).await;
    let (key, secret) = made.map_err(|failed| anyhow!("{failed:?}"))?;
    Ok(Service { key, secret, business, feature: feature.clone() })
}

/// One report in either way, after one that notes the key's first use; the statements of both, and what a report writes.
async fn compare_statements(portal: &Arc<Portal>, service: &Service) -> anyhow::Result<(Vec<String>, Prepared)> {
    report(portal, service, 1_000).await?;
    let (answer, by_use_case) = statements::during(report(portal, service, 2_000)).await;
    let prepared = Prepared::load(portal, (service.key, &service.secret), answer?).await?;
    let bare = bare_usage::report(portal, (service.business, service.feature.as_str()), &prepared, 3_000);
    let (done, by_bare_loop) = statements::during(bare).await;
    done?;
    statements::compare("src/bench/bare_usage.rs", &by_use_case, &by_bare_loop)?;
    Ok((by_use_case, prepared))
}

/// What the API's guard and handler do, without a server around them.
async fn report(portal: &Portal, service: &Service, units: i64) -> anyhow::Result<String> {
    let now = portal.clock.now();
    let caller = service_keys::authenticate(&portal.db, &service.secret, now).await?.context("a key that works")?;
    let (business, feature) = (Some(service.business), Some(service.feature.clone()));
    let reports = vec![Report { business, feature, units: Units::of(units), observed_at: now }];
    let name = random::word(20);
    let call = Call { caller: &caller, idempotency_key: &name, body_hash: Sha256::digest(&name).to_vec(), reports };
    let who = Who { acting_as: ActingAs::Service, ..Who::system("Bench", now) };
    let answer = usage_calls::take(&portal.db, &portal.solutions, &call, &who).await.map_err(|failed| anyhow!("{failed:?}"))?;
    Ok(answer.body)
}

async fn over_http(portal: &Arc<Portal>, served: &Served, services: &[Service], count: usize) -> anyhow::Result<Duration> {
    let (started, address) = (Instant::now(), served.address);
    let task = |service: &Service| {
        let (portal, service) = (Arc::clone(portal), service.clone());
        tokio::spawn(async move {
            let mut connection = Connection::open(address).await?;
            for units in 1..=count {
                let answer = connection.ask(&request(&portal, &service, units)).await?;
                ensure!(answer.starts_with(b"HTTP/1.1 200"), "a report is answered {}", String::from_utf8_lossy(answer));
            }
            anyhow::Ok(())
        })
    };
    for task in services.iter().map(task).collect::<Vec<_>>() {
        task.await??;
    }
    Ok(started.elapsed())
}

fn request(portal: &Portal, service: &Service, units: usize) -> Vec<u8> {
    let report = serde_json::json!({
        "business": service.business.to_string(),
        "feature": service.feature.to_string(),
        "units": units,
        "observed_at": portal.clock.now().to_rfc3339(),
    });
    let body = serde_json::json!({ "reports": [report] }).to_string();
    let (path, key, name) = (paths::api_usage(), service.secret.reveal(), random::word(20));
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\nIdempotency-Key: {name}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

async fn run_statements(portal: &Arc<Portal>, services: &[Service], prepared: &Prepared, count: usize) -> anyhow::Result<Duration> {
    let started = Instant::now();
    let task = |service: &Service| {
        let (portal, service, prepared) = (Arc::clone(portal), service.clone(), prepared.for_key(service.key, &service.secret));
        tokio::spawn(async move {
            for units in 1..=i64::try_from(count)? {
                bare_usage::report(&portal, (service.business, service.feature.as_str()), &prepared, units).await?;
            }
            anyhow::Ok(())
        })
    };
    for task in services.iter().map(task).collect::<Vec<_>>() {
        task.await??;
    }
    Ok(started.elapsed())
}
