//! Money: whole minor units of one currency, with checked arithmetic and rounding that is said aloud.
//!
//! There is no conversion between currencies, no floating point and no rounding but up to the minor unit.

use std::fmt;
use std::str::FromStr;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Encode, Type};

use super::credits::Credits;
use super::show;

/// Why an amount cannot be computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The amount does not fit in 64 bits of minor units.
    #[error("the amount is too large")]
    TooLarge,
    /// Two currencies met in one sum.
    #[error("{0} and {1} cannot be added")]
    Mixed(Currency, Currency),
    /// The remaining time is negative or longer than the term, or the term is empty.
    #[error("the remaining time is not a part of the term")]
    NotAPartOfTheTerm,
}

/// The code names no currency that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a known currency code")]
pub struct UnknownCurrency;

/// A currency by its ISO 4217 code; stored as TEXT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency {
    code: &'static str,
    minor_digits: u32,
}

impl Currency {
    /// US dollar, the currency of the demonstration data.
    pub const USD: Self = Self::of("USD", 2);
    /// Euro.
    pub const EUR: Self = Self::of("EUR", 2);
    /// Pound sterling.
    pub const GBP: Self = Self::of("GBP", 2);
    /// Japanese yen, which has no minor unit.
    pub const JPY: Self = Self::of("JPY", 0);

    /// Every currency that is known here, by code.
    pub const ALL: &'static [Self] = &[
        Self::of("AED", 2),
        Self::of("AUD", 2),
        Self::of("BHD", 3),
        Self::of("BRL", 2),
        Self::of("CAD", 2),
        Self::of("CHF", 2),
        Self::of("CLP", 0),
        Self::of("CNY", 2),
        Self::of("CZK", 2),
        Self::of("DKK", 2),
        Self::EUR,
        Self::GBP,
        Self::of("HKD", 2),
        Self::of("HUF", 2),
        Self::of("ILS", 2),
        Self::of("INR", 2),
        Self::of("ISK", 0),
        Self::of("JOD", 3),
        Self::JPY,
        Self::of("KRW", 0),
        Self::of("KWD", 3),
        Self::of("MXN", 2),
        Self::of("NOK", 2),
        Self::of("NZD", 2),
        Self::of("OMR", 3),
        Self::of("PLN", 2),
        Self::of("SEK", 2),
        Self::of("SGD", 2),
        Self::of("THB", 2),
        Self::of("TND", 3),
        Self::of("TRY", 2),
        Self::of("TWD", 2),
        Self::USD,
        Self::of("VND", 0),
        Self::of("ZAR", 2),
    ];

    const fn of(code: &'static str, minor_digits: u32) -> Self {
        Self { code, minor_digits }
    }

    /// The three letters, as stored and shown.
    pub fn code(self) -> &'static str {
        self.code
    }

    /// Decimal places of the minor unit: 2 for dollars and cents, 0 for yen.
    pub fn minor_digits(self) -> u32 {
        self.minor_digits
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// The three letters in either case; nothing is trimmed.
    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::ALL.iter().copied().find(|known| known.code.eq_ignore_ascii_case(code)).ok_or(UnknownCurrency)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl<DB: Database> Type<DB> for Currency
where
    String: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <String as Type<DB>>::type_info()
    }

    fn compatible(column: &DB::TypeInfo) -> bool {
        <String as Type<DB>>::compatible(column)
    }
}

impl<'q, DB: Database> Encode<'q, DB> for Currency
where
    String: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut <DB as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.code.to_owned().encode(buffer)
    }
}

impl<'r, DB: Database> Decode<'r, DB> for Currency
where
    String: Decode<'r, DB>,
{
    fn decode(value: <DB as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(String::decode(value)?.parse()?)
    }
}

/// An amount in whole minor units (cents) of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units: 100 is one dollar, or one hundred yen.
    pub minor: i64,
    /// What the minor units are of.
    pub currency: Currency,
}

impl Money {
    /// So many minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in this currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// Whether it is nothing at all.
    pub fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// The sum, if both are of one currency.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_minor(self.minor.checked_add(other.minor))
    }

    /// The difference, if both are of one currency; it may be negative.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with_minor(self.minor.checked_sub(other.minor))
    }

    /// The price of so many credits at this price a credit.
    pub fn times(self, credits: Credits) -> Result<Self, MoneyError> {
        self.with_minor(self.minor.checked_mul(credits.get()))
    }

    /// The part of this amount that falls on the time left, rounded up to the minor unit (UPG-3).
    pub fn pro_rata_up(self, remaining_seconds: i64, term_seconds: i64) -> Result<Self, MoneyError> {
        if term_seconds <= 0 || !(0..=term_seconds).contains(&remaining_seconds) {
            return Err(MoneyError::NotAPartOfTheTerm);
        }
        let exact = i128::from(self.minor) * i128::from(remaining_seconds);
        let term = i128::from(term_seconds);
        let up = exact.div_euclid(term) + i128::from(exact.rem_euclid(term) != 0);
        self.with_minor(i64::try_from(up).ok())
    }

    /// The figure alone for screens beside a column head that names the currency: `1,000.00`.
    pub fn amount(self) -> String {
        let sign = if self.minor < 0 { "\u{2212}" } else { "" };
        let (whole, fraction) = self.parts();
        format!("{sign}{}{fraction}", show::group_unsigned(whole))
    }

    /// The figure for a CSV file or an API, without grouping: `1000.00`.
    pub fn plain(self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        let (whole, fraction) = self.parts();
        format!("{sign}{whole}{fraction}")
    }

    /// Whole units without sign, and the fraction with its point, if the currency has one.
    fn parts(self) -> (u64, String) {
        let digits = self.currency.minor_digits;
        let unit = 10_u64.pow(digits);
        let minor = self.minor.unsigned_abs();
        let fraction = match usize::try_from(digits) {
            Ok(width) if width > 0 => format!(".{:0width$}", minor % unit),
            _ => String::new(),
        };
        (minor / unit, fraction)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::Mixed(self.currency, other.currency)) }
    }

    fn with_minor(self, minor: Option<i64>) -> Result<Self, MoneyError> {
        minor.map(|minor| Self { minor, ..self }).ok_or(MoneyError::TooLarge)
    }
}

/// `USD 1,000.00`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.amount())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(minor: i64) -> Money {
        Money::new(minor, Currency::USD)
    }

    #[test]
    fn an_amount_is_shown_grouped_with_its_currency_and_its_minor_digits() {
        for (minor, code, shown, plain) in [
            (100_000, "USD", "USD 1,000.00", "1000.00"),
            (5, "EUR", "EUR 0.05", "0.05"),
            (0, "GBP", "GBP 0.00", "0.00"),
            (1_234_567, "JPY", "JPY 1,234,567", "1234567"),
            (1_234_567, "KWD", "KWD 1,234.567", "1234.567"),
            (-150, "USD", "USD \u{2212}1.50", "-1.50"),
            (i64::MIN, "USD", "USD \u{2212}92,233,720,368,547,758.08", "-92233720368547758.08"),
        ] {
            let money = Money::new(minor, code.parse().unwrap());
            assert_eq!(money.to_string(), shown);
            assert_eq!(money.plain(), plain);
        }
    }

    #[test]
    fn a_currency_is_known_by_its_three_letters_and_nothing_else() {
        assert_eq!("usd".parse(), Ok(Currency::USD));
        for bad in ["", "US", "USDX", " USD", "XXX", "$", "ÜSD"] {
            assert_eq!(bad.parse::<Currency>(), Err(UnknownCurrency), "{bad}");
        }
        assert!(Currency::ALL.windows(2).all(|pair| pair[0].code() < pair[1].code()));
        assert!(Currency::ALL.iter().all(|c| c.to_string().parse() == Ok(*c) && c.minor_digits() <= 3));
        let json = serde_json::to_string(&usd(5)).unwrap();
        assert_eq!(json, r#"{"minor":5,"currency":"USD"}"#);
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), usd(5));
    }

    #[test]
    fn sums_are_checked_for_size_and_currency() {
        assert_eq!(usd(1).checked_add(usd(2)), Ok(usd(3)));
        assert_eq!(usd(1).checked_sub(usd(2)), Ok(usd(-1)));
        assert_eq!(usd(i64::MAX).checked_add(usd(1)), Err(MoneyError::TooLarge));
        assert_eq!(usd(i64::MIN).checked_sub(usd(1)), Err(MoneyError::TooLarge));
        let euro = Money::zero(Currency::EUR);
        assert_eq!(usd(0).checked_add(euro), Err(MoneyError::Mixed(Currency::USD, Currency::EUR)));
        assert!(euro.is_zero() && !usd(1).is_zero());
        assert_eq!(usd(100).times(Credits::new(1_000).unwrap()), Ok(usd(100_000)));
        assert_eq!(usd(i64::MAX / 2).times(Credits::new(3).unwrap()), Err(MoneyError::TooLarge));
    }

    /// UPG-3: price x credits x remaining / term, rounded up to the minor unit.
    #[test]
    fn an_upgrade_is_charged_for_the_time_left_rounded_up_to_the_minor_unit() {
        let year = 365 * 86_400;
        for (full, remaining, charged) in [
            (100_000, year, 100_000),
            (100_000, 0, 0),
            (100_000, year / 2, 50_000),
            (100_000, 1, 1),
            (100_000, year - 1, 100_000),
            (365, 86_400, 1),
            (365, 86_401, 2),
            (0, 86_400, 0),
            (i64::MAX, year, i64::MAX),
        ] {
            assert_eq!(usd(full).pro_rata_up(remaining, year), Ok(usd(charged)), "{full} {remaining}");
        }
        for (remaining, term) in [(1, 0), (-1, 10), (11, 10), (0, -1), (i64::MIN, i64::MAX)] {
            assert_eq!(usd(1).pro_rata_up(remaining, term), Err(MoneyError::NotAPartOfTheTerm));
        }
    }

    proptest! {
        /// UPG-3: never less than the exact share, and less than one minor unit more.
        #[test]
        fn the_share_is_never_below_the_exact_value_and_less_than_one_minor_unit_above(
            minor in 0i64..=i64::MAX, term in 1i64..=200_000_000, part in 0u64..=u64::MAX,
        ) {
            let remaining = i64::try_from(part % (term.unsigned_abs() + 1)).unwrap();
            let share = i128::from(usd(minor).pro_rata_up(remaining, term).unwrap().minor);
            let exact = i128::from(minor) * i128::from(remaining);
            prop_assert!(share * i128::from(term) >= exact);
            prop_assert!((share - 1) * i128::from(term) < exact);
            prop_assert!(share <= i128::from(minor));
        }

        /// UPG-3: the whole term costs the whole price, no time left costs nothing, more time never costs less.
        #[test]
        fn the_share_grows_with_the_time_left(
            minor in -1_000_000_000i64..=1_000_000_000, term in 1i64..=200_000_000, a in 0i64..=200_000_000, b in 0i64..=200_000_000,
        ) {
            prop_assert_eq!(usd(minor).pro_rata_up(term, term), Ok(usd(minor)));
            prop_assert_eq!(usd(minor).pro_rata_up(0, term), Ok(usd(0)));
            let (less, more) = (a.min(b) % (term + 1), a.max(b) % (term + 1));
            let (less, more) = (less.min(more), less.max(more));
            let full = minor.abs();
            prop_assert!(usd(full).pro_rata_up(less, term).unwrap().minor <= usd(full).pro_rata_up(more, term).unwrap().minor);
        }
    }
}
