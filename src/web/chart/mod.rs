//! Charts drawn on the server: pure functions from figures to coordinates and words; `templates/charts/` writes the SVG.
//!
//! Nothing here knows a request, a database or a business word. Coordinates are whole tenths of a unit, so a chart is
//! the same on every machine. Colours and dashes are the stylesheet's; everything a chart shows is also a table
//! (CRD-5).

mod scale;
mod share;
mod step;
mod time_axis;

pub use scale::ValueScale;
pub use share::{Part, ShareBar, Slice, share_in_words};
pub use step::{Drawing, Label, Line, Plot, Series, StepChart};
pub use time_axis::{Tick, ticks};
