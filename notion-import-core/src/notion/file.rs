//! Files: hosted by Notion behind a URL that is a secret for an hour, or hosted elsewhere.

use std::fmt;

use chrono::{DateTime, Utc};
use percent_encoding::percent_decode_str;
use serde::de::MapAccess;

use crate::notion::address::is_signed;
use crate::notion::lenient::{Key, Lenient, deserialize, object, skip, value};
use crate::notion::text::{Link, RichText};

/// A URL that carries its own permission. It is neither shown nor serialised; only a download may read it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignedUrl(String);

impl SignedUrl {
    /// Wraps a URL.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// The URL, for the download alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The last segment of the path, decoded: the file's name. It holds no secret.
    pub fn file_name(&self) -> Option<String> {
        file_name(&self.0)
    }
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedUrl(..)")
    }
}

impl Lenient for SignedUrl {
    fn from_text(text: &str) -> Self {
        Self::new(text)
    }
}

object! {
    /// A file Notion hosts.
    pub struct HostedFile {
        /// Where it is, for an hour.
        pub url: SignedUrl,
        /// When the URL ends to work.
        pub expiry_time: Option<DateTime<Utc>>,
    }
}

/// Where a file is.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FileSource {
    /// At Notion.
    Hosted(HostedFile),
    /// Elsewhere, as far as that host lives.
    External(String),
    /// In its own address, which is a `data:` URL.
    Inline(String),
    /// Nowhere we know.
    #[default]
    Missing,
}

impl FileSource {
    /// Tells by its address where a file is, whatever Notion calls it: one that is signed is not elsewhere for long.
    pub fn at(address: String) -> Self {
        if is_signed(&address) {
            return Self::Hosted(HostedFile { url: SignedUrl::new(address), expiry_time: None });
        }
        match address.trim_start().get(..5) {
            Some(scheme) if scheme.eq_ignore_ascii_case("data:") => Self::Inline(address),
            _ => Self::External(address),
        }
    }

    /// The name its URL ends in. The path of another site may end in anything, so there only what ends like a file counts.
    pub fn file_name(&self) -> Option<String> {
        match self {
            Self::Hosted(file) => file.url.file_name(),
            Self::External(url) => file_name(url).filter(|name| has_extension(name)),
            Self::Inline(_) | Self::Missing => None,
        }
    }
}

/// A file block, an embed, a cover or an element of a files property.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct File {
    /// Where it is.
    pub source: FileSource,
    /// What the author wrote under it.
    pub caption: Vec<RichText>,
    /// Its name, if it has one.
    pub name: Option<String>,
}

impl File {
    /// Its own name, else the one its URL ends in.
    pub fn display_name(&self) -> Option<String> {
        self.name.clone().filter(|name| !name.trim().is_empty()).or_else(|| self.source.file_name())
    }
}

impl Lenient for File {
    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut hosted, mut external) = (None, None);
        let (mut kind, mut caption, mut name) = (String::new(), Vec::new(), None);
        while let Some(key) = Key::next(&mut object)? {
            match key.as_str() {
                "type" => kind = value(&mut object)?,
                "file" => hosted = Some(value::<HostedFile, _>(&mut object)?),
                "external" => external = value::<Link, _>(&mut object)?.url,
                // An embed has its address here.
                "url" => external = external.or(value(&mut object)?),
                "caption" => caption = value(&mut object)?,
                "name" => name = value(&mut object)?,
                _ => skip(&mut object)?,
            }
        }
        let hosted = hosted.filter(|file| !file.url.expose().is_empty());
        let source = match (hosted, external) {
            (Some(_), Some(url)) if kind == "external" => FileSource::at(url),
            (Some(file), _) => FileSource::Hosted(file),
            (None, Some(url)) => FileSource::at(url),
            (None, None) => FileSource::Missing,
        };
        Ok(Self { source, caption, name })
    }
}

deserialize!(File);

/// The name the path of a URL ends in, decoded.
pub(crate) fn file_name(url: &str) -> Option<String> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, rest) = path.split_once("://")?;
    let (_, name) = rest.rsplit_once('/')?;
    let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
    (!name.trim().is_empty()).then_some(name)
}

fn has_extension(name: &str) -> bool {
    name.trim().rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && extension.len() <= 8
            && extension.bytes().all(|byte| byte.is_ascii_alphanumeric())
            && extension.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_after_its_path_and_never_after_its_signature() {
        for (url, name) in [
            ("https://host/a/b/Annual%20report.pdf?X-Amz-Signature=abc", Some("Annual report.pdf")),
            ("https://host/%F0%9F%93%84.txt#x", Some("\u{1F4C4}.txt")),
            ("https://host/50%", Some("50%")),
            ("https://host/", None),
            ("https://host?a/b", None),
            ("", None),
        ] {
            assert_eq!(file_name(url).as_deref(), name, "{url}");
        }
    }

    #[test]
    fn a_path_of_another_site_names_a_file_only_where_it_ends_like_one() {
        for (url, name) in [
            ("https://host/a/Annual%20report.pdf?x=y", Some("Annual report.pdf")),
            ("https://host/film.mp4", Some("film.mp4")),
            ("https://host/watch?v=a.mp4", None),
            ("https://host/d/view", None),
            ("https://host/v1.2", None),
            ("https://host/.htaccess", None),
            ("https://host/a.b%20c", None),
        ] {
            assert_eq!(FileSource::at(url.to_owned()).file_name().as_deref(), name, "{url}");
        }
    }

    #[test]
    fn a_signed_url_does_not_show() {
        let url = SignedUrl::new("https://host/f?X-Amz-Signature=secret");
        assert_eq!(format!("{url:?}"), "SignedUrl(..)");
    }
}
