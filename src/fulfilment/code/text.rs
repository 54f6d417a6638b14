//! The text of an activation code: `XX-XXXX-XXXXX-XXXXX-XXXXX-XXXXX-XXXXX`, 37 characters. Its 31 letters and digits are
//! 29 random ones, which are 143 bits, and two that check them, so that a typing error is told before anything is asked.
//!
//! The alphabet has 31 signs that do not look alike (no 0, 1, I, L, O). 31 is a prime: with the place as weight, and its
//! square, one wrong sign or two that changed places never add up.

use crate::kernel::random;
use crate::kernel::secret::Secret;
use unicode_normalization::UnicodeNormalization;

const ALPHABET: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";
const SIGNS: usize = 31;
const RANDOM_SIGNS: usize = 29;
/// Signs in each group.
const GROUPS: [usize; 7] = [2, 4, 5, 5, 5, 5, 5];

/// What is wrong with a text that is no code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotACode {
    /// Nothing was typed.
    Empty,
    /// It has another number of letters and digits.
    Length(usize),
    /// It has a sign that codes do not have.
    Sign(char),
    /// A sign is wrong, or two changed places.
    Mistyped,
}

impl NotACode {
    /// In words, for the field.
    #[must_use]
    pub fn in_words(self) -> String {
        match self {
            Self::Empty => "Enter the activation code".to_owned(),
            Self::Length(1) => "An activation code has 31 letters and digits; this has 1".to_owned(),
            Self::Length(signs) => format!("An activation code has 31 letters and digits; this has {signs}"),
            Self::Sign(sign) => {
                format!("“{sign}” is in no activation code. Codes have the digits 2 to 9 and letters without I, L and O")
            }
            Self::Mistyped => "This activation code is mistyped: a letter or digit is wrong, or two changed places".to_owned(),
        }
    }
}

/// A code whose check is right. `Debug` does not show it.
#[derive(Clone)]
pub struct CodeText(String);

impl std::fmt::Debug for CodeText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CodeText(***)")
    }
}

impl CodeText {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        let mut values = Vec::with_capacity(SIGNS);
        while values.len() < RANDOM_SIGNS {
            // A byte's low five bits are 0 to 31; 31 is drawn again, so that every sign is as likely as any other.
            let drawn = random::bytes::<32>().into_iter().map(|byte| byte & 31).filter(|value| *value < 31);
            values.extend(drawn.take(RANDOM_SIGNS - values.len()));
        }
        values.extend(checks(&values));
        Self(values.into_iter().map(|value| char::from(ALPHABET[usize::from(value)])).collect())
    }

    /// From what was typed; spaces, case and hyphens of any kind are forgiven.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(typed: &str) -> Result<Self, NotACode> {
        let mut signs = String::with_capacity(SIGNS);
        for sign in typed.nfkc().filter(|sign| !sign.is_whitespace() && !is_hyphen(*sign)).take(200) {
            let sign = sign.to_ascii_uppercase();
            if !ALPHABET.iter().any(|known| char::from(*known) == sign) {
                return Err(NotACode::Sign(sign));
            }
            signs.push(sign);
        }
        match signs.len() {
            0 => Err(NotACode::Empty),
            SIGNS => {
                let values: Vec<u8> = signs.bytes().filter_map(value_of).collect();
                let (body, given) = values.split_at(RANDOM_SIGNS);
                if given == checks(body) { Ok(Self(signs)) } else { Err(NotACode::Mistyped) }
            }
            other => Err(NotACode::Length(other)),
        }
    }

    /// The code with its hyphens, for the one place that hands it over.
    #[must_use]
    pub fn reveal(&self) -> String {
        let mut rest = self.0.as_str();
        let groups = GROUPS.map(|length| {
            let (group, after) = rest.split_at(length);
            rest = after;
            group
        });
        groups.join("-")
    }

    /// What is stored and looked up. No salt is needed for 143 random bits.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        Secret::presented(&self.0).hash()
    }

    /// What stays readable of it.
    #[must_use]
    pub fn last_group(&self) -> &str {
        &self.0[SIGNS - 5..]
    }
}

/// Hyphens and dashes, as keyboards, word processors and mail programs make them.
const fn is_hyphen(sign: char) -> bool {
    matches!(sign, '-' | '_' | '\u{00AD}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}')
}

fn value_of(sign: u8) -> Option<u8> {
    ALPHABET.iter().position(|known| *known == sign).and_then(|place| u8::try_from(place).ok())
}

/// The sum of all values weighted by their place, and by its square.
fn checks(values: &[u8]) -> [u8; 2] {
    let sums = (1_u32..).zip(values).fold([0_u32; 2], |[once, twice], (place, value)| {
        let value = u32::from(*value);
        [(once + place * value) % 31, (twice + place * place * value) % 31]
    });
    sums.map(|sum| u8::try_from(sum).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// LIC-5: 37 characters in the groups of the product, whatever is drawn, and no two alike.
    #[test]
    fn a_code_has_the_form_and_survives_being_typed() {
        let mut seen = BTreeSet::new();
        for _ in 0..2_000 {
            let code = CodeText::generate();
            let shown = code.reveal();
            assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), GROUPS);
            assert_eq!(shown.len(), 37);
            assert!(shown.bytes().all(|sign| sign == b'-' || ALPHABET.contains(&sign)));
            assert_eq!(CodeText::parse(&shown).unwrap().hash(), code.hash());
            assert!(seen.insert(shown));
        }
        let signs: BTreeSet<char> = seen.iter().flat_map(|shown| shown.chars()).collect();
        assert_eq!(signs.len(), 32, "every sign and the hyphen occur");
    }

    /// LIC-5: spaces, case, hyphens and full-width signs are forgiven.
    #[test]
    fn spaces_case_and_hyphens_are_forgiven() {
        let code = CodeText::generate();
        let shown = code.reveal();
        let wide: String = shown.chars().map(|sign| char::from_u32(sign as u32 + 0xFEE0).unwrap()).collect();
        for typed in [
            shown.to_lowercase(),
            shown.replace('-', ""),
            shown.replace('-', " – "),
            format!("  {}\t", shown.replace('-', "\u{2011}")),
            wide,
            shown.chars().flat_map(|sign| [sign, ' ']).collect(),
        ] {
            assert_eq!(CodeText::parse(&typed).map(|code| code.hash()).ok(), Some(code.hash()), "{typed}");
        }
    }

    /// LIC-5: every single wrong sign and every two that changed places are told without looking anything up.
    #[test]
    fn typing_errors_are_found_by_the_code_itself() {
        for _ in 0..20 {
            let right = CodeText::generate().0;
            for place in 0..SIGNS {
                for sign in ALPHABET.iter().map(|sign| char::from(*sign)).filter(|sign| right.chars().nth(place) != Some(*sign)) {
                    let typed: String = right.chars().enumerate().map(|(at, old)| if at == place { sign } else { old }).collect();
                    assert_eq!(CodeText::parse(&typed).err(), Some(NotACode::Mistyped), "{place}");
                }
                for other in place + 1..SIGNS {
                    let mut signs: Vec<char> = right.chars().collect();
                    signs.swap(place, other);
                    let typed: String = signs.into_iter().collect();
                    assert!(typed == right || CodeText::parse(&typed).is_err(), "{place} and {other}");
                }
            }
        }
        assert_eq!(CodeText::parse(" - ").err(), Some(NotACode::Empty));
        assert_eq!(CodeText::parse("AB-CDEF").err(), Some(NotACode::Length(6)));
        assert_eq!(CodeText::parse("O0").err(), Some(NotACode::Sign('O')));
        assert_eq!(CodeText::parse(&"A".repeat(10_000)).err(), Some(NotACode::Length(200)));
        assert_eq!(format!("{:?}", CodeText::generate()), "CodeText(***)");
    }
}
