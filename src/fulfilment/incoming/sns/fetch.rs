//! Fetches what a proven address holds: over HTTP, without following anything further. Which addresses are fetched is not
//! decided here.

use anyhow::{Context, ensure};
use async_trait::async_trait;
use reqwest::redirect::Policy;
use std::time::Duration;

/// A certificate is about two kilobytes.
const ANSWER_MAX: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads an address.
#[async_trait]
pub trait Fetch: Send + Sync {
    /// The whole answer, when it is a success.
    async fn get(&self, address: &str) -> anyhow::Result<Vec<u8>>;
}

/// Over the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpFetch;

#[async_trait]
impl Fetch for HttpFetch {
    async fn get(&self, address: &str) -> anyhow::Result<Vec<u8>> {
        let client = reqwest::Client::builder().redirect(Policy::none()).timeout(PATIENCE).build().context("no client")?;
        let mut response = client.get(address).send().await.context("no answer")?;
        ensure!(response.status() == reqwest::StatusCode::OK, "the answer is {}", response.status());
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.context("the answer broke off")? {
            ensure!(answer.len() + chunk.len() <= ANSWER_MAX, "the answer is too long");
            answer.extend_from_slice(&chunk);
        }
        Ok(answer)
    }
}
