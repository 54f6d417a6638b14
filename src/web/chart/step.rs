//! Step charts: lines that stand still between events, over time, with the area under the first one.

use super::scale::ValueScale;
use super::time_axis::{Tick, ticks};
use crate::kernel::clock::Timestamp;
use crate::kernel::show::{self, Zone};
use std::fmt::Write;

/// A line to draw: its value from the first instant of the plot, and every later value with its instant.
#[derive(Clone, Debug)]
pub struct Series {
    /// What the line is, in one word beside its last value.
    pub name: &'static str,
    /// Class of its line in the stylesheet, such as `chart-line-valid`; the class also sets the dash.
    pub class: &'static str,
    /// The value at the plot's first instant; not negative.
    pub opening: i64,
    /// Later values, in order of time.
    pub steps: Vec<(Timestamp, i64)>,
}

/// What to draw: both drawings of a [`StepChart`] come from it.
#[derive(Clone, Debug)]
pub struct Plot {
    /// Prefix of the drawing's ids; unique on the page.
    pub id: &'static str,
    /// Read out first.
    pub title: String,
    /// What the lines show, in words.
    pub description: String,
    /// Name of the axis of values.
    pub unit: &'static str,
    /// The left edge.
    pub from: Timestamp,
    /// The right edge.
    pub to: Timestamp,
    /// In which months and days begin.
    pub zone: Zone,
    /// The lines; the first has the area under it.
    pub series: Vec<Series>,
}

/// A chart in two sizes of the same content; the stylesheet shows the one whose text is readable.
#[derive(Clone, Debug)]
pub struct StepChart {
    /// For wide places.
    pub wide: Drawing,
    /// For telephones.
    pub narrow: Drawing,
}

/// A text at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Tenths, printed: `12.5`.
    pub x: String,
    /// The text's baseline.
    pub y: String,
    /// `start`, `middle` or `end`.
    pub anchor: &'static str,
    /// The words.
    pub text: String,
}

/// A line of a drawing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Class in the stylesheet.
    pub class: &'static str,
    /// The path.
    pub path: String,
}

/// One SVG, ready to be written.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// Unique on the page; `-title` and `-desc` are made of it.
    pub id: String,
    /// `chart-wide` or `chart-narrow`.
    pub class: &'static str,
    /// Width of the view box.
    pub width: i64,
    /// Height of the view box.
    pub height: i64,
    /// Read out first.
    pub title: String,
    /// What the lines show, in words.
    pub description: String,
    /// Horizontal lines at the ticks of values.
    pub grid: String,
    /// Both axes with small marks where months begin.
    pub axis: String,
    /// Under the first line.
    pub area: String,
    /// The lines.
    pub lines: Vec<Line>,
    /// Names of the ticks and axes.
    pub scale_labels: Vec<Label>,
    /// First and last values of the lines.
    pub value_labels: Vec<Label>,
}

impl StepChart {
    /// Draws the plot in both sizes.
    #[must_use]
    pub fn draw(plot: &Plot) -> Self {
        Self { wide: Frame::new(plot, &WIDE).draw(), narrow: Frame::new(plot, &NARROW).draw() }
    }
}

struct Size {
    suffix: &'static str,
    class: &'static str,
    width: i64,
    height: i64,
    /// At most so many months are named.
    names_max: usize,
}

const WIDE: Size = Size { suffix: "wide", class: "chart-wide", width: 760, height: 280, names_max: 13 };
const NARROW: Size = Size { suffix: "narrow", class: "chart-narrow", width: 320, height: 260, names_max: 5 };

const TOP: i64 = 40;
const BOTTOM: i64 = 44;
const RIGHT: i64 = 12;
/// A digit of the axis in the stylesheet's size, a little generous.
const CHARACTER: i64 = 8;
const LINE: i64 = 15;
/// More points than this are drawn by the column.
const POINTS_EXACT: usize = 600;

/// The plot's rectangle in one size; all coordinates are tenths.
struct Frame<'p> {
    plot: &'p Plot,
    size: &'p Size,
    scale: ValueScale,
    left: i64,
}

impl<'p> Frame<'p> {
    fn new(plot: &'p Plot, size: &'p Size) -> Self {
        let largest = plot.series.iter().flat_map(|series| series.steps.iter().map(|step| step.1).chain([series.opening])).max();
        let scale = ValueScale::reaching(largest.unwrap_or(0));
        let longest = i64::try_from(show::group(scale.top()).len()).unwrap_or(20);
        Self { plot, size, scale, left: 10 + longest * CHARACTER }
    }

    fn right_tenths(&self) -> i64 {
        (self.size.width - RIGHT) * 10
    }

    fn floor_tenths(&self) -> i64 {
        (self.size.height - BOTTOM) * 10
    }

    fn x(&self, at: Timestamp) -> i64 {
        let span = (self.plot.to - self.plot.from).num_microseconds().unwrap_or(i64::MAX).max(1);
        let passed = (at - self.plot.from).num_microseconds().unwrap_or(0).clamp(0, span);
        let width = i128::from(self.right_tenths() - self.left * 10);
        self.left * 10 + i64::try_from(i128::from(passed) * width / i128::from(span)).unwrap_or(0)
    }

    fn y(&self, value: i64) -> i64 {
        let height = i128::from(self.floor_tenths() - TOP * 10);
        let up = i128::from(value.max(0)) * height / i128::from(self.scale.top().max(1));
        self.floor_tenths() - i64::try_from(up).unwrap_or(0)
    }

    fn draw(&self) -> Drawing {
        let paths: Vec<String> = self.plot.series.iter().map(|series| self.path(series)).collect();
        let floor = tenths(self.floor_tenths());
        let area = paths.first().map(|path| format!("{path}V{floor}H{}Z", self.left)).unwrap_or_default();
        let lines = self.plot.series.iter().zip(paths).map(|(series, path)| Line { class: series.class, path }).collect();
        let mut value_labels = self.first_values();
        value_labels.extend(self.last_values());
        Drawing {
            id: format!("{}-{}", self.plot.id, self.size.suffix),
            class: self.size.class,
            width: self.size.width,
            height: self.size.height,
            title: self.plot.title.clone(),
            description: self.plot.description.clone(),
            grid: self.grid(),
            axis: self.axis(),
            area,
            lines,
            scale_labels: self.scale_labels(),
            value_labels,
        }
    }

    fn grid(&self) -> String {
        self.scale.ticks().skip(1).fold(String::new(), |mut path, value| {
            write!(path, "M{} {}H{}", self.left, tenths(self.y(value)), tenths(self.right_tenths())).ok();
            path
        })
    }

    fn axis(&self) -> String {
        let floor = tenths(self.floor_tenths());
        let mut path = format!("M{} {TOP}V{floor}H{}", self.left, tenths(self.right_tenths()));
        for tick in self.ticks() {
            write!(path, "M{} {floor}v4", tenths(self.x(tick.at))).ok();
        }
        path
    }

    /// The line as a path. Where there are more events than columns, a column shows its least, most and last value.
    fn path(&self, series: &Series) -> String {
        let grain = if series.steps.len() > POINTS_EXACT { 10 } else { 1 };
        let mut y = self.y(series.opening);
        let mut path = format!("M{} {}", self.left, tenths(y));
        let mut steps = series.steps.iter().map(|(at, value)| (self.x(*at) / grain * grain, self.y(*value))).peekable();
        while let Some((x, first)) = steps.next() {
            let (mut low, mut high, mut last) = (first, first, first);
            while let Some((_, next)) = steps.next_if(|(other, _)| *other == x) {
                (low, high, last) = (low.max(next), high.min(next), next);
            }
            write!(path, "H{}", tenths(x)).ok();
            for turn in [low.max(y), high.min(y), last] {
                if turn != y {
                    write!(path, "V{}", tenths(turn)).ok();
                    y = turn;
                }
            }
        }
        write!(path, "H{}", tenths(self.right_tenths())).ok();
        path
    }

    fn ticks(&self) -> Vec<Tick> {
        ticks(self.plot.from, self.plot.to, self.plot.zone, self.size.names_max)
    }

    fn scale_labels(&self) -> Vec<Label> {
        let at = |x: i64, y: i64, anchor, text| Label { x: tenths(x), y: tenths(y), anchor, text };
        let mut labels = vec![at(0, 160, "start", self.plot.unit.to_owned())];
        for value in self.scale.ticks() {
            labels.push(at(self.left * 10 - 60, self.y(value) + 40, "end", show::group(value)));
        }
        let below = self.floor_tenths() + 180;
        for tick in self.ticks() {
            let x = self.x(tick.at);
            labels.extend(tick.name.map(|name| at(x, below, "middle", name)));
            labels.extend(tick.below.map(|words| self.kept_inside(x, below + 150, words)));
        }
        labels
    }

    /// Words in the middle below `x`, or up to the drawing's right edge where they would go beyond it.
    fn kept_inside(&self, x: i64, y: i64, text: String) -> Label {
        let half = i64::try_from(text.chars().count()).unwrap_or(10) * CHARACTER * 5;
        let edge = self.size.width * 10;
        let (x, anchor) = if x + half > edge { (edge, "end") } else { (x, "middle") };
        Label { x: tenths(x), y: tenths(y), anchor, text }
    }

    /// The values at the left edge, each once, above their line.
    fn first_values(&self) -> Vec<Label> {
        let mut values: Vec<i64> = self.plot.series.iter().map(|series| series.opening).collect();
        values.sort_unstable_by_key(|value| std::cmp::Reverse(*value));
        values.dedup();
        self.stacked(values.into_iter().map(|value| (value, show::group(value))).collect(), self.left * 10 + 40, "start")
    }

    /// The values at the right edge with the names of their lines.
    fn last_values(&self) -> Vec<Label> {
        let label = |series: &Series| {
            let last = series.steps.last().map_or(series.opening, |step| step.1);
            let text = format!("{} {}", series.name, show::group(last));
            (self.highest_under(series, &text), text)
        };
        let mut values: Vec<(i64, String)> = self.plot.series.iter().map(label).collect();
        values.sort_by_key(|(value, _)| std::cmp::Reverse(*value));
        self.stacked(values, self.right_tenths() - 20, "end")
    }

    /// The line's highest value below a text that ends at the right edge, so that the text hides nothing of it.
    fn highest_under(&self, series: &Series, text: &str) -> i64 {
        let width = i64::try_from(text.chars().count()).unwrap_or(20) * CHARACTER * 10;
        let begins = self.right_tenths() - width;
        let first = series.steps.partition_point(|(at, _)| self.x(*at) < begins);
        let entering = first.checked_sub(1).map_or(series.opening, |before| series.steps[before].1);
        series.steps[first..].iter().map(|step| step.1).fold(entering, i64::max)
    }

    /// Labels above their lines, from the lowest up, each pushed up as far as the one below it needs.
    fn stacked(&self, values: Vec<(i64, String)>, x: i64, anchor: &'static str) -> Vec<Label> {
        let mut ceiling = i64::MAX;
        let mut labels: Vec<Label> = Vec::new();
        for (value, text) in values.into_iter().rev() {
            let y = (self.y(value) - 60).min(ceiling);
            ceiling = y - LINE * 10;
            labels.push(Label { x: tenths(x), y: tenths(y), anchor, text });
        }
        labels.reverse();
        labels
    }
}

/// `12.5` for 125 tenths, without a fraction that says nothing.
fn tenths(number: i64) -> String {
    let sign = if number < 0 { "-" } else { "" };
    let (whole, rest) = (number.abs() / 10, number.abs() % 10);
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(day: i64) -> Timestamp {
        "2026-03-02T09:00:00Z".parse::<Timestamp>().unwrap() + TimeDelta::days(day)
    }

    fn plot(valid: Vec<(Timestamp, i64)>, allocated: Vec<(Timestamp, i64)>) -> Plot {
        Plot {
            id: "history",
            title: "Valid and allocated credits".to_owned(),
            description: "Words.".to_owned(),
            unit: "Credits",
            from: at(0),
            to: at(365),
            zone: Zone::UTC,
            series: vec![
                Series { name: "Valid", class: "chart-line-valid", opening: 0, steps: valid },
                Series { name: "Allocated", class: "chart-line-allocated", opening: 0, steps: allocated },
            ],
        }
    }

    fn ends(drawing: &Drawing) -> Vec<(&str, &str)> {
        drawing.value_labels.iter().map(|label| (label.text.as_str(), label.anchor)).collect()
    }

    /// CRD-5: the line stands still and then steps; first and last values are written beside it.
    #[test]
    fn a_line_goes_across_and_then_up_and_ends_at_the_edge() {
        let chart = StepChart::draw(&plot(vec![(at(73), 1_000), (at(292), 1_500)], vec![]));
        let wide = &chart.wide;
        assert_eq!((wide.width, wide.height), (760, 280));
        // 5 characters of 1,500 and the margin; a fifth and four fifths of the width; two thirds and all of the height.
        assert_eq!(wide.lines[0].path, "M50 236H189.6V105.4H608.4V40H748");
        assert_eq!(wide.area, format!("{}V236H50Z", wide.lines[0].path));
        assert_eq!(wide.lines[1].path, "M50 236H748");
        assert_eq!(ends(wide), [("0", "start"), ("Valid 1,500", "end"), ("Allocated 0", "end")]);
        assert_eq!(ends(&chart.narrow), ends(wide));
        assert_ne!(chart.narrow.id, wide.id);
    }

    #[test]
    fn months_are_named_and_the_year_where_it_begins() {
        let chart = StepChart::draw(&plot(vec![], vec![]));
        let words = |drawing: &Drawing| drawing.scale_labels.iter().map(|label| label.text.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(words(&chart.wide), "Credits 0 1 Apr 2026 May Jun Jul Aug Sep Oct Nov Dec Jan 2027 Feb Mar");
        assert_eq!(words(&chart.narrow), "Credits 0 1 Apr 2026 Jul Oct Jan 2027");
    }

    #[test]
    fn a_long_window_names_fewer_months() {
        let mut plot = plot(vec![], vec![]);
        plot.to = at(3 * 365);
        let chart = StepChart::draw(&plot);
        let words = |drawing: &Drawing| drawing.scale_labels.iter().map(|label| label.text.clone()).collect::<Vec<_>>().join(" ");
        assert_eq!(words(&chart.wide), "Credits 0 1 Apr 2026 Jul Oct Jan 2027 Apr Jul Oct Jan 2028 Apr Jul Oct Jan 2029");
        assert_eq!(words(&chart.narrow), "Credits 0 1 Jan 2027 Jan 2028 Jan 2029");
    }

    #[test]
    fn labels_of_lines_that_meet_do_not_lie_on_each_other() {
        let chart = StepChart::draw(&plot(vec![(at(10), 100)], vec![(at(20), 99)]));
        let whole = |label: &Label| label.y.split('.').next().unwrap().parse::<i64>().unwrap();
        let y: Vec<i64> = chart.wide.value_labels.iter().filter(|label| label.anchor == "end").map(whole).collect();
        assert!(y[1] - y[0] >= 15, "{y:?}");
        assert!(y[0] >= 12, "the upper one stays in the drawing");
    }

    #[test]
    fn ten_thousand_events_draw_a_column_each_and_keep_the_extremes() {
        let steps: Vec<(Timestamp, i64)> =
            (0..10_000).map(|n| (at(0) + TimeDelta::minutes(n * 52), if n == 5_000 { 9_999 } else { n % 7 })).collect();
        let chart = StepChart::draw(&plot(steps, vec![]));
        let path = &chart.wide.lines[0].path;
        assert!(path.len() < 20_000, "{} characters", path.len());
        let top = chart.wide.scale_labels.iter().filter_map(|label| label.text.replace(',', "").parse::<i64>().ok()).max();
        assert_eq!(top, Some(10_000));
        assert!(path.contains("V40"), "the one high value is drawn although its column has many others");
    }

    #[test]
    fn a_window_without_length_is_still_a_drawing() {
        let mut plot = plot(vec![], vec![]);
        plot.to = plot.from;
        assert!(StepChart::draw(&plot).wide.lines[0].path.starts_with('M'));
    }
}
