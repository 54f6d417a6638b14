//! Which addresses may be fetched for a message: compared sign by sign, so that nothing that a parser of addresses would
//! make equal gets through. Pure.

use url::Url;

const CERTIFICATE: &str = "/SimpleNotificationService-";
const DIGITS_MAX: usize = 64;
const ADDRESS_MAX: usize = 2_048;

/// Whose messages are taken, and from where certificates may come.
#[derive(Clone, Debug, Default)]
pub struct Allowed {
    /// ARNs of topics.
    pub topics: Vec<String>,
    /// Origins of certificates besides AWS's own.
    pub origins: Vec<String>,
}

impl Allowed {
    /// Whether a topic may send.
    pub fn has_topic(&self, topic: &str) -> bool {
        self.topics.iter().any(|allowed| allowed == topic)
    }

    /// Whether an address is that of a certificate for messages of a topic.
    pub fn is_certificate(&self, address: &str, topic: &str) -> bool {
        if let Some(path) = aws_host(topic).and_then(|host| after_origin(address, &format!("https://{host}"))) {
            return path.strip_prefix(CERTIFICATE).and_then(|rest| rest.strip_suffix(".pem")).is_some_and(is_hexadecimal);
        }
        let path = self.origins.iter().find_map(|origin| after_origin(address, origin));
        path.is_some_and(|path| path.strip_suffix(".pem").is_some() && !path.contains("..") && path.bytes().all(is_plain))
    }

    /// Whether an address confirms a subscription to a topic, and does nothing else.
    pub fn is_confirmation(&self, address: &str, topic: &str) -> bool {
        let by_aws = aws_host(topic).and_then(|host| after_origin(address, &format!("https://{host}"))).map(|path| path.starts_with("/?"));
        let by_other = || self.origins.iter().any(|origin| after_origin(address, origin).is_some());
        if !by_aws.unwrap_or_else(by_other) || !address.bytes().all(|byte| byte.is_ascii_graphic()) || address.contains('#') {
            return false;
        }
        let Ok(url) = Url::parse(address) else { return false };
        let said = |name: &str| url.query_pairs().filter(|(key, _)| key == name).map(|(_, value)| value.into_owned()).collect::<Vec<_>>();
        said("Action") == ["ConfirmSubscription"] && said("TopicArn") == [topic]
    }

    /// Whether an address is AWS's own and not an emulator's.
    pub fn is_aws(&self, address: &str) -> bool {
        !self.origins.iter().any(|origin| after_origin(address, origin).is_some())
    }
}

/// The rest of an address that has exactly this origin; it begins with a slash.
fn after_origin<'a>(address: &'a str, origin: &str) -> Option<&'a str> {
    address.strip_prefix(origin).filter(|rest| rest.starts_with('/') && address.len() <= ADDRESS_MAX)
}

/// Where AWS answers for a topic: in the topic's own region.
pub fn aws_host(topic: &str) -> Option<String> {
    let mut parts = topic.split(':');
    let (partition, region) = (parts.nth(1)?, parts.nth(1)?);
    let is_region = !region.is_empty() && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let end = if partition == "aws-cn" { ".cn" } else { "" };
    is_region.then(|| format!("sns.{region}.amazonaws.com{end}"))
}

fn is_hexadecimal(text: &str) -> bool {
    (1..=DIGITS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.')
}
