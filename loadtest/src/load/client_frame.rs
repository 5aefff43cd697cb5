//! Frames as a client sends them: masked with a key of their own each (RFC 6455 section 5.1).

use stentor_wire::frame::{FrameHead, OpCode};
use stentor_wire::mask::apply_mask;

use crate::load::dialect::{Dialect, Wrapping};
use crate::verdict::stamp::{STAMP_BYTES, Stamp};

#[cfg(test)]
mod tests;

/// Appends one whole masked frame to `out`.
pub(crate) fn append(opcode: OpCode, payload: &[u8], out: &mut Vec<u8>) {
    let mask = fastrand::u32(..).to_ne_bytes();
    let payload_bytes = payload.len() as u64;
    FrameHead { fin: true, opcode, mask: Some(mask), payload_bytes }.encode(out);
    let begin = out.len();
    out.extend_from_slice(payload);
    apply_mask(&mut out[begin..], mask, 0);
}

/// A close frame with code 1000, masked.
pub(crate) fn farewell() -> Vec<u8> {
    let mut out = Vec::with_capacity(8);
    append(OpCode::Close, &1_000_u16.to_be_bytes(), &mut out);
    out
}

/// A chat message of one room, of which only the stamp changes.
#[derive(Debug)]
pub(crate) struct ChatTemplate {
    opcode: OpCode,
    text: Vec<u8>,
    stamp_at: usize,
}

impl ChatTemplate {
    /// Messages to room `room` with `content_bytes` of content, at least the stamp's 40.
    pub(crate) fn new(dialect: Dialect, room: usize, content_bytes: usize) -> Self {
        const END: &str = r#""}}"#;
        let front = format!(r#"{{"type":"chat","room":"r{room}","data":{{"content":""#);
        let filler = content_bytes.saturating_sub(STAMP_BYTES);
        let text_bytes = front.len() + STAMP_BYTES + filler + END.len();
        let Wrapping { opcode, before, after } = dialect.wrapping(room, text_bytes);
        let mut text = (before + &front).into_bytes();
        let stamp_at = text.len();
        text.extend(std::iter::repeat_n(b'0', STAMP_BYTES));
        text.extend((0..filler).map(|at| b'a' + (at % 26) as u8));
        text.extend_from_slice(END.as_bytes());
        text.extend_from_slice(after.as_bytes());
        Self { opcode, text, stamp_at }
    }

    /// Appends the message with this stamp, as a masked frame, to `out`.
    pub(crate) fn append(&mut self, stamp: Stamp, out: &mut Vec<u8>) {
        self.text[self.stamp_at..][..STAMP_BYTES].copy_from_slice(&stamp.encode());
        append(self.opcode, &self.text, out);
    }
}
