//! What is known of the reading that a version came from.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::id::digest_id;

/// What is known of the reading that a document's newest version came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ReadState {
    /// The source's last edit when it was read, whether that made a new version or not.
    pub edited_at: DateTime<Utc>,
    /// Whether it was read after the minute of that edit. If not, a later edit in that minute would look the same, so the next sync
    /// reads it again.
    pub settled: bool,
    /// What the reading rests on, if one look at the source tells whether another would bring the same.
    pub basis: Option<Basis>,
}

digest_id! {
    /// The SHA-256 of everything beside a source's own edits that decides what reading it brings. Two readings on one basis with
    /// no edit between them bring the same.
    Basis
}

impl Basis {
    /// The basis that these make, each for its own.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // Where a part ends is part of it.
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        Self(digest.finalize().into())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_it_comes_back() {
        let basis = Basis::of(&[b"one", b"two"]);
        assert_eq!(Basis::from_digest(*basis.as_bytes()), basis);
        assert_eq!(basis.to_string().parse(), Ok(basis));
        let json = serde_json::to_string(&basis).unwrap();
        assert_eq!(serde_json::from_str::<Basis>(&json).unwrap(), basis);
        assert!("12".parse::<Basis>().is_err());
    }

    #[test]
    fn what_stands_elsewhere_or_ends_elsewhere_is_another_basis() {
        let parts: [&[&[u8]]; 6] = [&[], &[b""], &[b"", b""], &[b"ab", b"c"], &[b"a", b"bc"], &[b"c", b"ab"]];
        let bases: std::collections::HashSet<_> = parts.into_iter().map(Basis::of).collect();
        assert_eq!(bases.len(), parts.len());
    }
}
