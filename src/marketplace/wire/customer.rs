//! The customer identifier of listings from before concurrent agreements: eleven letters and digits that stand for a buyer
//! account. It is the account's number, turned by a fixed reversible rule: opaque by agreement, no secret, and needs no
//! row. Pure.

const LETTERS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LENGTH: usize = 11;
/// The Mersenne prime 2^61 - 1, which eleven letters can count to.
const MODULUS: u128 = (1 << 61) - 1;
const FACTOR: u128 = 0x0015_2f3a_94c8_e671;
const SHIFT: u128 = 0x0b7d_51c3_2a96_4f08;

/// The identifier of an account, 12 digits; `None` for anything else.
#[must_use]
pub fn identifier(account: &str) -> Option<String> {
    let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    let number: u128 = account.parse().ok().filter(|_| is_account)?;
    let mut turned = (number * FACTOR + SHIFT) % MODULUS;
    let mut letters = [0; LENGTH];
    for place in letters.iter_mut().rev() {
        *place = LETTERS[usize::try_from(turned % 62).unwrap_or_default()];
        turned /= 62;
    }
    Some(letters.iter().map(|letter| char::from(*letter)).collect())
}

/// The account of an identifier.
#[must_use]
pub fn account(identifier: &str) -> Option<String> {
    if identifier.len() != LENGTH {
        return None;
    }
    let mut turned: u128 = 0;
    for byte in identifier.bytes() {
        turned = turned * 62 + LETTERS.iter().position(|letter| *letter == byte)? as u128;
    }
    if turned >= MODULUS {
        return None;
    }
    let number = (turned + MODULUS - SHIFT) % MODULUS * power(FACTOR, MODULUS - 2) % MODULUS;
    (number < 1_000_000_000_000).then(|| format!("{number:012}"))
}

/// `base` to the power of `exponent`, in the field of the modulus; to the power of two less than it, the inverse.
const fn power(mut base: u128, mut exponent: u128) -> u128 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = result * base % MODULUS;
        }
        base = base * base % MODULUS;
        exponent >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_stands_for_one_account_and_leads_back_to_it() {
        for number in ["111122223333", "000000000000", "999999999999", "444455556666"] {
            let identifier = identifier(number).expect("an identifier");
            assert!(identifier.len() == LENGTH && identifier.bytes().all(|letter| letter.is_ascii_alphanumeric()), "{identifier}");
            assert_eq!(account(&identifier).as_deref(), Some(number));
        }
        assert_ne!(identifier("111122223333"), identifier("111122223334"));
        for none in ["", "1", "11112222333x", "1111222233334"] {
            assert_eq!(identifier(none), None, "{none}");
        }
        for none in ["", "ifAPi5AcF3", "00000000000", "ZZZZZZZZZZZ", "ééééé1"] {
            assert_eq!(account(none), None, "{none}");
        }
    }
}
