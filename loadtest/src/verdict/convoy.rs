//! Frames of one layout that came together: a room's messages, as a server sends them in one write.
//!
//! They differ in what they say and not in where it stands. So the head and the marker of each are
//! compared with the first one's instead of being read, and whatever frame does not fit ends the
//! convoy: it is left to be read by itself. A frame that fits says what reading it would have said.

use stentor_wire::frame::{FrameHead, OpCode};

use crate::verdict::locator::{Locator, MARKER};
use crate::verdict::stamp::STAMP_BYTES;

#[cfg(test)]
mod tests;

/// A head with a length in 16 bits, in bytes.
const HEAD_BYTES: usize = 4;
/// A head with a length in 7 bits; of four bytes its two are compared.
const SHORT_HEAD_BYTES: usize = 2;

/// The layout of the frames of a convoy.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Convoy {
    /// What the first frame begins with, in memory's order; of a short head more than the head.
    head: [u8; HEAD_BYTES],
    head_bytes: usize,
    frame_bytes: usize,
    /// Where the marker in front of the stamp stands, counted from the frame's beginning.
    marker_at: usize,
}

impl Convoy {
    /// The layout of the whole text frame that `bytes` begin with; none if there is no such frame,
    /// its length is in 64 bits, or it has no stamp, or none whose place is remembered.
    pub(crate) fn led_by(bytes: &[u8], locator: &mut Locator) -> Option<Self> {
        let (head, head_bytes) = FrameHead::parse(bytes).ok()??;
        let is_bare = head.fin && head.opcode == OpCode::Text && head.mask.is_none();
        if !is_bare || !matches!(head_bytes, SHORT_HEAD_BYTES | HEAD_BYTES) {
            return None;
        }
        let payload_bytes = usize::try_from(head.payload_bytes).ok()?;
        let frame_bytes = head_bytes.checked_add(payload_bytes)?;
        let place = locator.place_of(bytes.get(head_bytes..frame_bytes)?)?;
        let head = *bytes.first_chunk()?;
        Some(Self { head, head_bytes, frame_bytes, marker_at: head_bytes + place })
    }

    /// What each of its frames weighs, head included, in bytes.
    pub(crate) fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    /// What each of its frames carries, in bytes.
    pub(crate) fn payload_bytes(&self) -> usize {
        self.frame_bytes - self.head_bytes
    }

    /// The stamps of the frames from the beginning of `bytes` on, up to the first frame that is of
    /// another layout or not whole.
    #[inline]
    pub(crate) fn stamps<'b>(
        &self,
        bytes: &'b [u8],
    ) -> impl Iterator<Item = &'b [u8; STAMP_BYTES]> + use<'b> {
        let Self { head_bytes, frame_bytes, marker_at, .. } = *self;
        let mask = if head_bytes == HEAD_BYTES { u32::MAX } else { u32::from_le(0xffff) };
        let head = u32::from_ne_bytes(self.head) & mask;
        bytes.chunks_exact(frame_bytes).map_while(move |frame| {
            let begins = u32::from_ne_bytes(*frame.first_chunk()?) & mask;
            let (marker, behind) =
                frame.get(marker_at..)?.split_first_chunk::<{ MARKER.len() }>()?;
            if begins == head && marker == MARKER { behind.first_chunk() } else { None }
        })
    }
}
