//! The cookies a browser keeps for one site. Like a browser on loopback it takes Secure cookies over plain HTTP.

use reqwest::header::{HeaderMap, SET_COOKIE};
use std::collections::BTreeMap;

/// Names and values.
#[derive(Clone, Debug, Default)]
pub struct Cookies(pub BTreeMap<String, String>);

impl Cookies {
    /// The `Cookie` header.
    pub fn header(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Takes what an answer sets and drops what it removes.
    pub fn take_from(&mut self, headers: &HeaderMap) {
        for line in set_cookies(headers) {
            let (pair, attributes) = line.split_once(';').unwrap_or((&line, ""));
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let removed = attributes.to_lowercase().contains("max-age=0") || value.is_empty();
            if removed {
                self.0.remove(name.trim())
            } else {
                self.0.insert(name.trim().to_owned(), value.to_owned())
            };
        }
    }
}

/// Every `Set-Cookie` line.
pub fn set_cookies(headers: &HeaderMap) -> Vec<String> {
    headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
}
