//! The client's half of the upgrade (RFC 6455 section 4.1).
//!
//! Every connection sends the sample nonce of the RFC, so that the server's answer to it is known
//! and is checked without a hash.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

const NONCE: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// What the head of a response may weigh, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1_024;
/// How much of a refusal's body is shown, in bytes.
const REASON_BYTES_MAX: usize = 200;

/// The request that asks for the upgrade at `path`.
pub(crate) fn request(host: &str, path: &str) -> Vec<u8> {
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {NONCE}\r\n\r\n"
    )
    .into_bytes()
}

/// An answer that grants the upgrade, filled up to so many bytes.
pub(crate) fn answer(bytes: usize) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n"
    );
    let filler = bytes.saturating_sub(head.len() + "X: \r\n\r\n".len());
    let filler = if filler > 0 { format!("X: {}\r\n", "x".repeat(filler)) } else { String::new() };
    format!("{head}{filler}\r\n").into_bytes()
}

/// What the server said so far.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Answer {
    /// Not all of it has come.
    Incomplete,
    /// The connection is a WebSocket; frames begin after so many bytes.
    Upgraded(usize),
    /// It is not, and this is why.
    Refused(Refusal),
}

/// Why a server does not let a client in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    /// The status of its answer; none where that has none.
    pub(crate) status: Option<u16>,
    /// After how long it asks to come again.
    pub(crate) retry_after: Option<Duration>,
    /// The same for people.
    pub(crate) words: String,
}

impl Refusal {
    /// One without a status.
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self { status: None, retry_after: None, words: words.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.words)
    }
}

/// Reads the server's response from the first byte of the connection on.
pub(crate) fn read_answer(bytes: &[u8]) -> Answer {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        if bytes.len() > HEAD_BYTES_MAX {
            return Answer::Refused(Refusal::new("a response head without an end"));
        }
        return Answer::Incomplete;
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    let mut value_of = |wanted: &str| {
        let mut fields = lines.by_ref().filter_map(|line| line.split_once(':'));
        fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
    };
    let code = status.split(' ').nth(1);
    if code != Some("101") {
        let body = &bytes[end + 4..];
        let reason = String::from_utf8_lossy(&body[..body.len().min(REASON_BYTES_MAX)]);
        return Answer::Refused(Refusal {
            status: code.and_then(|code| code.parse().ok()),
            retry_after: value_of("retry-after")
                .and_then(|seconds| seconds.parse().ok())
                .map(|seconds: u32| Duration::from_secs(seconds.into())),
            words: format!("{status} {}", reason.trim().replace(['\r', '\n'], " ")),
        });
    }
    if value_of("sec-websocket-accept") != Some(ACCEPT) {
        return Answer::Refused(Refusal::new("a wrong Sec-WebSocket-Accept"));
    }
    Answer::Upgraded(end + 4)
}
