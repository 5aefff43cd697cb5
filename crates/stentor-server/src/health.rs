//! `/healthz` and `/readyz`: whether the process lives, and whether it wants traffic.
//!
//! The door answers them itself, so that no crowd of HTTP connections keeps a probe waiting. HTTP
//! says the same on a connection that it has already.

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use stentor_engine::Gate;

use crate::closing;

/// Where a probe asks whether the process lives.
pub(crate) const LIVE_PATH: &str = "/healthz";

/// Where a probe asks whether the pod wants traffic.
pub(crate) const READY_PATH: &str = "/readyz";

/// 200 as long as anything answers.
pub(crate) fn live() -> Response<Bytes> {
    answer(StatusCode::OK, r#"{"status":"ok"}"#)
}

/// 200, or 503 once the pod drains. A full pod is ready: somebody may leave any moment.
pub(crate) fn ready(gate: Gate) -> Response<Bytes> {
    match gate {
        Gate::Open | Gate::Full => answer(StatusCode::OK, r#"{"status":"ok"}"#),
        Gate::Draining => answer(StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#),
    }
}

/// The whole answer to a probe; `None` where the request is none.
pub(crate) fn probed<B>(request: &Request<B>, gate: Gate) -> Option<Vec<u8>> {
    let response = match request.uri().path() {
        LIVE_PATH => live(),
        READY_PATH => ready(gate),
        _ => return None,
    };
    match *request.method() {
        Method::GET => Some(closing::bytes(&response)),
        Method::HEAD => Some(closing::head(&response)),
        _ => None,
    }
}

fn answer(status: StatusCode, body: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, body.len().into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
