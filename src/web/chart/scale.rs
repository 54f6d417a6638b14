//! Round numbers for an axis of values.

/// An axis from zero to a round number at or above the largest value, with equal steps between its ticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueScale {
    step: i64,
    ticks: i64,
}

impl ValueScale {
    /// At most five steps of 1, 2, 2.5 or 5 times a power of ten that reach `largest`. Steps are whole numbers.
    #[must_use]
    pub fn reaching(largest: i64) -> Self {
        const STEPS_MAX: i64 = 5;
        let largest = largest.max(1);
        let mut power = 1i64;
        loop {
            for tenths in [10, 20, 25, 50] {
                let step = power.saturating_mul(tenths) / 10;
                let is_whole = power.saturating_mul(tenths) % 10 == 0;
                let ticks = largest / step.max(1) + i64::from(largest % step.max(1) != 0);
                if is_whole && ticks <= STEPS_MAX {
                    return Self { step, ticks };
                }
            }
            power = power.saturating_mul(10);
        }
    }

    /// The value at the top of the axis.
    #[must_use]
    pub const fn top(&self) -> i64 {
        self.step.saturating_mul(self.ticks)
    }

    /// The ticks from zero to the top.
    pub fn ticks(&self) -> impl Iterator<Item = i64> + '_ {
        (0..=self.ticks).map(|tick| self.step.saturating_mul(tick))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        for (largest, top, step) in [
            (0, 1, 1),
            (1, 1, 1),
            (3, 3, 1),
            (5, 5, 1),
            (6, 6, 2),
            (11, 15, 5),
            (100, 100, 20),
            (101, 125, 25),
            (1_000, 1_000, 200),
            (1_250, 1_250, 250),
            (12_345, 12_500, 2_500),
            (12_501, 15_000, 5_000),
            (10_000_000, 10_000_000, 2_000_000),
        ] {
            let scale = ValueScale::reaching(largest);
            assert_eq!((scale.top(), scale.ticks().nth(1)), (top, Some(step)), "{largest}");
        }
    }

    proptest! {
        #[test]
        fn every_value_fits_the_axis_and_no_axis_is_mostly_empty(largest in 0i64..=1_000_000_000_000) {
            let scale = ValueScale::reaching(largest);
            prop_assert!(scale.top() >= largest);
            prop_assert!(scale.ticks().count() <= 6);
            prop_assert!(largest < 1 || scale.top() < largest.saturating_mul(2).max(2));
        }
    }
}
