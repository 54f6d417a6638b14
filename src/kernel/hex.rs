//! Bytes as text: two lower-case hexadecimal digits each.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The digits of these bytes, in order.
#[must_use]
pub fn of(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_byte_has_its_two_digits() {
        assert_eq!(super::of(&[]), "");
        assert!((0..=u8::MAX).all(|byte| super::of(&[byte]) == format!("{byte:02x}")));
        assert_eq!(super::of(&[0xde, 0xad, 0x00, 0x0f]), "dead000f");
    }
}
