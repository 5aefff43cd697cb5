//! The client's half of the upgrade (RFC 6455 section 4.1).
//!
//! Every connection sends the sample nonce of the RFC, so that the server's answer to it is known
//! and is checked without a hash.

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
    Refused(String),
}

/// Reads the server's response from the first byte of the connection on.
pub(crate) fn read_answer(bytes: &[u8]) -> Answer {
    let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
        if bytes.len() > HEAD_BYTES_MAX {
            return Answer::Refused("a response head without an end".to_owned());
        }
        return Answer::Incomplete;
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("101") {
        let body = &bytes[end + 4..];
        let reason = String::from_utf8_lossy(&body[..body.len().min(REASON_BYTES_MAX)]);
        return Answer::Refused(format!("{status} {}", reason.trim().replace(['\r', '\n'], " ")));
    }
    let accepted = lines.filter_map(|line| line.split_once(':')).any(|(name, value)| {
        name.eq_ignore_ascii_case("sec-websocket-accept") && value.trim() == ACCEPT
    });
    if !accepted {
        return Answer::Refused("a wrong Sec-WebSocket-Accept".to_owned());
    }
    Answer::Upgraded(end + 4)
}
