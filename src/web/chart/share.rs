//! Share bars: how a whole is parted, as slices beside each other. The smallest parts beyond the seventh are one slice, so
//! that every slice keeps a pattern of its own.

use crate::kernel::show;

/// Width of the drawing in tenths of a unit.
const WIDTH: i64 = 6_400;
const SLICES_MAX: usize = 8;

/// A part of the whole.
#[derive(Clone, Debug)]
pub struct Part {
    /// What it is.
    pub name: String,
    /// How much; parts of nothing are left out.
    pub value: i64,
}

/// A slice with its legend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// 1 to 8: its colour and pattern.
    pub number: usize,
    /// Left edge, printed.
    pub x: String,
    /// Width, printed.
    pub width: String,
    /// What it is.
    pub name: String,
    /// How much.
    pub value: i64,
    /// `45.2 %`.
    pub share: String,
}

/// The whole drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareBar {
    /// From the greatest to the smallest.
    pub slices: Vec<Slice>,
    /// What the drawing shows, in words.
    pub description: String,
}

/// `45.2 %`, rounded half up; never `0.0 %` for something.
#[must_use]
pub fn share_in_words(value: i64, whole: i64) -> String {
    if whole <= 0 {
        return "0 %".to_owned();
    }
    let tenths = (i128::from(value) * 2_000 + i128::from(whole)) / (2 * i128::from(whole));
    if tenths == 0 && value > 0 { "less than 0.1 %".to_owned() } else { format!("{}.{} %", tenths / 10, tenths % 10) }
}

impl ShareBar {
    /// Draws the parts, greatest first; `None` where there is nothing to part.
    #[must_use]
    pub fn draw(mut parts: Vec<Part>, unit: &str) -> Option<Self> {
        parts.retain(|part| part.value > 0);
        parts.sort_by(|one, other| other.value.cmp(&one.value).then_with(|| one.name.cmp(&other.name)));
        if parts.len() > SLICES_MAX {
            let rest = parts.split_off(SLICES_MAX - 1);
            parts.push(Part { name: format!("{} others", rest.len()), value: rest.iter().map(|part| part.value).sum() });
        }
        let whole: i64 = parts.iter().map(|part| part.value).sum();
        if whole == 0 {
            return None;
        }
        let edge = |sum: i64| i64::try_from(i128::from(sum) * i128::from(WIDTH) / i128::from(whole)).unwrap_or(WIDTH);
        let mut before = 0;
        let slices: Vec<Slice> = (1..)
            .zip(&parts)
            .map(|(number, part)| {
                let (left, right) = (edge(before), edge(before + part.value));
                before += part.value;
                let share = share_in_words(part.value, whole);
                Slice { number, x: tenths(left), width: tenths(right - left), name: part.name.clone(), value: part.value, share }
            })
            .collect();
        let told: Vec<String> = slices.iter().map(|slice| format!("{} {}", slice.name, slice.share)).collect();
        Some(Self {
            description: format!("Of {}: {}. The table below has every value.", show::count(whole, unit), told.join(", ")),
            slices,
        })
    }
}

fn tenths(value: i64) -> String {
    format!("{}.{}", value / 10, value % 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(name: &str, value: i64) -> Part {
        Part { name: name.to_owned(), value }
    }

    /// CRD-5: slices stand beside each other from the greatest to the smallest and say their share.
    #[test]
    fn a_whole_is_parted_from_the_greatest_to_the_smallest() {
        let bar = ShareBar::draw(vec![part("Email", 250), part("Nothing", 0), part("Endpoint", 750)], "credit").unwrap();
        let drawn: Vec<_> =
            bar.slices.iter().map(|slice| (slice.number, slice.x.as_str(), slice.width.as_str(), slice.share.as_str())).collect();
        assert_eq!(drawn, [(1, "0.0", "480.0", "75.0 %"), (2, "480.0", "160.0", "25.0 %")]);
        assert_eq!(bar.description, "Of 1,000 credits: Endpoint 75.0 %, Email 25.0 %. The table below has every value.");
        assert_eq!(ShareBar::draw(vec![part("Nothing", 0)], "credit"), None);
        assert_eq!((share_in_words(1, 100_000).as_str(), share_in_words(0, 0).as_str()), ("less than 0.1 %", "0 %"));
    }

    proptest! {
        /// CRD-5: whatever the parts, the slices fill the drawing without a gap and their values are the whole.
        #[test]
        fn slices_fill_the_whole(values in prop::collection::vec(0i64..1_000_000_000_000, 1..20)) {
            let parts = values.iter().enumerate().map(|(index, value)| part(&format!("Solution {index}"), *value)).collect();
            let whole: i64 = values.iter().sum();
            if let Some(bar) = ShareBar::draw(parts, "credit") {
                let number = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
                let mut edge = 0;
                for slice in &bar.slices {
                    prop_assert_eq!(number(&slice.x), edge);
                    edge += number(&slice.width);
                }
                prop_assert_eq!(edge, WIDTH);
                prop_assert_eq!(bar.slices.iter().map(|slice| slice.value).sum::<i64>(), whole);
                prop_assert!(bar.slices.len() <= SLICES_MAX);
            } else {
                prop_assert_eq!(whole, 0);
            }
        }
    }
}
