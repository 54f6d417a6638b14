//! Tables as files, for every page that offers one: CSV and XLSX of the same rows. CSV is UTF-8 with a byte order mark,
//! without which spreadsheets take accents for something else; text cells that a spreadsheet would run are made text;
//! instants are UTC (TIM-1).

use crate::kernel::clock::Timestamp;
use crate::kernel::money::Money;
use crate::kernel::{show, text};
use crate::web::WebError;
use actix_web::HttpResponse;
use actix_web::http::header;
use csv::{Terminator, Writer, WriterBuilder};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

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

/// A table in either format; the address asks for one by its ending.
pub enum TableFile {
    /// For everything that reads text.
    Csv(Box<CsvFile>),
    /// For spreadsheets.
    Xlsx(Box<XlsxFile>),
}

impl TableFile {
    /// A table with these columns, as XLSX where the path ends so, else as CSV.
    ///
    /// # Errors
    /// When a row cannot be written into memory, which is a defect.
    pub fn new(path: &str, columns: &[&str]) -> Result<Self, WebError> {
        Ok(if path.rsplit('.').next() == Some("xlsx") {
            Self::Xlsx(Box::new(XlsxFile::new(columns)?))
        } else {
            Self::Csv(Box::new(CsvFile::new(columns)?))
        })
    }

    /// One more row; it has as many cells as there are columns.
    ///
    /// # Errors
    /// When it has another number of cells, which is a defect.
    pub fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), WebError> {
        match self {
            Self::Csv(file) => file.row(cells),
            Self::Xlsx(file) => file.row(cells),
        }
    }

    /// The answer: a file to keep.
    ///
    /// # Errors
    /// When the rows cannot be put together, which is a defect.
    pub fn download(self, name: &str, as_of: Timestamp) -> Result<HttpResponse, WebError> {
        match self {
            Self::Csv(file) => file.download(name, as_of),
            Self::Xlsx(file) => file.download(name, as_of),
        }
    }
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

/// A workbook of one sheet: numbers and instants are what they are, and text is never a formula.
pub struct XlsxFile {
    book: Workbook,
    bold: Format,
    instant: Format,
    amount: Format,
    columns: usize,
    rows: u32,
}

impl XlsxFile {
    fn new(columns: &[&str]) -> Result<Self, WebError> {
        let mut book = Workbook::new();
        book.add_worksheet().set_name("Table").map_err(xlsx_defect)?.set_freeze_panes(1, 0).map_err(xlsx_defect)?;
        let instant = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss \"UTC\"");
        let amount = Format::new().set_num_format("0.00");
        let mut file = Self { book, bold: Format::new().set_bold(), instant, amount, columns: columns.len(), rows: 0 };
        let bold = file.bold.clone();
        for (column, name) in (0u16..).zip(columns) {
            file.sheet()?.write_string_with_format(0, column, *name, &bold).map_err(xlsx_defect)?;
        }
        file.rows = 1;
        Ok(file)
    }

    fn sheet(&mut self) -> Result<&mut Worksheet, WebError> {
        self.book.worksheet_from_index(0).map_err(xlsx_defect)
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), WebError> {
        if cells.len() != self.columns {
            return Err(WebError::Internal(anyhow::anyhow!("a row of {} cells in a table of {} columns", cells.len(), self.columns)));
        }
        let (row, instant, amount) = (self.rows, self.instant.clone(), self.amount.clone());
        self.rows += 1;
        let sheet = self.sheet()?;
        for (column, cell) in (0u16..).zip(cells) {
            match cell {
                Cell::Text(words) => drop(sheet.write_string(row, column, *words).map_err(xlsx_defect)?),
                Cell::Number(number) => drop(sheet.write(row, column, *number).map_err(xlsx_defect)?),
                Cell::Amount(money) => match money.plain().parse::<f64>() {
                    Ok(number) => drop(sheet.write_number_with_format(row, column, number, &amount).map_err(xlsx_defect)?),
                    Err(_) => drop(sheet.write_string(row, column, money.plain()).map_err(xlsx_defect)?),
                },
                Cell::Time(at) => drop(sheet.write_datetime_with_format(row, column, excel_instant(*at)?, &instant).map_err(xlsx_defect)?),
                Cell::Empty => {}
            }
        }
        Ok(())
    }

    fn download(mut self, name: &str, as_of: Timestamp) -> Result<HttpResponse, WebError> {
        self.sheet()?.autofit();
        // The library would write the machine's time; the file says when its figures were read.
        self.book.set_properties(&DocProperties::new().set_creation_datetime(&excel_instant(as_of)?));
        let body = self.book.save_to_buffer().map_err(xlsx_defect)?;
        let named = format!("attachment; filename=\"{name}-{}.xlsx\"", as_of.format("%Y-%m-%d"));
        let media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        Ok(HttpResponse::Ok().content_type(media_type).insert_header((header::CONTENT_DISPOSITION, named)).body(body))
    }
}

fn excel_instant(at: Timestamp) -> Result<ExcelDateTime, WebError> {
    ExcelDateTime::parse_from_str(&at.format("%Y-%m-%dT%H:%M:%S").to_string()).map_err(xlsx_defect)
}

fn xlsx_defect(error: XlsxError) -> WebError {
    WebError::Internal(error.into())
}

fn defect(error: csv::Error) -> WebError {
    WebError::Internal(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Data, DataType, Reader, Xlsx, open_workbook_from_rs};
    use std::io::Cursor;

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

    /// CRD-5, CRD-6: in a workbook numbers, amounts and instants are what they are, and text is never a formula.
    #[test]
    fn a_workbook_can_be_calculated_with() {
        let mut file = XlsxFile::new(&["Product", "Credits", "Amount", "At", "Note"]).unwrap();
        let at = "2026-03-02T09:00:00.123456Z".parse().unwrap();
        let amount = Money::new(-123_456, "USD".parse().unwrap());
        file.row(&[Cell::Text("=1+1"), Cell::Number(1_234_567), Cell::Amount(amount), Cell::Time(at), Cell::Empty]).unwrap();
        assert!(file.row(&[Cell::Number(1)]).is_err(), "a row with a cell too few is a defect");
        let mut read: Xlsx<_> = open_workbook_from_rs(Cursor::new(file.book.save_to_buffer().unwrap())).unwrap();
        let table = read.worksheet_range("Table").unwrap();
        let rows: Vec<Vec<Data>> = table.rows().map(<[Data]>::to_vec).collect();
        assert_eq!(rows[0], ["Product", "Credits", "Amount", "At", "Note"].map(|name| Data::String(name.to_owned())));
        assert_eq!(rows[1][..3], [Data::String("=1+1".to_owned()), Data::Float(1_234_567.0), Data::Float(-1_234.56)]);
        assert_eq!(rows[1][3].get_datetime().unwrap().as_f64().to_string(), "46083.375", "days since 1900: 2 March 2026, 09:00");
        assert!(read.worksheet_formula("Table").unwrap().is_empty(), "no cell is a formula");
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
