//! Words inside a line: `**bold**`, `*italic*`, `` `code` ``, `[words](https://..)`, `[[Title of a page]]`.

use notion_import_core::testing::Text;

use super::draft::Titles;

/// Reads a line's words.
pub fn inline(line: &str, titles: &Titles) -> Text {
    let (mut words, mut rest) = (Text::default(), line);
    while !rest.is_empty() {
        let (next, after) = step(words, rest, titles);
        (words, rest) = (next, after);
    }
    words
}

fn step<'l>(words: Text, rest: &'l str, titles: &Titles) -> (Text, &'l str) {
    if let Some((title, after)) = between(rest, "[[", "]]")
        && let Some(page) = titles.get(title)
    {
        return (words.mention_page(*page, title), after);
    }
    if let Some((shown, after)) = between(rest, "[", "](")
        && let Some((url, after)) = after.split_once(')')
    {
        return (words.link(shown, url), after);
    }
    if let Some((bold, after)) = between(rest, "**", "**") {
        return (words.bold(bold), after);
    }
    if let Some((italic, after)) = between(rest, "*", "*") {
        return (words.italic(italic), after);
    }
    if let Some((code, after)) = between(rest, "`", "`") {
        return (words.code(code), after);
    }
    // A mark that opens nothing is a letter like any other.
    let first = rest.chars().next().map_or(0, char::len_utf8);
    let plain = rest[first..].find(['[', '*', '`']).map_or(rest.len(), |at| first + at);
    (words.plain(&rest[..plain]), &rest[plain..])
}

fn between<'l>(rest: &'l str, opening: &str, closing: &str) -> Option<(&'l str, &'l str)> {
    rest.strip_prefix(opening)?.split_once(closing)
}

/// A line's first word, and the rest.
pub fn split_first(line: &str) -> (&str, &str) {
    line.split_once(' ').unwrap_or((line, ""))
}
