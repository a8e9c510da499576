//! Signed addresses: what of a text may not be written. Which address is signed, the crate says, as it says what a page's link is.

use notion_import_core::LossKind;
use notion_import_core::notion::{LastingUrl, RichText};

use super::account::Account;
use super::inline::raw;

pub fn is_signed(address: &str) -> bool {
    LastingUrl::new(address).is_none()
}

/// A text without the ends of the signed addresses in it.
pub fn lasting(text: &str, account: &mut Account) -> String {
    parts(&[text.to_owned()], account).concat()
}

/// The texts of runs, of which several may hold one address.
pub fn runs(runs: &[RichText], account: &mut Account) -> Vec<String> {
    parts(&runs.iter().map(raw).collect::<Vec<_>>(), account)
}

/// Letter by letter, each with the part it is of: words are gathered, and a signed one ends where its query begins.
fn parts(parts: &[String], account: &mut Account) -> Vec<String> {
    let mut kept = vec![String::new(); parts.len()];
    let mut word: Vec<(usize, char)> = Vec::new();
    let letters = parts.iter().enumerate().flat_map(|(at, part)| part.chars().map(move |char| (at, char)));
    for (at, char) in letters.chain([(parts.len(), ' ')]) {
        if !char.is_whitespace() && !"<>\"".contains(char) {
            word.push((at, char));
            continue;
        }
        let text: String = word.iter().map(|(_, char)| char).collect();
        let end = if is_signed(&text) {
            account.lose(LossKind::SignedAddress);
            let ends =
                [word.iter().position(|(_, c)| "?#".contains(*c)), word.iter().position(|(_, c)| *c == '%')];
            let is_safe =
                |end: &usize| !is_signed(&word[..*end].iter().map(|(_, char)| char).collect::<String>());
            Some(ends.into_iter().flatten().find(is_safe).unwrap_or(0))
        } else {
            None
        };
        for &(of, char) in &word[..end.unwrap_or(word.len())] {
            kept[of].push(char);
        }
        if let Some(end) = end {
            kept[word[end].0].push('…');
        }
        word.clear();
        if at < parts.len() {
            kept[at].push(char);
        }
    }
    kept
}
