//! Places in a text.

use std::ops::Range;

use super::leaks::LeakKind;

/// Something in a text, and what is shown in its place.
pub struct Spot {
    pub range: Range<usize>,
    pub kind: LeakKind,
    /// What stands for a secret.
    pub mask: Option<String>,
}

impl Spot {
    pub const fn new(range: Range<usize>, kind: LeakKind) -> Self {
        Self { range, kind, mask: None }
    }
}

/// The longest runs of such characters.
pub fn runs(text: &str, fits: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let (mut runs, mut begin) = (Vec::new(), None);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        match (fits(c), begin) {
            (true, None) => begin = Some(at),
            (false, Some(from)) => {
                runs.push(from..at);
                begin = None;
            }
            (true, Some(_)) | (false, None) => {}
        }
    }
    runs
}

/// How far is looked from a place on, so that no text takes longer than its length allows.
const NEAR: usize = 256;

/// The text from here on, as far as is looked.
pub fn ahead(text: &str, from: usize) -> &str {
    let end = (from + NEAR).min(text.len());
    &text[from..text.ceil_char_boundary(end)]
}

/// The text up to here, as far back as is looked.
pub fn behind(text: &str, to: usize) -> &str {
    &text[text.floor_char_boundary(to.saturating_sub(NEAR))..to]
}
