//! Writes laid-out pages as a file: tagged, archival, with the reference on top and page numbers at the foot.

use super::Paper;
use super::layout::{Element, LEFT, Laid, PAGE, Page, RIGHT};
use super::letters::{Letters, Weight};
use crate::kernel::clock::Timestamp;
use chrono::{Datelike, Timelike};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{PathBuilder, Point};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree};
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};
use std::num::NonZeroU16;

/// Why no file was made. All of these are defects of the program.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// The font does not open.
    #[error("the font of documents does not open")]
    Font,
    /// The writer refused.
    #[error("the document cannot be written: {0}")]
    Refused(String),
}

const LANGUAGE: &str = "en";
const SMALL: f32 = 8.0;

pub(super) fn write(paper: &Paper, letters: &Letters, laid: &Laid) -> Result<Vec<u8>, PaperError> {
    let standard = ConfigurationBuilder::new().with_archival_validator(Archival::A2_A).with_accessibility_validator(Accessibility::UA1);
    let configuration = standard.finish().map_err(|error| PaperError::Refused(format!("{error:?}")))?;
    let mut document = Document::new_with(SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() });
    let mut pieces: Vec<Vec<Identifier>> = laid.elements.iter().map(|_| Vec::new()).collect();
    for (number, page) in (1..).zip(&laid.pages) {
        write_page(&mut document, paper, letters, page, (number, laid.pages.len()), &mut pieces)?;
    }
    let mut outline = Outline::new();
    outline.push_child(OutlineNode::new(paper.title.clone(), XyzDestination::new(0, Point::from_xy(LEFT, 0.0))));
    document.set_outline(outline);
    document.set_tag_tree(tree(laid, pieces, &paper.title));
    let metadata = Metadata::new().title(paper.title.clone()).language(LANGUAGE.to_owned()).authors(vec![paper.author.clone()]);
    document.set_metadata(metadata.creation_date(date(paper.dated)).document_id(paper.reference.clone()));
    document.finish().map_err(|error| PaperError::Refused(format!("{error:?}")))
}

fn date(at: Timestamp) -> DateTime {
    let part = |number: u32| u8::try_from(number).unwrap_or_default();
    DateTime::new(u16::try_from(at.year()).unwrap_or(1970))
        .month(part(at.month()))
        .day(part(at.day()))
        .hour(part(at.hour()))
        .minute(part(at.minute()))
        .second(part(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn write_page(
    document: &mut Document,
    paper: &Paper,
    letters: &Letters,
    content: &Page,
    (number, of): (usize, usize),
    pieces: &mut [Vec<Identifier>],
) -> Result<(), PaperError> {
    let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(PaperError::Font)?;
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    surface.set_fill(Some(Fill { paint: rgb::Color::new(0x40, 0x45, 0x4c).into(), ..Fill::default() }));
    let margin = |surface: &mut Surface<'_>, text: &str, right: bool, baseline: f32, kind: ArtifactType| {
        let x = if right { RIGHT - letters.width(&letters.printable(text), Weight::Regular, SMALL) } else { LEFT };
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
        draw(surface, letters, (x, baseline), Weight::Regular, SMALL, text);
        surface.end_tagged();
    };
    margin(&mut surface, &paper.author, false, 46.0, ArtifactType::Header);
    margin(&mut surface, &paper.reference, true, 46.0, ArtifactType::Header);
    margin(&mut surface, &paper.reference, false, PAGE.1 - 40.0, ArtifactType::Footer);
    margin(&mut surface, &format!("Page {number} of {of}"), true, PAGE.1 - 40.0, ArtifactType::Footer);
    rules(&mut surface, content);
    surface.set_fill(Some(Fill { paint: rgb::Color::new(0, 0, 0).into(), ..Fill::default() }));
    for line in &content.lines {
        let element = pieces.get_mut(line.element);
        let shown = letters.printable(&line.text);
        let meant = (shown != line.text).then_some(line.text.as_str());
        let tag = match element {
            Some(_) => ContentTag::Span(SpanTag::empty().with_actual_text(meant)),
            None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Header)),
        };
        let piece = surface.start_tagged(tag);
        draw(&mut surface, letters, (line.x, line.baseline), line.weight, line.size, &format!("{shown} "));
        surface.end_tagged();
        if let Some(element) = element {
            element.push(piece);
        }
    }
    surface.finish();
    page.finish();
    Ok(())
}

fn draw(surface: &mut Surface<'_>, letters: &Letters, (x, y): (f32, f32), weight: Weight, size: f32, text: &str) {
    let shown = letters.printable(text);
    surface.draw_text(Point::from_xy(x, y), letters.font(weight), size, &shown, false, TextDirection::Auto);
}

fn rules(surface: &mut Surface<'_>, page: &Page) {
    for rule in &page.rules {
        let mut path = PathBuilder::new();
        path.move_to(LEFT, rule.y);
        path.line_to(RIGHT, rule.y);
        let Some(path) = path.finish() else { continue };
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        let fill = surface.get_fill().cloned();
        let shade = if rule.strong { rgb::Color::new(0, 0, 0) } else { rgb::Color::new(0xc8, 0xcd, 0xd4) };
        surface.set_fill(None);
        surface.set_stroke(Some(Stroke { paint: shade.into(), width: if rule.strong { 0.8 } else { 0.5 }, ..Stroke::default() }));
        surface.draw_path(&path);
        surface.set_stroke(None);
        surface.set_fill(fill);
        surface.end_tagged();
    }
}

/// The document as it is read aloud: headings, paragraphs, tables of rows of cells.
fn tree(laid: &Laid, pieces: Vec<Vec<Identifier>>, title: &str) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(LANGUAGE.to_owned()));
    let mut open: Option<OpenTable> = None;
    for (element, pieces) in laid.elements.iter().zip(pieces) {
        let place = match *element {
            Element::HeadCell { table, row } | Element::RowCell { table, row } | Element::Cell { table, row } => Some((table, row)),
            Element::Title | Element::Heading | Element::Paragraph => None,
        };
        if open.as_ref().map(|open| open.number) != place.map(|(table, _)| table)
            && let Some(done) = open.take()
        {
            tree.push(done.finish());
        }
        let group = group(*element, pieces, title);
        match place {
            None => tree.push(group),
            Some((table, row)) => open.get_or_insert_with(|| OpenTable::new(table, row)).push(row, group),
        }
    }
    if let Some(done) = open {
        tree.push(done.finish());
    }
    tree
}

fn group(element: Element, pieces: Vec<Identifier>, title: &str) -> TagGroup {
    let rank = |rank: u16| NonZeroU16::new(rank).unwrap_or(NonZeroU16::MIN);
    let mut group = match element {
        Element::Title => TagGroup::new(Tag::Hn(rank(1), Some(title.to_owned()))),
        Element::Heading => TagGroup::new(Tag::Hn(rank(2), Some("Section".to_owned()))),
        Element::Paragraph => TagGroup::new(Tag::P),
        Element::HeadCell { .. } => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
        Element::RowCell { .. } => TagGroup::new(Tag::TH(TableHeaderScope::Row)),
        Element::Cell { .. } => TagGroup::new(Tag::TD),
    };
    for piece in pieces {
        group.push(piece);
    }
    group
}

struct OpenTable {
    number: usize,
    row: usize,
    rows: TagGroup,
    cells: TagGroup,
}

impl OpenTable {
    fn new(number: usize, row: usize) -> Self {
        Self { number, row, rows: TagGroup::new(Tag::Table), cells: TagGroup::new(Tag::TR) }
    }

    fn push(&mut self, row: usize, cell: TagGroup) {
        if row != self.row {
            self.rows.push(std::mem::replace(&mut self.cells, TagGroup::new(Tag::TR)));
            self.row = row;
        }
        self.cells.push(cell);
    }

    fn finish(mut self) -> TagGroup {
        self.rows.push(self.cells);
        self.rows
    }
}
