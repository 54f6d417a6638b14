//! The official SDK's clients: address, credentials, time, retries and time limits of every call.

use crate::kernel::clock::Clock;
use anyhow::Context;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_smithy_async::time::TimeSource;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};
use url::Url;

/// How AWS is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The region of all calls.
    pub region: String,
    /// A credentials file with its profile, instead of the SDK's chain.
    pub credentials: Option<(PathBuf, String)>,
    /// Another address of metering.
    pub metering: Option<Url>,
    /// Another address of entitlement.
    pub entitlement: Option<Url>,
    /// Another address of agreement.
    pub agreement: Option<Url>,
    /// Another address of SQS.
    pub sqs: Option<Url>,
    /// Until a connection has to stand.
    pub connect_timeout: Duration,
    /// What one attempt may take.
    pub attempt_timeout: Duration,
    /// What a call may take.
    pub operation_timeout: Duration,
    /// Attempts of a call.
    pub attempts: u32,
}

/// The injected clock as the SDK asks for time: signatures carry it. A clock that the test bench has moved is not what AWS goes by.
#[derive(Debug)]
struct OwnTime(Clock);

impl TimeSource for OwnTime {
    fn now(&self) -> SystemTime {
        self.0.unmoved().now().into()
    }
}

/// A client for each service.
#[derive(Clone, Debug)]
pub struct Clients {
    /// `ResolveCustomer`, `BatchMeterUsage`.
    pub metering: aws_sdk_marketplacemetering::Client,
    /// `GetEntitlements`.
    pub entitlement: aws_sdk_marketplaceentitlement::Client,
    /// `SearchAgreements`, `DescribeAgreement`.
    pub agreement: aws_sdk_marketplaceagreement::Client,
}

impl Clients {
    /// Made once; nothing is called here.
    ///
    /// # Errors
    /// When the credentials file cannot be read.
    pub async fn new(connection: &Connection, clock: &Clock) -> anyhow::Result<Self> {
        let shared = shared(connection, clock).await?;
        let mut metering = aws_sdk_marketplacemetering::config::Builder::from(&shared);
        // What is not named here keeps the address that the SDK found itself, also in AWS_ENDPOINT_URL_….
        if let Some(url) = &connection.metering {
            metering.set_endpoint_url(Some(url.to_string()));
        }
        let mut entitlement = aws_sdk_marketplaceentitlement::config::Builder::from(&shared);
        if let Some(url) = &connection.entitlement {
            entitlement.set_endpoint_url(Some(url.to_string()));
        }
        let mut agreement = aws_sdk_marketplaceagreement::config::Builder::from(&shared);
        if let Some(url) = &connection.agreement {
            agreement.set_endpoint_url(Some(url.to_string()));
        }
        Ok(Self {
            metering: aws_sdk_marketplacemetering::Client::from_conf(metering.build()),
            entitlement: aws_sdk_marketplaceentitlement::Client::from_conf(entitlement.build()),
            agreement: aws_sdk_marketplaceagreement::Client::from_conf(agreement.build()),
        })
    }
}

/// What every client of AWS shares, also the one of the queue.
///
/// # Errors
/// When the credentials file cannot be read.
pub async fn shared(connection: &Connection, clock: &Clock) -> anyhow::Result<SdkConfig> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(connection.connect_timeout)
        .operation_attempt_timeout(connection.attempt_timeout)
        .operation_timeout(connection.operation_timeout)
        .build();
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new(connection.region.clone()))
        .http_client(http_client())
        .time_source(OwnTime(clock.clone()))
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(connection.attempts))
        // Answers are short and every attempt has its time limit.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    let loader = match &connection.credentials {
        None => loader,
        Some((file, profile)) => {
            std::fs::metadata(file).with_context(|| format!("the credentials file {}", file.display()))?;
            loader.credentials_provider(from_file(file.clone(), profile, clock))
        }
    };
    Ok(loader.load().await)
}

fn http_client() -> SharedHttpClient {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    aws_smithy_http_client::Builder::new().tls_provider(provider).build_https()
}

#[expect(deprecated, reason = "the new name of these two is in a crate of the SDK that nothing else here needs")]
fn from_file(file: PathBuf, profile: &str, clock: &Clock) -> aws_config::profile::ProfileFileCredentialsProvider {
    use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};
    let files = ProfileFiles::builder().with_file(ProfileFileKind::Credentials, file).build();
    // A profile may name a role or the instance's metadata, which are asked for by network.
    let network = ProviderConfig::without_region().with_http_client(http_client()).with_time_source(OwnTime(clock.clone()));
    let provider = aws_config::profile::ProfileFileCredentialsProvider::builder().configure(&network);
    provider.profile_files(files).profile_name(profile).build()
}
