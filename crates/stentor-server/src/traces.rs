//! Traces: what becomes of a backend's publication, from its request to the sockets, for
//! OpenTelemetry.
//!
//! A request has a span, with those of its parts below it; the engine adds what happens on each shard
//! and on the way to other pods. All of that is `tracing`. What knows OpenTelemetry is in the build
//! with the feature `otel` only: `parent` (whose trace it is), `exporting` (from spans to
//! batches), `collector` (batches over HTTP), `telling` (what a person hears of it). Without the
//! feature, or without an endpoint, a request has a disabled span and nobody follows it.
//!
//! No room, user, token or payload is ever in a span.

#[cfg(not(feature = "otel"))]
mod absent;
#[cfg(feature = "otel")]
mod collector;
#[cfg(feature = "otel")]
mod exporting;
#[cfg(feature = "otel")]
mod parent;
#[cfg(feature = "otel")]
mod telling;

use hyper::{HeaderMap, StatusCode};
use stentor_engine::TRACE_TARGET;
use tracing::Span;
use tracing::field::Empty;

#[cfg(not(feature = "otel"))]
pub(crate) use absent::{Exporting, adopt};
#[cfg(feature = "otel")]
pub(crate) use exporting::Exporting;
#[cfg(feature = "otel")]
use parent::adopt;

/// The span of one request that publishes; it ends at the latest when this is dropped.
#[derive(Debug)]
pub(crate) struct RequestTrace(Span);

impl RequestTrace {
    /// A request that nobody follows.
    pub(crate) fn none() -> RequestTrace {
        RequestTrace(Span::none())
    }

    /// Begins the span of a `POST` to `route`, in the trace that the request's headers name, where
    /// they do (W3C Trace Context). Disabled where that trace is not sampled.
    pub(crate) fn begin(route: &str, headers: &HeaderMap) -> RequestTrace {
        let span = tracing::info_span!(
            target: TRACE_TARGET,
            parent: None,
            "publish",
            otel.name = format_args!("POST {route}"),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = "POST",
            http.route = route,
            http.response.status_code = Empty,
        );
        RequestTrace(adopt(span, headers))
    }

    /// What is done for the request is part of this.
    pub(crate) fn span(&self) -> &Span {
        &self.0
    }

    /// Does a part of the work, with a span of its own.
    pub(crate) fn part<T>(&self, begin: impl FnOnce(&Span) -> Span, work: impl FnOnce() -> T) -> T {
        if self.0.is_disabled() {
            return work();
        }
        begin(&self.0).in_scope(work)
    }

    /// The request is answered. Its span may be held by what still happens: the time of its end is
    /// now.
    pub(crate) fn end(self, status: StatusCode) {
        self.0.record("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            self.0.record("otel.status_code", "ERROR");
        }
        // A span ends when it was left last, not when the last of its children is over.
        self.0.in_scope(|| ());
    }
}
