//! Titles and reasons, safe to show and to keep, and how titles are compared.

use unicode_normalization::UnicodeNormalization;

use super::file_name::{is_hidden, shortened};
#[cfg(feature = "gate")]
use crate::error::{Conflict, StoreError};

/// No title is longer, in bytes.
const LONGEST: usize = 500;

/// No category is longer, in bytes.
#[cfg(feature = "gate")]
const LONGEST_CATEGORY: usize = 100;

/// No reason is longer, in bytes.
#[cfg(feature = "gate")]
const LONGEST_REASON: usize = 2_000;

/// Returns a title as it may be kept and shown: one line, without anything that is invisible or turns the text around it, at
/// most 500 bytes. Everything that becomes a title goes through here, wherever it was written; a title that did stays as it is.
pub fn title(raw: &str) -> String {
    line(raw, LONGEST)
}

/// Returns whether a title is longer than that, once what cannot be seen is gone.
#[cfg(feature = "gate")]
pub fn is_too_long(raw: &str) -> bool {
    visible(raw).len() > LONGEST
}

/// Returns a text as it is searched and sorted by, the same in every store: without case (`Straße` is `STRASSE`), without the accents
/// that Latin, Greek and Cyrillic letters carry (`Zürich` is `zurich`), and with one spelling for what Unicode calls compatible (NFKC).
/// Two keys are compared by their bytes.
pub fn folded(text: &str) -> String {
    let is_accent = |c: &char| matches!(c, '\u{300}'..='\u{36f}');
    let letters = text.nfkd().filter(|c| !is_accent(c) && !c.is_control());
    // Upper case first: it is there that `ß` becomes two letters, and that the two small sigmas become one.
    letters
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfkd()
        .filter(|c| !is_accent(c))
        .nfc()
        .collect()
}

/// Returns a category as it may be kept and shown, cleaned like a title; none if nothing can be seen of it.
///
/// # Errors
/// [`StoreError::OutOfRange`] if it is longer than 100 bytes.
#[cfg(feature = "gate")]
pub fn given_category(raw: &str) -> Result<Option<String>, StoreError> {
    let category = visible(raw);
    if category.len() > LONGEST_CATEGORY {
        return Err(StoreError::OutOfRange("category"));
    }
    Ok(Some(category).filter(|category| !category.is_empty()))
}

/// Returns a reason as the audit keeps it, cleaned like a title and at most 2,000 bytes long: empty if nothing can be seen of it.
#[cfg(feature = "gate")]
pub fn reason(raw: &str) -> String {
    line(raw, LONGEST_REASON)
}

/// Returns a reason as the audit keeps it.
///
/// # Errors
/// [`Conflict::NoReason`] if nothing can be seen of it.
#[cfg(feature = "gate")]
pub fn given_reason(raw: &str) -> Result<String, Conflict> {
    Some(reason(raw)).filter(|reason| !reason.is_empty()).ok_or(Conflict::NoReason)
}

fn line(raw: &str, longest: usize) -> String {
    shortened(&visible(raw), longest).trim_end().to_owned()
}

/// One line of what can be seen.
fn visible(raw: &str) -> String {
    let visible: String = raw
        .chars()
        .map(|c| if is_break(c) { ' ' } else { c })
        .filter(|c| is_joiner(*c) || !is_hidden(*c))
        .collect();
    // A run of spaces can push the end of a title out of sight.
    let words: Vec<&str> = visible.split_whitespace().filter(|word| !word.chars().all(is_joiner)).collect();
    words.join(" ")
}

/// Two lines stay two words.
fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Some scripts are not spelled without these, nor are many emoji.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_one_line_of_what_can_be_seen() {
        let check = |raw: &str, expected: &str| {
            assert_eq!(title(raw), expected, "{raw:?}");
            assert_eq!(title(expected), expected, "once more");
        };
        check("Information Security Policy", "Information Security Policy");
        check("a/b: <c> \"d\"?", "a/b: <c> \"d\"?");
        check("safe\u{202e}fdp.exe", "safefdp.exe");
        check("one\r\ntwo\u{2028}three", "one two three");
        check("nul\0 bell\u{7} escape\u{1b}[31m", "nul bell escape[31m");
        check("  far   \u{a0}\t  out  ", "far out");
        check("a\u{ad}b\u{e0041}c\u{3164}d\u{2066}e\u{feff}", "abcde");
        check("\u{202e}\u{200d} \u{200b}", "");
        check("می\u{200c}خواهم 👩\u{200d}💻", "می\u{200c}خواهم 👩\u{200d}💻");
        check("Zürich–東京", "Zürich–東京");
    }

    #[test]
    fn titles_are_compared_without_case_and_accents() {
        let check = |text: &str, expected: &str| {
            assert_eq!(folded(text), expected, "{text:?}");
            assert_eq!(folded(expected), expected, "once more");
        };
        check("Information SECURITY Policy", "information security policy");
        check("Zürich", "zurich");
        check("Zu\u{308}rich", "zurich");
        check("STRASSE", "strasse");
        check("Straße", "strasse");
        check("İstanbul", "istanbul");
        check("ΟΔΥΣΣΕΥΣ", "οδυσσευσ");
        check("Οδυσσεύς", "οδυσσευσ");
        check("ﬁle №１", "file no1");
        check("각서", "각서");
        check("がく", "がく");
        check("100%_\\", "100%_\\");
        check("nul\0", "nul");
    }

    #[test]
    fn a_reason_is_what_can_be_seen_of_it_and_no_endless_one() {
        for (raw, expected) in [("  a\u{202e}\r\nb\0 ", "a b"), ("\u{200b}\u{2060}", "")] {
            assert_eq!(reason(raw), expected, "{raw:?}");
        }
        assert_eq!(reason(&"a".repeat(2_000_000)).len(), LONGEST_REASON);
    }

    #[cfg(feature = "gate")]
    #[test]
    fn only_what_can_be_seen_makes_a_title_too_long() {
        for (raw, too_long) in [
            ("a".repeat(LONGEST), false),
            ("a".repeat(LONGEST + 1), true),
            (format!("  {}\u{202e}\n", "a".repeat(LONGEST)), false),
            ("東".repeat(LONGEST / 3 + 1), true),
        ] {
            assert_eq!(is_too_long(&raw), too_long, "{raw:?}");
        }
    }

    #[test]
    fn long_titles_are_cut_between_characters() {
        let cut = title(&"東".repeat(400));
        assert!(cut.len() <= LONGEST && cut.len() > LONGEST - 4 && cut.ends_with('東'), "{cut}");
    }
}
