//! A stretch of rich text, and what it is: to its author, and to CommonMark's rules.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// A stretch of text that is all alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) kind: Kind,
    pub(super) style: Style,
    /// The link it belongs to, counted from 1.
    pub(super) link: u32,
    /// Which of its edges are written as character references: [`FIRST`], [`LAST`].
    pub(super) references: u8,
}

/// The first character of a piece.
pub(super) const FIRST: u8 = 1;
/// The last character of a piece.
pub(super) const LAST: u8 = 2;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Space,
    Code,
    Math,
    Break,
    /// A whole link; its range is one of pieces.
    Link,
}

impl Piece {
    pub(super) fn text<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start as usize..self.end as usize]
    }

    /// Writes an edge as a character reference; to the rules it is punctuation then. One character is both edges.
    pub(super) fn refer(&mut self, edge: u8, text: &str) {
        let is_one = self.text(text).chars().nth(1).is_none();
        self.references |= if is_one { FIRST | LAST } else { edge };
    }

    pub(super) fn first_class(&self, text: &str) -> Class {
        match self.kind {
            _ if self.references & FIRST != 0 => Class::Punctuation,
            Kind::Text | Kind::Space => self.text(text).chars().next().map_or(Class::Space, Class::of),
            Kind::Code | Kind::Math | Kind::Link => Class::Punctuation,
            Kind::Break => Class::Space,
        }
    }

    pub(super) fn last_class(&self, text: &str) -> Class {
        match self.kind {
            _ if self.references & LAST != 0 => Class::Punctuation,
            Kind::Text | Kind::Space => self.text(text).chars().next_back().map_or(Class::Space, Class::of),
            Kind::Code | Kind::Math | Kind::Link => Class::Punctuation,
            Kind::Break => Class::Space,
        }
    }
}

/// Styles that have delimiters, as bits.
pub(super) type Style = u8;
pub(super) const BOLD: Style = 1;
pub(super) const ITALIC: Style = 2;
pub(super) const STRIKE: Style = 4;

/// What a character is to the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// White space.
    Space,
    /// White space to some parsers, a letter to others.
    OddSpace,
    /// Punctuation.
    Punctuation,
    /// Punctuation since CommonMark 0.31, a letter before.
    Symbol,
    /// Anything else.
    Letter,
}

impl Class {
    pub(super) fn of(char: char) -> Self {
        if char.is_ascii_alphanumeric() {
            return Self::Letter;
        }
        if matches!(char, '\u{0b}' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            return Self::OddSpace;
        }
        if char.is_whitespace() {
            return Self::Space;
        }
        if char.is_ascii_punctuation() {
            return Self::Punctuation;
        }
        match char.general_category_group() {
            GeneralCategoryGroup::Punctuation => Self::Punctuation,
            GeneralCategoryGroup::Symbol => Self::Symbol,
            _ => Self::Letter,
        }
    }
}
