//! Grapheme clusters: what a reader takes for one character, and no delimiter may part.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Gives the rest of a cluster to the text that it begins in. `stands_alone` tells the texts that share no cluster with another.
pub(super) fn keep_whole(texts: &mut [Cow<'_, str>], stands_alone: impl Fn(usize) -> bool) {
    let mut from = 0;
    for at in 0..=texts.len() {
        if at == texts.len() || stands_alone(at) {
            keep_neighbours_whole(&mut texts[from..at]);
            from = at + 1;
        }
    }
}

fn keep_neighbours_whole(texts: &mut [Cow<'_, str>]) {
    let mut last = None;
    let parts_one = texts.iter().any(|text| {
        let before = last;
        last = text.chars().next_back().or(last);
        matches!((before, text.chars().next()), (Some(before), Some(next)) if may_join(before, next))
    });
    if !parts_one {
        return;
    }
    let whole = texts.concat();
    let mut ends = whole.grapheme_indices(true).map(|(start, cluster)| start + cluster.len());
    let (mut end, mut start, mut reached) = (0, 0, 0);
    for text in texts {
        end += text.len();
        while reached < end {
            reached = ends.next().unwrap_or(whole.len());
        }
        *text = Cow::Owned(whole[start..reached.max(start)].to_owned());
        start = reached.max(start);
    }
}

/// A cheap test: whether two characters may be of one cluster.
fn may_join(before: char, next: char) -> bool {
    let is_plain = |char: char| {
        char < '\u{300}' && char != '\r' || matches!(char, '\u{3041}'..='\u{3096}' | '\u{309B}'..='\u{9FFF}')
    };
    !is_plain(before) || !is_plain(next)
}

/// A line from its first word on, with the white space that a mark at its start stands over.
pub(super) fn with_base<'l>(line: &'l str, words: &'l str) -> &'l str {
    let space = line[..line.len() - words.len()].chars().next_back();
    let (Some(space), Some(first)) = (space, words.chars().next()) else { return words };
    let base = &line[line.len() - words.len() - space.len_utf8()..];
    let is_one = || base.graphemes(true).next().is_some_and(|cluster| cluster.len() > space.len_utf8());
    if may_join(space, first) && is_one() { base } else { words }
}
