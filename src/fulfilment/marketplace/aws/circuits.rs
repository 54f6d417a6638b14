//! A circuit breaker around each service: the state, the gauge, and the warning when it changes.

use super::breaker::Breaker;
use super::failure::Failure;
use crate::kernel::clock::{Clock, Timestamp};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use std::error::Error;
use std::sync::{Mutex, PoisonError};

/// A service with a circuit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Service {
    /// `ResolveCustomer`, `BatchMeterUsage`.
    Metering,
    /// `GetEntitlements`.
    Entitlement,
    /// `SearchAgreements`, `DescribeAgreement`.
    Agreement,
}

impl Service {
    const fn name(self) -> &'static str {
        match self {
            Self::Metering => "metering",
            Self::Entitlement => "entitlement",
            Self::Agreement => "agreement",
        }
    }
}

/// A service is left alone at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("calls of {service} are not made until {until}, because too many failed")]
struct LeftAlone {
    service: &'static str,
    until: Timestamp,
}

/// The breakers of all services.
#[derive(Debug)]
pub struct Circuits {
    clock: Clock,
    metering: Mutex<Breaker>,
    entitlement: Mutex<Breaker>,
    agreement: Mutex<Breaker>,
}

impl Circuits {
    /// All closed.
    pub fn new(clock: Clock) -> Self {
        let [metering, entitlement, agreement] = std::array::from_fn(|_| Mutex::new(Breaker::default()));
        for service in [Service::Metering, Service::Entitlement, Service::Agreement] {
            show(service, Breaker::default());
        }
        Self { clock, metering, entitlement, agreement }
    }

    /// Makes a call, unless the service is left alone.
    pub async fn call<T, E, F>(&self, service: Service, send: F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        self.change(service, Breaker::admit).map_err(|until| Failure::Down(LeftAlone { service: service.name(), until }.into()))?;
        let answered = send.await.map_err(Failure::of);
        self.change(service, |breaker, now| match &answered {
            Err(Failure::Down(_)) => (breaker.failed(now), ()),
            Ok(_) | Err(Failure::Refused { .. }) => (breaker.succeeded(), ()),
        });
        answered
    }

    /// Until when a service that a person waits for is left alone.
    pub fn closed_until(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        let all = [&self.metering, &self.entitlement, &self.agreement];
        all.into_iter().filter_map(|breaker| breaker.lock().unwrap_or_else(PoisonError::into_inner).closed_until(now)).max()
    }

    fn change<T>(&self, service: Service, step: impl FnOnce(Breaker, Timestamp) -> (Breaker, T)) -> T {
        let now = self.clock.now();
        let breaker = match service {
            Service::Metering => &self.metering,
            Service::Entitlement => &self.entitlement,
            Service::Agreement => &self.agreement,
        };
        let mut breaker = breaker.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, told) = step(*breaker, now);
        if next.level() != breaker.level() {
            show(service, next);
            tracing::warn!(service = service.name(), was = breaker.word(), is = next.word(), "the circuit of an AWS service changed");
        }
        *breaker = next;
        told
    }
}

fn show(service: Service, breaker: Breaker) {
    metrics::gauge!("creditdesk_aws_circuit", "service" => service.name()).set(breaker.level());
}
