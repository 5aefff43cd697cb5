//! Reading a request's body within bounds of size and time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_ENCODING, HeaderMap, HeaderValue, TRANSFER_ENCODING};

use crate::problem::{Kind, Problem};

/// Whether a body comes as it is: nothing but `chunked` is undone here.
///
/// # Errors
/// [`Kind::UnsupportedCoding`], which names the header.
pub(super) fn check_codings(headers: &HeaderMap) -> Result<(), Problem> {
    for (name, plain) in [(CONTENT_ENCODING, "identity"), (TRANSFER_ENCODING, "chunked")] {
        let is_plain =
            |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(plain.as_bytes());
        if !headers.get_all(&name).iter().all(is_plain) {
            let message = format!("of `{name}` only `{plain}` is undone here");
            return Err(Problem::new(Kind::UnsupportedCoding, message));
        }
    }
    Ok(())
}

/// Reads a body of at most `bytes_max` bytes that may take `timeout` from its head to its end.
///
/// # Errors
/// [`Kind::PayloadTooLarge`], before anything is read where the length was announced;
/// [`Kind::RequestTimeout`] after `timeout`; [`Kind::BadRequest`] where the peer broke off.
pub(super) async fn read(
    body: Incoming,
    bytes_max: usize,
    timeout: Duration,
) -> Result<Bytes, Problem> {
    let too_large =
        || Problem::new(Kind::PayloadTooLarge, format!("the body is over {bytes_max} bytes"));
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large());
    }
    let collected = Limited::new(body, bytes_max).collect();
    match tokio::time::timeout(timeout, collected).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) => Err(Problem::new(Kind::BadRequest, "the body ended early or is malformed")),
        Err(_) => {
            Err(Problem::new(Kind::RequestTimeout, format!("the body took over {timeout:?}")))
        }
    }
}
