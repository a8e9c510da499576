//! Rich text taken apart: words, white space, code, formulas, breaks.

use memchr::{memchr2, memchr3};

use crate::markdown::cluster;
use crate::markdown::options::Styles;
use crate::markdown::piece::{Kind, Piece, Style};
use crate::notion::address::LastingUrl;

/// Rich text, taken apart.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pub(super) text: String,
    pub(super) pieces: Vec<Piece>,
    pub(super) links: Vec<LastingUrl>,
    pub(super) styles: Styles,
}

impl Pieces {
    pub(super) fn push(&mut self, kind: Kind, text: &str, style: Style, link: u32) {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        let end = self.text.len() as u32;
        if start < end {
            self.pieces.push(Piece { start, end, kind, style, link, references: 0 });
        }
    }

    /// Whether code that begins with a pipe follows code that ends with a backslash.
    pub(super) fn escapes_pipe(&self, next: &str) -> bool {
        let ends_in_backslash =
            |last: &Piece| last.kind == Kind::Code && last.text(&self.text).ends_with('\\');
        next.starts_with('|') && self.pieces.last().is_some_and(ends_in_backslash)
    }

    pub(super) fn link(&mut self, url: LastingUrl) -> u32 {
        if self.links.last() != Some(&url) {
            self.links.push(url);
        }
        self.links.len() as u32
    }

    /// Splits words from the white space around them and from line breaks. Controls that Markdown cannot hold
    /// become what its parsers make of them.
    pub(super) fn words(&mut self, text: &str, kind: Kind, style: Style, link: u32) {
        if memchr3(b'\0', b'\x0b', b'\x0c', text.as_bytes()).is_some() {
            let said = text.replace('\0', "\u{FFFD}").replace(['\x0b', '\x0c'], " ");
            return self.words(&said, kind, style, link);
        }
        let mut rest = text;
        loop {
            let end = memchr2(b'\n', b'\r', rest.as_bytes()).unwrap_or(rest.len());
            let line = &rest[..end];
            if kind == Kind::Text {
                let words = cluster::with_base(line, line.trim_start());
                self.push(Kind::Space, &line[..line.len() - words.len()], style, link);
                let kept = words.trim_end();
                self.push(Kind::Text, kept, style, link);
                self.push(Kind::Space, &words[kept.len()..], style, link);
            } else {
                self.push(kind, line, style, link);
            }
            if end == rest.len() {
                return;
            }
            self.push(Kind::Break, "\n", 0, 0);
            rest = &rest[end..];
            rest = rest.strip_prefix("\r\n").unwrap_or(&rest[1..]);
        }
    }
}

/// Spaces and tabs at the ends of a line mean nothing to Markdown.
pub(super) fn trim_line(pieces: &mut Vec<Piece>, text: &str) {
    const BLANK: [char; 4] = [' ', '\t', '\x0b', '\x0c'];
    while let Some(last) = pieces.last_mut().filter(|last| last.kind == Kind::Space) {
        last.end = last.start + last.text(text).trim_end_matches(BLANK).len() as u32;
        if last.start < last.end {
            break;
        }
        pieces.pop();
    }
    while let Some(first) = pieces.first_mut().filter(|first| matches!(first.kind, Kind::Space | Kind::Text))
    {
        first.start = first.end - first.text(text).trim_start_matches(BLANK).len() as u32;
        if first.start < first.end {
            break;
        }
        pieces.remove(0);
    }
}

/// Puts one piece in the place of each link, and the links' own pieces aside.
pub(super) fn fold_links(pieces: &[Piece]) -> (Vec<Piece>, Vec<Piece>) {
    let (mut outer, mut inner) = (Vec::with_capacity(pieces.len()), Vec::new());
    for same in pieces.chunk_by(|a, b| a.link == b.link) {
        let link = same[0].link;
        if link == 0 {
            outer.extend_from_slice(same);
            continue;
        }
        let start = inner.len() as u32;
        inner.extend_from_slice(same);
        let end = inner.len() as u32;
        outer.push(Piece { start, end, kind: Kind::Link, style: 0, link, references: 0 });
    }
    (outer, inner)
}
