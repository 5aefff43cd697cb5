//! The client's address: the peer's own, or what a trusted proxy says of it.
//!
//! Each proxy appends whom it was spoken to by, so the headers are read from their end: as long as
//! an address is a trusted proxy's, the entry before it is believed. What stands further to the
//! front may be the client's invention, and changes nothing. An entry that names no address
//! (`unknown`, an obfuscated name, rubbish) ends the walk at the proxy that wrote it.
//!
//! `Forwarded` (RFC 7239) and `X-Forwarded-For` count alike. Where both are there and differ, one
//! may have slipped through a proxy that writes the other: neither is believed, and the peer's
//! address is the answer. Knows no socket; the engine listens on TCP only, so every peer has one.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use hyper::header::{FORWARDED, HeaderMap, HeaderName};
use ipnet::IpNet;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies whose word is taken; none unless set.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads a comma-separated list of addresses and CIDR ranges.
    ///
    /// # Errors
    /// The entry that is neither, for a person.
    pub fn parse(text: &str) -> Result<TrustedProxies, String> {
        let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        entries.map(network).collect::<Result<_, _>>().map(TrustedProxies)
    }

    /// Whether no proxy is trusted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether everybody in a family is, so that any client may claim any address.
    pub(crate) fn trusts_everybody(&self) -> bool {
        self.0.iter().any(|network| network.prefix_len() == 0)
    }

    /// Where a request comes from.
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let plain = self.walk(peer, headers, &X_FORWARDED_FOR, plain_address);
        let forwarded = self.walk(peer, headers, &FORWARDED, forwarded_address);
        match (plain, forwarded) {
            (Some(one), Some(other)) if one != other => peer,
            (plain, forwarded) => plain.or(forwarded).unwrap_or(peer),
        }
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The last trustworthy address of a header; `None` where the header is not there. A head of
    /// 16 KiB bounds the entries.
    fn walk(
        &self,
        peer: IpAddr,
        headers: &HeaderMap,
        name: &HeaderName,
        address: fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        let mut last = None;
        for line in headers.get_all(name).iter().rev() {
            // What is not ASCII is one bad entry.
            let mut rest = Some(line.to_str().unwrap_or("?"));
            while let Some(text) = rest {
                let (before, entry) = split_last_entry(text);
                rest = before;
                let entry = entry.trim_matches([' ', '\t']);
                if entry.is_empty() {
                    continue;
                }
                let Some(found) = address(entry) else { return Some(last.unwrap_or(peer)) };
                if !self.trusts(found) {
                    return Some(found);
                }
                last = Some(found);
            }
        }
        last
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    address.or_else(|_| text.parse::<IpNet>()).map_err(|_| {
        format!("{text:?} is no IP address and no range (such as 10.0.0.0/8 or fd00::/8)")
    })
}

/// What stands behind the last comma that no quotes are around, seen from the end, and what stands
/// before it. Seen from the end, because a quote that the client opened and never closed must not
/// swallow what proxies said behind it. Addresses need no escapes, so a backslash is none.
fn split_last_entry(text: &str) -> (Option<&str>, &str) {
    let mut is_quoted = false;
    for (at, byte) in text.bytes().enumerate().rev() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => return (Some(&text[..at]), &text[at + 1..]),
            _ => {}
        }
    }
    (None, text)
}

/// An entry of `X-Forwarded-For`: an address, as some proxies write it with a port.
fn plain_address(entry: &str) -> Option<IpAddr> {
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match (entry.parse::<IpAddr>(), bare) {
        (Ok(address), _) => Some(address),
        (Err(_), Some(bare)) => bare.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6),
        (Err(_), None) => entry.parse::<SocketAddr>().ok().map(|socket| socket.ip()),
    };
    address.map(|address| address.to_canonical())
}

/// An element of `Forwarded`: its one `for` parameter, in quotes where it has a colon.
fn forwarded_address(element: &str) -> Option<IpAddr> {
    let mut node = None;
    for pair in element.split(';') {
        let (name, value) = pair.trim_matches([' ', '\t']).split_once('=')?;
        if name.eq_ignore_ascii_case("for") && node.replace(value).is_some() {
            return None;
        }
    }
    let node = node?;
    let quoted = node.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    plain_address(quoted.unwrap_or(node))
}
