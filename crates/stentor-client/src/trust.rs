//! Whom a client believes to be the server that it asked for: the authorities whose certificates
//! count.
//!
//! Knows no socket and no address.

use std::error::Error;
use std::fmt;
#[cfg(feature = "tls")]
use std::sync::{Arc, OnceLock};

#[cfg(feature = "tls")]
use rustls::pki_types::CertificateDer;
#[cfg(feature = "tls")]
use rustls::pki_types::pem::PemObject;
#[cfg(feature = "tls")]
use rustls::{ClientConfig, RootCertStore};

/// What is spoken behind TLS, as ALPN calls it (RFC 7301): a WebSocket begins as HTTP/1.1.
#[cfg(feature = "tls")]
const ALPN: &[u8] = b"http/1.1";

/// Which authorities' certificates count; those that the platform trusts, where nothing else is
/// said. There is no way to do without any.
///
/// Whoever connects again with the same value, or a clone, takes up its TLS session.
#[derive(Clone, Default)]
pub struct Trust {
    /// `None`: the platform's.
    #[cfg(feature = "tls")]
    own: Option<Arc<ClientConfig>>,
}

#[cfg(feature = "tls")]
impl Trust {
    /// Only the certificates of a PEM text, the platform's not; other things in it are not looked
    /// at. Those of authorities, or one that a server signed for itself and that is no
    /// authority's.
    ///
    /// # Errors
    /// It has none, or one that cannot be read.
    pub fn only(pem: &[u8]) -> Result<Trust, BadTrust> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| BadTrust::BadPem)?;
            roots.add(certificate).map_err(|_| BadTrust::BadCertificate)?;
        }
        if roots.is_empty() {
            return Err(BadTrust::Empty);
        }
        Ok(Trust { own: Some(Arc::new(config(roots))) })
    }

    /// What rustls is told; `None` where the platform trusts nobody. The platform's are read from
    /// its files at most once a process, which takes some milliseconds.
    pub(crate) fn config(&self) -> Option<Arc<ClientConfig>> {
        static PLATFORM: OnceLock<Arc<ClientConfig>> = OnceLock::new();
        if let Some(config) = self.own.as_ref().or_else(|| PLATFORM.get()) {
            return Some(Arc::clone(config));
        }
        let mut roots = RootCertStore::empty();
        // Platforms have some that nobody can read; that is no reason to do without the others.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return None;
        }
        Some(Arc::clone(PLATFORM.get_or_init(|| Arc::new(config(roots)))))
    }
}

#[cfg(feature = "tls")]
fn config(roots: RootCertStore) -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need")
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    config
}

impl fmt::Debug for Trust {
    /// Whose, and not all that rustls was told.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(feature = "tls")]
        if self.own.is_some() {
            return f.write_str("Trust(own)");
        }
        f.write_str("Trust(platform)")
    }
}

/// Why a text holds nothing to trust; the caller's fault.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum BadTrust {
    /// No certificate.
    Empty,
    /// Something is cut off, or no base64.
    BadPem,
    /// What is called a certificate is none.
    BadCertificate,
}

impl fmt::Display for BadTrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "no certificate in PEM is there",
            Self::BadPem => "the PEM is damaged",
            Self::BadCertificate => "one of the certificates cannot be read",
        })
    }
}

impl Error for BadTrust {}
