//! Paging by key: a list goes on after the last row shown, so rows that come or go never shift it.
//!
//! A cursor only says where to go on. It is not secret and not signed: the query itself must still ask for the
//! tenant's own rows, and then a forged cursor shows nothing that the first page would not lead to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::DateTime;
use uuid::Uuid;

use super::clock::Timestamp;

/// Longer cursors are not of our making.
const CURSOR_CHARS_MAX: usize = 4_096;
const VERSION: u8 = 1;
const BY_TIME: u8 = b't';
const BY_TEXT: u8 = b'x';
const BY_NUMBER: u8 = b'n';

/// Rows on a page: 10 to 100, ordinarily 25.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u8);

impl PageSize {
    /// The fewest rows that can be asked for.
    pub const MIN: Self = Self(10);
    /// The most rows that can be asked for.
    pub const MAX: Self = Self(100);

    /// The nearest size that is allowed.
    pub fn clamped(rows: i64) -> Self {
        u8::try_from(rows.clamp(Self::MIN.get(), Self::MAX.get())).map_or(Self::MAX, Self)
    }

    /// From a query string; what is missing or no number is the ordinary size.
    pub fn parse(typed: Option<&str>) -> Self {
        typed.and_then(|typed| typed.parse().ok()).map_or(Self::default(), Self::clamped)
    }

    /// Rows on the page.
    pub fn get(self) -> i64 {
        i64::from(self.0)
    }

    /// Rows to ask the database for: one more, which tells whether there is another page.
    pub fn overfetch(self) -> i64 {
        self.get() + 1
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(25)
    }
}

/// The place after which a page goes on: the sort key of the last row and its id, which breaks ties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cursor {
    /// In a list sorted by a time.
    Time {
        /// Kept in whole microseconds.
        at: Timestamp,
        /// The row.
        id: Uuid,
    },
    /// In a list sorted by a text, such as a name.
    Text {
        /// The text as the database sorts it.
        key: String,
        /// The row, in whatever form its table names it.
        id: String,
    },
    /// In a list sorted by a number.
    Number {
        /// The number.
        key: i64,
        /// The row, in whatever form its table names it.
        id: String,
    },
}

impl Cursor {
    /// After the row of this time.
    pub fn of_time(at: Timestamp, id: Uuid) -> Self {
        Self::Time { at, id }
    }

    /// After the row of this text.
    pub fn of_text(key: impl Into<String>, id: impl Into<String>) -> Self {
        Self::Text { key: key.into(), id: id.into() }
    }

    /// After the row of this number.
    pub fn of_number(key: i64, id: impl Into<String>) -> Self {
        Self::Number { key, id: id.into() }
    }

    /// From the address bar. What is damaged, foreign or of another version is `None`: the first page.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > CURSOR_CHARS_MAX {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (head, body) = bytes.split_first_chunk::<2>()?;
        match *head {
            [VERSION, BY_TIME] => {
                let (micros, id) = body.split_first_chunk::<8>()?;
                let at = DateTime::from_timestamp_micros(i64::from_be_bytes(*micros))?;
                Some(Self::Time { at, id: Uuid::from_slice(id).ok()? })
            }
            [VERSION, BY_TEXT] => {
                let (length, rest) = body.split_first_chunk::<4>()?;
                let (key, id) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
                Some(Self::Text { key: utf8(key)?, id: utf8(id)? })
            }
            [VERSION, BY_NUMBER] => {
                let (key, id) = body.split_first_chunk::<8>()?;
                Some(Self::Number { key: i64::from_be_bytes(*key), id: utf8(id)? })
            }
            _ => None,
        }
    }

    /// For the address bar: letters, digits, `-` and `_` only.
    pub fn encode(&self) -> String {
        let mut bytes = vec![VERSION];
        match self {
            Self::Time { at, id } => {
                bytes.push(BY_TIME);
                bytes.extend(at.timestamp_micros().to_be_bytes());
                bytes.extend(id.as_bytes());
            }
            Self::Text { key, id } => {
                bytes.push(BY_TEXT);
                // A key of 4 GiB cannot be; were it one, the cursor would not parse and the list begin anew.
                bytes.extend(u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes());
                bytes.extend(key.as_bytes());
                bytes.extend(id.as_bytes());
            }
            Self::Number { key, id } => {
                bytes.push(BY_NUMBER);
                bytes.extend(key.to_be_bytes());
                bytes.extend(id.as_bytes());
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place in a list sorted by time; `None` if the cursor is of another list.
    pub fn time(&self) -> Option<(Timestamp, Uuid)> {
        if let Self::Time { at, id } = self { Some((*at, *id)) } else { None }
    }

    /// The place in a list sorted by text; `None` if the cursor is of another list.
    pub fn text(&self) -> Option<(&str, &str)> {
        if let Self::Text { key, id } = self { Some((key, id)) } else { None }
    }

    /// The place in a list sorted by number; `None` if the cursor is of another list.
    pub fn number(&self) -> Option<(i64, &str)> {
        if let Self::Number { key, id } = self { Some((*key, id)) } else { None }
    }
}

fn utf8(bytes: &[u8]) -> Option<String> {
    // NUL is no text on Postgres; a forged cursor must not become a database error.
    String::from_utf8(bytes.to_vec()).ok().filter(|text| !text.contains('\0'))
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The rows of this page.
    pub items: Vec<T>,
    /// The cursor of the next page, for `after=`; `None` on the last page.
    pub next: Option<String>,
    /// Rows on all pages together, where the list counts them.
    pub total: Option<i64>,
}

impl<T> Paged<T> {
    /// A page out of [`PageSize::overfetch`] rows: the one too many is dropped and proves that there are more.
    pub fn from_overfetch(mut items: Vec<T>, size: PageSize, cursor: impl FnOnce(&T) -> Cursor) -> Self {
        let rows = usize::from(size.0);
        let more = items.len() > rows;
        items.truncate(rows);
        let next = items.last().filter(|_| more).map(|last| cursor(last).encode());
        Self { items, next, total: None }
    }

    /// The same page, knowing how many rows there are in all.
    #[must_use]
    pub fn with_total(self, total: i64) -> Self {
        Self { total: Some(total), ..self }
    }

    /// The same page of something else, usually of what the template shows.
    pub fn map<U>(self, row: impl FnMut(T) -> U) -> Paged<U> {
        Paged { items: self.items.into_iter().map(row).collect(), next: self.next, total: self.total }
    }

    /// Whether there is nothing on this page.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_page_has_25_rows_unless_10_to_100_are_asked_for() {
        for (typed, rows) in [
            (None, 25),
            (Some(""), 25),
            (Some("many"), 25),
            (Some("1"), 10),
            (Some("-5"), 10),
            (Some("50"), 50),
            (Some("100"), 100),
            (Some("999999"), 100),
            (Some("99999999999999999999"), 25),
        ] {
            assert_eq!(PageSize::parse(typed).get(), rows, "{typed:?}");
        }
        assert_eq!(PageSize::default().overfetch(), 26);
    }

    #[test]
    fn one_row_too_many_makes_a_next_page_and_is_not_shown() {
        let size = PageSize::MIN;
        let cursor = |row: &i64| Cursor::of_number(*row, "row");
        let full = Paged::from_overfetch((1..=11).collect(), size, cursor).with_total(30);
        assert_eq!(full.items, (1..=10).collect::<Vec<_>>());
        assert_eq!(full.next, Some(Cursor::of_number(10, "row").encode()));
        assert_eq!(full.total, Some(30));
        let last = Paged::from_overfetch((1..=10).collect(), size, cursor);
        assert_eq!((last.items.len(), last.next.clone(), last.total), (10, None, None));
        assert_eq!(last.map(|row| row.to_string()).items[9], "10");
        assert!(Paged::from_overfetch(Vec::new(), size, cursor).is_empty());
    }

    #[test]
    fn a_damaged_or_foreign_cursor_is_no_cursor() {
        let good = Cursor::of_text("acme", "biz_1").encode();
        let time = Cursor::of_time(Timestamp::UNIX_EPOCH, Uuid::from_u128(7)).encode();
        assert!(Cursor::parse(&good).is_some() && Cursor::parse(&time).is_some());
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        for bad in [
            String::new(),
            "x".to_owned(),
            "é".to_owned(),
            format!("{good}="),
            format!("{good}!"),
            time[..time.len() - 2].to_owned(),
            encode(&[2, BY_TEXT, 0, 0, 0, 0]),
            encode(&[VERSION, b'?', 0]),
            encode(&[VERSION, BY_TEXT, 0, 0, 0, 9, b'a']),
            encode(&[VERSION, BY_TEXT, 0, 0, 0, 1, 0xFF]),
            encode(&[VERSION, BY_TEXT, 0, 0, 0, 1, 0]),
            encode(&[&[VERSION, BY_TIME][..], &i64::MAX.to_be_bytes(), &[0; 16]].concat()),
            "A".repeat(CURSOR_CHARS_MAX + 4),
        ] {
            assert_eq!(Cursor::parse(&bad), None, "{bad}");
        }
    }

    #[test]
    fn a_cursor_of_one_list_is_no_place_in_another() {
        let text = Cursor::of_text("acme", "1");
        assert_eq!((text.text(), text.time(), text.number()), (Some(("acme", "1")), None, None));
        let number = Cursor::of_number(5, "1");
        assert_eq!((number.number(), number.text(), number.time()), (Some((5, "1")), None, None));
        let time = Cursor::of_time(Timestamp::UNIX_EPOCH, Uuid::nil());
        assert_eq!((time.time(), time.text()), (Some((Timestamp::UNIX_EPOCH, Uuid::nil())), None));
    }

    proptest! {
        #[test]
        fn a_cursor_comes_back_as_it_went_and_needs_no_escaping(
            micros in -62_135_596_800_000_000i64..253_402_300_800_000_000, id: u128, key in "[^\\x00]{0,60}", row in "[^\\x00]{0,40}", number: i64,
        ) {
            let at = DateTime::from_timestamp_micros(micros).unwrap();
            for cursor in [
                Cursor::of_time(at, Uuid::from_u128(id)),
                Cursor::of_text(key, row.clone()),
                Cursor::of_number(number, row),
            ] {
                let text = cursor.encode();
                prop_assert!(text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
                prop_assert_eq!(Cursor::parse(&text), Some(cursor));
            }
        }

        #[test]
        fn no_text_in_the_address_bar_makes_it_panic(text in "\\PC{0,60}", bytes: Vec<u8>) {
            prop_assert!(Cursor::parse(&text).is_none_or(|cursor| Cursor::parse(&cursor.encode()) == Some(cursor)));
            let forged = URL_SAFE_NO_PAD.encode([&[VERSION][..], &bytes].concat());
            prop_assert!(Cursor::parse(&forged).is_none_or(|cursor| Cursor::parse(&cursor.encode()) == Some(cursor)));
        }
    }
}
