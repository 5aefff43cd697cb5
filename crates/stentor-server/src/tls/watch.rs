//! Keeps the certificate as its files say.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::SystemTime;

use super::{Certificate, CertificateFiles, LiveCertificate};
use crate::watched_file::{Watched, watch};

/// Keeps a certificate as its files say.
#[derive(Debug)]
pub(crate) struct CertificateWatch {
    files: CertificateFiles,
    live: Arc<LiveCertificate>,
}

impl CertificateWatch {
    /// `files` were read before, and `live` has what they hold.
    pub(crate) fn new(files: CertificateFiles, live: Arc<LiveCertificate>) -> CertificateWatch {
        CertificateWatch { files, live }
    }

    /// Looks for ever. Bad files, or two that do not belong together, leave the certificate as it is,
    /// with one warning until one of them is another.
    ///
    /// # Cancel safety
    /// Dropping the future ends the looking; a read under way is finished without effect.
    pub(crate) async fn run(&self) -> Infallible {
        watch(&Watching(self.files.clone()), |certificate: Certificate| {
            self.live.replace(&certificate);
            tracing::info!("TLS_CERT and TLS_KEY were read again");
            if let Some(warning) = certificate.warning(SystemTime::now()) {
                tracing::warn!("{warning}");
            }
        })
        .await
    }
}

#[derive(Clone)]
struct Watching(CertificateFiles);

impl Watched for Watching {
    type Content = Certificate;

    fn read_if_changed(&mut self) -> Result<Option<Certificate>, String> {
        let read = self.0.read_if_changed();
        read.map_err(|fault| format!("{fault}: the certificate stays as it is"))
    }
}
