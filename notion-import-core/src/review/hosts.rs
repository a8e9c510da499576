//! Addresses in a text: of mail, of hosts and of networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::leaks::LeakKind;
use super::spots::{Spot, behind, runs};

/// Addresses of roles are made to be published (RFC 2142, and what companies add to it).
const ROLES: &str = "abuse compliance contact datenschutz dpo hello help hostmaster info kontakt legal mail marketing \
    news no-reply noc noreply office postmaster press privacy sales security service support team trust \
    webmaster git";

/// Names that stand for no address, or for a picture's size (`logo@2x.png`).
const NO_DOMAINS: &[&str] =
    &["example", "invalid", "test", "png", "jpg", "jpeg", "gif", "svg", "webp", "avif"];

/// What only an internal network resolves.
const INTERNAL_ENDS: &[&str] =
    &["internal", "local", "lan", "corp", "intranet", "localdomain", "home", "private"];

/// A label that says the same inside of a name.
const INTERNAL_LABELS: &[&str] = &["internal", "intranet", "corp", "lan"];

/// Names of private networks as a whole, which every text about networks uses.
const NETWORKS: &[&str] = &[
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
];

/// Words before what looks like an address and is the number of a version or a section.
const NUMBERED: &[&str] = &[
    "version",
    "v",
    "release",
    "section",
    "clause",
    "chapter",
    "article",
    "control",
    "abschnitt",
    "kapitel",
    "ziffer",
    "§",
];

/// Mail addresses of people.
pub fn mail_addresses(text: &str) -> Vec<Spot> {
    let mut spots = Vec::new();
    for run in runs(text, |c| c.is_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-' | '@')) {
        let run = trimmed(text, run);
        let Some((local, domain)) = text[run.clone()].split_once('@') else { continue };
        let word = behind(text, run.start).rsplit(char::is_whitespace).next().unwrap_or_default();
        let is_in_url = word.contains("://");
        let role = local.to_lowercase();
        if !local.is_empty()
            && !is_in_url
            && is_domain(domain)
            && !ROLES.split(' ').any(|known| known == role)
        {
            spots.push(Spot::new(run, LeakKind::MailAddress));
        }
    }
    spots
}

fn is_domain(domain: &str) -> bool {
    let lower = domain.to_lowercase();
    let mut labels = lower.rsplit('.');
    let Some(top) = labels.next() else { return false };
    let second = labels.next().unwrap_or_default();
    let is_label = |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-');
    lower.split('.').all(is_label)
        && top.chars().count() >= 2
        && top.chars().all(char::is_alphabetic)
        && !second.is_empty()
        && second != "example"
        && !NO_DOMAINS.contains(&top)
}

/// Internal hosts and private addresses.
pub fn hosts(text: &str, is_heading: bool) -> Vec<Spot> {
    let mut spots = Vec::new();
    for run in runs(text, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '/' | '[' | ']' | '@' | '_')
    }) {
        let whole = trimmed(text, run);
        let Some(host) = host(&text[whole.clone()]) else { continue };
        let name = &text[whole.start + host.start..whole.start + host.end];
        let range = whole.start + host.start..whole.start + host.end;
        let is_url = text[whole.clone()].contains("://");
        if let Ok(address) = name.parse::<IpAddr>() {
            let before = behind(text, whole.start).trim_end();
            let word = before
                .rsplit(|c: char| c.is_whitespace() || c == '(')
                .next()
                .unwrap_or_default()
                .to_lowercase();
            let is_number = address.is_ipv4()
                && !is_url
                && (NUMBERED.contains(&word.as_str()) || is_heading && before.is_empty());
            let is_network = NETWORKS.iter().any(|network| text[range.start..].starts_with(network));
            if is_private(address) && !is_number && !is_network {
                spots.push(Spot::new(range, LeakKind::PrivateAddress));
            }
        } else if is_internal(name, is_url) && !is_user(&text[range.end..]) {
            spots.push(Spot::new(range, LeakKind::InternalHost));
        }
    }
    spots
}

/// Whether what stands before this is the name of a user, with a placeholder for the password behind it.
fn is_user(rest: &str) -> bool {
    rest.strip_prefix(':').is_some_and(|password| password.starts_with(['<', '$', '{', '%', '*']))
}

/// Where the host stands in what may be a URL, a host with a port, or an address.
fn host(run: &str) -> Option<Range<usize>> {
    if run.parse::<IpAddr>().is_ok() {
        return Some(0..run.len());
    }
    let (begin, rest) = match run.split_once("://") {
        Some((scheme, rest)) => (scheme.len() + 3, rest),
        None => (0, run),
    };
    let authority = rest.split('/').next().unwrap_or_default();
    // A path of a file is no host.
    if begin == 0 && run.starts_with('/') || authority.is_empty() {
        return None;
    }
    let begin = begin + authority.rfind('@').map_or(0, |at| at + 1);
    // A mail address is not a host.
    if !run.contains("://") && authority.contains('@') {
        return None;
    }
    let host = &run[begin..];
    if let Some(end) = host.strip_prefix('[').and_then(|host| host.find(']')) {
        return Some(begin + 1..begin + 1 + end);
    }
    let end = host.find('/').unwrap_or(host.len());
    if host[..end].parse::<Ipv6Addr>().is_ok() {
        return Some(begin..begin + end);
    }
    Some(begin..begin + host.find([':', '/']).unwrap_or(host.len()))
}

fn is_internal(name: &str, is_url: bool) -> bool {
    let lower = name.to_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
    };
    if !labels.iter().all(is_label) || !lower.bytes().any(|b| b.is_ascii_alphabetic()) {
        return false;
    }
    let (last, len) = (labels[labels.len() - 1], labels.len());
    match len {
        1 => is_url && last != "localhost",
        _ if INTERNAL_ENDS.contains(&last) => true,
        _ => len > 2 && labels[..len - 2].iter().any(|label| INTERNAL_LABELS.contains(label)),
    }
}

const fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_private_v4(v4),
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

const fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, ..] = address.octets();
    address.is_private() || address.is_link_local() || a == 100 && b & 0b1100_0000 == 64
}

/// A run without the punctuation of the sentence around it.
fn trimmed(text: &str, run: Range<usize>) -> Range<usize> {
    let words = &text[run.clone()];
    let end = words.trim_end_matches(['.', ':', '-', '/', '_']).len();
    let begin = end - words[..end].trim_start_matches(['.', ':', '-', '_']).len();
    // `::1` begins with what is punctuation elsewhere, and `.env.local` is a file.
    let begin = if words.starts_with('.') { 0 } else { begin };
    let begin = if words.starts_with("::") { 0 } else { begin };
    run.start + begin..run.start + end.max(begin)
}
