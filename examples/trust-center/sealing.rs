//! The keys that are kept, and what is sealed with one.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};

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

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map(|()| bytes).map_err(|_| io::Error::other("the system has no randomness"))
}

/// Seals texts, each for one use: what is sealed for one opens for no other.
pub struct Seal(LessSafeKey);

impl Seal {
    pub fn new(key: &[u8; 32]) -> Self {
        Self(LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key of AES-256 has 32 bytes")))
    }

    /// Seals a text in letters, digits, `-` and `_`. None if the system has no randomness.
    pub fn close(&self, used_for: &str, text: String) -> Option<String> {
        let nonce: [u8; NONCE_LEN] = random().ok()?;
        let mut sealed = text.into_bytes();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(unique, Aad::from(used_for), &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// Returns the text. None if it was sealed with another key, or for another use.
    pub fn open(&self, used_for: &str, sealed: &str) -> Option<String> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (nonce, mut sealed) = (Nonce::assume_unique_for_key(*nonce), sealed.to_vec());
        let text = self.0.open_in_place(nonce, Aad::from(used_for), &mut sealed).ok()?;
        String::from_utf8(text.to_vec()).ok()
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
        changed[NONCE_LEN] ^= 1;
        assert_eq!(seal.open("session", &URL_SAFE_NO_PAD.encode(changed)), None);
        assert_eq!(seal.open("other", &sealed), None);
        assert_eq!(Seal::new(&[2; 32]).open("session", &sealed), None);
        for short in ["", "AAAA", "=", &sealed[..20]] {
            assert_eq!(seal.open("session", short), None, "{short}");
        }
    }
}
