//! Where a server is: a `ws://` or `wss://` address, parsed whole or refused.
//!
//! Knows no socket and resolves no name.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

#[cfg(feature = "tls")]
use rustls::pki_types::ServerName;

#[cfg(test)]
mod tests;

/// The port where an address has none, without and with TLS.
const PORT_DEFAULT: u16 = 80;
const PORT_DEFAULT_TLS: u16 = 443;

/// The longest text of an address, in bytes.
const TEXT_BYTES_MAX: usize = 2_048;

/// The address of a server and the path in front of its routes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    security: Security,
    /// A name or an IP address, without the brackets of an IPv6 one.
    host: String,
    port: u16,
    /// Empty, or with a slash in front and none behind.
    base_path: String,
}

impl Address {
    /// Reads `ws://host[:port][/base/path]`, or the same with `wss://`, which means TLS. Without
    /// the crate's feature `tls` the latter is refused.
    ///
    /// # Errors
    /// What keeps the text from being such an address.
    pub fn parse(text: &str) -> Result<Address, BadAddress> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(BadAddress::TooLong);
        }
        let (scheme, rest) = text.split_once("://").ok_or(BadAddress::NoScheme)?;
        let (is_tls, port_default) = match scheme.to_ascii_lowercase().as_str() {
            "ws" => (false, PORT_DEFAULT),
            "wss" => (true, PORT_DEFAULT_TLS),
            _ => return Err(BadAddress::OtherScheme),
        };
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, ""),
        };
        let (host, port) = parse_authority(authority, port_default)?;
        let security = if is_tls { Security::tls_with(&host)? } else { Security::None };
        if !path.bytes().all(is_path_byte) {
            return Err(BadAddress::BadPath);
        }
        let base_path = path.trim_end_matches('/').to_owned();
        Ok(Address { security, host, port, base_path })
    }

    /// The name or IP address to connect to.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// What stands in front of the server's routes.
    pub fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Whether it is one with TLS.
    pub fn is_tls(&self) -> bool {
        self.security != Security::None
    }

    /// Whom the certificate of a server with TLS must name.
    #[cfg(feature = "tls")]
    pub(crate) fn server_name(&self) -> Option<&ServerName<'static>> {
        match &self.security {
            Security::None => None,
            Security::Tls(name) => Some(name),
        }
    }

    /// The value of the header `Host`.
    pub(crate) fn authority(&self) -> String {
        let Address { host, port, .. } = self;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let port_default = if self.is_tls() { PORT_DEFAULT_TLS } else { PORT_DEFAULT };
        if *port == port_default { host } else { format!("{host}:{port}") }
    }
}

/// Whether bytes go through TLS, and who must be at its other end.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Security {
    None,
    #[cfg(feature = "tls")]
    Tls(ServerName<'static>),
}

impl Security {
    #[cfg(feature = "tls")]
    fn tls_with(host: &str) -> Result<Security, BadAddress> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| BadAddress::BadHost)?;
        Ok(Security::Tls(name))
    }

    #[cfg(not(feature = "tls"))]
    fn tls_with(_host: &str) -> Result<Security, BadAddress> {
        Err(BadAddress::TlsNotOffered)
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Address, BadAddress> {
        Address::parse(text)
    }
}

/// Why a text is no address; the caller's fault.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum BadAddress {
    /// More than 2,048 bytes.
    TooLong,
    /// No `://`.
    NoScheme,
    /// `wss://`, and this client was built without its feature `tls`.
    TlsNotOffered,
    /// Neither `ws` nor `wss`.
    OtherScheme,
    /// A user or a password; a token has a place of its own.
    UserInfo,
    /// No host, or one with bytes that no host has.
    BadHost,
    /// No number from 1 to 65535.
    BadPort,
    /// A query, a fragment, or bytes that a path must write as `%41`.
    BadPath,
}

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the address has more than 2048 bytes",
            Self::NoScheme => "the address must begin with ws:// or wss://",
            Self::TlsNotOffered => "wss:// is not offered: this client was built without TLS",
            Self::OtherScheme => "the address's scheme must be ws or wss",
            Self::UserInfo => "the address must not hold a user or a password",
            Self::BadHost => "the address has no valid host",
            Self::BadPort => "the address's port must be 1 to 65535",
            Self::BadPath => "the address's path must be without query, fragment and bare bytes",
        })
    }
}

impl Error for BadAddress {}

fn parse_authority(authority: &str, port_default: u16) -> Result<(String, u16), BadAddress> {
    if authority.contains('@') {
        return Err(BadAddress::UserInfo);
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(BadAddress::BadHost)?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(BadAddress::BadHost);
            }
            match rest.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if rest.is_empty() => (host, None),
                None => return Err(BadAddress::BadHost),
            }
        }
        None => {
            let (host, port) = match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            };
            let is_host = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
            if host.is_empty() || !host.bytes().all(is_host) {
                return Err(BadAddress::BadHost);
            }
            (host, port)
        }
    };
    let port = match port {
        None => port_default,
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => {
            port.parse().ok().filter(|port| *port != 0).ok_or(BadAddress::BadPort)?
        }
        Some(_) => return Err(BadAddress::BadPort),
    };
    Ok((host.to_owned(), port))
}

/// What may stand in a path as it is (RFC 3986 section 3.3), and the percent sign.
fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte)
}
