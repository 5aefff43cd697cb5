//! The certificate as it is now, and what is spoken with it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use stentor_engine::rustls::crypto::ring::{self, Ticketer};
use stentor_engine::rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use stentor_engine::rustls::sign::CertifiedKey;
use stentor_engine::rustls::{Error, ServerConfig};

use super::Certificate;
use crate::live::Live;

/// What may be agreed on below HTTP (RFC 7301): WebSockets are upgraded from HTTP/1.1 here.
const ALPN: &[u8] = b"http/1.1";

/// Tickets to come back with that a client is given. One is enough for who comes back once at a time.
const TICKETS: usize = 1;

/// The certificate of a running server. Handshakes get the one of their moment; who is in stays in.
#[derive(Debug)]
pub struct LiveCertificate {
    key: Live<CertifiedKey>,
    /// When it ends, in seconds since 1970.
    not_after: AtomicU64,
}

impl LiveCertificate {
    /// This one for a start.
    pub fn new(certificate: &Certificate) -> LiveCertificate {
        LiveCertificate {
            key: Live::of(Arc::clone(&certificate.key)),
            not_after: AtomicU64::new(certificate.not_after().as_secs()),
        }
    }

    /// This one from now on.
    pub fn replace(&self, certificate: &Certificate) {
        self.key.replace_with(Arc::clone(&certificate.key));
        self.not_after.store(certificate.not_after().as_secs(), Relaxed);
    }

    /// When it ends, since 1970.
    pub fn not_after(&self) -> Duration {
        Duration::from_secs(self.not_after.load(Relaxed))
    }

    /// What a server speaks with it: TLS 1.3 and 1.2, sessions resumed by tickets, which need no
    /// memory here and serve every shard.
    ///
    /// # Errors
    /// No randomness to be had.
    pub fn server_config(self: &Arc<Self>) -> Result<ServerConfig, Error> {
        let provider = Arc::new(ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.ticketer = Ticketer::new()?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = TICKETS;
        Ok(config)
    }
}

impl ResolvesServerCert for LiveCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.key.now())
    }
}
