//! Where requests may go to.
//!
//! An address is looked at where it is connected to: one that stands in the URL before the request, one behind a name
//! when the name is resolved for the connection, so that nothing lies between the look and the connection. Each redirect
//! is a request of its own.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use ipnet::IpNet;
use reqwest::Url;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::Host;

/// Asks for the addresses of a name.
pub type NameLookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync>;

/// As the system resolves names.
pub(crate) fn system_names() -> NameLookup {
    Arc::new(|name| {
        async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) }.boxed()
    })
}

/// Which addresses requests may go to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EgressPolicy {
    /// All that this machine reaches: whoever writes the pipelines may as well run scripts here.
    #[default]
    Anywhere,
    /// Those of the public network, and these.
    PublicAnd(Vec<EgressRule>),
}

/// One thing that is allowed besides the public network: addresses, or whatever a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EgressRule {
    /// `10.1.0.0/16`, `::1`.
    Addresses(IpNet),
    /// `build.internal`; `*.internal` for all names below.
    Host(String),
}

impl FromStr for EgressRule {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(net) = text.parse::<IpNet>() {
            return Ok(Self::Addresses(net.trunc()));
        }
        if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(Self::Addresses(address.into()));
        }
        let wrong = || "it is an address, a range of them like 10.1.0.0/16, or the name of a host".to_owned();
        let (below, name) = text.strip_prefix("*.").map_or(("", text), |name| ("*.", name));
        match Host::parse(name) {
            Ok(Host::Domain(name)) if name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-._".contains(&c)) => {
                Ok(Self::Host(format!("{below}{name}")))
            }
            _ => Err(wrong()),
        }
    }
}

/// An address that requests may not go to, and the rule that says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) struct EgressRefused {
    name: Option<String>,
    address: IpAddr,
    sort: &'static str,
}

impl fmt::Display for EgressRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, address, sort } = self;
        match name {
            Some(name) => write!(f, "{name} is {address}, which is {sort}")?,
            None => write!(f, "{address} is {sort}")?,
        }
        f.write_str(": this engine sends requests to public addresses only, and to what `--allow-egress` names")
    }
}

impl EgressPolicy {
    /// Refuses an address that stands in a URL, however it is spelled there: the parser of URLs has read it as what it
    /// is. Names are looked at when they are resolved.
    pub(super) fn check(&self, url: &Url) -> Result<(), EgressRefused> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.check_address(None, address)
    }

    fn check_address(&self, name: Option<&str>, address: IpAddr) -> Result<(), EgressRefused> {
        let Self::PublicAnd(rules) = self else { return Ok(()) };
        let Some(sort) = not_public(address) else { return Ok(()) };
        let plain = address.to_canonical();
        let allows = |rule: &EgressRule| match rule {
            EgressRule::Addresses(net) => net.contains(&address) || net.contains(&plain),
            EgressRule::Host(host) => name.is_some_and(|name| covers(host, name)),
        };
        if rules.iter().any(allows) {
            return Ok(());
        }
        Err(EgressRefused { name: name.map(str::to_owned), address, sort })
    }
}

fn covers(rule: &str, name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    match rule.strip_prefix("*.") {
        Some(above) => name.strip_suffix(above).is_some_and(|below| below.ends_with('.')),
        None => rule.trim_end_matches('.') == name,
    }
}

/// What an address is, when it is not one of the public network.
fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => not_public_v4(address),
        IpAddr::V6(address) => not_public_v6(address),
    }
}

/// Where clouds tell a machine about itself, credentials included.
const METADATA: &str = "the metadata service of the cloud";

fn not_public_v4(address: Ipv4Addr) -> Option<&'static str> {
    let [a, b, c, d] = address.octets();
    Some(match (a, b, c, d) {
        (169, 254, 169, 254) | (169, 254, 170, 2) | (100, 100, 100, 200) | (168, 63, 129, 16) => METADATA,
        (0, 0, 0, 0) => "the unspecified address",
        (255, 255, 255, 255) => "the broadcast address",
        (0, ..) => "an address of this network",
        (127, ..) => "a loopback address",
        (10, ..) | (172, 16..=31, ..) | (192, 168, ..) => "a private address",
        (169, 254, ..) => "a link-local address",
        (100, 64..=127, ..) => "an address of a shared address space",
        (224..=239, ..) => "a multicast address",
        (192, 0, 0, _) | (192, 0, 2, _) | (192, 88, 99, _) | (198, 18..=19, ..) | (198, 51, 100, _) => {
            "a reserved address"
        }
        (203, 0, 113, _) | (240..=255, ..) => "a reserved address",
        _ => return None,
    })
}

fn not_public_v6(address: Ipv6Addr) -> Option<&'static str> {
    if address.is_unspecified() {
        return Some("the unspecified address");
    }
    if address.is_loopback() {
        return Some("a loopback address");
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match (a, b, c, d, e, f) {
        // IPv4 inside: mapped, compatible, translated, by NAT64 and by 6to4. It leads to where that leads.
        (0, 0, 0, 0, 0, 0xffff | 0) | (0, 0, 0, 0, 0xffff, 0) | (0x64, 0xff9b, 0, 0, 0, 0) => {
            return not_public_v4(embedded(g, h));
        }
        (0x2002, ..) => return not_public_v4(embedded(b, c)),
        _ => {}
    }
    Some(match (a, b) {
        (0xfd00, 0x0ec2) => METADATA,
        (0xfe80..=0xfebf, _) => "a link-local address",
        (0xfc00..=0xfdff, _) | (0xfec0..=0xfeff, _) => "a private address",
        (0xff00..=0xffff, _) => "a multicast address",
        // Local NAT64, discarded, Teredo, benchmarks, ORCHID, documentation: whatever is in there, it is no server.
        (0x64, 0xff9b) | (0x100, 0) | (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => "a reserved address",
        _ => return None,
    })
}

/// Resolves names for connections, and gives only addresses that they may go to.
pub(super) struct Checked {
    pub(super) policy: EgressPolicy,
    pub(super) names: NameLookup,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, name) = (self.policy.clone(), name.as_str().to_owned());
        let found = (self.names)(name.clone());
        Box::pin(async move {
            let mut refused = None;
            let mut allowed = Vec::new();
            for address in found.await? {
                match policy.check_address(Some(&name), address) {
                    Ok(()) => allowed.push(SocketAddr::new(address, 0)),
                    Err(why) => refused = refused.or(Some(why)),
                }
            }
            match refused {
                Some(refused) if allowed.is_empty() => Err(refused.into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(rules: &[&str]) -> EgressPolicy {
        EgressPolicy::PublicAnd(rules.iter().map(|rule| rule.parse().expect("a rule")).collect())
    }

    #[test]
    fn addresses_of_a_url_are_read_however_they_are_spelled() {
        for (host, sort) in [
            ("127.0.0.1", Some("a loopback address")),
            ("2130706433", Some("a loopback address")),
            ("0x7f.1", Some("a loopback address")),
            ("0177.0.0.01", Some("a loopback address")),
            ("127.1", Some("a loopback address")),
            ("①②⑦.0.0.1", Some("a loopback address")),
            ("[::1]", Some("a loopback address")),
            ("[::ffff:127.0.0.1]", Some("a loopback address")),
            ("[::ffff:7f00:1]", Some("a loopback address")),
            ("[::127.0.0.1]", Some("a loopback address")),
            ("[64:ff9b::10.0.0.1]", Some("a private address")),
            ("[2002:a00:1::]", Some("a private address")),
            ("[::ffff:0:10.0.0.1]", Some("a private address")),
            ("10.255.0.1", Some("a private address")),
            ("172.16.0.1", Some("a private address")),
            ("172.31.255.255", Some("a private address")),
            ("172.32.0.1", None),
            ("192.168.1.1", Some("a private address")),
            ("100.64.0.1", Some("an address of a shared address space")),
            ("169.254.1.1", Some("a link-local address")),
            ("169.254.169.254", Some(METADATA)),
            ("[fd00:ec2::254]", Some(METADATA)),
            ("0.0.0.0", Some("the unspecified address")),
            ("0", Some("the unspecified address")),
            ("0.1.2.3", Some("an address of this network")),
            ("[::]", Some("the unspecified address")),
            ("224.0.0.1", Some("a multicast address")),
            ("[ff02::1]", Some("a multicast address")),
            ("255.255.255.255", Some("the broadcast address")),
            ("240.0.0.1", Some("a reserved address")),
            ("[fe80::1]", Some("a link-local address")),
            ("[fc00::1]", Some("a private address")),
            ("[fd12:3456::1]", Some("a private address")),
            ("[2001:db8::1]", Some("a reserved address")),
            ("[2001::1]", Some("a reserved address")),
            ("1.1.1.1", None),
            ("[2606:4700:4700::1111]", None),
            ("[2002:101:101::]", None),
            ("a.example", None),
        ] {
            let url = Url::parse(&format!("http://{host}/")).expect("a URL");
            let refused = policy(&[]).check(&url).err();
            assert_eq!(refused.map(|refused| refused.sort), sort, "{host}");
            assert_eq!(EgressPolicy::Anywhere.check(&url), Ok(()), "{host}");
        }
    }

    #[test]
    fn what_is_listed_is_allowed() {
        let url = |host: &str| Url::parse(&format!("http://{host}/")).expect("a URL");
        let listed = policy(&["10.1.2.3/16", "[::1]", "127.0.0.2"]);
        for host in ["10.1.255.255", "[::ffff:10.1.0.1]", "[::1]", "127.0.0.2"] {
            assert_eq!(listed.check(&url(host)), Ok(()), "{host}");
        }
        for host in ["10.2.0.1", "127.0.0.1", "192.168.0.1"] {
            assert!(listed.check(&url(host)).is_err(), "{host}");
        }
        let private = IpAddr::from([10, 0, 0, 1]);
        let named = policy(&["build.internal", "*.svc.example"]);
        for (name, allowed) in [
            ("build.internal", true),
            ("BUILD.internal.", true),
            ("other.internal", false),
            ("evil-build.internal", false),
            ("a.svc.example", true),
            ("a.b.svc.example", true),
            ("svc.example", false),
            ("notsvc.example", false),
        ] {
            assert_eq!(named.check_address(Some(name), private).is_ok(), allowed, "{name}");
        }
        for wrong in ["", "10.0.0.0/33", "a b", "http://host", "*", "host:80", "*.10.0.0.1"] {
            assert!(wrong.parse::<EgressRule>().is_err(), "{wrong}");
        }
    }
}
