//! The settings of TLS: a certificate and its key, both or neither.

use std::time::SystemTime;

use super::read::Reader;
use super::{Arguments, SettingFault};
use crate::tls::{Certificate, CertificateFiles};

/// What the server's own sockets speak TLS with.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// Where it comes from, to be looked at again.
    pub files: CertificateFiles,
    /// What they hold.
    pub certificate: Certificate,
}

/// What the settings say of TLS.
pub(super) struct Judged {
    /// `None` = plain.
    pub(super) tls: Option<TlsSettings>,
    pub(super) warning: Option<String>,
}

/// The two settings together; `None` where the reader has a fault of them.
pub(super) fn judge(arguments: &Arguments, reader: &mut Reader) -> Option<Judged> {
    let set = |value: &Option<String>| value.clone().filter(|path| !path.is_empty());
    let (certificate, key) = match (set(&arguments.tls_cert), set(&arguments.tls_key)) {
        (None, None) => return Some(Judged { tls: None, warning: None }),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            let message = "is not set, but TLS_CERT is: both make TLS, neither makes plain";
            reader.fault(SettingFault::new("TLS_KEY", message));
            return None;
        }
        (None, Some(_)) => {
            let message = "is not set, but TLS_KEY is: both make TLS, neither makes plain";
            reader.fault(SettingFault::new("TLS_CERT", message));
            return None;
        }
    };
    let mut files = CertificateFiles::new(certificate, key);
    match files.read_if_changed() {
        Ok(certificate) => {
            let warning = certificate.as_ref().and_then(|of| of.warning(SystemTime::now()));
            let tls = certificate.map(|certificate| TlsSettings { files, certificate });
            Some(Judged { tls, warning })
        }
        Err(fault) => {
            reader.fault(SettingFault::new(fault.setting, fault.message));
            None
        }
    }
}

#[cfg(test)]
mod tests;
