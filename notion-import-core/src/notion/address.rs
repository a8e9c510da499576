//! Addresses that may be written down: those that carry no signature.
//!
//! A signed address is a capability: whoever has it has the file, for about an hour. So it is neither stored nor shown,
//! wherever it stands. Signed is
//! - on any host, what carries the parameters of a presigned address, which lasts a week at most by its definition:
//!   `X-Amz-Signature`, `X-Amz-Credential`, `X-Amz-Security-Token` and the same of `X-Goog-`;
//! - on a host that Notion serves files from, what carries any parameter;
//! - on Notion's other hosts, what carries `signature`, `sig` or `expirationTimestamp`.
//!
//! The same counts where such an address is part of another one, percent-encoded however often.
//!
//! Text is words, and stays. Only a signed address that stands in it loses its query, for which `…` stands.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr2;
use serde::{Deserialize, Deserializer, Serialize};

/// An address without a signature: the only kind that is written into Markdown or kept with a document.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(transparent)]
pub struct LastingUrl(String);

impl LastingUrl {
    /// Takes an address; none if it carries a signature.
    pub fn new(address: impl Into<String>) -> Option<Self> {
        let address = address.into();
        (!is_signed(&address)).then_some(Self(address))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LastingUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LastingUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let refused = || serde::de::Error::custom("an address with a signature");
        Self::new(String::deserialize(deserializer)?).ok_or_else(refused)
    }
}

/// Returns a text without the queries of the signed addresses in it.
pub fn lasting_text(text: &str) -> Cow<'_, str> {
    let cuts = cuts(text);
    if cuts.is_empty() { Cow::Borrowed(text) } else { Cow::Owned(without(text, 0, &cuts)) }
}

/// Cuts the queries of signed addresses out of texts that stand beside one another, and returns how many there were. One address
/// may go over several texts.
pub(crate) fn cut_parts(parts: &mut [Cow<'_, str>]) -> usize {
    if !parts.iter().any(|part| may_be_signed(part)) {
        return 0;
    }
    let cuts = cuts(&parts.concat());
    let mut from = 0;
    for part in parts.iter_mut().filter(|_| !cuts.is_empty()) {
        let own = part.len();
        *part = Cow::Owned(without(part, from, &cuts));
        from += own;
    }
    cuts.len()
}

/// A stretch of text that must not be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Cut {
    start: usize,
    end: usize,
}

/// Finds what must not be written of a text.
fn cuts(text: &str) -> Vec<Cut> {
    if !may_be_signed(text) {
        return Vec::new();
    }
    let ends_word = |char: char| char.is_whitespace() || matches!(char, '"' | '<' | '>');
    let mut cuts = Vec::new();
    let mut start = 0;
    for word in text.split_inclusive(ends_word) {
        let own = word.trim_end_matches(ends_word);
        if is_signed(own) {
            cuts.push(Cut { start: start + unsigned(own), end: start + own.len() });
        }
        start += word.len();
    }
    cuts
}

/// Returns a part of a text, which begins at `from` in it, without what is cut out of the text. An ellipsis stands where a cut begins.
fn without(part: &str, from: usize, cuts: &[Cut]) -> String {
    let end = from + part.len();
    let mut kept = String::with_capacity(part.len());
    let mut at = from;
    let first = cuts.partition_point(|cut| cut.end <= from);
    for cut in cuts[first..].iter().take_while(|cut| cut.start < end) {
        kept.push_str(&part[at - from..cut.start.max(at) - from]);
        if cut.start >= from {
            kept.push('…');
        }
        at = cut.end.min(end);
    }
    kept.push_str(&part[at - from..]);
    kept
}

/// How much of a signed address carries no signature: what stands before its query.
fn unsigned(address: &str) -> usize {
    let ends = [address.find(['?', '#']), address.find('%')];
    ends.into_iter().flatten().find(|end| !is_signed(&address[..*end])).unwrap_or(0)
}

/// Whether an address carries a signature, itself or in an address inside of it.
pub(crate) fn is_signed(address: &str) -> bool {
    if !may_be_signed(address) {
        return false;
    }
    let plain = decoded(address);
    has_parameter(&plain, &PRESIGNED)
        || behind_host(&plain, FILE_HOSTS).is_some_and(has_any_parameter)
        || behind_host(&plain, OWN_HOSTS).is_some() && has_parameter(&plain, &SIGNATURES)
}

const PRESIGNED: [&str; 5] =
    ["x-amz-signature", "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential"];

const SIGNATURES: [&str; 3] = ["signature", "sig", "expirationtimestamp"];

/// The hosts that Notion serves files from, or buckets in the path of a shared host.
const FILE_HOSTS: &[&str] = &[
    "prod-files-secure",
    "notion-static.com",
    "notionusercontent.com",
    "file.notion.so",
    "file.notion.com",
    "files.notion.so",
    "files.notion.com",
];

const OWN_HOSTS: &[&str] = &["notion.so", "notion.com", "notion.site"];

/// Whether Notion serves files from a host: its own, or a bucket, of which some are in the path of a shared host.
#[cfg(feature = "client")]
pub(crate) fn is_notions(host: &str, path: &str) -> bool {
    let bucket =
        host.strip_prefix("prod-files-secure.s3.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    let shared_bucket = matches!(host, "s3.us-west-2.amazonaws.com" | "s3-us-west-2.amazonaws.com");
    let own = ["notion.so", "notion.com", "notion-static.com", "notionusercontent.com"];
    bucket.is_some_and(|region| !region.contains('.'))
        || shared_bucket && path.starts_with("/secure.notion-static.com/")
        || own
            .iter()
            .any(|domain| host.strip_suffix(domain).is_some_and(|sub| sub.is_empty() || sub.ends_with('.')))
}

/// A cheap test: every parameter has an equals sign, if only an encoded one.
fn may_be_signed(text: &str) -> bool {
    memchr2(b'=', b'%', text.as_bytes()).is_some()
}

/// Whether an address has a parameter of one of some names.
fn has_parameter(plain: &[u8], names: &[&str]) -> bool {
    let mut ends = (0..plain.len()).filter(|&end| plain[end] == b'=');
    ends.any(|end| ends_in(&plain[..end], names))
}

/// What stands after the first of some hosts that an address names.
fn behind_host<'a>(plain: &'a [u8], hosts: &[&str]) -> Option<&'a [u8]> {
    let ends_host = |end: &usize| matches!(plain.get(*end), None | Some(b'.' | b'/' | b':' | b'?' | b'#'));
    let end = (0..=plain.len()).filter(ends_host).find(|&end| ends_in(&plain[..end], hosts))?;
    Some(&plain[end..])
}

/// Whether an address ends in one of some names, which is not the end of a longer one.
fn ends_in(plain: &[u8], names: &[&str]) -> bool {
    let is_edge =
        |before: &[u8]| before.last().is_none_or(|last| !last.is_ascii_alphanumeric() && *last != b'-');
    names.iter().any(|name| plain.strip_suffix(name.as_bytes()).is_some_and(is_edge))
}

/// Whether there are parameters behind a host.
fn has_any_parameter(rest: &[u8]) -> bool {
    rest.iter().skip_while(|byte| !matches!(byte, b'?' | b'#')).any(|byte| *byte == b'=')
}

/// An address in small letters, without controls and with nothing encoded in it. Decoding again and again until nothing is left
/// costs no more than once: each step leaves less.
fn decoded(address: &str) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(address.len());
    for byte in address.bytes().filter(|byte| !byte.is_ascii_control()) {
        plain.push(byte.to_ascii_lowercase());
        while let [.., b'%', high, low] = plain[..]
            && let (Some(high), Some(low)) = (char::from(high).to_digit(16), char::from(low).to_digit(16))
        {
            plain.truncate(plain.len() - 3);
            let byte = (high * 16 + low) as u8;
            if !byte.is_ascii_control() {
                plain.push(byte.to_ascii_lowercase());
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_signed_by_its_parameters_however_they_are_written() {
        let check = |signed: bool, address: &str| assert_eq!(is_signed(address), signed, "{address}");
        for address in [
            "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b.html?X-Amz-Algorithm=x&X-Amz-Signature=s",
            "https://prod-files-secure.s3.eu-central-1.amazonaws.com/a/b?new=parameter",
            "https://s3.us-west-2.amazonaws.com/secure.notion-static.com/a.png?AWSAccessKeyId=k&Signature=s",
            "https://file.notion.so/f/f/a/b/c.html?table=block&expirationTimestamp=1&signature=s",
            "https://img.notionusercontent.com/s3/prod-files-secure%2Fa/size/w=2000?exp=1&sig=s",
            "https://www.notion.so/a?expirationTimestamp=1",
            "https://a.example/b?x-amz-signature=s",
            "https://a.example/b#X-Amz-Credential=s",
            "https://a.example/b?signature=s&from=notion.so",
            "https://storage.googleapis.com/b?X-Goog-Signature=s",
            "https://view.example/?src=https%3A%2F%2Fa.example%2Fb%3FX-Amz-Signature%3Ds",
            "https://view.example/?src=https%253A%252F%252Fa.example%252Fb%253FX-Amz-Signature%253Ds",
            "https://www.notion.so/image/https%3A%2F%2Fprod-files-secure.s3.us-west-2.amazonaws.com%2Fa%3Fb%3Dc",
            "https://a.example/b?X-Amz-%53ignature=s",
            "https://a.example/b?X-Amz-Sig\nnature=s",
            "HTTPS://FILE.NOTION.SO/f?a=b",
            "//file.notion.so:443/f?a=b",
        ] {
            check(true, address);
        }
        for address in [
            "",
            "https://a.example/?q=signature",
            "https://a.example/?signature=of+the+artist",
            "https://a.example/x-amz-signature",
            "https://docs.example/?q=X-Amz-Signature",
            "https://a.example/?not-x-amz-signature=1",
            "https://app.notion.com/p/35261e8ce0a380c89f000123456789ab?v=45261e8ce0a380c89f000123456789ab&pvs=4",
            "https://www.notion.so/images/page-cover/woodcuts_1.jpg",
            "https://s3.us-west-2.amazonaws.com/public.notion-static.com/a/b.png",
            "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b.html",
            "https://my-file.notion.so.example/?a=b",
            "https://a.example/prod-files-secured?a=b",
            "mailto:a@b.example?subject=signature",
            "100%",
        ] {
            check(false, address);
        }
    }

    #[test]
    fn text_loses_the_query_of_a_signed_address_and_nothing_else() {
        let check = |text: &str, expected: &str| {
            let kept = lasting_text(text);
            assert_eq!(kept, expected, "{text}");
            assert!(!is_signed(&kept), "{text}");
            assert_eq!(lasting_text(&kept), kept, "{text}");
        };
        check("", "");
        check("a = b, 100% of https://a.example/?b=c", "a = b, 100% of https://a.example/?b=c");
        check(
            "see https://file.notion.so/f/a.html?signature=s now",
            "see https://file.notion.so/f/a.html… now",
        );
        check(
            "{\"url\":\"https://a.b/c?X-Amz-Signature=s\",\"d\":1}",
            "{\"url\":\"https://a.b/c…\",\"d\":1}",
        );
        check("<https://a.b/c?X-Amz-Signature=s>\n#", "<https://a.b/c…>\n#");
        check("a file.pdf?X-Amz-Signature=s", "a file.pdf…");
        check("X-Amz-Signature=s", "…");
        check("https://v.example/https%3A%2F%2Fa.b%3FX-Amz-Signature%3Ds", "https://v.example/https…");
        check("東?X-Amz-Signature=s東 京", "東… 京");
    }

    #[test]
    fn a_cut_over_several_parts_is_one() {
        let text = "a https://a.b/c?X-Amz-Signature=s b";
        for split in 0..text.len() {
            let (first, second) = text.split_at(split);
            let mut parts = [Cow::Borrowed(first), Cow::Borrowed(second)];
            assert_eq!(cut_parts(&mut parts), 1, "{split}");
            assert_eq!(parts.concat(), "a https://a.b/c… b", "{split}");
        }
    }

    #[test]
    fn a_stored_address_is_checked_when_it_is_read() {
        let read = |text: &str| serde_json::from_value::<LastingUrl>(text.into());
        assert_eq!(read("https://a.example/").unwrap().as_str(), "https://a.example/");
        assert!(read("https://a.example/?X-Amz-Signature=s").is_err());
    }
}
