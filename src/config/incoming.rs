//! Settings of what AWS tells the console: the queue of events, and the topics that may send to it.

use super::{optional, parse_url};
use clap::Args;
use url::Url;

/// As they were written.
#[derive(Args, Clone, Debug, Default)]
pub struct IncomingSettings {
    /// Address of the SQS queue that receives AWS's change events; without it no queue is read
    #[arg(long, env = "CREDITDESK_AWS_EVENTS_QUEUE", global = true)]
    pub aws_events_queue: Option<String>,
    /// ARNs of SNS topics that may post to /aws/sns, parted by commas; without them that address does not exist
    #[arg(long, env = "CREDITDESK_AWS_SNS_TOPICS", global = true)]
    pub aws_sns_topics: Option<String>,
    /// Hosts besides AWS's own whose certificates may sign messages of SNS, parted by commas: for emulators, `127.0.0.1:7000` for one without TLS
    #[arg(long, env = "CREDITDESK_AWS_SNS_CERT_HOSTS", global = true)]
    pub aws_sns_cert_hosts: Option<String>,
}

/// Checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// The queue.
    pub queue: Option<Url>,
    /// The topics; none: messages of SNS are not taken.
    pub topics: Vec<String>,
    /// Origins of certificates besides AWS's own.
    pub certificate_origins: Vec<String>,
}

impl Incoming {
    /// Checks the settings.
    pub(super) fn from_settings(settings: IncomingSettings, problems: &mut Vec<String>) -> Self {
        let topics = optional(problems, "CREDITDESK_AWS_SNS_TOPICS", settings.aws_sns_topics, |text| listed(text, parse_topic));
        let origins = optional(problems, "CREDITDESK_AWS_SNS_CERT_HOSTS", settings.aws_sns_cert_hosts, |text| listed(text, parse_host));
        Self {
            queue: optional(problems, "CREDITDESK_AWS_EVENTS_QUEUE", settings.aws_events_queue, parse_url),
            topics: topics.unwrap_or_default(),
            certificate_origins: origins.unwrap_or_default(),
        }
    }
}

fn listed(text: &str, parse: impl Fn(&str) -> Result<String, String>) -> Result<Vec<String>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(parse).collect()
}

fn parse_topic(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "sns", region, account, name] if !region.is_empty() && !account.is_empty() && !name.is_empty() => Ok(text.to_owned()),
        _ => Err(format!("must be ARNs such as arn:aws:sns:us-east-1:111122223333:events, not {text:?}")),
    }
}

/// An origin with TLS, or on loopback without.
fn parse_host(text: &str) -> Result<String, String> {
    let is_loopback = ["127.0.0.1:", "localhost:", "[::1]:"].iter().any(|host| text.starts_with(host));
    let address = format!("{}://{text}", if is_loopback { "http" } else { "https" });
    match Url::parse(&address) {
        Ok(url) if url.origin().ascii_serialization() == address => Ok(address),
        _ => Err(format!("must be hosts such as sns.emulator.example or 127.0.0.1:7000, not {text:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: IncomingSettings) -> (Incoming, Vec<String>) {
        let mut problems = Vec::new();
        (Incoming::from_settings(settings, &mut problems), problems)
    }

    #[test]
    fn nothing_listens_unless_it_is_named() {
        let (incoming, problems) = read(IncomingSettings::default());
        assert_eq!((incoming, problems.len()), (Incoming::default(), 0));
        let (incoming, problems) = read(IncomingSettings {
            aws_events_queue: Some("https://sqs.us-east-1.amazonaws.com/111122223333/events".to_owned()),
            aws_sns_topics: Some("arn:aws:sns:us-east-1:111122223333:a, arn:aws:sns:us-east-1:111122223333:b,".to_owned()),
            aws_sns_cert_hosts: Some("sns.emulator.example,127.0.0.1:7000".to_owned()),
        });
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(incoming.topics.len(), 2);
        assert_eq!(incoming.certificate_origins, ["https://sns.emulator.example", "http://127.0.0.1:7000"]);
    }

    #[test]
    fn what_is_no_queue_topic_or_host_is_named() {
        for host in [
            "sns.example/path",
            "user@sns.example",
            "SNS.example",
            "sns.example:443",
            "http://sns.example",
            "http://127.0.0.1:1",
            "sns example",
        ] {
            let (_, problems) = read(IncomingSettings { aws_sns_cert_hosts: Some(host.to_owned()), ..IncomingSettings::default() });
            assert!(problems.len() == 1 && problems[0].starts_with("CREDITDESK_AWS_SNS_CERT_HOSTS must be"), "{host}: {problems:?}");
        }
        let (_, problems) = read(IncomingSettings {
            aws_events_queue: Some("events".to_owned()),
            aws_sns_topics: Some("arn:aws:sqs:us-east-1:111122223333:a".to_owned()),
            ..IncomingSettings::default()
        });
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
