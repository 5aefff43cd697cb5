//! An answer for a socket that no HTTP server speaks on: written whole, and the connection's last.

use bytes::Bytes;
use hyper::Response;
use hyper::header::{HeaderMap, UPGRADE};

/// Head and body of `response`, which says that the connection is closed behind it.
pub(crate) fn bytes(response: &Response<Bytes>) -> Vec<u8> {
    let mut out = head(response);
    out.extend_from_slice(response.body());
    out
}

/// The head alone, as `HEAD` is answered.
pub(crate) fn head(response: &Response<Bytes>) -> Vec<u8> {
    let status = response.status();
    let reason = status.canonical_reason().unwrap_or("Refused");
    let mut out = format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).into_bytes();
    for (name, value) in response.headers() {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"connection: ");
    out.extend_from_slice(connection(response.headers()).as_bytes());
    out.extend_from_slice(b"\r\n\r\n");
    out
}

/// What `Connection` says in an answer with these headers that is the connection's last. Who names
/// `Upgrade` names it there too (RFC 9110 section 7.8).
pub(crate) fn connection(headers: &HeaderMap) -> &'static str {
    if headers.contains_key(UPGRADE) { "close, upgrade" } else { "close" }
}
