//! Secrets at rest that have to be read again, so that a hash of them would not do: they are
//! encrypted under a key that is not in the database, and bound to the name of what they belong to.

use super::random;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use std::fmt;

const NONCE_BYTES: usize = 24;

/// The key that seals and opens. It does not print.
#[derive(Clone)]
pub struct SealingKey([u8; 32]);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(***)")
    }
}

/// What was sealed does not open: another key, another access key's secret, or changed bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret does not open with this key")]
pub struct DoesNotOpen;

impl SealingKey {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(random::bytes())
    }

    /// As a key file has it: 64 hexadecimal digits, white space around them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        let mut key = [0; 32];
        if digits.len() != 2 * key.len() {
            return None;
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(key))
    }

    /// For the key file, and nowhere else.
    #[must_use]
    pub fn reveal(&self) -> String {
        super::hex::of(&self.0)
    }

    /// Seals a secret for what is named by `of`.
    #[must_use]
    pub fn seal(&self, secret: &str, of: &str) -> Vec<u8> {
        let nonce = random::bytes::<NONCE_BYTES>();
        let payload = Payload { msg: secret.as_bytes(), aad: of.as_bytes() };
        let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).unwrap_or_default();
        [&nonce[..], &sealed[..]].concat()
    }

    /// Opens what was sealed for `of`.
    ///
    /// # Errors
    /// When it does not open.
    pub fn open(&self, sealed: &[u8], of: &str) -> Result<String, DoesNotOpen> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(DoesNotOpen)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| DoesNotOpen)?;
        let payload = Payload { msg: sealed, aad: of.as_bytes() };
        let opened = self.cipher().decrypt(&XNonce::from(nonce), payload).map_err(|_| DoesNotOpen)?;
        String::from_utf8(opened).map_err(|_| DoesNotOpen)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&self.0.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_under_its_key_and_name() {
        let key = SealingKey::generate();
        let sealed = key.seal("a secret", "AKIA1");
        assert_eq!(key.open(&sealed, "AKIA1"), Ok("a secret".to_owned()));
        assert_eq!(key.open(&sealed, "AKIA2"), Err(DoesNotOpen));
        assert_eq!(SealingKey::generate().open(&sealed, "AKIA1"), Err(DoesNotOpen));
        assert_eq!(key.open(&sealed[..20], "AKIA1"), Err(DoesNotOpen));
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(key.open(&changed, "AKIA1"), Err(DoesNotOpen), "{place}");
        }
        assert_ne!(sealed, key.seal("a secret", "AKIA1"), "no two look alike");
        assert!(!sealed.windows(8).any(|part| part == b"a secret"));
    }

    #[test]
    fn a_key_file_holds_what_the_key_reveals() {
        let key = SealingKey::generate();
        let read = SealingKey::parse(&format!("{}\n", key.reveal())).expect("a key");
        assert_eq!(read.open(&key.seal("x", "y"), "y"), Ok("x".to_owned()));
        for text in ["", "abc", &"g".repeat(64), &"é".repeat(32)] {
            assert!(SealingKey::parse(text).is_none(), "{text}");
        }
        assert_eq!(format!("{key:?}"), "SealingKey(***)");
    }
}
