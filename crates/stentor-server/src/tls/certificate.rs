//! A certificate with its key, from two PEM files (RFC 7468).
//!
//! What it says of a bad file never quotes it: one of them is a secret.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use stentor_engine::rustls::crypto::ring;
use stentor_engine::rustls::sign::CertifiedKey;
use stentor_engine::rustls::{Error, InconsistentKeys};
use x509_cert::der::Decode;

use crate::watched_file::WatchedFile;

/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// A certificate, its chain and its key, which belong together.
#[derive(Clone)]
pub struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    /// When it begins to be good, since 1970.
    not_before: Duration,
    /// When it ends.
    not_after: Duration,
}

/// The two files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFiles {
    certificate: WatchedFile,
    key: WatchedFile,
}

/// What is wrong with one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateFault {
    /// The setting that names the file.
    pub setting: &'static str,
    /// What is wrong, for a person.
    pub message: String,
}

impl CertificateFiles {
    /// Files that were not read yet.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> CertificateFiles {
        let (certificate, key) = (WatchedFile::new(certificate), WatchedFile::new(key));
        CertificateFiles { certificate, key }
    }

    /// Reads them, unless both stand as they did when they were read last. Bad files are read once:
    /// what is wrong is said anew only where one has changed. Blocks.
    ///
    /// # Errors
    /// The system's, or what is wrong with them.
    pub fn read_if_changed(&mut self) -> Result<Option<Certificate>, CertificateFault> {
        let changed = self.certificate.has_changed().map_err(of_certificate)?;
        // Both are looked at, or what one of them was would be forgotten.
        let changed = self.key.has_changed().map_err(of_key)? || changed;
        if !changed {
            return Ok(None);
        }
        let chain = self.certificate.read(FILE_BYTES_MAX).map_err(of_certificate)?;
        let key = self.key.read(FILE_BYTES_MAX).map_err(of_key)?;
        Certificate::parse(&chain, &key).map(Some)
    }
}

impl Certificate {
    /// Reads a chain, the server's own certificate first, and its key.
    ///
    /// # Errors
    /// Something is no PEM, is missing, of a kind that is not known, or does not belong together.
    pub fn parse(chain: &[u8], key: &[u8]) -> Result<Certificate, CertificateFault> {
        let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
            .collect::<Result<_, _>>()
            .map_err(|_| of_certificate("is no PEM"))?;
        let first = chain.first().ok_or_else(|| of_certificate("holds no certificate in PEM"))?;
        let parsed = x509_cert::Certificate::from_der(first)
            .map_err(|_| of_certificate("holds a certificate that cannot be read"))?;
        let validity = parsed.tbs_certificate.validity;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| {
            of_key(match error {
                pem::Error::NoItemsFound => {
                    "holds no private key in PEM, or one that a password protects"
                }
                _ => "is no PEM",
            })
        })?;
        let key = CertifiedKey::from_der(chain, key, &ring::default_provider());
        let key = key.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                of_key("is not the key of the certificate in TLS_CERT")
            }
            Error::InvalidCertificate(_) => {
                of_certificate("holds a certificate that cannot be used")
            }
            _ => of_key("holds a key that cannot be used: it is RSA, ECDSA or Ed25519"),
        })?;
        Ok(Certificate {
            key: Arc::new(key),
            not_before: validity.not_before.to_unix_duration(),
            not_after: validity.not_after.to_unix_duration(),
        })
    }

    /// When it ends, since 1970.
    pub fn not_after(&self) -> Duration {
        self.not_after
    }

    /// What a person should know: that clients will not take it.
    pub fn warning(&self, now: SystemTime) -> Option<String> {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        if now > self.not_after {
            Some("TLS_CERT has expired: clients will not connect".to_owned())
        } else if now < self.not_before {
            Some("TLS_CERT is not valid yet: clients will not connect".to_owned())
        } else {
            None
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.message)
    }
}

impl std::error::Error for CertificateFault {}

fn of_certificate(message: impl Into<String>) -> CertificateFault {
    CertificateFault { setting: "TLS_CERT", message: message.into() }
}

fn of_key(message: impl Into<String>) -> CertificateFault {
    CertificateFault { setting: "TLS_KEY", message: message.into() }
}

#[cfg(test)]
mod tests;
