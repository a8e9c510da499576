//! How the token of a connect session is kept: sealed.

use std::fmt;

use aes_gcm::aead::{Aead, OsRng, Payload};
use aes_gcm::{AeadCore, Aes256Gcm, KeyInit};
use secrecy::{ExposeSecret, SecretString};

use super::Attempt;

/// How many bytes of what is sealed are the nonce, which comes first.
const NONCE: usize = 12;

/// Seals the token of a connect session for one attempt: what is sealed for one opens for no other.
pub(crate) struct Seal(Aes256Gcm);

impl Seal {
    /// Builds the seal of a key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self(Aes256Gcm::new(key.into()))
    }

    /// Seals a token. None if it is too long to be sealed, which no token is.
    pub(crate) fn close(&self, attempt: &Attempt, token: &SecretString) -> Option<Vec<u8>> {
        let nonce = Aes256Gcm::generate_nonce(&mut OsRng);
        let aad = &bound_to(attempt);
        let sealed = self.0.encrypt(&nonce, Payload { msg: token.expose_secret().as_bytes(), aad }).ok()?;
        Some([&nonce[..], &sealed].concat())
    }

    /// Returns the token. None if it was sealed with another key, or for another attempt.
    pub(crate) fn open(&self, attempt: &Attempt, sealed: &[u8]) -> Option<SecretString> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        let aad = &bound_to(attempt);
        let token = self.0.decrypt(nonce.into(), Payload { msg: sealed, aad }).ok()?;
        String::from_utf8(token).ok().map(SecretString::from)
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

fn bound_to(attempt: &Attempt) -> Vec<u8> {
    [attempt.tenant.as_uuid().as_bytes(), attempt.id.as_uuid().as_bytes()].map(|id| id.as_slice()).concat()
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
