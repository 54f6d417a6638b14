//! An answer as a person meets it: its heading, its links and buttons by their names, its fields by their labels, the
//! problems it names, the rows of its tables.

use reqwest::header::HeaderMap;
use scraper::{ElementRef, Html, Selector};
use std::fmt;

/// One answer of the portal. The text is parsed anew at each question, so that a page may cross threads.
#[derive(Clone)]
pub struct Page {
    /// The status of the last answer, after redirections.
    pub status: u16,
    /// Path and query of the page.
    pub address: String,
    /// Where the browser was sent on its way here, in order.
    pub redirections: Vec<String>,
    /// Headers of the last answer.
    pub headers: HeaderMap,
    /// The body as text.
    pub body: String,
}

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?}: {}", self.status, self.address, self.redirections, self.text())
    }
}

/// Parses a selector that is written in a test.
pub fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap_or_else(|error| panic!("{css}: {error}"))
}

/// Text of an element with single spaces.
pub fn text_of(element: ElementRef<'_>) -> String {
    squeeze(&element.text().collect::<String>())
}

pub fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Page {
    /// The parsed document.
    pub fn document(&self) -> Html {
        Html::parse_document(&self.body)
    }

    /// Whether this is a page and not a file, a redirection or an empty answer.
    pub fn is_html(&self) -> bool {
        self.header("content-type").starts_with("text/html")
    }

    /// A header's value, empty when it is absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The path without its query.
    pub fn path(&self) -> &str {
        self.address.split('?').next().unwrap_or(&self.address)
    }

    /// Everything that can be read, with single spaces.
    pub fn text(&self) -> String {
        if self.is_html() { self.one("body").unwrap_or_default() } else { self.body.clone() }
    }

    /// The page's heading.
    pub fn heading(&self) -> String {
        self.one("h1").unwrap_or_default()
    }

    /// The title.
    pub fn title(&self) -> String {
        self.one("title").unwrap_or_default()
    }

    /// Text of the first element, if any.
    pub fn one(&self, css: &str) -> Option<String> {
        self.all(css).into_iter().next()
    }

    /// Texts of all such elements.
    pub fn all(&self, css: &str) -> Vec<String> {
        self.document().select(&selector(css)).map(text_of).collect()
    }

    /// An attribute of each such element that has it.
    pub fn attributes(&self, css: &str, name: &str) -> Vec<String> {
        self.document().select(&selector(css)).filter_map(|element| element.attr(name).map(str::to_owned)).collect()
    }

    /// Whether these words stand in the page.
    pub fn says(&self, words: &str) -> bool {
        self.text().contains(words)
    }

    /// The problems of the summary *There is a problem*, in order.
    pub fn problems(&self) -> Vec<String> {
        self.all(".error-summary li")
    }

    /// The outcome of the request before: its title.
    pub fn flash(&self) -> Option<String> {
        self.one(".flash .alert-title")
    }

    /// Where the link of this name leads.
    pub fn link(&self, name: &str) -> Option<String> {
        let document = self.document();
        let found = document.select(&selector("a[href]")).find(|link| text_of(*link) == name);
        found.and_then(|link| link.attr("href")).map(str::to_owned)
    }

    /// Names of all buttons that send a form.
    pub fn buttons(&self) -> Vec<String> {
        self.all("form button[type=submit]")
    }

    /// What the control of this label holds now.
    pub fn value(&self, label: &str) -> String {
        let document = self.document();
        let control = control(&document, label).unwrap_or_else(|| panic!("no field {label:?} in {self:?}"));
        match control.value().name() {
            "textarea" => control.text().collect::<String>().trim_start_matches('\n').to_owned(),
            "select" => control.select(&selector("option[selected]")).next().map(text_of).unwrap_or_default(),
            _ => control.attr("value").unwrap_or_default().to_owned(),
        }
    }

    /// The label of the chosen answer of a group.
    pub fn chosen(&self, group: &str) -> Option<String> {
        let document = self.document();
        let group = find_group(&document, group)?;
        let checked = group.select(&selector("input[checked]")).next()?;
        let label = format!("label[for=\"{}\"]", checked.attr("id")?);
        group.select(&selector(&label)).next().map(text_of)
    }

    /// The value beside this name in a list of facts, figures or answers; without its unit or *Change* link.
    pub fn fact(&self, name: &str) -> String {
        let document = self.document();
        let term = document.select(&selector("dt")).find(|term| text_of(*term) == name);
        let term = term.unwrap_or_else(|| panic!("no {name:?} in {self:?}"));
        let value = term.next_siblings().filter_map(ElementRef::wrap).find(|element| element.value().name() == "dd");
        value.map(text_of).unwrap_or_default()
    }

    /// A figure as a number: `1,000 credits` is 1000, `−5` is -5.
    pub fn figure(&self, name: &str) -> i64 {
        number(&self.fact(name))
    }

    /// The cells of the table's rows, header row left out. The caption is the one that starts so.
    pub fn rows(&self, caption: &str) -> Vec<Vec<String>> {
        let document = self.document();
        let captions = selector("caption");
        let starts_so = |found: ElementRef<'_>| text_of(found).starts_with(caption);
        let table = document.select(&selector("table")).find(|table| table.select(&captions).any(starts_so));
        let table = table.unwrap_or_else(|| panic!("no table {caption:?} in {self:?}"));
        let cells = selector("th, td");
        table.select(&selector("tbody tr")).map(|row| row.select(&cells).map(text_of).collect()).collect()
    }
}

/// The first number in a text, with grouping and a typographic minus understood.
pub fn number(text: &str) -> i64 {
    let sign = if text.starts_with('−') || text.starts_with('-') { -1 } else { 1 };
    let word = text.trim_start_matches(['−', '-']).split_whitespace().next().unwrap_or_default();
    let digits: String = word.chars().filter(char::is_ascii_digit).collect();
    sign * digits.parse::<i64>().unwrap_or_else(|_| panic!("no number in {text:?}"))
}

/// The control that a label of exactly these words, or starting with them, belongs to.
pub fn control<'d>(document: &'d Html, label: &str) -> Option<ElementRef<'d>> {
    let labels = selector("label[for]");
    let exact = document.select(&labels).find(|found| text_of(*found) == label);
    let found = exact.or_else(|| document.select(&labels).find(|found| text_of(*found).starts_with(label)))?;
    let id = found.attr("for")?.to_owned();
    document.select(&selector("input, select, textarea")).find(|control| control.attr("id") == Some(id.as_str()))
}

/// The group of this legend.
pub fn find_group<'d>(document: &'d Html, legend: &str) -> Option<ElementRef<'d>> {
    document
        .select(&selector("fieldset"))
        .find(|group| group.select(&selector("legend")).next().is_some_and(|found| text_of(found) == legend))
}
