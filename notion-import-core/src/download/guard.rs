//! Which addresses are connected to.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Origin, Url};

use crate::error::DownloadError;
use crate::notion::address::is_notions;

/// Decides whether an address is connected to, and how.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    trusted: HashSet<String>,
    external: External,
}

/// Whether files are fetched that Notion does not host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum External {
    /// They stay links.
    #[default]
    Link,
    /// They are fetched, from public addresses only.
    Fetch,
}

/// How an address is connected to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    /// It is of an origin that code trusts.
    Trusted,
    /// Through the transport that vets every address it connects to.
    Guarded,
}

impl Guard {
    /// Lets exactly this origin (scheme, host, port) through, whatever its address.
    pub(crate) fn trust(&mut self, origin: &Url) {
        self.trusted.insert(origin.origin().ascii_serialization());
    }

    pub(crate) fn fetch_external(&mut self, external: External) {
        self.external = external;
    }

    pub(super) fn external(&self) -> External {
        self.external
    }

    pub(super) fn judge(&self, url: &Url) -> Result<Verdict, DownloadError> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(DownloadError::Refused("it carries credentials"));
        }
        if matches!(url.origin(), Origin::Tuple(..))
            && self.trusted.contains(&url.origin().ascii_serialization())
        {
            return Ok(Verdict::Trusted);
        }
        if url.scheme() != "https" {
            return Err(DownloadError::Refused("only https is"));
        }
        if url.port().is_some() {
            return Err(DownloadError::Refused("only the standard port is"));
        }
        match url.host() {
            Some(Host::Domain(host)) if is_notions(host, url.path()) => Ok(Verdict::Guarded),
            Some(Host::Domain(_)) if self.external == External::Fetch => Ok(Verdict::Guarded),
            Some(Host::Ipv4(ip)) if self.external == External::Fetch && is_public(ip.into()) => {
                Ok(Verdict::Guarded)
            }
            Some(Host::Ipv6(ip)) if self.external == External::Fetch && is_public(ip.into()) => {
                Ok(Verdict::Guarded)
            }
            _ => Err(DownloadError::Refused("its host is not one of Notion's")),
        }
    }
}

/// Whether an address belongs to the public internet: none of ours, none of the machine's, none of the cloud's inside.
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(ip.is_private()
        || ip.is_loopback()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || ip.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        // Azure's own: a public number that only a machine inside can reach.
        || ip.octets() == [168, 63, 129, 16]
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b)))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    let embedded = match segments {
        // Mapped and translated (NAT64) addresses are the IPv4 address inside.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some((high, low)),
        _ => None,
    };
    if let Some((high, low)) = embedded {
        let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    // Only global unicast is public, and not what is set aside in it for protocols, tunnels (Teredo, 6to4) and documentation.
    (segments[0] & 0xe000) == 0x2000
        && !(segments[0] == 0x2001 && (segments[1] < 0x200 || segments[1] == 0xdb8))
        && !matches!(segments[0], 0x2002 | 0x3fff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(external: External, url: &str) -> Result<Verdict, DownloadError> {
        let mut guard = Guard::default();
        guard.trust(&Url::parse("http://127.0.0.1:4321").unwrap());
        guard.fetch_external(external);
        guard.judge(&Url::parse(url).unwrap())
    }

    /// Every setting at its widest; a new one does not compile until it is here.
    fn widest() -> Guard {
        let external = match External::default() {
            External::Link | External::Fetch => External::Fetch,
        };
        Guard { trusted: HashSet::from(["http://127.0.0.1:4321".to_owned()]), external }
    }

    #[test]
    fn notions_hosts_and_exact_trusted_origins_are_let_through() {
        for url in [
            "https://prod-files-secure.s3.us-west-2.amazonaws.com/a/b.pdf?X-Amz-Signature=1",
            "https://prod-files-secure.s3.eu-central-1.amazonaws.com/a/b.pdf",
            "https://s3.us-west-2.amazonaws.com/secure.notion-static.com/a.png",
            "https://file.notion.so/f/a.pdf",
            "https://img.notionusercontent.com/a.png",
        ] {
            assert!(matches!(judge(External::Link, url), Ok(Verdict::Guarded)), "{url}");
        }
        assert!(matches!(judge(External::Link, "http://127.0.0.1:4321/files/a"), Ok(Verdict::Trusted)));
        assert!(matches!(judge(External::Fetch, "https://example.com/a.pdf"), Ok(Verdict::Guarded)));
    }

    #[test]
    fn everything_else_is_refused() {
        for url in [
            "http://prod-files-secure.s3.us-west-2.amazonaws.com/a",
            "https://prod-files-secure.s3.us-west-2.amazonaws.com.evil.example/a",
            "https://prod-files-secure.s3.evil.example.amazonaws.com/a",
            "https://evil.s3.us-west-2.amazonaws.com/a",
            "https://s3.us-west-2.amazonaws.com/evil/secure.notion-static.com/a",
            "https://evilnotion.so/a",
            "https://user@file.notion.so/a",
            "https://file.notion.so:8443/a",
            "https://example.com/a.pdf",
            "http://127.0.0.1:4322/files/a",
            "https://127.0.0.1:4321/files/a",
            "http://localhost:4321/files/a",
            "file:///etc/passwd",
            "data:text/plain,a",
        ] {
            assert!(judge(External::Link, url).is_err(), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::ffff:10.0.0.1]/",
            "https://[fd00::1]/",
        ] {
            assert!(judge(External::Fetch, url).is_err(), "{url}");
        }
    }

    #[test]
    fn only_public_addresses_are_public() {
        for ip in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:101:101::1",
            "168.63.129.16",
            "3fff::1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
        ] {
            let ip: IpAddr = ip.parse().unwrap();
            assert!(!is_public(ip), "{ip}");
            let mut url = Url::parse("https://host/a.pdf").unwrap();
            url.set_ip_host(ip).unwrap();
            assert!(widest().judge(&url).is_err(), "{url}");
        }
        for ip in [
            "1.1.1.1",
            "52.218.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }
}
