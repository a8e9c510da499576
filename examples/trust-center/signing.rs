//! The keys that the companies sign receipts with.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use notion_import_core::{Receipt, SigningKey};
use serde_json::{Value, json};

use crate::folder::Folder;
use crate::people::{COMPANIES, Company};
use crate::sealing::{self, Seal};

/// What seals them.
const KEY: &str = "signing-key";

/// One for each company. A company keeps its own: what it has signed holds as long as its key is known.
pub struct SigningKeys(Vec<(&'static str, SigningKey)>);

impl SigningKeys {
    /// Takes the keys that are kept in the folder, sealed, or makes them.
    pub fn open(folder: Option<&Folder>) -> io::Result<Self> {
        let seal = Seal::new(&sealing::key(folder, KEY)?);
        let keys = COMPANIES.iter().map(|company| Ok((company.slug, kept(folder, &seal, company)?)));
        Ok(Self(keys.collect::<io::Result<_>>()?))
    }

    /// Signs a receipt of a company's.
    pub fn sign(&self, company: &Company, receipt: &Receipt) -> Option<String> {
        self.of(company)?.sign(receipt).ok()
    }

    /// Returns the JSON Web Key Set by which a company's receipts are verified.
    pub fn published(&self, company: &Company) -> Value {
        let keys: Vec<Value> = self.of(company).map(|key| key.verifying_key().jwk()).into_iter().collect();
        json!({ "keys": keys })
    }

    fn of(&self, company: &Company) -> Option<&SigningKey> {
        self.0.iter().find(|(slug, _)| *slug == company.slug).map(|(_, key)| key)
    }
}

fn kept(folder: Option<&Folder>, seal: &Seal, company: &Company) -> io::Result<SigningKey> {
    let name = format!("signing-key-{}", company.slug);
    let Some(folder) = folder else { return Ok(SigningKey::new(&sealing::random()?)) };
    if let Some(sealed) = folder.read(&name)? {
        let opened = String::from_utf8(sealed).ok().and_then(|sealed| seal.open(&name, &sealed));
        let seed = opened.and_then(|seed| URL_SAFE_NO_PAD.decode(seed).ok()?.try_into().ok());
        let seed = seed.ok_or_else(|| io::Error::other(format!("the file {name} holds no key")))?;
        return Ok(SigningKey::new(&seed));
    }
    let seed = sealing::random()?;
    let sealed = seal.close(&name, URL_SAFE_NO_PAD.encode(seed));
    folder
        .write(&name, sealed.ok_or_else(|| io::Error::other("the system has no randomness"))?.as_bytes())?;
    Ok(SigningKey::new(&seed))
}
