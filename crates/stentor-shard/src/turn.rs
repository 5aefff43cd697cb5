//! The turn buffer: what a room said since its last flush, in one contiguous run of frames.

use std::rc::Rc;

use crate::numbers::MemberId;
use crate::ring::{Class, Slot};
use crate::time::Instant;

/// A room's unflushed frames, back to back as they go on the wire.
///
/// The bytes are shared with the rings of members whose sockets refused them; while nobody holds
/// them the buffer is used again.
#[derive(Debug, Default)]
pub(crate) struct Turn {
    bytes: Rc<Vec<u8>>,
    /// Where each frame ends.
    ends: Vec<u32>,
    /// Members that are not owed everything; empty in most turns.
    exceptions: Vec<Exception>,
    /// When the first frame was appended.
    pub(crate) began: Instant,
}

/// A member that is not owed every frame of the turn.
#[derive(Clone, Copy, Debug)]
struct Exception {
    member: MemberId,
    kind: ExceptionKind,
}

#[derive(Clone, Copy, Debug)]
enum ExceptionKind {
    /// It joined when this many frames were there already.
    JoinedAt(u32),
    /// It said this frame itself and does not want to hear it.
    Muted(u32),
}

/// What is worth keeping of a buffer for its next turn, in bytes.
const KEPT_BYTES_MAX: usize = 128 * 1024;

impl Turn {
    /// Appends a frame.
    pub(crate) fn append(&mut self, frame: &[u8]) {
        // Shared only where somebody left the room in mid-turn; then this copies what there is.
        let bytes = Rc::make_mut(&mut self.bytes);
        bytes.extend_from_slice(frame);
        self.ends.push(u32::try_from(bytes.len()).expect("bounded by PENDING_BYTES_MAX"));
    }

    /// Notes that the last frame is not for `member`, who said it.
    pub(crate) fn mute_last(&mut self, member: MemberId) {
        let frame = self.frames() - 1;
        self.exceptions.push(Exception { member, kind: ExceptionKind::Muted(frame) });
    }

    /// Notes that `member` hears only what comes from here on.
    pub(crate) fn note_join(&mut self, member: MemberId) {
        let frame = self.frames();
        self.exceptions.push(Exception { member, kind: ExceptionKind::JoinedAt(frame) });
    }

    /// How many frames there are.
    pub(crate) fn frames(&self) -> u32 {
        self.ends.len() as u32
    }

    /// All frames as they go on the wire.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The members that [`Turn::owed`] must be asked about; others are owed everything.
    pub(crate) fn exceptional_members(&self) -> impl Iterator<Item = MemberId> {
        self.exceptions.iter().map(|exception| exception.member)
    }

    /// The frames that `member` is owed, as slots.
    pub(crate) fn owed(&self, member: MemberId) -> impl Iterator<Item = Slot> {
        let mut joined_at = 0;
        // Ascending, as it was appended; looked through once, however many frames there are.
        let mut muted = Vec::new();
        for exception in self.exceptions.iter().filter(|exception| exception.member == member) {
            match exception.kind {
                ExceptionKind::JoinedAt(frame) => joined_at = frame,
                ExceptionKind::Muted(frame) => muted.push(frame),
            }
        }
        (joined_at..self.frames())
            .filter(move |frame| muted.binary_search(frame).is_err())
            .map(|frame| self.slot(frame))
    }

    /// The frames from the one that holds byte `offset` on, and how much of the first lies before
    /// `offset`: what a socket left when it took `offset` bytes.
    pub(crate) fn rest(&self, offset: usize) -> (impl Iterator<Item = Slot>, usize) {
        let first = self.ends.partition_point(|end| *end as usize <= offset) as u32;
        let sent = offset - self.start(first);
        ((first..self.frames()).map(|frame| self.slot(frame)), sent)
    }

    /// Empties the buffer for another turn. `None` where rings still hold it.
    pub(crate) fn recycle(mut self: Box<Turn>) -> Option<Box<Turn>> {
        let bytes = Rc::get_mut(&mut self.bytes)?;
        if bytes.capacity() > KEPT_BYTES_MAX {
            return None;
        }
        bytes.clear();
        self.ends.clear();
        self.exceptions.clear();
        Some(self)
    }

    fn start(&self, frame: u32) -> usize {
        if frame == 0 { 0 } else { self.ends[frame as usize - 1] as usize }
    }

    fn slot(&self, frame: u32) -> Slot {
        let range = self.start(frame) as u32..self.ends[frame as usize];
        Slot::new(Rc::clone(&self.bytes), range, Class::Message)
    }
}

#[cfg(test)]
mod tests;
