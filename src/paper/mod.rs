//! Documents on paper: A4 pages as PDF, made in this process. It knows headings, facts and tables and no word of the
//! business; it reads nothing and never fails on a letter that its font does not have. Sizes are points (1/72 inch).
//!
//! The files are PDF/A-2a and PDF/UA-1: fonts embedded, tagged, with title and language, and the same bytes for the same
//! document at any time.

mod layout;
mod letters;
mod sheet;

pub use sheet::PaperError;

use crate::kernel::clock::Timestamp;

/// A document before it is laid out.
#[derive(Clone, Debug, Default)]
pub struct Paper {
    /// Its name; the first heading and the file's title.
    pub title: String,
    /// Stands at the top of every page.
    pub reference: String,
    /// Who made it: the file's author.
    pub author: String,
    /// The date of the document, which is the date of the file too.
    pub dated: Timestamp,
    /// What it says, from top to bottom.
    pub blocks: Vec<Block>,
}

/// A part of a document.
#[derive(Clone, Debug)]
pub enum Block {
    /// A heading of the second rank.
    Heading(String),
    /// Running text; a line break stays one.
    Text(String),
    /// Two addresses side by side, each with its heading.
    Sides([(String, String); 2]),
    /// Names and values, one pair a line.
    Facts(Vec<(String, String)>),
    /// A table.
    Table(Table),
}

/// A table; its head is repeated on every page it goes on to.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Rows of as many cells as there are columns.
    pub rows: Vec<Vec<String>>,
    /// Rows below a line, printed bold.
    pub sums: Vec<Vec<String>>,
}

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its heading.
    pub label: String,
    /// Its share of the width, in parts of the sum of all shares.
    pub share: u16,
    /// Figures stand at the right edge.
    pub number: bool,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn words(label: &str, share: u16) -> Self {
        Self { label: label.to_owned(), share, number: false }
    }

    /// A column of figures.
    #[must_use]
    pub fn figures(label: &str, share: u16) -> Self {
        Self { label: label.to_owned(), share, number: true }
    }
}

impl Paper {
    /// The document as a PDF file.
    ///
    /// # Errors
    /// When the writer refuses the document, which is a defect.
    pub fn pdf(&self) -> Result<Vec<u8>, PaperError> {
        let letters = letters::Letters::open()?;
        sheet::write(self, &letters, &layout::lay_out(self, &letters))
    }
}

#[cfg(test)]
mod tests;
