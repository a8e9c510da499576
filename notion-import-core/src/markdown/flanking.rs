//! CommonMark's rules for runs of delimiters: what they may open and close, and with what they pair.

use crate::markdown::piece::{Class, Kind, Piece, Style};

/// A delimiter before the piece at `at`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) at: usize,
    pub(super) span: usize,
    pub(super) open: bool,
    pub(super) byte: u8,
    pub(super) width: u8,
}

impl Mark {
    pub(super) fn as_str(&self) -> &'static str {
        match (self.byte, self.width) {
            (b'*', 1) => "*",
            (b'*', _) => "**",
            (b'_', 1) => "_",
            (b'_', _) => "__",
            _ => "~~",
        }
    }
}

/// A stretch of pieces of one style.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) style: Style,
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) underscore: bool,
    pub(super) broken: bool,
    /// Whether a reference for the character before it, or after it, would let its delimiters stand.
    pub(super) wanted: [bool; 2],
    /// Whether that character is written as a reference.
    pub(super) references: [bool; 2],
}

impl Span {
    pub(super) fn new(style: Style, start: usize, end: usize) -> Self {
        Self {
            style,
            start,
            end,
            underscore: false,
            broken: false,
            wanted: [false; 2],
            references: [false; 2],
        }
    }
}

/// How a parser reads delimiters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    /// Takes symbols for punctuation, as CommonMark does since 0.31.
    pub(super) new: bool,
    /// Looks through tildes at what stands behind them, as GitHub's parser does.
    pub(super) through_tildes: bool,
}

/// Whether a parser reads the delimiters as they are meant. If not, the spans they break are marked.
pub(super) fn reads_as_meant(
    dialect: Dialect,
    marks: &[Mark],
    spans: &mut [Span],
    pieces: &[Piece],
    text: &str,
    edges: (Class, Class),
) -> bool {
    Reader { dialect, stack: Vec::new() }.read(marks, spans, pieces, text, edges)
}

/// The rules of CommonMark for runs of delimiters.
struct Reader {
    dialect: Dialect,
    stack: Vec<Opener>,
}

struct Opener {
    byte: u8,
    length: usize,
    left: usize,
    both: bool,
    spans: [Option<usize>; 2],
}

impl Reader {
    fn read(
        mut self,
        marks: &[Mark],
        spans: &mut [Span],
        pieces: &[Piece],
        text: &str,
        edges: (Class, Class),
    ) -> bool {
        let mut good = true;
        let mut from = 0;
        while from < marks.len() {
            let Mark { at, byte, .. } = marks[from];
            let same = |mark: &&Mark| mark.at == at && mark.byte == byte;
            let run = &marks[from..from + marks[from..].iter().take_while(same).count()];
            let before = if stands_here(marks[..from].iter().rev(), at, self.dialect) {
                Class::Punctuation
            } else {
                at.checked_sub(1).map_or(edges.0, |last| class_before(pieces, last, text, &marks[..from]))
            };
            from += run.len();
            let after = if stands_here(marks[from..].iter(), at, self.dialect) {
                Class::Punctuation
            } else {
                pieces.get(at).map_or(edges.1, |next| next.first_class(text))
            };
            let (before, after) = (settled(before, self.dialect), settled(after, self.dialect));
            let (opens, closes) = flanking(byte, before, after);
            let meant = match (run[0].open, run[run.len() - 1].open) {
                (true, true) => self.opens(run, opens, closes),
                (false, false) => self.closes(run, opens, closes),
                _ => false,
            };
            if !meant {
                good = false;
                self.force(run, opens && closes);
                for mark in run {
                    let span = &mut spans[mark.span];
                    span.broken = true;
                    let outside = if mark.open { before } else { after };
                    span.wanted[usize::from(!mark.open)] |= is_letter(outside);
                }
            }
        }
        good
    }

    fn opens(&mut self, run: &[Mark], opens: bool, closes: bool) -> bool {
        let length = run.iter().map(|mark| mark.width as usize).sum();
        let byte = run[0].byte;
        let taken = closes && self.stack.iter().any(|opener| opener.matches(byte, length, opens));
        if !opens || taken || run.len() > 2 {
            return false;
        }
        let spans = [Some(run[0].span), run.get(1).map(|mark| mark.span)];
        self.stack.push(Opener { byte, length, left: length, both: opens && closes, spans });
        true
    }

    fn closes(&mut self, run: &[Mark], opens: bool, closes: bool) -> bool {
        let length: usize = run.iter().map(|mark| mark.width as usize).sum();
        let byte = run[0].byte;
        let mut left = if closes { length } else { return false };
        while left > 0 {
            let Some(opener) = self.stack.last_mut() else { return false };
            if !opener.matches(byte, length, opens) {
                return false;
            }
            let width = if left >= 2 && opener.left >= 2 { 2 } else { 1 };
            let meant = |span: &Option<usize>| {
                run.iter().any(|mark| Some(mark.span) == *span && mark.width as usize == width)
            };
            let Some(closed) = opener.spans.iter().position(meant) else { return false };
            opener.spans[closed] = None;
            opener.left -= width;
            left -= width;
            if opener.left == 0 {
                self.stack.pop();
            }
        }
        true
    }

    /// Goes on as if the run had done what it was meant to.
    fn force(&mut self, run: &[Mark], both: bool) {
        for mark in run {
            if mark.open {
                let length = mark.width as usize;
                let spans = [Some(mark.span), None];
                self.stack.push(Opener { byte: mark.byte, length, left: length, both, spans });
            } else {
                for opener in &mut self.stack {
                    for span in opener.spans.iter_mut().filter(|span| **span == Some(mark.span)) {
                        *span = None;
                        opener.left = opener.left.saturating_sub(mark.width as usize);
                    }
                }
            }
        }
        self.stack.retain(|opener| opener.left > 0 && opener.spans != [None, None]);
    }
}

impl Opener {
    /// The rule of three.
    fn matches(&self, byte: u8, length: usize, opens: bool) -> bool {
        let unlike = (self.both || opens) && (self.length + length).is_multiple_of(3);
        self.byte == byte && (!unlike || (self.length.is_multiple_of(3) && length.is_multiple_of(3)))
    }
}

/// The class of a piece's last character. A digit alone right after a formula is written as a reference, which ends
/// in punctuation.
fn class_before(pieces: &[Piece], last: usize, text: &str, marks: &[Mark]) -> Class {
    let own = &pieces[last];
    let is_digit = || matches!(own.text(text).as_bytes(), [digit] if digit.is_ascii_digit());
    let follows_math = || last.checked_sub(1).is_some_and(|before| pieces[before].kind == Kind::Math);
    let is_marked = || marks.iter().rev().take_while(|mark| mark.at >= last).any(|mark| mark.at == last);
    if own.kind == Kind::Text && is_digit() && follows_math() && !is_marked() {
        return Class::Punctuation;
    }
    own.last_class(text)
}

/// Whether another delimiter that a parser sees stands at a place.
fn stands_here<'m>(beside: impl Iterator<Item = &'m Mark>, at: usize, dialect: Dialect) -> bool {
    beside.take_while(|mark| mark.at == at).any(|mark| mark.byte != b'~' || !dialect.through_tildes)
}

/// What a class is to a parser. What stays odd counts as a letter.
fn settled(class: Class, dialect: Dialect) -> Class {
    match (class, dialect.new) {
        (Class::Symbol, true) => Class::Punctuation,
        (Class::OddSpace, true) => Class::Space,
        _ => class,
    }
}

/// Whether a parser takes a class for that of a letter.
fn is_letter(class: Class) -> bool {
    matches!(class, Class::Letter | Class::Symbol | Class::OddSpace)
}

/// Whether a run of delimiters can open and can close.
fn flanking(byte: u8, before: Class, after: Class) -> (bool, bool) {
    let spaces = (before == Class::Space, after == Class::Space);
    let marks = (before == Class::Punctuation, after == Class::Punctuation);
    let left = !spaces.1 && (!marks.1 || spaces.0 || marks.0);
    let right = !spaces.0 && (!marks.0 || spaces.1 || marks.1);
    match byte {
        b'_' => (left && (!right || marks.0), right && (!left || marks.1)),
        _ => (left, right),
    }
}
