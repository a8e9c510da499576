//! Rich text inside a block: runs become pieces, pieces become lines.

use std::borrow::Cow;

use memchr::memchr2;

use crate::library::fidelity::LossKind;
use crate::markdown::cluster;
use crate::markdown::emphasis;
use crate::markdown::escape::{self, Around};
use crate::markdown::flanking::Mark;
use crate::markdown::ledger::Ledger;
use crate::markdown::options::{Options, Styles};
use crate::markdown::piece::{BOLD, Class, ITALIC, Kind, Piece, STRIKE, Style};
use crate::markdown::pieces::{Pieces, fold_links, trim_line};
use crate::markdown::said::worded;
use crate::markdown::target::run_target;
use crate::markdown::writer::Writer;
use crate::notion::address::LastingUrl;
use crate::notion::text::{Annotations, Mention, RichText, RichTextKind};

/// Where rich text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a paragraph, which a line's start could end.
    Paragraph,
    /// On a line that has begun: after a check box or an icon.
    Continued,
    /// In a heading: one line.
    Heading,
    /// In a cell: one line, with `<br>`.
    Cell,
    /// In the text of a link or image: one line.
    Label,
}

impl Place {
    fn in_cell(self) -> bool {
        self == Self::Cell
    }
}

fn style(annotations: &Annotations) -> Style {
    let bit = |on: bool, style: Style| if on { style } else { 0 };
    bit(annotations.bold, BOLD) | bit(annotations.italic, ITALIC) | bit(annotations.strikethrough, STRIKE)
}

/// Writes rich text where the writer stands.
pub(super) fn rich_text(
    writer: &mut Writer,
    ledger: &mut Ledger,
    options: &Options<'_>,
    runs: &[RichText],
    place: Place,
) {
    if let [RichText { plain_text, href: None, annotations, kind: RichTextKind::Text }] = runs
        && *annotations == Annotations::default()
        && memchr2(b'\n', b'\r', plain_text.as_bytes()).is_none()
    {
        let plain_text = ledger.lasting_words(plain_text);
        let line_start = place == Place::Paragraph;
        let around = Around {
            line_start,
            cell: place.in_cell(),
            heading: place == Place::Heading,
            linked: place == Place::Label,
            ..Around::default()
        };
        return escape::text(&mut writer.out, plain_text.trim_matches([' ', '\t', '\x0b', '\x0c']), around);
    }
    let pieces = take_apart(ledger, options, runs, place);
    write_pieces(writer, ledger, &pieces, place);
}

fn take_apart(ledger: &mut Ledger, options: &Options<'_>, runs: &[RichText], place: Place) -> Pieces {
    let mut texts: Vec<Cow<'_, str>> = runs.iter().map(|run| worded(ledger, options, run)).collect();
    ledger.cut_parts(&mut texts);
    cluster::keep_whole(&mut texts, |at| matches!(runs[at].kind, RichTextKind::Equation(_)));
    let length = texts.iter().map(|text| text.len()).sum();
    let mut pieces = Pieces {
        text: String::with_capacity(length),
        // Words with white space on both sides are three; few runs are more.
        pieces: Vec::with_capacity(3 * runs.len()),
        links: Vec::new(),
        styles: options.styles,
    };
    for (run, text) in runs.iter().zip(&texts) {
        take_run(ledger, options, &mut pieces, run, text, place);
    }
    pieces
}

fn take_run(
    ledger: &mut Ledger,
    options: &Options<'_>,
    pieces: &mut Pieces,
    run: &RichText,
    text: &str,
    place: Place,
) {
    let is_mention = matches!(run.kind, RichTextKind::Mention(_));
    if !is_mention && text.is_empty() {
        return;
    }
    let style = style(&run.annotations);
    ledger.lose_if(run.annotations.color.is_visible(), LossKind::Color);
    ledger.lose_if(run.annotations.underline, LossKind::Underline);
    let link = run_target(ledger, options, run).map_or(0, |url| pieces.link(url));
    let kind = if run.annotations.code { Kind::Code } else { Kind::Text };
    match &run.kind {
        RichTextKind::Text => words(ledger, pieces, text, kind, style, link, place),
        RichTextKind::Equation(_) => math(ledger, pieces, text, style, link, place),
        RichTextKind::Mention(mention) => {
            note_mention(ledger, mention);
            words(ledger, pieces, text, kind, style, link, place);
        }
    }
}

/// Code that a table's cell cannot hold is text there.
fn words(
    ledger: &mut Ledger,
    pieces: &mut Pieces,
    text: &str,
    kind: Kind,
    style: Style,
    link: u32,
    place: Place,
) {
    let unsafe_code =
        kind == Kind::Code && place.in_cell() && (text.contains("\\|") || pieces.escapes_pipe(text));
    ledger.lose_if(unsafe_code, LossKind::TableCode);
    pieces.words(text, if unsafe_code { Kind::Text } else { kind }, style, link);
}

fn math(ledger: &mut Ledger, pieces: &mut Pieces, expression: &str, style: Style, link: u32, place: Place) {
    let expression = expression.trim().replace(['\n', '\r'], " ");
    if is_math(&expression) && !(place.in_cell() && expression.contains('|')) {
        return pieces.push(Kind::Math, &expression, style, link);
    }
    if !expression.is_empty() {
        ledger.lose(LossKind::Equation);
    }
    words(ledger, pieces, &expression, Kind::Code, style, link, place);
}

/// Counts what a mention tells of people, and what of it stays behind.
pub(super) fn note_mention(ledger: &mut Ledger, mention: &Mention) {
    match mention {
        Mention::User(_) => ledger.exposure.people += 1,
        Mention::CustomEmoji(_) => ledger.lose(LossKind::CustomEmoji),
        Mention::Unknown(_) => ledger.lose(LossKind::UnknownMention),
        Mention::Page(_)
        | Mention::Database(_)
        | Mention::Date(_)
        | Mention::LinkPreview(_)
        | Mention::Link(_)
        | Mention::Template => {}
    }
}

pub(super) fn write_pieces(writer: &mut Writer, ledger: &mut Ledger, pieces: &Pieces, place: Place) {
    let &Pieces { ref text, ref pieces, ref links, styles } = pieces;
    let shown = |piece: &Piece| !matches!(piece.kind, Kind::Break | Kind::Space);
    let Some(first) = pieces.iter().position(shown) else { return };
    let last = pieces.iter().rposition(shown).unwrap_or(first);
    // White space other than spaces and tabs shows, so it stays with the words beside it.
    let first = pieces[..first].iter().rposition(|piece| piece.kind == Kind::Break).map_or(0, |at| at + 1);
    let after = pieces[last..].iter().position(|piece| piece.kind == Kind::Break);
    let end = after.map_or(pieces.len(), |step| last + step);
    let mut starts_block = place == Place::Paragraph;
    for (line, pieces) in pieces[first..end].split(|piece| piece.kind == Kind::Break).enumerate() {
        if line > 0 {
            line_break(writer, ledger, place);
            starts_block |= place == Place::Continued;
        }
        let scribe = Scribe { text, links, styles, place, starts_block, linked: place == Place::Label };
        line_of_pieces(&mut writer.out, ledger, pieces.to_vec(), scribe);
    }
}

fn line_break(writer: &mut Writer, ledger: &mut Ledger, place: Place) {
    match place {
        Place::Paragraph | Place::Continued => {
            writer.out.push('\\');
            writer.line();
        }
        Place::Heading => {
            ledger.lose(LossKind::HeadingLineBreak);
            writer.out.push(' ');
        }
        Place::Cell => writer.out.push_str("<br>"),
        Place::Label => writer.out.push(' '),
    }
}

fn line_of_pieces(out: &mut String, ledger: &mut Ledger, mut pieces: Vec<Piece>, scribe: Scribe<'_>) {
    emphasis::merge(&mut pieces);
    trim_line(&mut pieces, scribe.text);
    let edge = if scribe.place == Place::Label { Class::Punctuation } else { Class::Space };
    if pieces.iter().all(|piece| piece.link == 0) {
        return scope(out, ledger, pieces, &[], scribe, edge);
    }
    let (mut outer, inner) = fold_links(&pieces);
    // A link is of no style, so none goes on over the space before it.
    emphasis::merge(&mut outer);
    scope(out, ledger, outer, &inner, scribe, edge);
}

/// Writes the pieces of a line, or of a link's text, with their delimiters.
fn scope(
    out: &mut String,
    ledger: &mut Ledger,
    mut pieces: Vec<Piece>,
    links: &[Piece],
    scribe: Scribe<'_>,
    edge: Class,
) {
    let styled = pieces.iter().any(|piece| piece.style != 0);
    let marks = if styled {
        let (marks, lost) = emphasis::delimit(&mut pieces, scribe.text, (edge, edge), scribe.styles);
        (0..lost).for_each(|_| ledger.lose(LossKind::Style));
        marks
    } else {
        Vec::new()
    };
    let mut marks = marks.iter().peekable();
    let mut starts_block = scribe.starts_block;
    for at in 0..pieces.len() {
        let marked = write_marks(out, &mut marks, at);
        starts_block &= !marked;
        let after_math = !marked && at > 0 && pieces[at - 1].kind == Kind::Math;
        let here = Around {
            line_start: starts_block,
            cell: scribe.place.in_cell(),
            heading: scribe.place == Place::Heading,
            before_link: marks.peek().is_none_or(|mark| mark.at != at + 1)
                && pieces.get(at + 1).is_some_and(|next| next.kind == Kind::Link),
            after_math,
            linked: scribe.linked,
            references: pieces[at].references,
        };
        piece(out, ledger, pieces[at], links, scribe, here);
        starts_block = false;
    }
    write_marks(out, &mut marks, pieces.len());
}

fn write_marks<'m>(
    out: &mut String,
    marks: &mut std::iter::Peekable<impl Iterator<Item = &'m Mark>>,
    at: usize,
) -> bool {
    let mut any = false;
    while let Some(mark) = marks.next_if(|mark| mark.at == at) {
        out.push_str(mark.as_str());
        any = true;
    }
    any
}

fn piece(
    out: &mut String,
    ledger: &mut Ledger,
    piece: Piece,
    links: &[Piece],
    scribe: Scribe<'_>,
    around: Around,
) {
    match piece.kind {
        Kind::Text | Kind::Space => escape::text(out, piece.text(scribe.text), around),
        Kind::Code => escape::code(out, piece.text(scribe.text), around.cell),
        Kind::Math => {
            // Two dollars would begin a displayed formula, so neighbours share theirs.
            if around.after_math {
                out.pop();
                out.push(' ');
            } else {
                out.push('$');
            }
            out.push_str(piece.text(scribe.text));
            out.push('$');
        }
        Kind::Link => {
            let inner = links[piece.start as usize..piece.end as usize].to_vec();
            out.push('[');
            let open = out.len();
            let url = &scribe.links[piece.link as usize - 1];
            let scribe = Scribe { starts_block: false, linked: true, ..scribe };
            scope(out, ledger, inner, &[], scribe, Class::Punctuation);
            escape::end_link(out, open, url, around.cell);
        }
        Kind::Break => {}
    }
}

/// What a line is written from.
#[derive(Clone, Copy)]
struct Scribe<'a> {
    text: &'a str,
    links: &'a [LastingUrl],
    styles: Styles,
    place: Place,
    starts_block: bool,
    linked: bool,
}

/// Whether `$` can hold the expression: no dollar, balanced braces, no backslash before the closing one.
pub(super) fn is_math(expression: &str) -> bool {
    let (mut depth, mut escaped) = (0_i32, false);
    for byte in expression.bytes() {
        match byte {
            b'$' | b'\0' => return false,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return false;
        }
    }
    depth == 0 && !expression.ends_with('\\') && !expression.is_empty() && expression.trim() == expression
}
