//! The frames of a server that carry no envelope.

use crate::frame::{CONTROL_BYTES_MAX, FrameHead, OpCode};

use super::json;

/// Appends `payload` as a text frame; it is UTF-8, or the peer closes with 1007.
pub fn text_frame(payload: &[u8], out: &mut Vec<u8>) {
    frame(OpCode::Text, payload, out);
}

/// Appends `payload` as a binary frame.
pub fn binary_frame(payload: &[u8], out: &mut Vec<u8>) {
    frame(OpCode::Binary, payload, out);
}

/// Appends a ping (RFC 6455 section 5.5.2). Of `payload` the first 125 bytes are taken.
pub fn ping_frame(payload: &[u8], out: &mut Vec<u8>) {
    frame(OpCode::Ping, cut(payload), out);
}

/// Appends a pong (RFC 6455 section 5.5.3). Of `payload` the first 125 bytes are taken; a ping
/// that was let in has no more.
pub fn pong_frame(payload: &[u8], out: &mut Vec<u8>) {
    frame(OpCode::Pong, cut(payload), out);
}

/// Appends a close with `code` and `reason` (RFC 6455 section 5.5.1). A reason over 123 bytes is
/// cut at the last whole character.
pub fn close_frame(code: u16, reason: &str, out: &mut Vec<u8>) {
    let code = code.to_be_bytes();
    let reason = cut_text(reason, CONTROL_BYTES_MAX - code.len()).as_bytes();
    head(OpCode::Close, code.len() + reason.len()).encode(out);
    out.extend_from_slice(&code);
    out.extend_from_slice(reason);
}

/// Appends the answer to a bad message as a text frame:
/// `{"type":"error","data":{"code":…,"message":…,"ref":…}}`, without `ref` where there is none.
///
/// `code` is the word of an [`ErrorCode`](crate::error_code::ErrorCode). It is taken as a text so
/// that other layers may have codes of their own.
pub fn error_frame(code: &str, message: &str, reference: Option<&str>, out: &mut Vec<u8>) {
    const BEFORE_CODE: &[u8] = br#"{"type":"error","data":{"code":"#;
    const BEFORE_MESSAGE: &[u8] = br#","message":"#;
    const BEFORE_REF: &[u8] = br#","ref":"#;
    const AT_END: &[u8] = b"}}";

    let reference_bytes =
        reference.map_or(0, |reference| BEFORE_REF.len() + json::string_bytes(reference));
    let payload_bytes = BEFORE_CODE.len()
        + json::string_bytes(code)
        + BEFORE_MESSAGE.len()
        + json::string_bytes(message)
        + reference_bytes
        + AT_END.len();

    let head = head(OpCode::Text, payload_bytes);
    out.reserve(head.encoded_bytes() + payload_bytes);
    head.encode(out);
    out.extend_from_slice(BEFORE_CODE);
    json::string(code, out);
    out.extend_from_slice(BEFORE_MESSAGE);
    json::string(message, out);
    if let Some(reference) = reference {
        out.extend_from_slice(BEFORE_REF);
        json::string(reference, out);
    }
    out.extend_from_slice(AT_END);
}

/// The head of a server's frame: final and unmasked.
pub(super) const fn head(opcode: OpCode, payload_bytes: usize) -> FrameHead {
    FrameHead { fin: true, opcode, mask: None, payload_bytes: payload_bytes as u64 }
}

fn frame(opcode: OpCode, payload: &[u8], out: &mut Vec<u8>) {
    let head = head(opcode, payload.len());
    out.reserve(head.encoded_bytes() + payload.len());
    head.encode(out);
    out.extend_from_slice(payload);
}

fn cut(payload: &[u8]) -> &[u8] {
    &payload[..payload.len().min(CONTROL_BYTES_MAX)]
}

fn cut_text(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
