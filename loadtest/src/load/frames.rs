//! From the bytes of a read to what they say: frame after frame, until one is not whole.
//!
//! Knows no socket and keeps nothing: what is left over is its caller's to keep.

use stentor_wire::frame::{FrameError, FrameHead, OpCode};

use crate::load::connection::Audience;
use crate::measure::moment::Moment;

/// A frame that is there as a whole.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Frame<'b> {
    /// What it is.
    pub(crate) opcode: OpCode,
    /// What it carries, as it stands there: a server masks nothing.
    pub(crate) payload: &'b [u8],
    /// How many bytes it takes, its head included.
    pub(crate) bytes: usize,
}

/// The frame that `bytes` begin with; none if it is not whole.
///
/// # Errors
/// If no frame begins so.
#[inline]
pub(crate) fn first(bytes: &[u8]) -> Result<Option<Frame<'_>>, FrameError> {
    let Some((head, head_bytes)) = FrameHead::parse(bytes)? else { return Ok(None) };
    let end = usize::try_from(head.payload_bytes)
        .ok()
        .and_then(|payload_bytes| head_bytes.checked_add(payload_bytes));
    let payload = end.and_then(|end| bytes.get(head_bytes..end));
    Ok(payload.map(|payload| Frame {
        opcode: head.opcode,
        payload,
        bytes: head_bytes + payload.len(),
    }))
}

/// Tells the audience all whole frames of a connection whose frames carry the bare text, and
/// `control` the others; says how many bytes they took. The rest begins a frame.
///
/// # Errors
/// If something is no frame; what stands before it has been told.
pub(crate) fn read_bare<A: Audience>(
    connection: usize,
    bytes: &[u8],
    now: Moment,
    audience: &mut A,
    mut control: impl FnMut(OpCode, &[u8]),
) -> Result<usize, FrameError> {
    let mut at = 0;
    loop {
        at += audience.handle_frames(connection, &bytes[at..], now);
        let Some(frame) = first(&bytes[at..])? else { return Ok(at) };
        let Frame { opcode, payload, bytes: frame_bytes } = frame;
        at += frame_bytes;
        if opcode.is_control() {
            control(opcode, payload);
        } else {
            audience.handle_text(connection, payload, now);
        }
    }
}
