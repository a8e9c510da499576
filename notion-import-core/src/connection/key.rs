//! By which key a service was asked for a connection.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A fingerprint of how a service is asked for a connection: where, by which key, for which reference. It is kept with each run that
/// read through the connection, and tells nothing of the key.
///
/// A key of another account knows none of our connections, and a service answers it in the words it has for one that was deleted. So
/// that there is no such connection is believed only if the service has shown it to the same key before.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyFingerprint(String);

impl KeyFingerprint {
    /// Builds the fingerprint of what a service is asked by, in this order. A key among them must be one that nobody can guess.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update((part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        // Eight bytes tell keys apart, and are too few to tell a key by.
        Self(hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::KeyFingerprint;

    #[test]
    fn what_differs_in_any_part_has_another_fingerprint() {
        let of = |parts: [&str; 2]| KeyFingerprint::of(parts);
        assert_eq!(of(["key", "a"]), of(["key", "a"]));
        for other in [["key", "b"], ["kez", "a"], ["keya", ""], ["", "keya"], ["ke", "ya"]] {
            assert_ne!(of(["key", "a"]), of(other), "{other:?}");
        }
        assert!(!format!("{:?}", of(["key", "a"])).contains("key\""));
    }
}
