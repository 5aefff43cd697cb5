//! Where a token stands in a request: query, header or subprotocol.
//!
//! Knows no key: what a token is worth is judged elsewhere.

use std::borrow::Cow;

use hyper::Request;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use percent_encoding::percent_decode_str;

use super::Refusal;

/// What stands in front of a token in `Sec-WebSocket-Protocol`, which a browser's page can set.
const PROTOCOL_PREFIX: &[u8] = b"bearer.";

/// The token of a request, `None` where it carries none; an empty one counts as none. The same
/// token may stand in several places.
///
/// # Errors
/// [`Refusal::Several`] where they differ: whoever checks one of them and means another is deceived.
pub(super) fn token<B>(request: &Request<B>) -> Result<Option<Cow<'_, [u8]>>, Refusal> {
    let headers = request.headers();
    let query = request.uri().query().unwrap_or_default();
    let in_query = query
        .split('&')
        .filter_map(|parameter| parameter.strip_prefix("token="))
        .map(|token| Cow::from(percent_decode_str(token)));
    let in_header = headers
        .get_all(AUTHORIZATION)
        .iter()
        .filter_map(|value| bearer(value.as_bytes()))
        .map(Cow::Borrowed);
    let in_protocols = protocols(headers)
        .filter_map(|protocol| protocol.strip_prefix(PROTOCOL_PREFIX))
        .map(Cow::Borrowed);
    let mut tokens =
        in_query.chain(in_header).chain(in_protocols).filter(|token| !token.is_empty());
    let Some(first) = tokens.next() else { return Ok(None) };
    if tokens.all(|other| other == first) { Ok(Some(first)) } else { Err(Refusal::Several) }
}

/// The subprotocol of the answer to an upgrade.
///
/// This server has none of its own, so that where no token is offered, none is selected. Where one
/// is, a browser wants an entry of its list back, or closes (RFC 6455 section 4.1): the first that
/// is no token, so that the token does not travel back; where there is no other, the token's.
pub(crate) fn select_protocol(headers: &HeaderMap) -> Option<HeaderValue> {
    let is_token = |protocol: &&[u8]| protocol.starts_with(PROTOCOL_PREFIX);
    let bearer = protocols(headers).find(is_token)?;
    let other = protocols(headers).find(|protocol| !is_token(protocol));
    HeaderValue::from_bytes(other.unwrap_or(bearer)).ok()
}

/// The entries of all `Sec-WebSocket-Protocol` headers, in order.
fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    headers
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|protocol| !protocol.is_empty())
}

/// The credentials of the scheme `Bearer`, in any letter case (RFC 9110 section 11.1).
pub(crate) fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, credentials) = value.split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| credentials.trim_ascii())
}

#[cfg(test)]
mod tests;
