//! The way to a collector: OTLP over HTTP/1.1, with what the server speaks HTTP and TLS with anyway.
//!
//! A connection for each batch, every few seconds: nothing is held open for a collector. Blocks the
//! thread that calls it, which is that of the SDK's batches and nobody else's.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HOST, HeaderValue};
use hyper::{Request, Response, Uri};
use opentelemetry_http::{HttpClient, HttpError};
use stentor_client::{Address, Stream, Trust};

use super::telling::Telling;
use crate::bounded_file::read_up_to;
use crate::exchange::exchange;
use crate::settings::{SettingFault, TraceSettings};

/// The largest answer that is read, in bytes; a good one is all but empty.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// Whom to trust at `https://` instead of whom the system trusts: PEM files. The more special one
/// counts.
const CERTIFICATES: [&str; 2] =
    ["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"];

/// The largest file of certificates, in bytes.
const CERTIFICATES_BYTES_MAX: u64 = 1024 * 1024;

/// One collector.
pub(super) struct Collector {
    address: Address,
    /// Of no account without TLS.
    trust: Trust,
    timeout: Duration,
    telling: Arc<Telling>,
}

impl Collector {
    /// The collector at this address, which gets `timeout` from the connecting to the whole answer.
    ///
    /// # Errors
    /// A host that none can be called, and certificates that cannot be read.
    pub(super) fn new(
        endpoint: &Uri,
        timeout: Duration,
        telling: Arc<Telling>,
    ) -> Result<Collector, SettingFault> {
        let scheme = if endpoint.scheme_str() == Some("https") { "wss" } else { "ws" };
        let authority = endpoint.authority().map_or("", |authority| authority.as_str());
        let address = Address::parse(&format!("{scheme}://{authority}"));
        let address =
            address.map_err(|bad| SettingFault::new(TraceSettings::ENDPOINT, bad.to_string()))?;
        let trust = if address.is_tls() { trust()? } else { Trust::default() };
        Ok(Collector { address, trust, timeout, telling })
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
        let stream = Stream::connect(&self.address, &self.trust).await?;
        Ok(exchange(stream, request, ANSWER_BYTES_MAX).await?)
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
        f.debug_struct("Collector").field("address", &self.address).finish_non_exhaustive()
    }
}

/// Whom to believe to be the collector.
fn trust() -> Result<Trust, SettingFault> {
    let named = CERTIFICATES.into_iter().find_map(|variable| {
        let path = std::env::var(variable).ok().filter(|path| !path.is_empty())?;
        Some((variable, path))
    });
    let Some((variable, path)) = named else { return Ok(Trust::default()) };
    let fault = |fault: &dyn fmt::Display| SettingFault::new(variable, fault.to_string());
    let pem = read_up_to(path, CERTIFICATES_BYTES_MAX).map_err(|error| fault(&error))?;
    Trust::only(&pem).map_err(|bad| fault(&bad))
}
