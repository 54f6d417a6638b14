//! How much was used: a number of units from zero, with up to six decimals, compared by value. Pure.

use std::fmt;

/// Millionths in a unit.
const SCALE: i64 = 1_000_000;
/// Decimals that are written at most.
const DECIMALS: usize = 6;
/// Digits before the point that are written at most.
const DIGITS: usize = 10;
/// The most whole units that are sent as a number.
const WHOLE_MAX: i64 = 2_147_483_647;

/// A quantity of usage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Used {
    units: i64,
    millionths: i64,
}

impl Used {
    /// Whole units, from 0 to 2,147,483,647.
    #[must_use]
    pub fn of_whole(units: i64) -> Option<Self> {
        (0..=WHOLE_MAX).contains(&units).then_some(Self { units, millionths: 0 })
    }

    /// A decimal number as the model of the API has it: `17`, `17.42`, no sign and no leading zeros.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (units, decimals) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let is_number = (1..=DIGITS).contains(&units.len()) && (units == "0" || !units.starts_with('0'));
        if !is_number || decimals.len() > DECIMALS || !are_digits(units) || !are_digits(decimals) {
            return None;
        }
        Some(Self { units: units.parse().ok()?, millionths: format!("{decimals:0<DECIMALS$}").parse().ok()? })
    }

    /// From what is stored, or from sums of it.
    #[must_use]
    pub const fn of_parts(units: i64, millionths: i64) -> Self {
        Self { units: units.saturating_add(millionths / SCALE), millionths: millionths % SCALE }
    }

    /// Whole units and what is beyond them, in millionths.
    #[must_use]
    pub const fn parts(self) -> (i64, i64) {
        (self.units, self.millionths)
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::of_parts(self.units.saturating_add(other.units), self.millionths + other.millionths)
    }

    /// For people: whole units grouped, decimals as far as there are any.
    #[must_use]
    pub fn in_words(self) -> String {
        let text = self.to_string();
        let decimals = text.find('.').map_or("", |point| &text[point..]);
        format!("{}{decimals}", crate::kernel::show::group(self.units))
    }
}

impl fmt::Display for Used {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.millionths {
            0 => write!(f, "{}", self.units),
            _ => f.write_str(format!("{}.{:06}", self.units, self.millionths).trim_end_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section 3.2 of the protocol: quantities are compared by value.
    #[test]
    fn quantities_are_read_as_the_model_has_them_and_compared_by_value() {
        let seventeen = Used::of_whole(17);
        for text in ["17", "17.0", "17.00", "17.000000"] {
            assert_eq!(Used::parse(text), seventeen, "{text}");
        }
        let fraction = Used::parse("1234.050").expect("a quantity");
        assert_eq!(
            (fraction.to_string(), fraction.in_words(), fraction.parts()),
            ("1234.05".to_owned(), "1,234.05".to_owned(), (1_234, 50_000))
        );
        assert_eq!(Used::parse("9999999999.999999").map(|most| most.to_string()).as_deref(), Some("9999999999.999999"));
        for none in ["", ".", "1.", ".5", "-1", "+1", "01", "1e3", "1.0000000", "10000000000", "1,5", "１"] {
            assert_eq!(Used::parse(none), None, "{none}");
        }
        assert_eq!((Used::of_whole(-1), Used::of_whole(2_147_483_648)), (None, None));
    }

    #[test]
    fn sums_carry_from_decimals_to_units() {
        let [most, half] = ["0.999999", "0.500001"].map(|text| Used::parse(text).expect("a quantity"));
        assert_eq!(most.plus(half).to_string(), "1.5");
        assert_eq!(Used::of_parts(3, 2_500_000).to_string(), "5.5");
    }
}
