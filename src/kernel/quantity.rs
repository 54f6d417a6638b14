//! Whole numbers as people type them (MKT-3): grouped, spaced, full-width or in another script's digits.
//!
//! What could mean two things (`1,00`, `1.000`) is refused rather than guessed. Every refusal has its own kind,
//! so that a page can say what is wrong beside the limits.

use super::show;

/// Why what was typed is not a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotANumber {
    /// Nothing but blanks.
    #[error("nothing was typed")]
    Empty,
    /// `1.5`, and also `1.000`, which means one in some places and a thousand in others.
    #[error("a decimal point is not understood here")]
    Fraction,
    /// A minus sign before a number.
    #[error("the number is below zero")]
    Negative,
    /// Separators that are not in every third place, or of two kinds.
    #[error("it is unclear where the thousands are")]
    Grouping,
    /// `1e3`, `0x10`: the notations of programs.
    #[error("only plain digits are understood")]
    Notation,
    /// Anything that is not a digit.
    #[error("there is something other than digits in it")]
    NotDigits,
    /// More than 64 bits hold.
    #[error("the number is too large")]
    TooLarge,
}

/// The whole number that a person typed, from 0 to `i64::MAX`.
pub fn parse_whole_number(typed: &str) -> Result<i64, NotANumber> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(NotANumber::Empty);
    }
    if let Some(rest) = typed.strip_prefix(['-', '\u{2212}', '\u{2013}', '\u{FF0D}']) {
        return match unsigned(rest.trim_start()) {
            Ok(_) | Err(NotANumber::TooLarge | NotANumber::Fraction) => Err(NotANumber::Negative),
            Err(NotANumber::Empty) => Err(NotANumber::NotDigits),
            Err(other) => Err(other),
        };
    }
    unsigned(typed)
}

fn unsigned(typed: &str) -> Result<i64, NotANumber> {
    if typed.is_empty() {
        return Err(NotANumber::Empty);
    }
    let marks: Vec<Mark> = typed.chars().map(Mark::of).collect();
    if marks.iter().any(|mark| matches!(mark, Mark::Other(_))) {
        return Err(if is_notation(&marks) { NotANumber::Notation } else { NotANumber::NotDigits });
    }
    match marks.iter().filter(|mark| **mark == Mark::Point).count() {
        0 => grouped(&marks),
        1 => Err(NotANumber::Fraction),
        _ => Err(NotANumber::Grouping),
    }
}

/// What one typed character stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Digit(u8),
    Separator(Separator),
    Point,
    Other(char),
}

/// Separators of one kind may be mixed (an ordinary and a thin space), separators of two kinds may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Separator {
    Comma,
    Space,
    Apostrophe,
}

impl Mark {
    fn of(c: char) -> Self {
        if let Some(digit) = digit(c) {
            return Self::Digit(digit);
        }
        match c {
            ',' | '\u{FF0C}' | '\u{066C}' => Self::Separator(Separator::Comma),
            ' ' | '\u{A0}' | '\u{2007}'..='\u{2009}' | '\u{202F}' | '\u{3000}' => Self::Separator(Separator::Space),
            '\'' | '\u{2019}' | '\u{FF07}' => Self::Separator(Separator::Apostrophe),
            '.' | '\u{FF0E}' | '\u{066B}' => Self::Point,
            other => Self::Other(other),
        }
    }
}

/// The value of a digit in the scripts that keyboards of our customers produce.
fn digit(c: char) -> Option<u8> {
    const ZEROS: [char; 5] = ['0', '\u{FF10}', '\u{0660}', '\u{06F0}', '\u{0966}'];
    ZEROS.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        u8::try_from(value).ok().filter(|value| *value <= 9)
    })
}

/// Whether it reads like `1e3`, `1.5E+06` or `0x1F`.
fn is_notation(marks: &[Mark]) -> bool {
    match marks {
        [Mark::Digit(0), Mark::Other('x' | 'X' | 'b' | 'B' | 'o' | 'O'), rest @ ..] => !rest.is_empty(),
        [Mark::Digit(_), .., last] => {
            let odd: Vec<char> = marks.iter().filter_map(|mark| if let Mark::Other(c) = mark { Some(*c) } else { None }).collect();
            matches!(last, Mark::Digit(_)) && matches!(odd.as_slice(), ['e' | 'E'] | ['e' | 'E', '+' | '-'])
        }
        _ => false,
    }
}

/// Digits with or without separators in every third place.
fn grouped(marks: &[Mark]) -> Result<i64, NotANumber> {
    let mut kinds = marks.iter().filter_map(|mark| if let Mark::Separator(kind) = mark { Some(kind) } else { None });
    if let Some(first) = kinds.next() {
        let mut groups = marks.split(|mark| matches!(mark, Mark::Separator(_)));
        let head = groups.next().unwrap_or_default();
        // A leading zero before a separator (`0,100`) is a decimal comma far more often than a thousand.
        let head_fits = (1..=3).contains(&head.len()) && head.first() != Some(&Mark::Digit(0));
        if kinds.any(|kind| kind != first) || !head_fits || groups.any(|group| group.len() != 3) {
            return Err(NotANumber::Grouping);
        }
    }
    let digits = marks.iter().filter_map(|mark| if let Mark::Digit(value) = mark { Some(*value) } else { None });
    digits.map(i64::from).try_fold(0_i64, |number, digit| number.checked_mul(10)?.checked_add(digit)).ok_or(NotANumber::TooLarge)
}

/// The numbers a field takes: from `min` to `max`, counted from `min` in steps of `step`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The smallest number taken.
    pub min: i64,
    /// The largest number taken.
    pub max: i64,
    /// The distance between two numbers taken; less than 2 means that every number is.
    pub step: i64,
}

/// How a number misses its range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutOfRange {
    /// Below the smallest.
    #[error("the number is too small")]
    TooSmall,
    /// Above the largest.
    #[error("the number is too large")]
    TooLarge,
    /// Between two steps.
    #[error("the number is between two steps")]
    OffStep,
}

/// Why a field does not take what was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is not a whole number.
    #[error(transparent)]
    NotANumber(#[from] NotANumber),
    /// It is one, but not in the range.
    #[error(transparent)]
    OutOfRange(#[from] OutOfRange),
}

impl Range {
    /// Every whole number from `min` to `max`.
    pub const fn between(min: i64, max: i64) -> Self {
        Self { min, max, step: 1 }
    }

    /// Whether the number is in the range and on a step.
    pub fn check(&self, number: i64) -> Result<(), OutOfRange> {
        if number < self.min {
            return Err(OutOfRange::TooSmall);
        }
        if number > self.max {
            return Err(OutOfRange::TooLarge);
        }
        let from_min = i128::from(number) - i128::from(self.min);
        if self.step > 1 && from_min % i128::from(self.step) != 0 {
            return Err(OutOfRange::OffStep);
        }
        Ok(())
    }

    /// The number that was typed, if the field takes it.
    pub fn read(&self, typed: &str) -> Result<i64, Unfit> {
        let number = parse_whole_number(typed)?;
        self.check(number)?;
        Ok(number)
    }

    /// The limits as an instruction: `Enter a whole number of credits from 100 to 10,000,000, in steps of 50`.
    pub fn in_words(&self, unit: &str) -> String {
        let (least, most) = (show::group(self.min), show::group(self.max));
        let steps = if self.step > 1 { format!(", in steps of {}", show::group(self.step)) } else { String::new() };
        format!("Enter a whole number of {unit} from {least} to {most}{steps}")
    }

    /// What is wrong, then the limits: `That has a decimal point. Enter a whole number of credits from …`.
    pub fn problem(&self, why: Unfit, unit: &str) -> String {
        let limits = self.in_words(unit);
        match why {
            Unfit::NotANumber(NotANumber::Empty) | Unfit::OutOfRange(_) => limits,
            Unfit::NotANumber(NotANumber::Fraction) => format!("That has a decimal point. {limits}"),
            Unfit::NotANumber(NotANumber::Negative) => format!("That is below zero. {limits}"),
            Unfit::NotANumber(NotANumber::Grouping) => format!("It is unclear where the thousands are. {limits}"),
            Unfit::NotANumber(NotANumber::Notation) => format!("Use plain digits, such as 1000. {limits}"),
            Unfit::NotANumber(NotANumber::NotDigits) => format!("That is not a number. {limits}"),
            Unfit::NotANumber(NotANumber::TooLarge) => format!("That number is too large. {limits}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// MKT-3: what a person may type for a whole number.
    #[test]
    fn grouped_spaced_full_width_and_arabic_digits_are_understood() {
        for (typed, number) in [
            ("1000", 1_000),
            ("1,000", 1_000),
            ("1 000", 1_000),
            ("1\u{A0}000", 1_000),
            ("1\u{2009}000", 1_000),
            ("1\u{202F}000\u{2009}000", 1_000_000),
            ("1\u{3000}000", 1_000),
            ("1'000", 1_000),
            ("1\u{2019}000\u{2019}000", 1_000_000),
            ("１０００", 1_000),
            ("１，０００", 1_000),
            ("１0００", 1_000),
            ("١٠٠٠", 1_000),
            ("١٬٠٠٠", 1_000),
            ("۱۲۳", 123),
            ("१२३", 123),
            ("  42\t\r\n", 42),
            ("\u{3000}42\u{3000}", 42),
            ("0", 0),
            ("00", 0),
            ("0100", 100),
            ("10,000,000", 10_000_000),
            ("9223372036854775807", i64::MAX),
            ("9,223,372,036,854,775,807", i64::MAX),
        ] {
            assert_eq!(parse_whole_number(typed), Ok(number), "{typed:?}");
        }
    }

    /// MKT-3: anything else is refused, and the kind says what is wrong.
    #[test]
    fn what_is_not_clearly_a_whole_number_is_refused_with_its_own_reason() {
        use NotANumber::{Empty, Fraction, Grouping, Negative, NotDigits, Notation, TooLarge};
        for (kind, all) in [
            (Empty, "| |\t\n|\u{3000}|\u{A0}"),
            (Fraction, "1.5|1.0|.5|5.|1.000|1,000.50|١٫٥|１．５"),
            (Negative, "-1|- 1|\u{2212}1|－１|\u{2013}5|-1,000|-1.5|-0|-99999999999999999999"),
            (Grouping, "1,00|10,00,0|1,0000|1000,000|,000|1,|1,,000|1  000|1,000 000|1,5|0,100|1.000.000|10,00,000|1,000,|1'00|1, 000"),
            (Notation, "1e3|1E3|1e+3|1.5e6|0x10|0XFF|0b11|0o17|-1e3|-0x10"),
            (NotDigits, "+1|abc|1a|a1|1_000|$100|100 credits|-|--1|½|²|Ⅷ|NaN|inf|1/2|10%|1e|0x|{{7*7}}|=1|-a|(1)"),
            (NotDigits, "1\u{200B}000|\u{202E}1|1\u{0}|1\t000|1\n000|\u{FFFD}|\u{FEFF}1"),
            (TooLarge, "9223372036854775808|99,999,999,999,999,999,999"),
        ] {
            for typed in all.split('|') {
                assert_eq!(parse_whole_number(typed), Err(kind), "{typed:?}");
            }
        }
        assert_eq!(parse_whole_number("-1,00"), Err(Grouping));
        assert_eq!(parse_whole_number(&"9".repeat(1_000_000)), Err(TooLarge));
        assert_eq!(parse_whole_number(&"-".repeat(1_000_000)), Err(NotDigits));
    }

    /// MKT-3: the number must be between minimum and maximum, in its step.
    #[test]
    fn a_number_outside_the_limits_or_between_two_steps_is_refused() {
        let range = Range { min: 100, max: 10_000_000, step: 50 };
        for (number, outcome) in [
            (99, Err(OutOfRange::TooSmall)),
            (0, Err(OutOfRange::TooSmall)),
            (i64::MIN, Err(OutOfRange::TooSmall)),
            (100, Ok(())),
            (101, Err(OutOfRange::OffStep)),
            (150, Ok(())),
            (10_000_000, Ok(())),
            (10_000_001, Err(OutOfRange::TooLarge)),
            (i64::MAX, Err(OutOfRange::TooLarge)),
        ] {
            assert_eq!(range.check(number), outcome, "{number}");
        }
        assert_eq!(range.read(" 1,150 "), Ok(1_150));
        assert_eq!(range.read("1,151"), Err(Unfit::OutOfRange(OutOfRange::OffStep)));
        assert_eq!(range.read("x"), Err(Unfit::NotANumber(NotANumber::NotDigits)));
        assert_eq!(Range { min: i64::MIN, max: i64::MAX, step: 2 }.check(i64::MAX), Err(OutOfRange::OffStep));
        assert_eq!(Range { step: 0, ..range }.check(101), Ok(()));
    }

    /// MKT-3: the refusal names the limits in words.
    #[test]
    fn every_refusal_ends_with_the_limits_in_words() {
        let range = Range::between(100, 10_000_000);
        let limits = "Enter a whole number of credits from 100 to 10,000,000";
        assert_eq!(range.in_words("credits"), limits);
        assert_eq!(
            Range { step: 50, ..range }.in_words("credits"),
            "Enter a whole number of credits from 100 to 10,000,000, in steps of 50"
        );
        for typed in ["", "1.5", "-1", "1,00", "1e3", "many", "99999999999999999999", "99"] {
            let problem = range.problem(range.read(typed).unwrap_err(), "credits");
            assert!(problem.ends_with(limits), "{typed:?}: {problem}");
        }
        assert_eq!(range.problem(NotANumber::Fraction.into(), "credits"), format!("That has a decimal point. {limits}"));
    }

    proptest! {
        /// MKT-3: what the pages show can be typed back, in every way of grouping.
        #[test]
        fn a_number_shown_is_read_back_the_same(number in 0i64..=i64::MAX, separator in prop::sample::select(vec![",", " ", "\u{A0}", "\u{202F}", "'", "，"])) {
            let shown = show::group(number);
            prop_assert_eq!(parse_whole_number(&shown), Ok(number));
            prop_assert_eq!(parse_whole_number(&shown.replace(',', separator)), Ok(number));
            prop_assert_eq!(parse_whole_number(&number.to_string()), Ok(number));
            let full_width: String = number.to_string().chars()
                .filter_map(|c| char::from_u32(u32::from(c) - u32::from('0') + 0xFF10)).collect();
            prop_assert_eq!(parse_whole_number(&full_width), Ok(number));
        }

        #[test]
        fn no_text_makes_it_panic_and_no_number_is_negative(typed in "\\PC{0,40}") {
            if let Ok(number) = parse_whole_number(&typed) {
                prop_assert!(number >= 0);
            }
        }

        #[test]
        fn digits_and_marks_in_any_order_never_make_two_numbers(typed in "[0-9,. '\\-]{0,12}") {
            if let Ok(number) = parse_whole_number(&typed) {
                let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
                prop_assert_eq!(digits.parse::<i64>(), Ok(number));
                prop_assert!(!typed.contains(['.', '-']));
            }
        }
    }
}
