//! Takes a posted message: what needs no network is checked first, then the certificate, which is fetched once and kept, then
//! the signature. Only then is the message stored, or a subscription confirmed.

use super::address::{Allowed, aws_host};
use super::certificate::Certificate;
use super::envelope::{Envelope, Purpose};
use super::fetch::Fetch;
use crate::db::{Db, Error};
use crate::fulfilment::incoming::parse::message_key;
use crate::fulfilment::incoming::{Taken, store, take_in};
use crate::kernel::clock::Timestamp;
use chrono::TimeDelta;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Older messages are not taken: their ids may be forgotten one day, their signatures are good for ever.
const OLDEST: TimeDelta = TimeDelta::hours(1);
/// How far a sender's clock may be ahead.
const AHEAD: TimeDelta = TimeDelta::minutes(15);
/// Certificates that are kept.
const KEPT: usize = 8;
/// Certificates fetched in a minute: a forger who names new ones at AWS's own host gets no further.
const FETCHES: usize = 5;

/// Why a message is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// It is no envelope of a known kind and version.
    #[error("the message is no envelope of a known kind and version")]
    Malformed,
    /// Its topic is not on the list.
    #[error("the topic may not send here")]
    Topic,
    /// It is too old, or from the future.
    #[error("the message is too old or from the future")]
    Age,
    /// Its certificate is at an address that is not fetched.
    #[error("the certificate is at an address that is not fetched")]
    CertificateAddress,
    /// It is to be confirmed at an address that is not fetched.
    #[error("the confirmation is at an address that is not fetched")]
    ConfirmationAddress,
    /// The certificate is not in force, or not the signer's.
    #[error("the certificate is not in force or not the signer's")]
    Certificate,
    /// It was not signed with the certificate.
    #[error("the signature is wrong")]
    Signature,
    /// The certificate or the confirmation cannot be fetched now; the sender tries again.
    #[error("what the message needs cannot be fetched now")]
    NotNow(#[source] anyhow::Error),
    /// The database does not answer; the sender tries again.
    #[error("the message cannot be stored now")]
    Storage(#[from] Error),
}

/// What became of a message that was proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is stored.
    Stored,
    /// It was stored before.
    Again,
    /// The subscription is confirmed.
    Confirmed,
}

/// Receives messages of the topics on its list.
pub struct Receiver {
    allowed: Allowed,
    fetch: Arc<dyn Fetch>,
    certificates: Mutex<Certificates>,
}

#[derive(Default)]
struct Certificates {
    kept: BTreeMap<String, Certificate>,
    fetched_at: VecDeque<Timestamp>,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("allowed", &self.allowed).finish_non_exhaustive()
    }
}

impl Receiver {
    /// One for these topics; `origins` are those of certificates besides AWS's own.
    #[must_use]
    pub fn new(topics: Vec<String>, origins: Vec<String>, fetch: Arc<dyn Fetch>) -> Self {
        Self { allowed: Allowed { topics, origins }, fetch, certificates: Mutex::default() }
    }

    /// Takes a message.
    ///
    /// # Errors
    /// See [`Refusal`]; nothing is stored then.
    pub async fn receive(&self, db: &Db, text: &str, now: Timestamp) -> Result<Received, Refusal> {
        let envelope = self.look(text, now)?;
        let certificate = self.certificate(&envelope, now).await?;
        if !certificate.is_valid(now) {
            return Err(Refusal::Certificate);
        }
        if !certificate.has_signed(&envelope) {
            return Err(Refusal::Signature);
        }
        if store::has_message(db, &message_key(&envelope.message_id)).await? {
            take_in(db, text, None, now).await?;
            return Ok(Received::Again);
        }
        let confirms = envelope.confirm_at.as_ref().filter(|_| envelope.purpose == Purpose::SubscriptionConfirmation);
        if let Some(address) = confirms {
            self.fetch.get(address).await.map_err(Refusal::NotNow)?;
            tracing::info!(topic = envelope.topic, "a subscription is confirmed");
        }
        Ok(match take_in(db, text, None, now).await? {
            Taken::Duplicate => Received::Again,
            Taken::New(..) if confirms.is_some() => Received::Confirmed,
            Taken::New(..) => Received::Stored,
        })
    }

    /// Everything that needs no network.
    fn look(&self, text: &str, now: Timestamp) -> Result<Envelope, Refusal> {
        let envelope = Envelope::open(text).ok_or(Refusal::Malformed)?;
        if !self.allowed.has_topic(&envelope.topic) {
            return Err(Refusal::Topic);
        }
        if now - envelope.sent_at > OLDEST || envelope.sent_at - now > AHEAD {
            return Err(Refusal::Age);
        }
        if !self.allowed.is_certificate(&envelope.certificate, &envelope.topic) {
            return Err(Refusal::CertificateAddress);
        }
        if envelope.purpose != Purpose::Notification {
            let address = envelope.confirm_at.as_deref();
            if !address.is_some_and(|address| self.allowed.is_confirmation(address, &envelope.topic)) {
                return Err(Refusal::ConfirmationAddress);
            }
        }
        Ok(envelope)
    }

    fn certificates(&self) -> MutexGuard<'_, Certificates> {
        self.certificates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The certificate that an envelope names, from what is kept or from the network.
    async fn certificate(&self, envelope: &Envelope, now: Timestamp) -> Result<Certificate, Refusal> {
        let address = &envelope.certificate;
        if let Some(kept) = self.certificates().kept.get(address) {
            return Ok(kept.clone());
        }
        if !self.certificates().may_fetch(now) {
            return Err(Refusal::NotNow(anyhow::anyhow!("too many certificates were asked for")));
        }
        let pem = self.fetch.get(address).await.map_err(Refusal::NotNow)?;
        let issued_to = aws_host(&envelope.topic).filter(|_| self.allowed.is_aws(address));
        let certificate = Certificate::read(&pem, issued_to.as_deref()).ok_or(Refusal::Certificate)?;
        if certificate.is_valid(now) {
            self.certificates().keep(address, &certificate);
        }
        Ok(certificate)
    }
}

impl Certificates {
    fn may_fetch(&mut self, now: Timestamp) -> bool {
        while self.fetched_at.front().is_some_and(|at| now - *at >= TimeDelta::minutes(1)) {
            self.fetched_at.pop_front();
        }
        let may = self.fetched_at.len() < FETCHES;
        if may {
            self.fetched_at.push_back(now);
        }
        may
    }

    fn keep(&mut self, address: &str, certificate: &Certificate) {
        if self.kept.len() >= KEPT {
            self.kept.clear();
        }
        self.kept.insert(address.to_owned(), certificate.clone());
    }
}
