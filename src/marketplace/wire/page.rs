//! Tokens of next pages: a place in a list, bound to the list it was made for. They hold nothing that the list did not
//! show, so they are not sealed. Pure.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

const SUM_BYTES: usize = 12;

fn sum(list: &str) -> Vec<u8> {
    Sha256::digest(list.as_bytes())[..SUM_BYTES].to_vec()
}

/// The token of a place in a list; `list` names product, filters and order.
#[must_use]
pub fn token(list: &str, place: &str) -> String {
    URL_SAFE_NO_PAD.encode([&sum(list), place.as_bytes()].concat())
}

/// The place that a token of the same list stands for.
#[must_use]
pub fn place(list: &str, token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (made_for, place) = bytes.split_at_checked(SUM_BYTES)?;
    (made_for == sum(list)).then(|| String::from_utf8(place.to_vec()).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place_in_its_own_list_only() {
        let made = token("a", "x 1");
        assert_eq!(place("a", &made).as_deref(), Some("x 1"));
        assert!(made.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{made}");
        for (list, token) in [("b", made.as_str()), ("a", ""), ("a", "AAAA"), ("a", "é")] {
            assert_eq!(place(list, token), None, "{list} {token}");
        }
    }
}
