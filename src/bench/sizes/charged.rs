//! What units of a few features reserve, worked out once, so that allocation written as rows has the figures that the use
//! case would book.

use crate::credits::rates::{self, Units};
use crate::credits::solutions::{FeatureKey, Solutions};
use anyhow::{anyhow, ensure};

/// So many features are allocated in every business.
pub const FEATURES: usize = 8;

/// Features with the credits of 0, 1, 2, … units.
#[derive(Clone, Debug)]
pub struct Charged {
    /// Each with its credits by units.
    pub features: Vec<(FeatureKey, Vec<i64>)>,
}

impl Charged {
    /// The first features of the file that are charged by units alone.
    ///
    /// # Errors
    /// When the file has too few of them.
    pub fn of(solutions: &Solutions, units_max: i64) -> anyhow::Result<Self> {
        let plain = solutions.features().filter(|(_, feature)| feature.is_allocatable() && feature.editions.is_empty());
        let mut features = Vec::with_capacity(FEATURES);
        for (_, feature) in plain.take(FEATURES) {
            let credits = |units| match rates::charge(solutions, &feature.key, &Units::of(units)) {
                Ok(charge) => Ok(charge.credits.get()),
                Err(reason) => Err(anyhow!("{units} units of {}: {reason:?}", feature.key)),
            };
            features.push((feature.key.clone(), (0..=units_max).map(credits).collect::<anyhow::Result<_>>()?));
        }
        ensure!(features.len() == FEATURES, "the solutions file has only {} features that can be allocated", features.len());
        Ok(Self { features })
    }

    /// The account of a feature, and the credits that so many units reserve.
    #[must_use]
    pub fn reserved(&self, feature: usize, units: i64) -> (&str, i64) {
        let (key, credits) = &self.features[feature];
        (key.as_str(), usize::try_from(units).ok().and_then(|units| credits.get(units)).copied().unwrap_or_default())
    }
}
