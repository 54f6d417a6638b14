//! Credits: whole units a license grants, and the balance that is left of them.
//!
//! Credits are never negative and never fractional; only a balance may be below zero (CRD-2).

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Database, Decode, Encode, Type};

use super::show;

/// The number is not a number of credits: below 0 or above [`Credits::MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a number of credits from 0 to 1,000,000,000,000")]
pub struct NotCredits;

/// A number of credits, 0 to 1,000,000,000,000; stored as BIGINT.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "i64", try_from = "i64")]
pub struct Credits(i64);

impl Credits {
    /// None.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(1);
    /// The most there can be, also of a whole pool: far from the edge of 64 bits, so that balances cannot overflow.
    pub const MAX: Self = Self(1_000_000_000_000);

    /// So many credits.
    pub const fn new(number: i64) -> Result<Self, NotCredits> {
        if number >= 0 && number <= Self::MAX.0 { Ok(Self(number)) } else { Err(NotCredits) }
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether there are none.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, unless it is more than there can be.
    pub fn checked_add(self, other: Self) -> Result<Self, NotCredits> {
        Self::new(self.0 + other.0)
    }

    /// The difference, unless it is below zero.
    pub fn checked_sub(self, other: Self) -> Result<Self, NotCredits> {
        Self::new(self.0 - other.0)
    }

    /// So many times as much, unless that is more than there can be.
    pub fn checked_times(self, times: i64) -> Result<Self, NotCredits> {
        self.0.checked_mul(times).ok_or(NotCredits).and_then(Self::new)
    }

    /// The sum of all.
    pub fn sum(all: impl IntoIterator<Item = Self>) -> Result<Self, NotCredits> {
        all.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl TryFrom<i64> for Credits {
    type Error = NotCredits;

    fn try_from(number: i64) -> Result<Self, NotCredits> {
        Self::new(number)
    }
}

impl From<Credits> for i64 {
    fn from(credits: Credits) -> Self {
        credits.0
    }
}

/// `1,000`, for screens; [`Credits::get`] for CSV.
impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show::group(self.0))
    }
}

impl<DB: Database> Type<DB> for Credits
where
    i64: Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <i64 as Type<DB>>::type_info()
    }

    fn compatible(column: &DB::TypeInfo) -> bool {
        <i64 as Type<DB>>::compatible(column)
    }
}

impl<'q, DB: Database> Encode<'q, DB> for Credits
where
    i64: Encode<'q, DB>,
{
    fn encode_by_ref(&self, buffer: &mut <DB as Database>::ArgumentBuffer) -> Result<IsNull, BoxDynError> {
        self.0.encode_by_ref(buffer)
    }
}

impl<'r, DB: Database> Decode<'r, DB> for Credits
where
    i64: Decode<'r, DB>,
{
    fn decode(value: <DB as Database>::ValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(Self::new(i64::decode(value)?)?)
    }
}

/// Total valid credits less allocated credits; below zero when more is allocated than is valid (CRD-2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Balance(i64);

impl Balance {
    /// What is left of `total` when `allocated` is taken.
    pub const fn of(total: Credits, allocated: Credits) -> Self {
        Self(total.0 - allocated.0)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether more is allocated than is valid.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// How many credits are missing; zero when none are.
    pub const fn shortfall(self) -> Credits {
        if self.0 < 0 { Credits(-self.0) } else { Credits::ZERO }
    }

    /// For CSV and the API: `-1000`, with a hyphen that spreadsheets read as a sign.
    pub fn plain(self) -> String {
        self.0.to_string()
    }
}

/// `1,000` or `−1,000` with a true minus sign, for screens; [`Balance::plain`] for CSV.
impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show::group(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn credits(number: i64) -> Credits {
        Credits::new(number).unwrap()
    }

    #[test]
    fn credits_are_whole_from_zero_to_the_limit() {
        for good in [0, 1, 1_000, 1_000_000_000_000] {
            assert_eq!(Credits::new(good).map(Credits::get), Ok(good));
        }
        for bad in [-1, 1_000_000_000_001, i64::MAX, i64::MIN] {
            assert_eq!(Credits::new(bad), Err(NotCredits));
            assert!(serde_json::from_str::<Credits>(&bad.to_string()).is_err());
        }
        assert_eq!(serde_json::to_string(&credits(1_000)).unwrap(), "1000");
        assert!(Credits::ZERO.is_zero() && !credits(1).is_zero());
    }

    #[test]
    fn arithmetic_that_leaves_the_limits_is_refused() {
        assert_eq!(credits(2).checked_add(credits(3)), Ok(credits(5)));
        assert_eq!(Credits::MAX.checked_add(credits(1)), Err(NotCredits));
        assert_eq!(credits(3).checked_sub(credits(3)), Ok(Credits::ZERO));
        assert_eq!(credits(2).checked_sub(credits(3)), Err(NotCredits));
        assert_eq!(credits(20).checked_times(3), Ok(credits(60)));
        assert_eq!(credits(20).checked_times(-1), Err(NotCredits));
        assert_eq!(credits(20).checked_times(i64::MAX), Err(NotCredits));
        assert_eq!(Credits::sum([credits(1), credits(2), credits(3)]), Ok(credits(6)));
        assert_eq!(Credits::sum([Credits::MAX, credits(1)]), Err(NotCredits));
        assert_eq!(Credits::sum([]), Ok(Credits::ZERO));
    }

    /// CRD-2: the balance is total valid less allocated and may be negative.
    #[test]
    fn a_balance_below_zero_is_a_balance_and_is_shown_with_a_true_minus_sign() {
        let short = Balance::of(credits(500), credits(1_500));
        assert_eq!((short.get(), short.is_negative(), short.shortfall()), (-1_000, true, credits(1_000)));
        assert_eq!(short.to_string(), "\u{2212}1,000");
        assert_eq!(short.plain(), "-1000");
        let left = Balance::of(credits(1_500), credits(500));
        assert_eq!((left.to_string(), left.is_negative(), left.shortfall()), ("1,000".into(), false, Credits::ZERO));
        assert!(!Balance::default().is_negative());
        assert_eq!(Credits::MAX.to_string(), "1,000,000,000,000");
    }

    #[tokio::test]
    async fn credits_and_currency_pass_through_a_database_and_nonsense_does_not_come_out() {
        use crate::kernel::money::Currency;
        let mut db = <sqlx::SqliteConnection as sqlx::Connection>::connect("sqlite::memory:").await.unwrap();
        let row: (Credits, Currency, Option<Credits>) = sqlx::query_as("SELECT $1, $2, $3")
            .bind(credits(1_000))
            .bind(Currency::USD)
            .bind(None::<Credits>)
            .fetch_one(&mut db)
            .await
            .unwrap();
        assert_eq!(row, (credits(1_000), Currency::USD, None));
        assert!(sqlx::query_as::<_, (Credits,)>("SELECT -1").fetch_one(&mut db).await.is_err());
        assert!(sqlx::query_as::<_, (Currency,)>("SELECT 'XXX'").fetch_one(&mut db).await.is_err());
    }

    proptest! {
        #[test]
        fn allocating_and_returning_leaves_the_balance_as_it_was(total in 0i64..=1_000_000_000_000, taken in 0i64..=500_000_000_000, more in 0i64..=500_000_000_000) {
            let (total, taken, more) = (credits(total), credits(taken), credits(more));
            let allocated = taken.checked_add(more).unwrap();
            prop_assert_eq!(Balance::of(total, taken).get() - more.get(), Balance::of(total, allocated).get());
            prop_assert_eq!(allocated.checked_sub(more), Ok(taken));
        }
    }
}
