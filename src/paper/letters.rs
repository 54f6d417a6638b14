//! The two fonts, how wide a text is in them, and what stands for a letter they do not have.

use super::PaperError;
use krilla::text::Font;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider, charmap::Charmap};

/// An empty square: a letter that the font does not have.
pub(super) const BOX: char = '\u{25A1}';

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

struct Face {
    font: Font,
    characters: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units: f32,
}

impl Face {
    fn open(bytes: &'static [u8]) -> Result<Self, PaperError> {
        let read = FontRef::new(bytes).map_err(|_| PaperError::Font)?;
        let metrics = read.glyph_metrics(Size::unscaled(), LocationRef::default());
        let units = f32::from(read.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
        Ok(Self { font: Font::new(bytes.to_vec().into(), 0).ok_or(PaperError::Font)?, characters: read.charmap(), metrics, units })
    }
}

/// Both fonts: the condensed cuts of `DejaVu Sans`, which have Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic.
pub(super) struct Letters {
    regular: Face,
    bold: Face,
}

impl Letters {
    pub(super) fn open() -> Result<Self, PaperError> {
        Ok(Self { regular: Face::open(dejavu::sans_condensed::regular())?, bold: Face::open(dejavu::sans_condensed::bold())? })
    }

    fn face(&self, weight: Weight) -> &Face {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    pub(super) fn font(&self, weight: Weight) -> Font {
        self.face(weight).font.clone()
    }

    /// How wide one line is, without what a font does to pairs of letters.
    pub(super) fn width(&self, text: &str, weight: Weight, size: f32) -> f32 {
        let face = self.face(weight);
        let advance = |letter: char| {
            let glyph = face.characters.map(letter).unwrap_or_default();
            face.metrics.advance_width(glyph).unwrap_or(face.units)
        };
        text.chars().map(advance).sum::<f32>() * size / face.units
    }

    /// The text with a box for every letter that cannot be printed, and a space for control characters.
    pub(super) fn printable(&self, text: &str) -> String {
        let print = |letter: char| match letter {
            letter if letter.is_control() => ' ',
            letter if self.regular.characters.map(letter).is_some() && self.bold.characters.map(letter).is_some() => letter,
            _ => BOX,
        };
        text.chars().map(print).collect()
    }
}
