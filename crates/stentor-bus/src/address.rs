//! Where Redis is: the URL of the settings, parsed whole before anything is connected.

use std::fmt;
use std::sync::Arc;

use fred::rustls::crypto::ring;
use fred::rustls::pki_types::CertificateDer;
use fred::rustls::pki_types::pem::PemObject;
use fred::rustls::{ClientConfig, RootCertStore};
use fred::rustls_native_certs::load_native_certs;
use fred::types::RespVersion;
use fred::types::config::{Config, Server, ServerConfig, TlsConfig, TlsConnector};

/// A Redis that can be connected to; what it shows of itself has no password in it.
#[derive(Clone)]
pub struct Address {
    config: Config,
    scheme: &'static str,
}

/// The kinds of Redis, with the scheme without TLS that fred knows each by.
const SCHEMES: [(&str, &str, Tls); 6] = [
    ("redis", "redis", Tls::No),
    ("rediss", "redis", Tls::Yes),
    ("redis-cluster", "redis-cluster", Tls::No),
    ("rediss-cluster", "redis-cluster", Tls::Yes),
    ("redis-sentinel", "redis-sentinel", Tls::No),
    ("rediss-sentinel", "redis-sentinel", Tls::Yes),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tls {
    No,
    Yes,
}

impl Address {
    /// Parses `redis://[user:password@]host[:port][/database]`, or with `rediss`,
    /// `redis-cluster://host:port,host:port` or `rediss-cluster`,
    /// `redis-sentinel://host:port,host:port/service` or `rediss-sentinel`. fred's own form is
    /// understood too: further nodes as `?node=host:port`, the service as
    /// `&sentinelServiceName=`, and `&sentinelUsername=` and `&sentinelPassword=`.
    ///
    /// `ca_pem` are the certificates that a TLS server's must descend from; without it those that
    /// the system trusts.
    ///
    /// # Errors
    /// [`BadAddress`]: the operator's fault, and without the URL in its text, because a URL has
    /// a password in it.
    pub fn parse(url: &str, ca_pem: Option<&[u8]>) -> Result<Address, BadAddress> {
        let (given, rest) = url.split_once("://").ok_or(BadAddress::NoScheme)?;
        let (scheme, plain, tls) = SCHEMES
            .into_iter()
            .find(|(scheme, ..)| *scheme == given)
            .ok_or(BadAddress::UnknownScheme)?;
        let rest = &with_nodes_as_fred_has_them(plain, rest);
        let config = Config::from_url(&format!("{plain}://{rest}"))
            .map_err(|error| BadAddress::Malformed(without_node(error.details())))?;
        // fred takes a URL without a host for one that means 127.0.0.1.
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        if host.is_empty() || host.starts_with(':') {
            return Err(BadAddress::Malformed("the host is missing".to_owned()));
        }
        let tls = match (tls, ca_pem) {
            (Tls::Yes, ca_pem) => Some(tls_config(ca_pem)?),
            (Tls::No, Some(_)) => return Err(BadAddress::CertificatesWithoutTls),
            (Tls::No, None) => None,
        };
        // Each attempt to connect ends with its own error; the link decides about the next.
        let config = Config { tls, fail_fast: true, version: RespVersion::RESP2, ..config };
        Ok(Address { config, scheme })
    }

    /// What fred is told to publish at one of the servers.
    pub(crate) fn config_of(&self, server: &Server) -> Config {
        let server = ServerConfig::Centralized { server: server.clone() };
        Config { server, ..self.config.clone() }
    }

    /// What fred is told to find all servers of a cluster by itself.
    pub(crate) fn config(&self) -> Config {
        self.config.clone()
    }

    pub(crate) fn kind(&self) -> Kind {
        match &self.config.server {
            ServerConfig::Clustered { .. } => Kind::Cluster,
            ServerConfig::Sentinel { service_name, .. } => {
                Kind::Sentinels { service: service_name.clone() }
            }
            _ => Kind::One,
        }
    }

    /// The servers that the URL names: those to be used, or those to be asked.
    pub(crate) fn hosts(&self) -> Vec<Server> {
        self.config.server.hosts()
    }

    pub(crate) fn login(&self) -> Login {
        self.login_as(self.config.username.clone(), self.config.password.clone())
    }

    /// Sentinels have users and passwords of their own.
    pub(crate) fn sentinel_login(&self) -> Login {
        match &self.config.server {
            ServerConfig::Sentinel { username, password, .. } => {
                self.login_as(username.clone(), password.clone())
            }
            _ => self.login(),
        }
    }

    fn login_as(&self, user: Option<String>, password: Option<String>) -> Login {
        let tls = self.config.tls.as_ref().map(|tls| tls.connector.clone());
        Login { user, password, tls }
    }
}

/// What is behind an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    One,
    Sentinels { service: String },
    Cluster,
}

/// What a server asks of who connects.
#[derive(Clone)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) tls: Option<TlsConnector>,
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for Address {
    /// The scheme, and the hosts without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme)?;
        for (place, host) in self.config.server.hosts().into_iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            write!(f, "{comma}{}:{}", host.host, host.port)?;
        }
        Ok(())
    }
}

/// Why a URL is no address of a Redis. Always the operator's fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadAddress {
    /// No `://`.
    NoScheme,
    /// None of the schemes that [`Address::parse`] names.
    UnknownScheme,
    /// What is wrong with the rest.
    Malformed(String),
    /// Certificates were given for a scheme without TLS.
    CertificatesWithoutTls,
    /// What is wrong with the certificates.
    Certificates(String),
}

impl fmt::Display for BadAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadAddress::NoScheme => f.write_str("the URL of Redis has no scheme such as redis://"),
            BadAddress::UnknownScheme => f.write_str(
                "the URL of Redis begins with redis://, rediss://, redis-cluster://, \
                 rediss-cluster://, redis-sentinel:// or rediss-sentinel://",
            ),
            BadAddress::Malformed(what) => write!(f, "the URL of Redis is malformed: {what}"),
            BadAddress::CertificatesWithoutTls => {
                f.write_str("certificates for Redis are given, and its URL is one without TLS")
            }
            BadAddress::Certificates(what) => {
                write!(f, "the certificates for Redis cannot be used: {what}")
            }
        }
    }
}

impl std::error::Error for BadAddress {}

/// `a:1,b:2/service` as `a:1?sentinelServiceName=service&node=b:2`.
fn with_nodes_as_fred_has_them(scheme: &str, rest: &str) -> String {
    if scheme == "redis" {
        return rest.to_owned();
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, path) = rest.split_once('/').unwrap_or((rest, ""));
    // A comma in a password is none between hosts.
    let login = hosts.rfind('@').map_or(0, |at| at + 1);
    let mut nodes = hosts[login..].split(',');
    let first = nodes.next().unwrap_or_default();
    let mut parts: Vec<String> = Vec::new();
    let mut path = path.to_owned();
    let is_name = !path.is_empty() && path.parse::<u32>().is_err();
    if scheme == "redis-sentinel" && is_name && !query.contains("sentinelServiceName=") {
        parts.push(format!("sentinelServiceName={path}"));
        path.clear();
    }
    parts.extend(nodes.map(|node| format!("node={node}")));
    parts.extend((!query.is_empty()).then(|| query.to_owned()));
    let path = if path.is_empty() { path } else { format!("/{path}") };
    let sign = if parts.is_empty() { "" } else { "?" };
    format!("{}{first}{path}{sign}{}", &hosts[..login], parts.join("&"))
}

/// What fred finds wrong. It repeats a node that is none, which may have a password in it.
fn without_node(details: &str) -> String {
    details.split(" node: ").next().unwrap_or_default().to_owned()
}

fn tls_config(ca_pem: Option<&[u8]>) -> Result<TlsConfig, BadAddress> {
    let bad = |error: &dyn fmt::Display| BadAddress::Certificates(error.to_string());
    let mut roots = RootCertStore::empty();
    match ca_pem {
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| bad(&error))?;
                roots.add(certificate).map_err(|error| bad(&error))?;
            }
        }
        None => {
            roots.add_parsable_certificates(load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(BadAddress::Certificates("there are none".to_owned()));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&error))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(config).into())
}

#[cfg(test)]
mod tests;
