//! Receipts: what a tenant signs of a version that it shows, for whoever wants to hold it against the document later.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

#[cfg(all(feature = "aws-lc-rs", not(feature = "ring")))]
use aws_lc_rs as crypto;
#[cfg(feature = "ring")]
use ring as crypto;

use crypto::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::AdminDocument;
use crate::id::{DocumentId, MemberId, NotionId, VersionNumber};
use crate::library::access::AccessLevel;
use crate::library::blob::BlobId;
use crate::library::document::{Content, Version};
use crate::library::fidelity::Loss;

const ALGORITHM: &str = "EdDSA";
const TYPE: &str = "publication-receipt+jwt";

/// What a tenant says of the version of a document that it shows.
///
/// Signed, it is a JWS in compact form (RFC 7515) by Ed25519 (`EdDSA`, RFC 8037): three parts in base64url, `header.claims.signature`,
/// and nothing else, not even a line's end. The signature is over the ASCII bytes before the second dot, so that any library for
/// Ed25519 can check it; the claims are this value as JSON. The header has `alg`, `typ` (`publication-receipt+jwt`) and `kid`, which is the
/// thumbprint of the key (RFC 7638).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Receipt {
    /// Which document.
    pub document: DocumentId,
    /// Which version of it.
    pub version: VersionNumber,
    /// The title it was published under.
    pub title: String,
    /// How far it was open.
    pub level: AccessLevel,
    /// The SHA-256 of its bytes: of the file, or of the Markdown in UTF-8. Files in the Markdown are named there by their own SHA-256
    /// (`attachment:<SHA-256>`), so that it holds for them as well.
    pub sha256: BlobId,
    /// How many bytes it has.
    pub size: u64,
    /// Its media type.
    pub media_type: String,
    /// When the receipt was made.
    pub issued_at: DateTime<Utc>,
    /// Where it comes from, which is nothing for readers outside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Where a published version comes from: for the tenant's members, and whoever they show it to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Origin {
    /// The page or database in Notion; none once the document is unlinked.
    pub page: Option<NotionId>,
    /// When that was last edited before it was read.
    pub edited_at: DateTime<Utc>,
    /// When it was read.
    pub imported_at: DateTime<Utc>,
    /// What the document does not say of it.
    pub losses: Vec<Loss>,
    /// Who published the version, if that is known.
    pub published_by: Option<MemberId>,
}

impl Receipt {
    /// Returns what may be signed of a version, and by whom it was published; none unless it is the one that is shown.
    pub fn of(
        known: &AdminDocument,
        version: &Version,
        published_by: Option<MemberId>,
        issued_at: DateTime<Utc>,
    ) -> Option<Self> {
        let is_shown = known.facts.publication.version() == Some(version.number);
        let title = known.published_title.clone().filter(|_| is_shown)?;
        let origin = Origin {
            page: known.document.link.as_ref().map(|link| link.source.id),
            edited_at: version.source_edited_at,
            imported_at: version.imported_at,
            losses: version.fidelity.losses().to_vec(),
            published_by,
        };
        let receipt = Self::for_readers(known.document.id, title, known.facts.level, version, issued_at);
        Some(Self { origin: Some(origin), ..receipt })
    }

    /// Returns what somebody outside may have: nothing of the source, and nothing of the tenant's members.
    pub(super) fn for_readers(
        document: DocumentId,
        title: String,
        level: AccessLevel,
        version: &Version,
        issued_at: DateTime<Utc>,
    ) -> Self {
        let (size, media_type) = match &version.content {
            Content::Markdown(text) => (text.len() as u64, "text/markdown"),
            Content::File(file) => (file.blob.size, file.media_type.as_str()),
        };
        let (sha256, media_type) = (version.content.digest(), media_type.to_owned());
        let (version, origin) = (version.number, None);
        Self { document, version, title, level, sha256, size, media_type, issued_at, origin }
    }

    /// Fails unless these are the bytes that it is about.
    ///
    /// # Errors
    /// [`ReceiptError::AnotherDocument`].
    pub fn check(&self, document: &[u8]) -> Result<(), ReceiptError> {
        let is_same = self.size == document.len() as u64 && self.sha256 == BlobId::of(document);
        if is_same { Ok(()) } else { Err(ReceiptError::AnotherDocument) }
    }
}

/// The key that a tenant signs its receipts with. It is shown nowhere.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    public: VerifyingKey,
}

impl SigningKey {
    /// Returns the key of a seed: 32 random bytes that a host keeps sealed, such as [`Seal::new_key`](crate::Seal::new_key) makes.
    pub fn new(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).expect("a seed of Ed25519 has 32 bytes");
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Self { pair, public: VerifyingKey(public) }
    }

    /// Returns the key that others verify by.
    pub const fn verifying_key(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs a receipt, and returns it as it is handed out.
    ///
    /// # Errors
    /// Only if it cannot be written as JSON, which none is known not to be.
    pub fn sign(&self, receipt: &Receipt) -> Result<String, serde_json::Error> {
        let header = Header { alg: ALGORITHM.into(), typ: TYPE.into(), kid: self.public.id() };
        let parts = [serde_json::to_vec(&header)?, serde_json::to_vec(receipt)?];
        let signed = parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature = self.pair.sign(signed.as_bytes());
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// The key that a tenant's receipts are verified by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct VerifyingKey([u8; 32]);

impl VerifyingKey {
    /// Returns its thumbprint (RFC 7638), by which receipts name it.
    pub fn id(&self) -> String {
        let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, URL_SAFE_NO_PAD.encode(self.0));
        URL_SAFE_NO_PAD.encode(Sha256::digest(members))
    }

    /// Returns it as a JSON Web Key (RFC 8037), of which a key set has a list: `{"keys":[…]}`.
    pub fn jwk(&self) -> serde_json::Value {
        serde_json::json!({
            "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(self.0),
            "kid": self.id(), "use": "sig", "alg": ALGORITHM,
        })
    }

    /// Reads a JSON Web Key, or the Ed25519 keys of a key set.
    ///
    /// # Errors
    /// [`ReceiptError::NoKey`] if there is none.
    pub fn read(json: &[u8]) -> Result<Vec<Self>, ReceiptError> {
        let given: Keys = serde_json::from_slice(json).map_err(|_| ReceiptError::NoKey)?;
        let listed = match given {
            Keys::Set { keys } => keys,
            Keys::One(key) => vec![key],
        };
        let keys: Vec<Self> = listed.iter().filter_map(Jwk::key).collect();
        if keys.is_empty() { Err(ReceiptError::NoKey) } else { Ok(keys) }
    }

    /// Returns what was signed by one of these keys. Nothing of it is known to be true before.
    ///
    /// # Errors
    /// [`ReceiptError`] says what is wrong with it.
    pub fn verify(keys: &[Self], receipt: &[u8]) -> Result<Receipt, ReceiptError> {
        let receipt = std::str::from_utf8(receipt).map_err(|_| ReceiptError::NotAReceipt)?;
        let (signed, signature) = receipt.rsplit_once('.').ok_or(ReceiptError::NotAReceipt)?;
        let (header, claims) = signed.split_once('.').ok_or(ReceiptError::NotAReceipt)?;
        let header: Header = decoded(header)?;
        if header.alg != ALGORITHM || header.typ != TYPE {
            return Err(ReceiptError::NotAReceipt);
        }
        let key = keys.iter().find(|key| key.id() == header.kid).ok_or(ReceiptError::AnotherKey)?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| ReceiptError::NotAReceipt)?;
        let public = UnparsedPublicKey::new(&ED25519, key.0);
        public.verify(signed.as_bytes(), &signature).map_err(|_| ReceiptError::Changed)?;
        decoded(claims)
    }
}

/// Why a receipt is not believed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptError {
    /// What was given is not in the form of one, or not signed by Ed25519.
    #[error("this is no receipt of a publication")]
    NotAReceipt,
    /// There is no Ed25519 key in what was given as one.
    #[error("there is no Ed25519 key: a JSON Web Key, or a set of them, is needed")]
    NoKey,
    /// The receipt names another key than those that are given.
    #[error("the receipt is signed with another key")]
    AnotherKey,
    /// The signature is not that of what it says.
    #[error("the receipt was changed: its signature does not hold")]
    Changed,
    /// The receipt holds, and is about other bytes.
    #[error("the document is not the one that the receipt is about")]
    AnotherDocument,
}

/// What it may say is known, so that nothing in it is passed over that should have been heeded (`crit`).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Keys {
    Set { keys: Vec<Jwk> },
    One(Jwk),
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
}

impl Jwk {
    /// None for a key of another kind.
    fn key(&self) -> Option<VerifyingKey> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.x).ok()?;
        let is_ed25519 = self.kty == "OKP" && self.crv == "Ed25519";
        bytes.try_into().ok().filter(|_| is_ed25519).map(VerifyingKey)
    }
}

fn decoded<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, ReceiptError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| ReceiptError::NotAReceipt)?;
    serde_json::from_slice(&json).map_err(|_| ReceiptError::NotAReceipt)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use ed25519_dalek::{Signature, Verifier, VerifyingKey as Dalek};
    use proptest::prelude::*;

    use super::*;

    /// The key of RFC 8037, appendix A.
    const SEED: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";
    const DOCUMENT: &[u8] = b"# Security policy\n\nWe encrypt everything.\n";

    fn key() -> SigningKey {
        SigningKey::new(&URL_SAFE_NO_PAD.decode(SEED).unwrap().try_into().unwrap())
    }

    fn receipt() -> Receipt {
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        Receipt {
            document: DocumentId::fresh(),
            version: VersionNumber(3),
            title: "Security policy".into(),
            level: AccessLevel::Public,
            sha256: BlobId::of(DOCUMENT),
            size: DOCUMENT.len() as u64,
            media_type: "text/markdown".into(),
            issued_at: at,
            origin: Some(Origin {
                page: Some("0f2b1c9e-0000-4000-8000-0000000000aa".parse().unwrap()),
                edited_at: at,
                imported_at: at,
                losses: Vec::new(),
                published_by: Some(MemberId::fresh()),
            }),
        }
    }

    fn verified(receipt: &[u8]) -> Result<Receipt, ReceiptError> {
        VerifyingKey::verify(&[*key().verifying_key()], receipt)
    }

    #[test]
    fn keys_are_named_and_written_as_the_standard_says() {
        let key = key();
        let public = key.verifying_key();
        assert_eq!((public.jwk()["x"].as_str(), public.id().as_str()), (Some(PUBLIC), THUMBPRINT));
        let set = serde_json::json!({ "keys": [{ "kty": "EC", "crv": "P-256" }, public.jwk()] });
        for given in [public.jwk(), set] {
            assert_eq!(VerifyingKey::read(given.to_string().as_bytes()), Ok(vec![*public]));
        }
        for none in ["", "{}", "[]", r#"{"keys":[]}"#, r#"{"kty":"OKP","crv":"Ed25519","x":"AAAA"}"#] {
            assert_eq!(VerifyingKey::read(none.as_bytes()), Err(ReceiptError::NoKey), "{none}");
        }
        assert!(!format!("{key:?}").contains("157, 97"), "the seed is shown");
    }

    /// Another implementation, which shares no code with this one.
    #[test]
    fn any_library_for_ed25519_can_verify_a_receipt() {
        let signed = key().sign(&receipt()).unwrap();
        let (message, signature) = signed.rsplit_once('.').unwrap();
        let public = URL_SAFE_NO_PAD.decode(PUBLIC).unwrap().try_into().unwrap();
        let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        Dalek::from_bytes(&public).unwrap().verify(message.as_bytes(), &signature).unwrap();
        let claims = message.split_once('.').unwrap().1;
        let claims: serde_json::Value =
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!(claims["sha256"].as_str().unwrap(), BlobId::of(DOCUMENT).to_string());
    }

    #[test]
    fn what_was_signed_is_read_and_another_key_refuses_it() {
        let receipt = receipt();
        let signed = key().sign(&receipt).unwrap();
        assert_eq!(verified(signed.as_bytes()), Ok(receipt));
        let other = SigningKey::new(&[7; 32]);
        let refused = VerifyingKey::verify(&[*other.verifying_key()], signed.as_bytes());
        assert_eq!(refused, Err(ReceiptError::AnotherKey));
        // One that says it is ours.
        let claims = signed.split('.').nth(1).unwrap();
        let header = signed.split('.').next().unwrap();
        let message = format!("{header}.{claims}");
        let forged = URL_SAFE_NO_PAD.encode(other.pair.sign(message.as_bytes()));
        assert_eq!(verified(format!("{message}.{forged}").as_bytes()), Err(ReceiptError::Changed));
        // A header that asks for no signature, or for one that is not known here.
        for header in [r#"{"alg":"none","typ":"publication-receipt+jwt","kid":"x"}"#.to_owned(), {
            let kid = THUMBPRINT;
            format!(r#"{{"alg":"EdDSA","typ":"publication-receipt+jwt","kid":"{kid}","crit":["exp"]}}"#)
        }] {
            let receipt = format!("{}.{claims}.", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(verified(receipt.as_bytes()), Err(ReceiptError::NotAReceipt));
        }
    }

    proptest! {
        #[test]
        fn one_changed_byte_of_a_receipt_is_refused(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let signed = key().sign(&receipt()).unwrap().into_bytes();
            let mut changed = signed.clone();
            changed[at.index(signed.len())] = to;
            prop_assert_eq!(verified(&changed).is_ok(), changed == signed);
        }

        #[test]
        fn one_byte_more_or_less_of_a_receipt_is_refused(at in any::<prop::sample::Index>(), more in any::<u8>()) {
            let signed = key().sign(&receipt()).unwrap().into_bytes();
            let (mut longer, mut shorter) = (signed.clone(), signed.clone());
            longer.insert(at.index(signed.len() + 1), more);
            shorter.remove(at.index(signed.len()));
            prop_assert!(verified(&longer).is_err() && verified(&shorter).is_err());
        }

        #[test]
        fn one_changed_byte_of_a_document_is_refused(at in any::<prop::sample::Index>(), to in any::<u8>()) {
            let mut changed = DOCUMENT.to_vec();
            changed[at.index(DOCUMENT.len())] = to;
            prop_assert_eq!(receipt().check(&changed).is_ok(), changed == DOCUMENT);
        }
    }

    #[test]
    fn every_last_character_of_a_signature_but_its_own_is_refused() {
        let signed = key().sign(&receipt()).unwrap();
        let (rest, last) = signed.split_at(signed.len() - 1);
        for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=\n ".chars() {
            let changed = format!("{rest}{other}");
            assert_eq!(verified(changed.as_bytes()).is_ok(), last.starts_with(other), "{other:?}");
        }
    }
}
