//! Settings of the console as a client of AWS Marketplace. Credentials are not among them: they come from where the AWS SDK
//! looks for them, or from a file that is named here.

use super::{optional, or, parse_url};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// As they were written.
#[derive(Args, Clone, Debug, Default)]
pub struct AwsSettings {
    /// Products that the console fulfils when AWS Marketplace sells: a TOML file, see README [needed with `aws`]
    #[arg(long, env = "CREDITDESK_AWS_PRODUCTS", global = true)]
    pub aws_products: Option<PathBuf>,
    /// Region of the AWS Marketplace APIs [default: us-east-1]
    #[arg(long, env = "CREDITDESK_AWS_REGION", global = true)]
    pub aws_region: Option<String>,
    /// A credentials file in the AWS CLI's form, read instead of the SDK's chain of environment, profile, container and instance
    #[arg(long, env = "CREDITDESK_AWS_CREDENTIALS_FILE", global = true)]
    pub aws_credentials_file: Option<PathBuf>,
    /// Profile of the credentials file [default: default]
    #[arg(long, env = "CREDITDESK_AWS_PROFILE", global = true)]
    pub aws_profile: Option<String>,
    /// Another address of the metering service, which resolves registrations
    #[arg(long, env = "CREDITDESK_AWS_ENDPOINT_METERING", global = true)]
    pub aws_endpoint_metering: Option<String>,
    /// Another address of the entitlement service
    #[arg(long, env = "CREDITDESK_AWS_ENDPOINT_ENTITLEMENT", global = true)]
    pub aws_endpoint_entitlement: Option<String>,
    /// Another address of the agreement service
    #[arg(long, env = "CREDITDESK_AWS_ENDPOINT_AGREEMENT", global = true)]
    pub aws_endpoint_agreement: Option<String>,
    /// Another address of SQS
    #[arg(long, env = "CREDITDESK_AWS_ENDPOINT_SQS", global = true)]
    pub aws_endpoint_sqs: Option<String>,
    /// Milliseconds until a connection has to stand [default: 3000]
    #[arg(long, env = "CREDITDESK_AWS_CONNECT_TIMEOUT_MS", global = true)]
    pub aws_connect_timeout_ms: Option<String>,
    /// Milliseconds that one attempt may take [default: 6000]
    #[arg(long, env = "CREDITDESK_AWS_ATTEMPT_TIMEOUT_MS", global = true)]
    pub aws_attempt_timeout_ms: Option<String>,
    /// Milliseconds that a call may take with all its attempts [default: 20000]
    #[arg(long, env = "CREDITDESK_AWS_OPERATION_TIMEOUT_MS", global = true)]
    pub aws_operation_timeout_ms: Option<String>,
    /// Attempts of a call, with growing pauses between them, 1 to 10 [default: 3]
    #[arg(long, env = "CREDITDESK_AWS_ATTEMPTS", global = true)]
    pub aws_attempts: Option<String>,
}

/// Other addresses than the services' own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsEndpoints {
    /// `ResolveCustomer`, `BatchMeterUsage`.
    pub metering: Option<Url>,
    /// `GetEntitlements`.
    pub entitlement: Option<Url>,
    /// `SearchAgreements`, `DescribeAgreement`.
    pub agreement: Option<Url>,
    /// The queue of events.
    pub sqs: Option<Url>,
}

/// Checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsConfig {
    /// The file of products.
    pub products: PathBuf,
    /// The region of all calls.
    pub region: String,
    /// A credentials file instead of the SDK's chain.
    pub credentials_file: Option<PathBuf>,
    /// Its profile.
    pub profile: String,
    /// Other addresses.
    pub endpoints: AwsEndpoints,
    /// Until a connection has to stand.
    pub connect_timeout: Duration,
    /// What one attempt may take.
    pub attempt_timeout: Duration,
    /// What a call may take.
    pub operation_timeout: Duration,
    /// Attempts of a call.
    pub attempts: u32,
}

impl AwsConfig {
    /// Checks the settings; `None` when something is wrong with them.
    pub(super) fn from_settings(settings: AwsSettings, problems: &mut Vec<String>) -> Option<Self> {
        if settings.aws_products.is_none() {
            problems.push("CREDITDESK_AWS_PRODUCTS must name the file of the products that AWS Marketplace sells".to_owned());
        }
        let mut endpoint = |name, written| optional(problems, name, written, parse_url);
        let endpoints = AwsEndpoints {
            metering: endpoint("CREDITDESK_AWS_ENDPOINT_METERING", settings.aws_endpoint_metering),
            entitlement: endpoint("CREDITDESK_AWS_ENDPOINT_ENTITLEMENT", settings.aws_endpoint_entitlement),
            agreement: endpoint("CREDITDESK_AWS_ENDPOINT_AGREEMENT", settings.aws_endpoint_agreement),
            sqs: endpoint("CREDITDESK_AWS_ENDPOINT_SQS", settings.aws_endpoint_sqs),
        };
        let region = or(problems, "CREDITDESK_AWS_REGION", settings.aws_region, "us-east-1", parse_region);
        let mut wait = |name, written, default| or(problems, name, written, default, parse_milliseconds);
        let connect = wait("CREDITDESK_AWS_CONNECT_TIMEOUT_MS", settings.aws_connect_timeout_ms, "3000");
        let attempt = wait("CREDITDESK_AWS_ATTEMPT_TIMEOUT_MS", settings.aws_attempt_timeout_ms, "6000");
        let operation = wait("CREDITDESK_AWS_OPERATION_TIMEOUT_MS", settings.aws_operation_timeout_ms, "20000");
        let attempts = or(problems, "CREDITDESK_AWS_ATTEMPTS", settings.aws_attempts, "3", parse_attempts);
        Some(Self {
            products: settings.aws_products?,
            region: region?,
            credentials_file: settings.aws_credentials_file,
            profile: settings.aws_profile.unwrap_or_else(|| "default".to_owned()),
            endpoints,
            connect_timeout: connect?,
            attempt_timeout: attempt?,
            operation_timeout: operation?,
            attempts: attempts?,
        })
    }
}

fn parse_region(text: &str) -> Result<String, String> {
    let is_region =
        (5..=30).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_region { Ok(text.to_owned()) } else { Err(format!("must be a region such as us-east-1, not {text:?}")) }
}

fn parse_milliseconds(text: &str) -> Result<Duration, String> {
    let milliseconds: Option<u64> = text.parse().ok().filter(|count| (1..=600_000).contains(count));
    milliseconds.map(Duration::from_millis).ok_or_else(|| format!("must be a number of milliseconds from 1 to 600000, not {text:?}"))
}

fn parse_attempts(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|count| (1..=10).contains(count)).ok_or_else(|| format!("must be a number from 1 to 10, not {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: AwsSettings) -> (Option<AwsConfig>, Vec<String>) {
        let mut problems = Vec::new();
        (AwsConfig::from_settings(settings, &mut problems), problems)
    }

    #[test]
    fn the_file_of_products_is_all_that_is_needed() {
        let (config, problems) = read(AwsSettings { aws_products: Some("products.toml".into()), ..AwsSettings::default() });
        let config = config.expect("a configuration");
        assert_eq!((config.region.as_str(), config.attempts, problems.len()), ("us-east-1", 3, 0));
        assert_eq!(config.endpoints, AwsEndpoints::default());
        let (none, problems) = read(AwsSettings::default());
        assert!(none.is_none() && problems[0].contains("CREDITDESK_AWS_PRODUCTS"), "{problems:?}");
    }

    #[test]
    fn every_wrong_setting_is_named() {
        let wrong = Some("?".to_owned());
        let (none, problems) = read(AwsSettings {
            aws_region: wrong.clone(),
            aws_endpoint_metering: wrong.clone(),
            aws_endpoint_sqs: wrong.clone(),
            aws_connect_timeout_ms: wrong.clone(),
            aws_attempts: wrong,
            ..AwsSettings::default()
        });
        assert!(none.is_none());
        for name in ["PRODUCTS", "ENDPOINT_METERING", "ENDPOINT_SQS", "REGION", "CONNECT_TIMEOUT_MS", "ATTEMPTS"] {
            assert!(problems.iter().any(|problem| problem.contains(&format!("CREDITDESK_AWS_{name} "))), "{name}: {problems:?}");
        }
    }
}
