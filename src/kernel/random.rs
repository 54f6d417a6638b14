//! The one source of randomness: unguessable bytes and words from the operating system.

use uuid::Uuid;

/// `N` random bytes.
///
/// The operating system's generator does not fail on the systems this program runs on; if it did, going on would hand
/// out guessable secrets, so the process stops.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "the one place that asks for randomness; guessable secrets are worse than a stop"
)]
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    getrandom::fill(&mut buffer).expect("the operating system gives randomness");
    buffer
}

/// One random byte.
#[must_use]
pub fn byte() -> u8 {
    let [byte] = bytes::<1>();
    byte
}

/// A word of lower-case letters and digits, for ids in the marketplace's form (`agmt-` and 25 of these).
#[must_use]
pub fn word(length: usize) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut word = String::with_capacity(length);
    while word.len() < length {
        // Many at a time: each asking is a call of the system.
        let letters = bytes::<32>().map(|byte| char::from(ALPHABET[usize::from(byte & 31)]));
        word.extend(letters.iter().take(length - word.len()));
    }
    word
}

/// `2 * N` lower-case hexadecimal digits.
#[must_use]
pub fn hex<const N: usize>() -> String {
    super::hex::of(&bytes::<N>())
}

/// A time-ordered id (UUID version 7). Not a secret: part of it is the time.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn id() -> Uuid {
    Uuid::now_v7()
}
