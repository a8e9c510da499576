//! Escaping: what text means nothing by, it must not seem to mean.

use crate::markdown::piece::{FIRST, LAST};
use crate::notion::address::LastingUrl;

/// Where text stands.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Around {
    /// It begins a line that could begin a block.
    pub(super) line_start: bool,
    /// It is inside a table's cell.
    pub(super) cell: bool,
    /// It is inside a heading.
    pub(super) heading: bool,
    /// A link or image follows at once.
    pub(super) before_link: bool,
    /// A formula came just before.
    pub(super) after_math: bool,
    /// It is the text of a link, where nothing else becomes one.
    pub(super) linked: bool,
    /// Which of its edges are written as character references.
    pub(super) references: u8,
}

/// What a byte may mean in text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    /// Itself.
    Plain,
    /// Markup anywhere.
    Markup,
    /// Markup in some places.
    Perhaps,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    let markup = b"\\`*[]~$";
    let mut at = 0;
    while at < markup.len() {
        classes[markup[at] as usize] = Class::Markup;
        at += 1;
    }
    let perhaps = b"_&<!#|:.\0\x0b\x0c";
    let mut at = 0;
    while at < perhaps.len() {
        classes[perhaps[at] as usize] = Class::Perhaps;
        at += 1;
    }
    classes
};

/// Writes text so that it is read as itself.
pub(super) fn text(out: &mut String, text: &str, around: Around) {
    let bytes = text.as_bytes();
    let first = text.chars().next().filter(|_| around.references & FIRST != 0);
    let start = first.map_or(0, char::len_utf8);
    let last = text[start..].chars().next_back().filter(|_| around.references & LAST != 0);
    let end = text.len() - last.map_or(0, char::len_utf8);
    let mut from = if let Some(first) = first {
        reference(out, first);
        start
    } else if around.line_start {
        line_start(out, text)
    } else if around.after_math {
        digit(out, text)
    } else {
        0
    };
    // Where a heading's closing number signs could begin.
    let closing = if around.heading {
        text.trim_end_matches([' ', '\t']).trim_end_matches('#').len()
    } else {
        usize::MAX
    };
    let mut at = from;
    while at < end {
        let byte = bytes[at];
        let written = match CLASSES[byte as usize] {
            Class::Plain => {
                at += 1;
                continue;
            }
            Class::Markup => "\\",
            // Beside a reference it is not inside a word.
            Class::Perhaps if byte == b'_' && (at == start || at + 1 == end) => "\\",
            Class::Perhaps => match perhaps(out, text, (from, at, closing), around) {
                Some(written) => written,
                None => {
                    at += 1;
                    continue;
                }
            },
        };
        out.push_str(&text[from..at]);
        out.push_str(written);
        from = if written == "\\" { at } else { at + 1 };
        at += 1;
    }
    out.push_str(&text[from..end]);
    if let Some(last) = last {
        reference(out, last);
    }
}

/// Writes a character as a reference to it.
fn reference(out: &mut String, char: char) {
    out.push_str(&format!("&#x{:X};", u32::from(char)));
}

/// What to write for a byte that is markup in some places only; a backslash stands before it, anything else for it.
fn perhaps(
    out: &str,
    text: &str,
    (from, at, closing): (usize, usize, usize),
    around: Around,
) -> Option<&'static str> {
    let bytes = text.as_bytes();
    let next = bytes.get(at + 1).copied();
    let escaped = match bytes[at] {
        b'_' => !inside_word(text, at),
        b'&' => is_entity(&bytes[at + 1..]),
        b'<' => next.is_none_or(|next| next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?')),
        b'!' => next.is_none() && around.before_link,
        b'|' => around.cell,
        b':' => !around.linked && ends_in_letter(&bytes[..at]) && bytes[at + 1..].starts_with(b"//"),
        b'.' => !around.linked && ends_in_www(&bytes[..at]),
        b'#' => {
            let before = if at == from { out.bytes().last() } else { Some(bytes[at - 1]) };
            at >= closing && before.is_none_or(|before| matches!(before, b' ' | b'\t'))
        }
        b'\0' => return Some("\u{FFFD}"),
        _ => return Some(" "),
    };
    escaped.then_some("\\")
}

/// GFM makes a link of a scheme and its slashes.
fn ends_in_letter(before: &[u8]) -> bool {
    before.last().is_some_and(u8::is_ascii_alphabetic)
}

/// GFM makes a link of this, too.
fn ends_in_www(before: &[u8]) -> bool {
    before.len().checked_sub(3).is_some_and(|start| before[start..].eq_ignore_ascii_case(b"www"))
}

/// A digit after a dollar would make it money to some parsers. It returns how much of the text it wrote.
fn digit(out: &mut String, text: &str) -> usize {
    match text.bytes().next().filter(u8::is_ascii_digit) {
        Some(digit) => {
            out.push_str("&#");
            out.push_str(&digit.to_string());
            out.push(';');
            1
        }
        None => 0,
    }
}

/// An underscore between letters or digits delimits nothing.
fn inside_word(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + 1..].chars().next();
    before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
}

/// Whether what follows an ampersand makes it a character reference.
fn is_entity(rest: &[u8]) -> bool {
    let name = rest.iter().take(40).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'#').count();
    name > 0 && rest.get(name) == Some(&b';')
}

/// Escapes what would begin a block, and returns how much of the text it wrote.
fn line_start(out: &mut String, text: &str) -> usize {
    let bytes = text.as_bytes();
    let ends = |at: usize| matches!(bytes.get(at), None | Some(b' ' | b'\t' | b'\x0b' | b'\x0c'));
    let marker = match bytes.first() {
        Some(b'#') => {
            let level = bytes.iter().take_while(|&&byte| byte == b'#').count();
            if level > 6 || !ends(level) {
                return 0;
            }
            0
        }
        Some(b'>' | b'=' | b'|') => 0,
        Some(b'+') if ends(1) => 0,
        Some(b'-') if ends(1) || matches!(bytes[1], b'-' | b':' | b'|') => 0,
        Some(b':') if bytes.get(1) == Some(&b'-') => 0,
        Some(byte) if byte.is_ascii_digit() => {
            let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if digits > 9 || !matches!(bytes.get(digits), Some(b'.' | b')')) || !ends(digits + 1) {
                return 0;
            }
            digits
        }
        _ => return 0,
    };
    out.push_str(&text[..marker]);
    out.push('\\');
    out.push_str(&text[marker..=marker]);
    marker + 1
}

/// Ends the link or image whose text was opened at `open`.
pub(super) fn end_link(out: &mut String, open: usize, url: &LastingUrl, cell: bool) {
    // GitHub's parser takes a caret at the start for a footnote, and then sees no image.
    if out[open..].starts_with('^') {
        out.insert(open, '\\');
    }
    // At the start of a paragraph code could make a definition of the link; nothing may follow a definition's title.
    let title = if ends_label(&out.as_bytes()[open..]) { " \"\"" } else { "" };
    out.push_str("](");
    target(out, url.as_str(), cell);
    out.push_str(title);
    out.push(')');
}

/// Whether a bracket that is not escaped ends what could be a definition's label.
fn ends_label(text: &[u8]) -> bool {
    let mut escaped = false;
    text.windows(2).any(|pair| {
        let ends = !escaped && pair == b"]:";
        escaped = !escaped && pair[0] == b'\\';
        ends
    })
}

/// Writes a link's target.
pub(super) fn target(out: &mut String, url: &str, cell: bool) {
    for (at, char) in url.char_indices() {
        match char {
            '(' | ')' | '\\' => out.extend(['\\', char]),
            '&' if is_entity(&url.as_bytes()[at + 1..]) => out.push_str("&amp;"),
            '|' if cell => out.push_str("%7C"),
            ' ' | '<' | '>' | '`' | '\0'..='\x1f' | '\x7f' => {
                const HEX: &[u8; 16] = b"0123456789ABCDEF";
                let byte = char as usize;
                out.extend(['%', HEX[byte >> 4] as char, HEX[byte & 15] as char]);
            }
            _ => out.push(char),
        }
    }
}

/// The longest run of a byte in a text.
pub(super) fn longest_run(text: &str, byte: u8) -> usize {
    let (mut longest, mut run) = (0, 0);
    for &here in text.as_bytes() {
        run = if here == byte { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// Writes code inside a line.
pub(super) fn code(out: &mut String, text: &str, cell: bool) {
    let fence = longest_run(text, b'`') + 1;
    let edge = |byte: Option<&u8>| byte == Some(&b'`');
    let spaced = text.starts_with(' ') && text.ends_with(' ') && text.bytes().any(|byte| byte != b' ');
    let padded = edge(text.as_bytes().first()) || edge(text.as_bytes().last()) || spaced;
    out.extend(std::iter::repeat_n('`', fence));
    if padded {
        out.push(' ');
    }
    for char in text.chars() {
        match char {
            '|' if cell => out.push_str("\\|"),
            _ => out.push(char),
        }
    }
    if padded {
        out.push(' ');
    }
    out.extend(std::iter::repeat_n('`', fence));
}
