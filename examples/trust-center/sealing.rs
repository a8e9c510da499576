//! The keys that are kept, and what is sealed with one.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use notion_import_core::Seal as Sealed;

use crate::folder::Folder;

/// What seals the tokens of connect sessions.
pub const CONNECT_KEY: &str = "connect-key";

/// Takes the key of this name that is kept in the folder, for this user of the machine alone, or makes one. Instances that start at
/// once come here one after the other.
pub fn key(folder: Option<&Folder>, name: &str) -> io::Result<[u8; 32]> {
    let Some(folder) = folder else { return random() };
    if let Some(kept) = folder.read(name)? {
        let key = kept.first_chunk().copied();
        return key.ok_or_else(|| io::Error::other(format!("the file {name} holds no key")));
    }
    let key = random()?;
    folder.write(name, &key)?;
    Ok(key)
}

/// Returns bytes that nobody knows.
pub fn random() -> io::Result<[u8; 32]> {
    Sealed::new_key().ok_or_else(|| io::Error::other("the system has no randomness"))
}

/// Seals texts, each for one use: what is sealed for one opens for no other.
pub struct Seal(Sealed);

impl Seal {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(Sealed::new(key))
    }

    /// Seals a text in letters, digits, `-` and `_`. None if the system has no randomness.
    pub fn close(&self, used_for: &str, text: String) -> Option<String> {
        Some(URL_SAFE_NO_PAD.encode(self.0.close(used_for.as_bytes(), text.as_bytes())?))
    }

    /// Returns the text. None if it was sealed with another key, or for another use.
    pub fn open(&self, used_for: &str, sealed: &str) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        String::from_utf8(self.0.open(used_for.as_bytes(), &sealed)?).ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_text_opens_with_its_key_for_its_use_alone() {
        let seal = Seal::new(&[1; 32]);
        let sealed = seal.close("session", "text".to_owned()).unwrap();
        assert_ne!(Some(&sealed), seal.close("session", "text".to_owned()).as_ref(), "the nonce is random");
        assert_eq!(seal.open("session", &sealed).as_deref(), Some("text"));
        let mut changed = URL_SAFE_NO_PAD.decode(&sealed).unwrap();
        changed[12] ^= 1;
        assert_eq!(seal.open("session", &URL_SAFE_NO_PAD.encode(changed)), None);
        assert_eq!(seal.open("other", &sealed), None);
        assert_eq!(Seal::new(&[2; 32]).open("session", &sealed), None);
        for short in ["", "AAAA", "=", &sealed[..20]] {
            assert_eq!(seal.open("session", short), None, "{short}");
        }
    }
}
