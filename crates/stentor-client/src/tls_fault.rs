//! Why there is no TLS with a server, in words that a person can act upon.

use std::error::Error;
use std::fmt;

/// Why there is no TLS with a server. No pause mends it: somebody must change something, here or
/// there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TlsFault {
    /// The platform has no authorities that it trusts, and no others were given.
    NoAuthorities,
    /// What answers speaks something else.
    NotTls,
    /// The server's certificate proves nothing.
    Certificate(BadCertificate),
    /// The server will not: the alert's name.
    Refused(String),
    /// The handshake or a record is not in order, in rustls' words.
    Broken(String),
}

/// What is wrong with a server's certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BadCertificate {
    /// Its time is over.
    Expired,
    /// Its time has not come; as a rule one of the clocks is wrong.
    NotYetValid,
    /// It is for another name than the address has: its own, as many as fit into a line.
    OtherName(String),
    /// It comes from nobody who is trusted.
    UnknownAuthority,
    /// It says to be an authority's, and no server may show one of these: `openssl req -x509` makes
    /// such where `basicConstraints=CA:FALSE` is not asked for.
    OfAuthority,
    /// Something else, in rustls' words.
    Other(String),
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAuthorities => f.write_str("the platform trusts no authority: name one"),
            Self::NotTls => f.write_str("what answers does not speak TLS"),
            Self::Certificate(fault) => write!(f, "the server's certificate {fault}"),
            Self::Refused(alert) => write!(f, "the server will not speak TLS: {alert}"),
            Self::Broken(words) => write!(f, "TLS is not in order: {words}"),
        }
    }
}

impl Error for TlsFault {}

impl fmt::Display for BadCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired => f.write_str("has expired"),
            Self::NotYetValid => f.write_str("is not valid yet"),
            Self::OtherName(names) if names.is_empty() => f.write_str("is for no name"),
            Self::OtherName(names) => write!(f, "is for another name: {names}"),
            Self::UnknownAuthority => f.write_str("comes from no authority that is trusted"),
            Self::OfAuthority => {
                f.write_str("is an authority's, and must be a server's: it lacks CA:FALSE")
            }
            Self::Other(words) => write!(f, "is not accepted: {words}"),
        }
    }
}

impl Error for BadCertificate {}

#[cfg(feature = "tls")]
mod of_rustls {
    use std::io;

    use rustls::{CertificateError, Error, InvalidMessage};

    use super::{BadCertificate, TlsFault};

    /// The most names of a certificate that are told.
    const NAMES_MAX: usize = 4;

    impl TlsFault {
        /// The fault behind an error of a stream, where TLS is what went wrong.
        pub(crate) fn behind(error: &io::Error) -> Option<TlsFault> {
            let error = error.get_ref()?.downcast_ref::<Error>()?;
            Some(match error {
                Error::InvalidCertificate(why) => TlsFault::Certificate(why.into()),
                Error::InvalidMessage(InvalidMessage::InvalidContentType) => TlsFault::NotTls,
                Error::AlertReceived(alert) => TlsFault::Refused(format!("{alert:?}")),
                other => TlsFault::Broken(other.to_string()),
            })
        }
    }

    impl From<&CertificateError> for BadCertificate {
        fn from(error: &CertificateError) -> BadCertificate {
            match error {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    BadCertificate::Expired
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    BadCertificate::NotYetValid
                }
                CertificateError::NotValidForName => BadCertificate::OtherName(String::new()),
                CertificateError::NotValidForNameContext { presented, .. } => {
                    let names: Vec<&str> =
                        presented.iter().take(NAMES_MAX).map(String::as_str).collect();
                    BadCertificate::OtherName(names.join(", "))
                }
                CertificateError::UnknownIssuer => BadCertificate::UnknownAuthority,
                other => match other.to_string() {
                    // Known to webpki alone, which is below rustls.
                    words if words.contains("CaUsedAsEndEntity") => BadCertificate::OfAuthority,
                    words => BadCertificate::Other(words),
                },
            }
        }
    }
}
