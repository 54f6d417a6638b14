//! How single settings are read: each problem is a sentence that begins with the setting's name.

use super::Demo;
use crate::access::Lengths;
use std::net::SocketAddr;
use url::Url;

pub(super) fn or<T>(
    problems: &mut Vec<String>,
    name: &str,
    written: Option<String>,
    default: &str,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    let text = written.unwrap_or_else(|| default.to_owned());
    match parse(&text) {
        Ok(value) => Some(value),
        Err(problem) => {
            problems.push(format!("{name} {problem}"));
            None
        }
    }
}

pub(super) fn optional<T>(
    problems: &mut Vec<String>,
    name: &str,
    written: Option<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<T> {
    written.and_then(|text| or(problems, name, Some(text), "", parse))
}

pub(super) fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| format!("must be an IP address and a port such as 127.0.0.1:8080, not {text:?}"))
}

pub(super) fn parse_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() { Ok(url) } else { Err("must start with http:// or https://".to_owned()) }
}

pub(super) fn parse_origin(text: &str) -> Result<Url, String> {
    let url = parse_url(text)?;
    if url.path() == "/" && url.query().is_none() && url.username().is_empty() {
        Ok(url)
    } else {
        Err("must be an origin such as https://credits.example.com, without path or user".to_owned())
    }
}

pub(super) fn parse_demo(text: &str) -> Result<Demo, String> {
    match text {
        "auto" => Ok(Demo::Auto),
        "on" | "1" | "true" | "yes" => Ok(Demo::On),
        "off" | "0" | "false" | "no" => Ok(Demo::Off),
        other => Err(format!("must be on, off or auto, not {other:?}")),
    }
}

pub(super) fn parse_workers(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| (1..=64).contains(count)).ok_or_else(|| format!("must be a number from 1 to 64, not {text:?}"))
}

pub(super) fn parse_days(text: &str) -> Result<u16, String> {
    let most = Lengths::DAYS_MAX;
    text.parse().ok().filter(|days| *days <= most).ok_or_else(|| format!("must be a whole number of days from 0 to {most}, not {text:?}"))
}

pub(super) fn parse_log_format(text: &str) -> Result<bool, String> {
    match text {
        "text" => Ok(false),
        "json" => Ok(true),
        other => Err(format!("must be text or json, not {other:?}")),
    }
}
