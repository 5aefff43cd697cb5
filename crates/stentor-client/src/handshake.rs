//! The upgrade from HTTP as the client sees it (RFC 6455 section 4.1): a request, and the judgement
//! of its response.
//!
//! Knows no socket: bytes are handed in until a response is whole. Knows no redirect: one is a
//! refusal like any other.

pub(crate) mod refusal;
#[cfg(test)]
mod tests;

pub use refusal::Refusal;

use std::error::Error;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The largest response head that is taken, in bytes.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;

/// The most headers of a response that is taken.
const HEADERS_MAX: usize = 64;

/// What a key is joined with before it is hashed (RFC 6455 section 1.3).
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const SWITCHING_PROTOCOLS: u16 = 101;

/// What is asked for: one path and query of one host.
#[derive(Clone, Default)]
pub(crate) struct Request {
    /// The header `Host`.
    pub(crate) authority: String,
    /// Path and query, escaped.
    pub(crate) target: String,
    /// The header `Authorization`, if any.
    pub(crate) authorization: Option<String>,
    /// The subprotocols that are offered.
    pub(crate) subprotocols: Vec<String>,
}

/// A request that is under way: what its response must prove.
pub(crate) struct Handshake {
    accept: String,
    subprotocols: Vec<String>,
}

/// What a response says, once its head is whole.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The socket speaks WebSocket from this byte of what was received on.
    Upgraded { head_bytes: usize },
    /// The server will not; its body may still be on its way.
    Refused { head_bytes: usize, body_bytes: usize, refusal: Refusal },
}

impl Handshake {
    /// Writes the request; `key` is 16 bytes that nobody can foresee.
    pub(crate) fn begin(request: &Request, key: [u8; 16]) -> (Handshake, Vec<u8>) {
        let key = STANDARD.encode(key);
        let mut text = format!(
            "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n",
            request.target, request.authority
        );
        if let Some(authorization) = &request.authorization {
            text.push_str(&format!("Authorization: {authorization}\r\n"));
        }
        if !request.subprotocols.is_empty() {
            let offered = request.subprotocols.join(", ");
            text.push_str(&format!("Sec-WebSocket-Protocol: {offered}\r\n"));
        }
        text.push_str("\r\n");
        let handshake = Handshake {
            accept: accept_of(key.as_bytes()),
            subprotocols: request.subprotocols.clone(),
        };
        (handshake, text.into_bytes())
    }

    /// Judges what has been received of the response; `None` while its head is incomplete.
    ///
    /// # Errors
    /// What came is no response to an upgrade, or one that a client must not trust.
    pub(crate) fn judge(&self, received: &[u8]) -> Result<Option<Verdict>, BadResponse> {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS_MAX];
        let mut response = httparse::Response::new(&mut headers);
        let head_bytes = match response.parse(received) {
            Ok(httparse::Status::Complete(head_bytes)) if head_bytes <= HEAD_BYTES_MAX => {
                head_bytes
            }
            Ok(httparse::Status::Partial) if received.len() < HEAD_BYTES_MAX => return Ok(None),
            Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(BadResponse::HeadTooLarge),
            Err(_) => return Err(BadResponse::NotHttp),
        };
        let headers = Headers(response.headers);
        let status = response.code.unwrap_or_default();
        if status != SWITCHING_PROTOCOLS {
            let body_bytes = headers.single("content-length").and_then(number).unwrap_or(0);
            let retry_after = headers.single("retry-after").and_then(number);
            let refusal = Refusal::new(status, retry_after);
            return Ok(Some(Verdict::Refused { head_bytes, body_bytes, refusal }));
        }
        if response.version != Some(1) {
            return Err(BadResponse::NotHttp);
        }
        self.check(&headers)?;
        Ok(Some(Verdict::Upgraded { head_bytes }))
    }

    /// RFC 6455 section 4.1, what the client must validate, items 2 to 6.
    fn check(&self, headers: &Headers<'_>) -> Result<(), BadResponse> {
        if !headers.names("upgrade", "websocket") || !headers.names("connection", "upgrade") {
            return Err(BadResponse::NoUpgrade);
        }
        if headers.single("sec-websocket-accept") != Some(self.accept.as_bytes()) {
            return Err(BadResponse::WrongAccept);
        }
        if headers.all("sec-websocket-extensions").any(|value| !value.is_empty()) {
            return Err(BadResponse::Extension);
        }
        let mut selected = headers.all("sec-websocket-protocol");
        match (selected.next(), selected.next()) {
            (None, _) => Ok(()),
            (Some(one), None) if self.subprotocols.iter().any(|own| own.as_bytes() == one) => {
                Ok(())
            }
            _ => Err(BadResponse::Subprotocol),
        }
    }
}

/// Why a response cannot be trusted: what answers is no WebSocket server, or not in order.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum BadResponse {
    /// What came is no HTTP/1.1 response.
    NotHttp,
    /// The head is larger than [`HEAD_BYTES_MAX`], or has more than 64 headers.
    HeadTooLarge,
    /// 101 without `Upgrade: websocket` and `Connection: Upgrade`.
    NoUpgrade,
    /// `Sec-WebSocket-Accept` is not the one that belongs to the key.
    WrongAccept,
    /// An extension that was not offered; none is.
    Extension,
    /// A subprotocol that was not offered.
    Subprotocol,
}

impl fmt::Display for BadResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHttp => "the answer is no HTTP/1.1 response",
            Self::HeadTooLarge => "the head of the response is too large",
            Self::NoUpgrade => "101 without an upgrade to WebSocket",
            Self::WrongAccept => "Sec-WebSocket-Accept does not belong to the key",
            Self::Extension => "the server uses an extension that was not offered",
            Self::Subprotocol => "the server chose a subprotocol that was not offered",
        })
    }
}

impl Error for BadResponse {}

/// The headers of a response, by names in lower case.
struct Headers<'h>(&'h [httparse::Header<'h>]);

impl<'h> Headers<'h> {
    fn all(&self, name: &'static str) -> impl Iterator<Item = &'h [u8]> {
        let matching = self.0.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        matching.map(|header| header.value.trim_ascii())
    }

    /// The value of a header that is there once.
    fn single(&self, name: &'static str) -> Option<&'h [u8]> {
        let mut values = self.all(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// Whether one of the comma-separated tokens of a header is `token`, in any letter case.
    fn names(&self, name: &'static str, token: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
    }
}

fn number<N: std::str::FromStr>(text: &[u8]) -> Option<N> {
    text.iter().all(u8::is_ascii_digit).then_some(())?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// `Sec-WebSocket-Accept` for a key in base64 (RFC 6455 section 4.2.2).
fn accept_of(key: &[u8]) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(ACCEPT_SUFFIX).finalize())
}
