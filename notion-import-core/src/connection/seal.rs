//! How the token of a connect session is kept: sealed.

use std::fmt;

#[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
use aws_lc_rs as crypto;
#[cfg(feature = "ring")]
use ring as crypto;

use crypto::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use crypto::rand::{SecureRandom, SystemRandom};
use secrecy::{ExposeSecret, SecretString};

use super::Attempt;

/// Seals the token of a connect session for one attempt: what is sealed for one opens for no other. The nonce comes first.
pub(crate) struct Seal(LessSafeKey);

impl Seal {
    /// Builds the seal of a key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("a key of AES-256 has 32 bytes");
        Self(LessSafeKey::new(key))
    }

    /// Seals a token. None if it is too long to be sealed, which no token is, or the system has no randomness.
    pub(crate) fn close(&self, attempt: &Attempt, token: &SecretString) -> Option<Vec<u8>> {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).ok()?;
        let mut sealed = token.expose_secret().as_bytes().to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(unique, bound_to(attempt), &mut sealed).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Returns the token. None if it was sealed with another key, or for another attempt.
    pub(crate) fn open(&self, attempt: &Attempt, sealed: &[u8]) -> Option<SecretString> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let (nonce, mut sealed) = (Nonce::assume_unique_for_key(*nonce), sealed.to_vec());
        let token = self.0.open_in_place(nonce, bound_to(attempt), &mut sealed).ok()?;
        str::from_utf8(token).ok().map(SecretString::from)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

fn bound_to(attempt: &Attempt) -> Aad<Vec<u8>> {
    Aad::from([attempt.tenant.as_uuid(), attempt.id.as_uuid()].map(|id| *id.as_bytes()).concat())
}

#[cfg(all(test, feature = "testing"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::id::{AttemptId, MemberId, TenantId};

    fn attempt() -> Attempt {
        let expires_at = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Attempt::new(TenantId::fresh(), AttemptId::fresh(), MemberId::fresh(), [7; 32], expires_at)
    }

    #[test]
    fn a_sealed_token_opens_with_its_key_for_its_attempt_alone() {
        let (seal, attempt, token) =
            (Seal::new(&[1; 32]), attempt(), SecretString::from("nango_connect_session_x"));
        let sealed = seal.close(&attempt, &token).unwrap();
        assert_ne!(sealed, seal.close(&attempt, &token).unwrap(), "the nonce is random");
        assert!(!sealed.windows(5).any(|part| part == b"nango"));
        let opened = seal.open(&attempt, &sealed).unwrap();
        assert_eq!(opened.expose_secret(), token.expose_secret());
        let mut changed = sealed.clone();
        changed[20] ^= 1;
        let other_tenant = Attempt { tenant: TenantId::fresh(), ..attempt.clone() };
        let other_attempt = Attempt { id: AttemptId::fresh(), ..attempt.clone() };
        for opened in [
            Seal::new(&[2; 32]).open(&attempt, &sealed),
            seal.open(&other_tenant, &sealed),
            seal.open(&other_attempt, &sealed),
            seal.open(&attempt, &changed),
            seal.open(&attempt, &sealed[..9]),
        ] {
            assert!(opened.is_none());
        }
    }
}
