//! A mark on each page: at the foot and across.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Object, ObjectId, Stream, dictionary};

use super::content::Open;
use super::text::Text;
use super::tree::{Area, Page, node, resolved};
use crate::library::gate::{Mark, MarkError};

/// Names that no page has of its own.
const FONT: &str = "NotionImportMarkFont";
const STATE: &str = "NotionImportMarkState";

/// No part of what the page says, for whoever has it read out.
const ARTIFACT: &str = "/Artifact << /Type /Pagination /Subtype /Watermark >> BDC";

/// What the contents of all pages may unpack to, in bytes, and what those of one may.
const CONTENTS: usize = 256 << 20;
const CONTENTS_OF_ONE: usize = 64 << 20;

/// A line at the foot, in points: about what footnotes have.
const SMALL: f32 = 7.5;
/// What it has of the shorter side of a page that is larger than paper.
const OF_A_PAGE: f32 = 1.0 / 90.0;
/// What the lines at the foot may have of a page's height.
const FOOT: f32 = 0.16;
/// How far one line is above the next, by their size.
const LEADING: f32 = 1.2;

/// Marks every page.
///
/// # Errors
/// [`MarkError::TooLarge`] if the contents are; [`MarkError::Broken`] if those of a page cannot be read.
pub fn mark_all(document: &mut Document, pages: &[Page], mark: &Mark) -> Result<(), MarkError> {
    let words = Words::of(mark);
    let mut shared = Shared::new(document)?;
    let mut left = CONTENTS;
    for page in pages {
        let streams = contents(document, page.id);
        let (open, content) = read(document, &streams, &mut left)?;
        let streams = if open.unsaved.is_empty() {
            streams
        } else {
            vec![add(document, without(content, &open.unsaved))?]
        };
        let closing = shared.stream(document, open.closing())?;
        let drawing = shared.stream(document, words.drawn_on(page))?;
        let all = [shared.opening].into_iter().chain(streams).chain([closing, drawing]);
        let all: Vec<Object> = all.map(Object::Reference).collect();
        put(document, page.resources, "Font", FONT, shared.font)?;
        put(document, page.resources, "ExtGState", STATE, shared.state)?;
        node(document, page.id)?.set("Contents", all);
    }
    Ok(())
}

/// What pages have in common.
struct Shared {
    opening: ObjectId,
    font: ObjectId,
    state: ObjectId,
    streams: HashMap<Vec<u8>, ObjectId>,
}

impl Shared {
    fn new(document: &mut Document) -> Result<Self, MarkError> {
        let font = dictionary! {
            "Type" => "Font", "Subtype" => "Type1", "BaseFont" => "Helvetica", "Encoding" => "WinAnsiEncoding",
        };
        let across = dictionary! { "Type" => "ExtGState", "ca" => 0.2, "BM" => "Normal", "SMask" => "None" };
        Ok(Self {
            opening: add(document, b"q\n".to_vec())?,
            font: document.try_add_object(font).map_err(|_| MarkError::TooLarge)?,
            state: document.try_add_object(across).map_err(|_| MarkError::TooLarge)?,
            streams: HashMap::new(),
        })
    }

    fn stream(&mut self, document: &mut Document, content: Vec<u8>) -> Result<ObjectId, MarkError> {
        if let Some(id) = self.streams.get(&content) {
            return Ok(*id);
        }
        let id = add(document, content.clone())?;
        self.streams.insert(content, id);
        Ok(id)
    }
}

fn add(document: &mut Document, content: Vec<u8>) -> Result<ObjectId, MarkError> {
    document.try_add_object(Stream::new(Dictionary::new(), content)).map_err(|_| MarkError::TooLarge)
}

/// The streams of a page's content. What is not there, or no stream, is passed over, as readers do.
fn contents(document: &Document, page: ObjectId) -> Vec<ObjectId> {
    let stream = |object: &Object| match document.dereference(object) {
        Ok((Some(id), Object::Stream(_))) => Some(id),
        _ => None,
    };
    match resolved(document, page, b"Contents") {
        Some(Object::Array(parts)) => parts.iter().filter_map(stream).collect(),
        _ => {
            let whole = document.get_dictionary(page).and_then(|page| page.get(b"Contents"));
            whole.ok().and_then(stream).into_iter().collect()
        }
    }
}

fn read(document: &Document, streams: &[ObjectId], left: &mut usize) -> Result<(Open, Vec<u8>), MarkError> {
    let mut content = Vec::new();
    for id in streams {
        let stream = document.get_object(*id).and_then(Object::as_stream).map_err(|_| MarkError::Broken)?;
        let limit = (*left).min(CONTENTS_OF_ONE - content.len());
        let part = stream.get_plain_content_with_limit(limit).map_err(|error| match error {
            lopdf::Error::Decompress(lopdf::DecompressError::MemoryLimitExceeded { .. }) => {
                MarkError::TooLarge
            }
            _ => MarkError::Broken,
        })?;
        *left -= part.len();
        content.extend(part);
        content.push(b'\n');
        if content.len() > CONTENTS_OF_ONE {
            return Err(MarkError::TooLarge);
        }
    }
    Ok((Open::at_the_end_of(&content), content))
}

/// What readers pass over would be heeded once something stands before it.
fn without(mut content: Vec<u8>, places: &[usize]) -> Vec<u8> {
    for place in places {
        content[*place] = b' ';
    }
    content
}

/// Puts a resource where it is looked up, without a copy of what pages share.
fn put(
    document: &mut Document,
    resources: ObjectId,
    kind: &str,
    name: &str,
    id: ObjectId,
) -> Result<(), MarkError> {
    let shared = node(document, resources)?.get(kind.as_bytes()).and_then(Object::as_reference);
    if let Ok(shared) = shared
        && let Ok(shared) = node(document, shared)
    {
        shared.set(name, id);
        return Ok(());
    }
    let resources = node(document, resources)?;
    if let Ok(Object::Dictionary(own)) = resources.get_mut(kind.as_bytes()) {
        own.set(name, id);
    } else {
        resources.set(kind, dictionary! { name => id });
    }
    Ok(())
}

/// What a mark says, as it is drawn.
struct Words {
    /// At the foot, one after the other.
    foot: Vec<Text>,
    /// Across, one below the other.
    across: Vec<Text>,
}

impl Words {
    fn of(mark: &Mark) -> Self {
        let person: Vec<Text> =
            [&mark.name, &mark.company].into_iter().filter_map(|part| Text::of(part)).collect();
        let person = (!person.is_empty()).then(|| Text::joined(&person, ", "));
        let said = |text: String| Text::of(&text).unwrap_or_default();
        let (mail, day) = (said(mark.mail.clone()), said(mark.day.to_string()));
        let original = said(format!("SHA-256 {}", mark.short_digest()));
        let assignment = said(mark.assignment.0.to_string());
        let whose: Vec<Text> = person.iter().cloned().chain([day.clone()]).collect();
        Self {
            foot: person.into_iter().chain([mail.clone(), day, original, assignment]).collect(),
            across: vec![mail, Text::joined(&whose, " · ")],
        }
    }

    /// The content stream that draws them on a page, in the state in which a page begins.
    fn drawn_on(&self, page: &Page) -> Vec<u8> {
        let turned = page.quarters % 2 == 1;
        let (width, height) = match turned {
            true => (page.area.height(), page.area.width()),
            false => (page.area.width(), page.area.height()),
        };
        let mut drawing =
            format!("{ARTIFACT} q {} cm\n", matrix(upright(page.area, page.quarters))).into_bytes();
        self.draw_across(&mut drawing, width, height);
        self.draw_foot(&mut drawing, width, height, page.unit);
        drawing.extend(b"Q EMC\n");
        drawing
    }

    fn draw_across(&self, drawing: &mut Vec<u8>, width: f32, height: f32) {
        let diagonal = width.hypot(height);
        let (cos, sin) = (width / diagonal, height / diagonal);
        let widest = self.across.iter().map(Text::width).fold(1.0, f32::max);
        let size = (0.72 * diagonal / widest).min(width.min(height) / 9.0);
        let turn = [cos, sin, -sin, cos, width / 2.0, height / 2.0];
        drawing.extend(format!("q /{STATE} gs 0.5 g {} cm\n", matrix(turn)).bytes());
        for (line, text) in self.across.iter().enumerate() {
            let down = if line == 0 { 0.2 } else { -1.0 };
            write_text(drawing, text, size, -text.width() * size / 2.0, down * size);
        }
        drawing.extend(b"Q\n");
    }

    /// Dark letters with a light edge can be read on any ground, and hide next to nothing of it.
    #[allow(clippy::cast_precision_loss, reason = "a few lines")]
    fn draw_foot(&self, drawing: &mut Vec<u8>, width: f32, height: f32, unit: f32) {
        let wanted = (SMALL / unit).max(width.min(height) * OF_A_PAGE);
        let margin = (1.5 * wanted).min(width / 20.0);
        let room = width - 2.0 * margin;
        let widest = self.foot.iter().map(Text::width).fold(1.0, f32::max);
        let mut size = wanted.min(room / widest);
        let mut lines = self.lines(room / size);
        // On a small page it is small, so that the page can be read.
        while lines.len() as f32 * LEADING * size > height * FOOT {
            size *= 0.9;
            lines = self.lines(room / size);
        }
        for (mode, colour) in [("1 Tr 1 G", size * 0.22), ("0 Tr 0.25 g", 0.0)] {
            drawing.extend(format!("q {mode} 1 j {} w\n", number(colour)).bytes());
            for (above, text) in lines.iter().rev().enumerate() {
                let up = (0.6 + LEADING * above as f32) * size;
                write_text(drawing, text, size, margin, up);
            }
            drawing.extend(b"Q\n");
        }
    }

    /// As many parts on each line as there is room for.
    fn lines(&self, room: f32) -> Vec<Text> {
        let mut lines: Vec<Text> = Vec::new();
        for part in &self.foot {
            let longer = lines.last().map(|line| Text::joined(&[line.clone(), part.clone()], " · "));
            match (lines.last_mut(), longer) {
                (Some(line), Some(longer)) if longer.width() <= room => *line = longer,
                _ => lines.push(part.clone()),
            }
        }
        lines
    }
}

fn write_text(drawing: &mut Vec<u8>, text: &Text, size: f32, x: f32, y: f32) {
    drawing.extend(format!("BT /{FONT} {} Tf {} {} Td ", number(size), number(x), number(y)).bytes());
    drawing.extend(text.literal());
    drawing.extend(b" Tj ET\n");
}

/// Leads from the page as it is shown, its lower left corner at 0 0, to the page's own units.
fn upright(area: Area, quarters: u8) -> [f32; 6] {
    match quarters {
        0 => [1.0, 0.0, 0.0, 1.0, area.left, area.bottom],
        1 => [0.0, 1.0, -1.0, 0.0, area.right, area.bottom],
        2 => [-1.0, 0.0, 0.0, -1.0, area.right, area.top],
        _ => [0.0, -1.0, 1.0, 0.0, area.left, area.top],
    }
}

fn matrix(entries: [f32; 6]) -> String {
    entries.map(number).join(" ")
}

/// Without an exponent, which PDF has not.
fn number(value: f32) -> String {
    let written = format!("{value:.4}");
    let written = written.trim_end_matches('0').trim_end_matches('.');
    if written == "-0" { "0".to_owned() } else { written.to_owned() }
}
