//! What is kept sealed: the token of a connect session, and what else a host wants nobody to read or change.

use std::fmt;

#[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
use aws_lc_rs as crypto;
#[cfg(feature = "ring")]
use ring as crypto;

use crypto::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use crypto::rand::{SecureRandom, SystemRandom};

/// Seals bytes, each for one use: what is sealed for one opens for no other. AES-256-GCM; the nonce comes first.
pub struct Seal(LessSafeKey);

impl Seal {
    /// Builds the seal of a key.
    pub fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("a key of AES-256 has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Returns a key that nobody knows. None if the system has no randomness.
    pub fn new_key() -> Option<[u8; 32]> {
        random()
    }

    /// Seals bytes. None if they are too many, which no token is, or the system has no randomness.
    pub fn close(&self, used_for: &[u8], bytes: &[u8]) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = bytes.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(unique, Aad::from(used_for), &mut sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Returns the bytes. None if they were sealed with another key, or for another use, or were changed.
    pub fn open(&self, used_for: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (nonce, mut sealed) = (Nonce::assume_unique_for_key(*nonce), sealed.to_vec());
        let bytes = self.0.open_in_place(nonce, Aad::from(used_for), &mut sealed).ok()?;
        Some(bytes.to_vec())
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(bytes)
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use secrecy::{ExposeSecret, SecretString};

    use super::*;
    use crate::connection::{Attempt, Namespace};
    use crate::id::{AttemptId, MemberId, TenantId};

    fn attempt() -> Attempt {
        let expires_at = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Attempt::new(
            TenantId::fresh(),
            AttemptId::fresh(),
            MemberId::fresh(),
            [7; 32],
            expires_at,
            Namespace::new("here"),
        )
    }

    #[test]
    fn a_sealed_token_opens_with_its_key_for_its_attempt_alone() {
        let (seal, attempt, token) =
            (Seal::new(&[1; 32]), attempt(), SecretString::from("nango_connect_session_x"));
        let sealed = attempt.seal(&seal, &token).unwrap();
        assert_ne!(sealed, attempt.seal(&seal, &token).unwrap(), "the nonce is random");
        assert!(!sealed.windows(5).any(|part| part == b"nango"));
        let opened = attempt.open(&seal, &sealed).unwrap();
        assert_eq!(opened.expose_secret(), token.expose_secret());
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        let other_tenant = Attempt { tenant: TenantId::fresh(), ..attempt.clone() };
        let other_attempt = Attempt { id: AttemptId::fresh(), ..attempt.clone() };
        for opened in [
            attempt.open(&Seal::new(&[2; 32]), &sealed),
            other_tenant.open(&seal, &sealed),
            other_attempt.open(&seal, &sealed),
            attempt.open(&seal, &changed),
            attempt.open(&seal, &sealed[..9]),
        ] {
            assert!(opened.is_none());
        }
    }
}
