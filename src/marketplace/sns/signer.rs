//! What signs the messages of webhooks: an RSA key of 2,048 bits with a certificate that it signed itself, made once and
//! shared by every process on the database. The certificate is for everybody; the key is sealed as the secrets of access
//! keys are, so that the database alone signs nothing.

use crate::db::{Db, Error};
use crate::kernel::clock::Timestamp;
use crate::kernel::hex;
use crate::kernel::sealing::SealingKey;
use crate::marketplace::store::signing_certificates as store;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{Datelike, TimeDelta};
use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd};
use sha2::{Digest, Sha256};
use std::fmt;

/// The certificate holds for so long: whoever moves the clock shall not run out of it.
const YEARS: i32 = 50;

/// Signs, and says by which certificate that is checked.
pub struct Signer {
    /// The id in the certificate's address: 32 hexadecimal digits.
    pub certificate: String,
    key: RsaKeyPair,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({})", self.certificate)
    }
}

/// Why nothing can be signed.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The database failed.
    #[error("{0}")]
    Storage(#[from] Error),
    /// No certificate could be made.
    #[error("no certificate could be made: {0}")]
    Certificate(#[from] rcgen::Error),
    /// The key is damaged.
    #[error("the signing key cannot be used")]
    Key,
}

/// A certificate with its key, as they are stored.
#[derive(Clone)]
pub(in crate::marketplace) struct Made {
    pub id: String,
    pub certificate: String,
    pub sealed_key: Vec<u8>,
}

/// The certificate of this id, as PEM.
///
/// # Errors
/// Any storage error.
pub async fn find_certificate(db: &Db, id: &str) -> Result<Option<String>, Error> {
    store::find(db, id).await
}

impl Signer {
    /// The one that is stored, or a new one: at the first call, and when the key file under which it was sealed was lost.
    ///
    /// # Errors
    /// See [`SignerError`].
    pub async fn load(db: &Db, sealing: &SealingKey, now: Timestamp) -> Result<Self, SignerError> {
        let stored = store::find_newest(db).await?;
        if let Some((_, made)) = &stored
            && let Ok(key) = sealing.open(&made.sealed_key, &made.id)
        {
            return Self::of(&made.id, &key);
        }
        let generation = stored.map_or(1, |(generation, _)| generation + 1);
        let under = sealing.clone();
        let made = tokio::task::spawn_blocking(move || make(&under, now)).await.map_err(|_| SignerError::Key)??;
        store::insert(db, generation, &made, now).await?;
        // Of several processes one was first, and all sign with its key.
        let (_, made) = store::find_newest(db).await?.ok_or(SignerError::Key)?;
        Self::of(&made.id, &sealing.open(&made.sealed_key, &made.id).map_err(|_| SignerError::Key)?)
    }

    fn of(id: &str, key: &str) -> Result<Self, SignerError> {
        let der = STANDARD.decode(key).map_err(|_| SignerError::Key)?;
        let key = RsaKeyPair::from_pkcs8(&der).map_err(|_| SignerError::Key)?;
        Ok(Self { certificate: id.to_owned(), key })
    }

    /// The signature of a text, in base 64.
    ///
    /// # Errors
    /// When the key cannot sign, which a sound one can.
    pub fn sign(&self, text: &str) -> Result<String, SignerError> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        let signed = self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature);
        signed.map_err(|_| SignerError::Key)?;
        Ok(STANDARD.encode(signature))
    }
}

fn make(sealing: &SealingKey, now: Timestamp) -> Result<Made, rcgen::Error> {
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Creditdesk event notifications");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let from = now - TimeDelta::days(1);
    let small = |number: u32| u8::try_from(number).unwrap_or(1);
    params.not_before = date_time_ymd(from.year(), small(from.month()), small(from.day()));
    params.not_after = date_time_ymd(from.year() + YEARS, 1, 1);
    let certificate = params.self_signed(&key)?;
    let id = hex::of(&Sha256::digest(certificate.der())[..16]);
    let sealed_key = sealing.seal(&STANDARD.encode(key.serialize_der()), &id);
    Ok(Made { certificate: certificate.pem(), sealed_key, id })
}
