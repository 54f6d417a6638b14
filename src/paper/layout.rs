//! Breaks a document into lines and pages. Every text gets its place and the element it belongs to, so that what is read
//! aloud follows the document and not the lines.

use super::letters::{Letters, Weight};
use super::{Block, Paper, Table};

pub(super) const PAGE: (f32, f32) = (595.28, 841.89);
pub(super) const LEFT: f32 = 56.0;
pub(super) const RIGHT: f32 = PAGE.0 - 56.0;
/// Below the header of every page.
const TOP: f32 = 92.0;
const BOTTOM: f32 = PAGE.1 - 72.0;
const TEXT: f32 = 9.5;
const LINE: f32 = 13.5;
const GAP: f32 = 14.0;
const CELL_GAP: f32 = 10.0;
const FACT_LABEL: f32 = 150.0;

/// One line of text at its place; `baseline` counts from the top of the page.
pub(super) struct Line {
    pub x: f32,
    pub baseline: f32,
    pub size: f32,
    pub weight: Weight,
    pub text: String,
    pub element: usize,
}

/// A horizontal rule.
pub(super) struct Rule {
    pub y: f32,
    pub strong: bool,
}

#[derive(Default)]
pub(super) struct Page {
    pub lines: Vec<Line>,
    pub rules: Vec<Rule>,
}

/// What a text is, in the order of reading. Cells know their row, rows their table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    Title,
    Heading,
    Paragraph,
    HeadCell { table: usize, row: usize },
    RowCell { table: usize, row: usize },
    Cell { table: usize, row: usize },
}

pub(super) struct Laid {
    pub pages: Vec<Page>,
    pub elements: Vec<Element>,
}

struct Pen<'l> {
    letters: &'l Letters,
    pages: Vec<Page>,
    elements: Vec<Element>,
    y: f32,
    tables: usize,
}

/// Where a text goes in a row.
#[derive(Clone, Copy)]
struct Slot {
    x: f32,
    width: f32,
    weight: Weight,
    right: bool,
}

pub(super) fn lay_out(paper: &Paper, letters: &Letters) -> Laid {
    let mut pen = Pen { letters, pages: vec![Page::default()], elements: Vec::new(), y: TOP, tables: 0 };
    let whole = Slot { x: LEFT, width: RIGHT - LEFT, weight: Weight::Bold, right: false };
    pen.text(&paper.title, whole, 19.0, Element::Title);
    for block in &paper.blocks {
        pen.y += GAP;
        match block {
            Block::Heading(words) => {
                pen.room_for(LINE * 3.0);
                pen.text(words, whole, 11.5, Element::Heading);
                pen.y -= GAP / 2.0;
            }
            Block::Text(words) => pen.text(words, Slot { weight: Weight::Regular, ..whole }, TEXT, Element::Paragraph),
            Block::Sides(sides) => pen.sides(sides),
            Block::Facts(facts) => pen.facts(facts),
            Block::Table(table) => pen.table(table),
        }
    }
    Laid { pages: pen.pages, elements: pen.elements }
}

impl Pen<'_> {
    fn element(&mut self, element: Element) -> usize {
        self.elements.push(element);
        self.elements.len() - 1
    }

    fn page(&mut self) -> &mut Page {
        let last = self.pages.len() - 1;
        &mut self.pages[last]
    }

    fn room_for(&mut self, height: f32) -> bool {
        let is_full = self.y + height > BOTTOM;
        if is_full {
            self.pages.push(Page::default());
            self.y = TOP;
        }
        is_full
    }

    /// A text of one element in lines, from here downwards.
    fn text(&mut self, words: &str, slot: Slot, size: f32, element: Element) {
        let element = self.element(element);
        for line in self.broken(words, slot, size) {
            let height = LINE.max(size * 1.3);
            self.room_for(height);
            let baseline = self.y + size;
            self.put(&line, slot, baseline, size, element);
            self.y += height;
        }
    }

    fn put(&mut self, text: &str, slot: Slot, baseline: f32, size: f32, element: usize) {
        let width = self.letters.width(&self.letters.printable(text), slot.weight, size);
        let x = if slot.right { slot.x + slot.width - width } else { slot.x };
        let line = Line { x, baseline, size, weight: slot.weight, text: text.to_owned(), element };
        self.page().lines.push(line);
    }

    fn broken(&self, words: &str, slot: Slot, size: f32) -> Vec<String> {
        let fits = |text: &str| self.letters.width(&self.letters.printable(text), slot.weight, size) <= slot.width;
        words.lines().flat_map(|line| broken_line(line, &fits)).collect()
    }

    fn sides(&mut self, sides: &[(String, String); 2]) {
        self.room_for(LINE * 8.0);
        let (top, half) = (self.y, (RIGHT - LEFT) / 2.0);
        let mut lowest = top;
        for (side, (label, words)) in sides.iter().enumerate() {
            self.y = top;
            let x = if side == 0 { LEFT } else { LEFT + half };
            let slot = Slot { x, width: half - CELL_GAP, weight: Weight::Bold, right: false };
            self.text(label, slot, TEXT, Element::Heading);
            self.text(words, Slot { weight: Weight::Regular, ..slot }, TEXT, Element::Paragraph);
            lowest = self.y.max(lowest);
        }
        self.y = lowest;
    }

    fn facts(&mut self, facts: &[(String, String)]) {
        let columns = [
            Slot { x: LEFT, width: FACT_LABEL - CELL_GAP, weight: Weight::Regular, right: false },
            Slot { x: LEFT + FACT_LABEL, width: RIGHT - LEFT - FACT_LABEL, weight: Weight::Bold, right: false },
        ];
        let table = self.next_table();
        for (row, (label, value)) in facts.iter().enumerate() {
            let kinds = [Element::RowCell { table, row }, Element::Cell { table, row }];
            self.row(&[label, value], &columns, &kinds);
        }
    }

    fn next_table(&mut self) -> usize {
        self.tables += 1;
        self.tables
    }

    fn table(&mut self, table: &Table) {
        let slots = slots(table, Weight::Regular);
        let bold = slots.iter().map(|slot| Slot { weight: Weight::Bold, ..*slot }).collect::<Vec<_>>();
        let number = self.next_table();
        let head = table.columns.iter().map(|column| column.label.as_str()).collect::<Vec<_>>();
        self.room_for(LINE * 4.0);
        self.row(&head, &bold, &vec![Element::HeadCell { table: number, row: 0 }; head.len()]);
        self.rule(true);
        for (row, cells) in (1..).zip(&table.rows) {
            let cells = cells.iter().map(String::as_str).collect::<Vec<_>>();
            if self.room_for(self.height(&cells, &slots)) {
                // The head again for the eye; it is read aloud once, at its first place.
                self.repeat_head(&head, &bold);
            }
            let kinds = kinds_of_row(number, row, cells.len());
            self.row(&cells, &slots, &kinds);
            self.rule(false);
        }
        for (row, cells) in (1 + table.rows.len()..).zip(&table.sums) {
            let cells = cells.iter().map(String::as_str).collect::<Vec<_>>();
            self.row(&cells, &bold, &kinds_of_row(number, row, cells.len()));
        }
    }

    fn repeat_head(&mut self, head: &[&str], slots: &[Slot]) {
        for (label, slot) in head.iter().zip(slots) {
            let baseline = self.y + TEXT;
            self.put(label, *slot, baseline, TEXT, usize::MAX);
        }
        self.y += LINE + 2.0;
        self.rule(true);
    }

    fn height(&self, cells: &[&str], slots: &[Slot]) -> f32 {
        let lines = cells.iter().zip(slots).map(|(cell, slot)| self.broken(cell, *slot, TEXT).len()).max().unwrap_or(1);
        f32::from(u16::try_from(lines).unwrap_or(u16::MAX)) * LINE + 2.0
    }

    fn row(&mut self, cells: &[&str], slots: &[Slot], kinds: &[Element]) {
        let height = self.height(cells, slots);
        self.room_for(height);
        for ((cell, slot), kind) in cells.iter().zip(slots).zip(kinds) {
            let element = self.element(*kind);
            let mut baseline = self.y + TEXT;
            for line in self.broken(cell, *slot, TEXT) {
                self.put(&line, *slot, baseline, TEXT, element);
                baseline += LINE;
            }
        }
        self.y += height;
    }

    fn rule(&mut self, strong: bool) {
        let y = self.y;
        self.page().rules.push(Rule { y, strong });
        self.y += 4.0;
    }
}

fn kinds_of_row(table: usize, row: usize, cells: usize) -> Vec<Element> {
    let mut kinds = vec![Element::Cell { table, row }; cells];
    if let Some(first) = kinds.first_mut() {
        *first = Element::RowCell { table, row };
    }
    kinds
}

fn slots(table: &Table, weight: Weight) -> Vec<Slot> {
    let parts: f32 = table.columns.iter().map(|column| f32::from(column.share)).sum();
    let mut x = LEFT;
    let slot = |column: &super::Column| {
        let whole = (RIGHT - LEFT) * f32::from(column.share) / parts.max(1.0);
        let slot = Slot { x, width: whole - if column.number { 0.0 } else { CELL_GAP }, weight, right: column.number };
        x += whole;
        slot
    };
    table.columns.iter().map(slot).collect()
}

/// A line in as many as it needs; a word that is wider than the place is cut.
fn broken_line(line: &str, fits: &impl Fn(&str) -> bool) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split_whitespace() {
        let Some(last) = lines.last_mut() else { continue };
        let joined = if last.is_empty() { word.to_owned() } else { format!("{last} {word}") };
        if fits(&joined) {
            *last = joined;
        } else if fits(word) {
            lines.push(word.to_owned());
        } else {
            for letter in word.chars() {
                let Some(last) = lines.last_mut() else { continue };
                let longer = format!("{last}{letter}");
                if last.is_empty() || fits(&longer) { *last = longer } else { lines.push(letter.to_string()) }
            }
        }
    }
    lines
}
