//! The solutions file: what credits are used for, and at which rates. Reads `solutions.toml` and reports every problem of
//! it at once, each with its line and place. Pure; it knows no business and no allocation, and no code knows its names.

mod fields;
mod reader;

use super::rates::Rate;
use crate::kernel::credits::Credits;
use crate::kernel::hex;
use crate::kernel::show;
use crate::text_enum;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// The solutions of the demonstration's vendor.
pub const EMBEDDED: &str = include_str!("../../solutions.toml");

const KEY_PART_MAX: usize = 60;

/// The stable key of a feature, `endpoint-security/core`: what the ledger, the usage API and service keys say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureKey(Arc<str>);

impl FeatureKey {
    /// From `solution/feature`, each part of lower-case letters, digits and hyphens; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (solution, feature) = text.split_once('/')?;
        (is_key_part(solution) && is_key_part(feature)).then(|| Self(text.into()))
    }

    fn join(solution: &str, feature: &str) -> Self {
        Self(format!("{solution}/{feature}").into())
    }

    /// The whole key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before the slash.
    #[must_use]
    pub fn solution(&self) -> &str {
        self.0.split_once('/').map_or("", |(solution, _)| solution)
    }

    /// The part after the slash.
    #[must_use]
    pub fn feature(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, feature)| feature)
    }
}

impl fmt::Display for FeatureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn is_key_part(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !text.is_empty() && text.len() <= KEY_PART_MAX && text.bytes().all(plain)
}

text_enum! {
    /// How the units of a feature come about.
    pub enum Basis {
        /// Each thing that is switched on.
        EnabledUnits = "enabled units",
        /// By the features that each unit uses (CRD-7); see [`Feature::editions`].
        FeaturesUsed = "features used",
        /// Everybody, once it is on.
        AllUsers = "all users",
        /// Measured throughput, rounded up.
        Throughput = "throughput",
        /// A quantity that is reserved in advance.
        Quantity = "quantity",
        /// Nothing is counted, and it costs nothing.
        NotCounted = "none",
    }
}

impl Basis {
    /// The words for people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::EnabledUnits => "Enabled units",
            Self::FeaturesUsed => "By features used",
            Self::AllUsers => "All users once on",
            Self::Throughput => "Throughput, rounded up",
            Self::Quantity => "Reserved quantity",
            Self::NotCounted => "Not counted",
        }
    }
}

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// The word for one: `endpoint`.
    pub one: String,
    /// The word for many: `endpoints`.
    pub many: String,
    /// How much of it makes one unit that is charged.
    pub size: i64,
}

impl Unit {
    /// `1 endpoint`, `1,200 Mbps`.
    #[must_use]
    pub fn count(&self, number: i64) -> String {
        format!("{} {}", show::group(number), if number == 1 { &self.one } else { &self.many })
    }

    /// What one charge is for: `endpoint`, `500 Mbps`.
    #[must_use]
    pub fn each(&self) -> String {
        if self.size == 1 { self.one.clone() } else { self.count(self.size) }
    }
}

/// What a unit costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Price {
    /// So many credits for each begun unit and year.
    Known(Rate),
    /// Not published: *contact us*. It cannot be allocated.
    OnRequest,
}

impl Price {
    /// The rate, where there is one.
    #[must_use]
    pub const fn rate(self) -> Option<Rate> {
        match self {
            Self::Known(rate) => Some(rate),
            Self::OnRequest => None,
        }
    }
}

/// Credits for a unit and month, exact to a ten-thousandth; for pay-as-you-go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonthCredits(i64);

impl MonthCredits {
    /// How many of [`MonthCredits::parts`] make one credit.
    pub const SCALE: i64 = 10_000;

    /// From text such as `4.17`; `None` for anything else, also for more than four decimals.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || fraction.len() > 4 || whole.len() > 9 {
            return None;
        }
        format!("{whole}{fraction:0<4}").parse().ok().map(Self)
    }

    /// So many ten-thousandths of a credit.
    #[must_use]
    pub const fn of_parts(parts: i64) -> Self {
        Self(parts)
    }

    /// Ten-thousandths of a credit.
    #[must_use]
    pub const fn parts(self) -> i64 {
        self.0
    }
}

impl fmt::Display for MonthCredits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show::group(self.0 / Self::SCALE))?;
        let fraction = format!("{:04}", self.0 % Self::SCALE);
        match fraction.trim_end_matches('0') {
            "" => Ok(()),
            digits => write!(f, ".{digits:0<2}"),
        }
    }
}

/// A feature that reserves credits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Its stable key.
    pub key: FeatureKey,
    /// As shown.
    pub name: String,
    /// What is counted.
    pub unit: Unit,
    /// What it costs.
    pub price: Price,
    /// What it costs by use, where the vendor says so.
    pub month: Option<MonthCredits>,
    /// Whether the year's figure was worked out from the month's.
    pub annual_is_derived: bool,
    /// How units come about.
    pub basis: Basis,
    /// The same in a sentence.
    pub counted: String,
    /// Whether a pay-as-you-go contract can charge it.
    pub pay_as_you_go: bool,
    /// With [`Basis::FeaturesUsed`] the editions that a unit may count as, this one among them, from the least to the
    /// most; otherwise empty.
    pub editions: Vec<FeatureKey>,
}

impl Feature {
    /// Whether credits can be allocated to it: its units are counted and its rate is known.
    #[must_use]
    pub const fn is_allocatable(&self) -> bool {
        !matches!(self.basis, Basis::NotCounted) && self.price.rate().is_some()
    }

    /// Whether it can be charged by use (CRD-9). What is charged by the features that each unit uses cannot: a meter
    /// counts units, not what they use.
    #[must_use]
    pub const fn can_be_metered(&self) -> bool {
        self.pay_as_you_go && !matches!(self.basis, Basis::NotCounted | Basis::FeaturesUsed)
    }

    /// Begun units of the size that is charged; `None` below zero and beyond [`Credits::MAX`].
    #[must_use]
    pub fn begun(&self, units: i64) -> Option<i64> {
        Rate::new(self.unit.size, Credits::ZERO)?.begun(units).filter(|begun| *begun <= Credits::MAX.get())
    }

    /// `45 credits per endpoint and year`, `Contact us`.
    #[must_use]
    pub fn rate_in_words(&self) -> String {
        match self.price {
            Price::OnRequest => "Contact us".to_owned(),
            Price::Known(_) if self.basis == Basis::NotCounted => "0 credits".to_owned(),
            Price::Known(rate) => {
                format!("{} per {} and year", show::count(rate.credits_per_unit().get(), "credit"), self.unit.each())
            }
        }
    }
}

/// A solution with its features, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solution {
    /// Its stable key.
    pub key: String,
    /// As shown.
    pub name: String,
    /// Its features; never empty.
    pub features: Vec<Feature>,
}

/// The whole file, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Solutions {
    solutions: Vec<Solution>,
    fingerprint: String,
}

/// Everything that is wrong with a solutions file, one sentence each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the solutions file cannot be used:\n- {}", .0.join("\n- "))]
pub struct Problems(pub Vec<String>);

impl Solutions {
    /// Reads a solutions file.
    ///
    /// # Errors
    /// Every problem at once. A file that is no TOML has one: its syntax error.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let fingerprint = hex::of(&Sha256::digest(text.as_bytes()));
        reader::read(text).map(|solutions| Self { solutions, fingerprint })
    }

    /// Every solution, in the order of the file.
    #[must_use]
    pub fn all(&self) -> &[Solution] {
        &self.solutions
    }

    /// Every feature with its solution, in the order of the file.
    pub fn features(&self) -> impl Iterator<Item = (&Solution, &Feature)> {
        self.solutions.iter().flat_map(|solution| solution.features.iter().map(move |feature| (solution, feature)))
    }

    /// A feature by its key.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<(&Solution, &Feature)> {
        self.features().find(|(_, feature)| feature.key.as_str() == key)
    }

    /// SHA-256 of the file: tells whether rates may have changed since the last start.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

#[cfg(test)]
#[path = "solutions/tests.rs"]
mod tests;
