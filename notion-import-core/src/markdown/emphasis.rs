//! Emphasis: which delimiters stand where, so that CommonMark's rules read exactly the styles meant.
//!
//! Delimiters are placed, then checked by those rules; where the rules would read something else, other
//! delimiters are tried, then character references for the letters beside them, then styles are taken from punctuation
//! at the edges, then dropped. The checks are a fixed number of passes, each linear.

use unicode_segmentation::UnicodeSegmentation;

use crate::markdown::flanking::{Dialect, Mark, Span, reads_as_meant};
use crate::markdown::options::Styles;
use crate::markdown::piece::{BOLD, Class, FIRST, ITALIC, Kind, LAST, Piece, STRIKE, Style};

/// What to give up when the styles cannot be delimited, least first.
#[derive(Clone, Copy, Debug)]
enum Concession {
    Nothing,
    Edges,
    Italics,
    Strikes,
    Broken,
    All,
}

const CONCESSIONS: [Concession; 6] = [
    Concession::Nothing,
    Concession::Edges,
    Concession::Italics,
    Concession::Strikes,
    Concession::Broken,
    Concession::All,
];

/// Places the delimiters of a line, or of a link's text, between its pieces. It returns them and the number of
/// styles it had to change.
pub(super) fn delimit(
    pieces: &mut Vec<Piece>,
    text: &str,
    edges: (Class, Class),
    styles: Styles,
) -> (Vec<Mark>, usize) {
    let mut lost = 0;
    let mut spans = Vec::new();
    for concession in CONCESSIONS {
        lost += concede(concession, pieces, &spans, text);
        spans = find_spans(pieces);
        for underscored in [0, ITALIC, BOLD] {
            respell(&mut spans, underscored);
            let marks = place(pieces, &spans);
            if check(&marks, &mut spans, pieces, text, edges) {
                return (marks, lost);
            }
        }
        if styles == Styles::Exact
            && let Some(marks) = refer(pieces, &mut spans, text, edges)
        {
            return (marks, lost);
        }
    }
    (Vec::new(), lost)
}

/// How often references are added for one spelling: one may make a neighbour want another.
const ROUNDS: usize = 3;

/// Places the delimiters with references for the characters beside those that could not stand.
fn refer(pieces: &mut [Piece], spans: &mut [Span], text: &str, edges: (Class, Class)) -> Option<Vec<Mark>> {
    for underscored in [0, ITALIC, BOLD] {
        respell(spans, underscored);
        let marks = place(pieces, spans);
        for round in 0..=ROUNDS {
            set_references(pieces, &marks, spans, text);
            if check(&marks, spans, pieces, text, edges) {
                return Some(marks);
            }
            let is_wanted = |span: &Span| span.wanted != [false; 2];
            if round == ROUNDS || !spans.iter().any(is_wanted) {
                break;
            }
            for span in spans.iter_mut().filter(|span| span.broken) {
                let wanted = std::mem::take(&mut span.wanted);
                span.references = [0, 1].map(|side| span.references[side] | wanted[side]);
                span.broken = false;
            }
        }
    }
    pieces.iter_mut().for_each(|piece| piece.references = 0);
    None
}

/// Tries the styles in `underscored` with underscores where delimiters could not stand, and without references.
fn respell(spans: &mut [Span], underscored: Style) {
    for span in spans.iter_mut().filter(|span| span.broken) {
        *span =
            Span { underscore: span.style & underscored != 0, ..Span::new(span.style, span.start, span.end) };
    }
}

fn set_references(pieces: &mut [Piece], marks: &[Mark], spans: &[Span], text: &str) {
    pieces.iter_mut().for_each(|piece| piece.references = 0);
    for mark in marks {
        match (mark.open, spans[mark.span].references) {
            (true, [true, _]) => pieces[mark.at - 1].refer(LAST, text),
            (false, [_, true]) => pieces[mark.at].refer(FIRST, text),
            _ => {}
        }
    }
}

fn concede(concession: Concession, pieces: &mut Vec<Piece>, spans: &[Span], text: &str) -> usize {
    let broken = spans.iter().filter(|span| span.broken);
    let changed: Vec<Span> = match concession {
        Concession::Nothing => return 0,
        Concession::Edges => {
            let broken: Vec<Span> = broken.copied().collect();
            return trim_edges(pieces, &broken, text);
        }
        Concession::Italics => broken.filter(|span| span.style == ITALIC).copied().collect(),
        Concession::Strikes => broken.filter(|span| span.style == STRIKE).copied().collect(),
        Concession::Broken => broken.copied().collect(),
        Concession::All => spans.to_vec(),
    };
    for span in &changed {
        for piece in &mut pieces[span.start..span.end] {
            piece.style &= !span.style;
        }
    }
    merge(pieces);
    changed.len()
}

/// Takes the style from punctuation at the edges of words it cannot otherwise end beside.
fn trim_edges(pieces: &mut Vec<Piece>, broken: &[Span], text: &str) -> usize {
    let mut trims: Vec<(usize, Style, Style)> = Vec::new();
    for span in broken {
        trims.push((span.start, span.style, 0));
        trims.push((span.end - 1, 0, span.style));
    }
    trims.sort_by_key(|&(at, ..)| at);
    let mut trims = trims.into_iter().peekable();
    let mut trimmed = Vec::with_capacity(pieces.len() + 2 * broken.len());
    let mut count = 0;
    for (at, piece) in pieces.drain(..).enumerate() {
        let (mut front, mut back) = (0, 0);
        while let Some((_, start, end)) = trims.next_if(|&(trim, ..)| trim == at) {
            front |= start;
            back |= end;
        }
        if piece.kind != Kind::Text {
            trimmed.push(piece);
            continue;
        }
        let own = piece.text(text);
        let (words, words_end) = words(own);
        let start = if front == 0 { 0 } else { words };
        let end = if back == 0 { own.len() } else { words_end.max(start) };
        count += usize::from(start > 0) + usize::from(end < own.len());
        let part = |start: usize, end: usize, style| Piece {
            start: piece.start + start as u32,
            end: piece.start + end as u32,
            style,
            ..piece
        };
        let parts = [
            part(0, start, piece.style & !front),
            part(start, end, piece.style),
            part(end, own.len(), piece.style & !back),
        ];
        trimmed.extend(parts.into_iter().filter(|part| part.start < part.end));
    }
    *pieces = trimmed;
    merge(pieces);
    count
}

/// Where in a text its first cluster begins and its last ends that is no punctuation.
fn words(text: &str) -> (usize, usize) {
    let is_word = |cluster: &str| match cluster.chars().next().map(Class::of) {
        Some(Class::Letter) => true,
        Some(Class::Punctuation | Class::Symbol | Class::Space | Class::OddSpace) | None => false,
    };
    // Forwards only: from the end, a run of flags would be counted anew for each of them.
    let words = text.grapheme_indices(true).filter(|(_, cluster)| is_word(cluster));
    words.fold((text.len(), 0), |(start, _), (at, cluster)| (start.min(at), at + cluster.len()))
}

/// Joins neighbours that differ in nothing.
pub(super) fn merge(pieces: &mut Vec<Piece>) {
    settle_spaces(pieces);
    pieces.dedup_by(|next, last| {
        let same = next.kind == last.kind
            && next.style == last.style
            && next.link == last.link
            && next.start == last.end
            && matches!(next.kind, Kind::Text | Kind::Code | Kind::Space);
        if same {
            last.end = next.end;
        }
        same
    });
}

/// White space keeps the styles and the link that it shares with the words on both sides.
fn settle_spaces(pieces: &mut [Piece]) {
    let mut before = (0, 0);
    for piece in pieces.iter_mut() {
        if piece.kind == Kind::Space {
            piece.style &= before.0;
            piece.link = if piece.link == before.1 { piece.link } else { 0 };
        }
        before = (piece.style, piece.link);
    }
    let mut after = (0, 0);
    for piece in pieces.iter_mut().rev() {
        if piece.kind == Kind::Space {
            piece.style &= after.0;
            piece.link = if piece.link == after.1 { piece.link } else { 0 };
        }
        after = (piece.style, piece.link);
    }
}

/// Finds the stretches of each style such that they nest: the longer outside.
fn find_spans(pieces: &[Piece]) -> Vec<Span> {
    let lasts = lasting(pieces);
    let mut spans: Vec<Span> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for (at, lasts) in lasts.iter().enumerate() {
        let style = pieces.get(at).map_or(0, |piece| piece.style);
        let keep = open.iter().take_while(|&&span| spans[span].style & style != 0).count();
        for span in open.drain(keep..) {
            spans[span].end = at;
        }
        if pieces.get(at).is_none_or(|piece| piece.kind == Kind::Space) {
            continue;
        }
        let opened = open.iter().fold(0, |styles, &span| styles | spans[span].style);
        let mut longest_first = [STRIKE, BOLD, ITALIC];
        longest_first.sort_by_key(|&bit| std::cmp::Reverse(lasts[bit.trailing_zeros() as usize]));
        for bit in longest_first.into_iter().filter(|bit| style & !opened & bit != 0) {
            open.push(spans.len());
            spans.push(Span::new(bit, at, at));
        }
    }
    spans
}

/// Where each style of each piece ends; the last is the end of all.
fn lasting(pieces: &[Piece]) -> Vec<[usize; 3]> {
    let mut lasts = vec![[0; 3]; pieces.len() + 1];
    let mut ends = [pieces.len(); 3];
    for (at, piece) in pieces.iter().enumerate().rev() {
        for (bit, end) in ends.iter_mut().enumerate() {
            if piece.style & (1 << bit) == 0 {
                *end = at;
            }
        }
        lasts[at] = ends;
    }
    lasts
}

/// The delimiters in the order they are written: at each place the inner ends first, the outer begins first.
fn place(pieces: &[Piece], spans: &[Span]) -> Vec<Mark> {
    let mut marks = Vec::with_capacity(spans.len() * 2);
    let mut open: Vec<usize> = Vec::new();
    let mut next = 0;
    for at in 0..=pieces.len() {
        while let Some(&span) = open.last().filter(|&&span| spans[span].end == at) {
            marks.push(mark(spans, span, at, false));
            open.pop();
        }
        while spans.get(next).is_some_and(|span| span.start == at) {
            marks.push(mark(spans, next, at, true));
            open.push(next);
            next += 1;
        }
    }
    marks
}

fn mark(spans: &[Span], span: usize, at: usize, open: bool) -> Mark {
    let Span { style, underscore, .. } = spans[span];
    let byte = if style == STRIKE {
        b'~'
    } else if underscore {
        b'_'
    } else {
        b'*'
    };
    Mark { at, span, open, byte, width: if style == ITALIC { 1 } else { 2 } }
}

/// Whether the rules read the delimiters as they are meant; if not, the spans they break are marked.
fn check(marks: &[Mark], spans: &mut [Span], pieces: &[Piece], text: &str, edges: (Class, Class)) -> bool {
    if marks.is_empty() {
        return true;
    }
    let mixed = marks.iter().any(|mark| mark.byte == b'~') && marks.iter().any(|mark| mark.byte != b'~');
    let mut good = true;
    for through_tildes in [false, true].into_iter().take(1 + usize::from(mixed)) {
        for new in [true, false] {
            good &= reads_as_meant(Dialect { new, through_tildes }, marks, spans, pieces, text, edges);
        }
    }
    good
}
