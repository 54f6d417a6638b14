//! Secrets that a person or a browser carries: made of 256 random bits, stored only as a hash, never printed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::fmt;

/// A secret in its readable form. `Debug` hides it and there is no `Display`; [`Secret::reveal`] is the only way out.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// A new one of 256 random bits, 43 URL-safe characters.
    #[must_use]
    pub fn generate() -> Self {
        Self(URL_SAFE_NO_PAD.encode(super::random::bytes::<32>()))
    }

    /// One that came in from outside, of any form.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text itself, for the one place that hands it over.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text: what is stored and looked up. No salt is needed for 256 random bits.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.0.as_bytes()).to_vec()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}
