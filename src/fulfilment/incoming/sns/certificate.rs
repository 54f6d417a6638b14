//! The certificate that signs messages, and the check of a signature with it. Pure.

use super::envelope::{Envelope, Version};
use crate::kernel::clock::Timestamp;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::pem::parse_x509_pem;

/// Names that AWS gives to the signer of its messages, besides the host that the certificate came from.
const SIGNERS: [&str; 2] = ["sns.amazonaws.com", "sns.amazonaws.com.cn"];

/// A key with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    key: Vec<u8>,
    from: i64,
    until: i64,
}

impl Certificate {
    /// Reads a PEM file. `issued_to` is the host that it has to be for, besides AWS's name of the signer; an emulator's may be
    /// for anybody.
    pub fn read(pem: &[u8], issued_to: Option<&str>) -> Option<Self> {
        let (_, file) = parse_x509_pem(pem).ok()?;
        let certificate = file.parse_x509().ok()?;
        if let Some(host) = issued_to
            && !names(&certificate).iter().any(|name| name == host || SIGNERS.contains(&name.as_str()))
        {
            return None;
        }
        let (key, validity) = (&certificate.public_key().subject_public_key, certificate.validity());
        Some(Self { key: key.data.to_vec(), from: validity.not_before.timestamp(), until: validity.not_after.timestamp() })
    }

    /// Whether it is in force.
    pub const fn is_valid(&self, now: Timestamp) -> bool {
        self.from <= now.timestamp() && now.timestamp() <= self.until
    }

    /// Whether an envelope was signed with it.
    pub fn has_signed(&self, envelope: &Envelope) -> bool {
        let algorithm = match envelope.version {
            Version::One => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Version::Two => &RSA_PKCS1_2048_8192_SHA256,
        };
        UnparsedPublicKey::new(algorithm, &self.key).verify(envelope.signed.as_bytes(), &envelope.signature).is_ok()
    }
}

/// Whom a certificate is for.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok()).map(str::to_owned);
    let others = certificate.subject_alternative_name().ok().flatten();
    let others = others.into_iter().flat_map(|extension| extension.value.general_names.iter()).filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        _ => None,
    });
    common.chain(others).collect()
}
