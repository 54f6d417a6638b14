//! The token that every form carries, bound to the browser and to the sign-in, masked anew on every page.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::kernel::id::SessionReference;
use crate::kernel::random;

const SIZE: usize = 32;

/// What a token is good for: this browser, and this sign-in or none.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Value of the visit cookie.
    pub visit: String,
    /// The session, once signed in: a token from before sign-in or of another session is worth nothing.
    pub session: Option<SessionReference>,
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn code(key: &[u8], binding: &Binding) -> [u8; SIZE] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(binding.visit.as_bytes());
    mac.update(&[0]);
    if let Some(session) = binding.session {
        mac.update(session.uuid().as_bytes());
    }
    mac.finalize().into_bytes().into()
}

/// A token for a form. Two of them never look alike, so that a compressed page does not give the secret away (BREACH).
#[must_use]
pub fn issue(key: &[u8], binding: &Binding) -> String {
    let mask = random::bytes::<SIZE>();
    let masked = code(key, binding).iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect::<Vec<_>>();
    URL_SAFE_NO_PAD.encode([&mask[..], &masked[..]].concat())
}

/// Whether a submitted token is one of this binding's.
#[must_use]
pub fn is_valid(key: &[u8], binding: &Binding, token: &str) -> bool {
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(token) else { return false };
    if bytes.len() != 2 * SIZE {
        return false;
    }
    let (mask, masked) = bytes.split_at(SIZE);
    let unmasked = mask.iter().zip(masked).map(|(mask, byte)| mask ^ byte).collect::<Vec<_>>();
    unmasked.ct_eq(&code(key, binding)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(visit: &str, session: Option<SessionReference>) -> Binding {
        Binding { visit: visit.to_owned(), session }
    }

    #[test]
    fn a_token_is_good_for_its_own_browser_and_sign_in_only() {
        let session = SessionReference::generate();
        let own = binding("a", Some(session));
        let token = issue(b"key", &own);
        assert!(is_valid(b"key", &own, &token));
        assert!(!is_valid(b"key", &binding("b", Some(session)), &token), "another browser");
        assert!(!is_valid(b"key", &binding("a", None), &token), "after signing out");
        assert!(!is_valid(b"key", &binding("a", Some(SessionReference::generate())), &token), "another session");
        assert!(!is_valid(b"other", &own, &token), "another key");
    }

    #[test]
    fn tokens_never_repeat_and_garbage_is_refused() {
        let own = binding("a", None);
        assert_ne!(issue(b"key", &own), issue(b"key", &own));
        for garbage in ["", "x", "AAAA", &"A".repeat(86), &"é".repeat(43)] {
            assert!(!is_valid(b"key", &own, garbage), "{garbage}");
        }
    }
}
