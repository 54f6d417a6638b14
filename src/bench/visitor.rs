//! Somebody who visits the measured program as a browser does: keeps its cookies and signs in by its form.

use super::load::{self, Answer};
use crate::web::paths;
use anyhow::{Context, bail};
use std::net::SocketAddr;

/// A browser's cookies.
#[derive(Clone, Debug, Default)]
pub struct Visitor {
    cookies: Vec<(String, String)>,
}

impl Visitor {
    /// The cookies as a header's value.
    #[must_use]
    pub fn cookies(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// The request for a page, with the cookies.
    #[must_use]
    pub fn request(&self, path: &str) -> Vec<u8> {
        load::get(path, &self.cookie_line())
    }

    /// Opens a page.
    ///
    /// # Errors
    /// When it is not shown.
    pub async fn open(&mut self, address: SocketAddr, path: &str) -> anyhow::Result<Answer> {
        let answer = load::ask(address, &self.request(path)).await?;
        self.keep_cookies(&answer);
        if !answer.head.starts_with("HTTP/1.1 200") {
            bail!("{path} answers {}", answer.head.lines().next().unwrap_or_default());
        }
        Ok(answer)
    }

    /// Signs in.
    ///
    /// # Errors
    /// When the form does not take the person.
    pub async fn sign_in(&mut self, address: SocketAddr, email: &str, password: &str) -> anyhow::Result<()> {
        let page = self.open(address, &paths::sign_in()).await?;
        let csrf = page.body.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).context("a form token")?;
        let form = serde_urlencoded::to_string([("csrf", csrf), ("email", email), ("password", password)])?;
        let answer = load::ask(address, &load::post(&paths::sign_in(), &self.cookie_line(), &form)).await?;
        self.keep_cookies(&answer);
        if !answer.head.starts_with("HTTP/1.1 303") {
            bail!("the sign-in answers {}", answer.head.lines().next().unwrap_or_default());
        }
        Ok(())
    }

    fn cookie_line(&self) -> String {
        if self.cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", self.cookies()) }
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for line in answer.head.lines() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let cookie = value.trim().split(';').next().and_then(|pair| pair.split_once('='));
            let Some((cookie, value)) = cookie.filter(|_| name.eq_ignore_ascii_case("set-cookie")) else { continue };
            self.cookies.retain(|(known, _)| known != cookie);
            self.cookies.push((cookie.to_owned(), value.to_owned()));
        }
    }
}
