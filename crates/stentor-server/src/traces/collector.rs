//! The way to a collector: OTLP over HTTP/1.1, with what the server speaks HTTP and TLS with anyway.
//!
//! A connection for each batch, every few seconds: nothing is held open for a collector. Blocks the
//! thread that calls it, which is that of the SDK's batches and nobody else's.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use opentelemetry_http::{HttpClient, HttpError};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::telling::Telling;
use crate::settings::{SettingFault, TraceSettings};

/// The largest answer that is read, in bytes; a good one is all but empty.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Whom to trust at `https://` instead of whom the system trusts: PEM files. The more special one
/// counts.
const CERTIFICATES: [&str; 2] =
    ["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"];

/// One collector.
pub(super) struct Collector {
    host: String,
    port: u16,
    /// `None` where it speaks without TLS.
    tls: Option<(TlsConnector, ServerName<'static>)>,
    timeout: Duration,
    telling: Arc<Telling>,
}

impl Collector {
    /// The collector at this address, which gets `timeout` from the connecting to the whole answer.
    ///
    /// # Errors
    /// A host that no certificate can name, and certificates that cannot be read.
    pub(super) fn new(
        endpoint: &Uri,
        timeout: Duration,
        telling: Arc<Telling>,
    ) -> Result<Collector, SettingFault> {
        let host = endpoint.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let is_secure = endpoint.scheme_str() == Some("https");
        let port = endpoint.port_u16().unwrap_or(if is_secure { 443 } else { 80 });
        let tls = is_secure.then(|| connector(&host)).transpose()?;
        Ok(Collector { host, port, tls, timeout, telling })
    }

    /// Blocks until there is an answer, or for the time that there is.
    fn exchange_here(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        // Of its own, as no runtime is on this thread.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let outcome = runtime.block_on(async {
            // The timer is the runtime's.
            tokio::time::timeout(self.timeout, self.exchange(request)).await
        });
        // A look-up of a name that hangs is not waited for.
        runtime.shutdown_background();
        let outcome =
            outcome.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.timeout).into()));
        outcome.inspect_err(|error| self.telling.note_cause(error.to_string()))
    }

    async fn exchange(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let uri = request.uri();
        let host = uri.authority().map_or("", |authority| authority.as_str());
        let host = HeaderValue::from_str(host)?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).parse()?;
        request.headers_mut().insert(HOST, host);
        *request.uri_mut() = path;
        let socket = TcpStream::connect((self.host.as_str(), self.port)).await?;
        match &self.tls {
            None => ask(socket, request).await,
            Some((connector, name)) => {
                ask(connector.connect(name.clone(), socket).await?, request).await
            }
        }
    }
}

impl HttpClient for Collector {
    // What the macro of the trait makes of `async fn`.
    fn send_bytes<'s, 'f>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'f>>
    where
        's: 'f,
        Self: 'f,
    {
        Box::pin(async move { self.exchange_here(request) })
    }
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("host", &self.host).finish_non_exhaustive()
    }
}

/// One request, one answer.
async fn ask(
    socket: impl AsyncRead + AsyncWrite + Unpin + 'static,
    request: Request<Bytes>,
) -> Result<Response<Bytes>, HttpError> {
    let io = TokioIo::new(socket);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
    let answering = async {
        let (head, body) = sender.send_request(request.map(Full::new)).await?.into_parts();
        let body = Limited::new(body, ANSWER_BYTES_MAX).collect().await?.to_bytes();
        Ok(Response::from_parts(head, body))
    };
    let mut answering = std::pin::pin!(answering);
    tokio::select! {
        biased;
        answer = &mut answering => answer,
        ended = connection => match ended {
            Ok(()) => answering.await,
            Err(error) => Err(error.into()),
        },
    }
}

fn connector(host: &str) -> Result<(TlsConnector, ServerName<'static>), SettingFault> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| {
        SettingFault::new(TraceSettings::ENDPOINT, "has a host that no certificate could be for")
    })?;
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has all of them")
        .with_root_certificates(roots()?)
        .with_no_client_auth();
    Ok((TlsConnector::from(Arc::new(config)), name))
}

fn roots() -> Result<RootCertStore, SettingFault> {
    let named = CERTIFICATES.into_iter().find_map(|variable| {
        let path = std::env::var(variable).ok().filter(|path| !path.is_empty())?;
        Some((variable, path))
    });
    let mut roots = RootCertStore::empty();
    match named {
        Some((variable, path)) => {
            let fault = |error: &dyn fmt::Display| SettingFault::new(variable, error.to_string());
            for certificate in CertificateDer::pem_file_iter(path).map_err(|e| fault(&e))? {
                let certificate = certificate.map_err(|error| fault(&error))?;
                roots.add(certificate).map_err(|error| fault(&error))?;
            }
            if roots.is_empty() {
                return Err(fault(&"no certificate in it"));
            }
        }
        None => {
            // What of it is of no use is passed over, as everybody does.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}
