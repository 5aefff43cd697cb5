//! TLS of the server: its certificate, kept as its files are, and what it speaks with it.
//!
//! How records become bytes is the engine's business; a proxy in front does the same as all of this.

mod certificate;
mod live_certificate;
mod watch;

pub use certificate::{Certificate, CertificateFault, CertificateFiles};
pub use live_certificate::LiveCertificate;
pub(crate) use watch::CertificateWatch;
