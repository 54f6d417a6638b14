//! Tables as CSV files, for every page that offers one. UTF-8 with a byte order mark, without which spreadsheets take
//! accents for something else; text cells that a spreadsheet would run are made text; instants are UTC (TIM-1).

use crate::kernel::clock::Timestamp;
use crate::kernel::money::Money;
use crate::kernel::{show, text};
use crate::web::WebError;
use actix_web::HttpResponse;
use actix_web::http::header;
use csv::{Terminator, Writer, WriterBuilder};

/// A cell; only text can be mistaken for a formula, a negative number stays one.
#[derive(Clone, Copy, Debug)]
pub enum Cell<'a> {
    /// Words, ids, names.
    Text(&'a str),
    /// A whole number, without grouping.
    Number(i64),
    /// An amount without its currency and without grouping; a minus stays one.
    Amount(Money),
    /// An instant, to the second.
    Time(Timestamp),
    /// Nothing.
    Empty,
}

/// A file that grows row by row in memory.
pub struct CsvFile(Writer<Vec<u8>>);

impl CsvFile {
    /// A file with these columns.
    ///
    /// # Errors
    /// When a row cannot be written into memory, which is a defect.
    pub fn new(columns: &[&str]) -> Result<Self, WebError> {
        let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer("\u{FEFF}".as_bytes().to_vec());
        writer.write_record(columns).map_err(defect)?;
        Ok(Self(writer))
    }

    /// One more row; it has as many cells as there are columns.
    ///
    /// # Errors
    /// When it has another number of cells, which is a defect.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), WebError> {
        for cell in cells {
            let written = match cell {
                Cell::Text(words) => self.0.write_field(text::csv_safe(words).as_bytes()),
                Cell::Number(number) => self.0.write_field(number.to_string()),
                Cell::Amount(money) => self.0.write_field(money.plain()),
                Cell::Time(at) => self.0.write_field(show::iso(*at)),
                Cell::Empty => self.0.write_field(""),
            };
            written.map_err(defect)?;
        }
        self.0.write_record(None::<&[u8]>).map_err(defect)
    }

    /// The answer: a file to keep, named `<name>-<day in UTC>.csv`. `name` is of letters and hyphens.
    ///
    /// # Errors
    /// When the rows cannot be put together, which is a defect.
    pub fn download(self, name: &str, as_of: Timestamp) -> Result<HttpResponse, WebError> {
        let body = self.0.into_inner().map_err(|error| WebError::Internal(anyhow::anyhow!("{error}")))?;
        let named = format!("attachment; filename=\"{name}-{}.csv\"", as_of.format("%Y-%m-%d"));
        Ok(HttpResponse::Ok().content_type("text/csv; charset=utf-8").insert_header((header::CONTENT_DISPOSITION, named)).body(body))
    }
}

fn defect(error: csv::Error) -> WebError {
    WebError::Internal(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_neutralised_and_numbers_stay_numbers() {
        let mut file = CsvFile::new(&["Product", "Credits", "At"]).unwrap();
        let at = "2026-03-02T09:00:00.123456Z".parse().unwrap();
        file.row(&[Cell::Text("=cmd|' /C calc'!A0"), Cell::Number(-1_200), Cell::Time(at)]).unwrap();
        file.row(&[Cell::Text("Vision, \"One\" é"), Cell::Number(1_000), Cell::Empty]).unwrap();
        let text = String::from_utf8(file.0.into_inner().unwrap()).unwrap();
        let wanted = "\u{FEFF}Product,Credits,At\r\n'=cmd|' /C calc'!A0,-1200,2026-03-02T09:00:00Z\r\n\"Vision, \"\"One\"\" é\",1000,\r\n";
        assert_eq!(text, wanted);
    }

    #[test]
    fn a_row_with_a_cell_too_few_is_a_defect() {
        let mut file = CsvFile::new(&["A", "B"]).unwrap();
        assert!(file.row(&[Cell::Number(1)]).is_err());
    }

    #[test]
    fn the_file_is_named_after_its_day() {
        let response = CsvFile::new(&["A"]).unwrap().download("purchase-history", "2026-12-31T23:59:59Z".parse().unwrap()).unwrap();
        let header = |name: header::HeaderName| response.headers().get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header(header::CONTENT_DISPOSITION), "attachment; filename=\"purchase-history-2026-12-31.csv\"");
        assert_eq!(header(header::CONTENT_TYPE), "text/csv; charset=utf-8");
    }
}
