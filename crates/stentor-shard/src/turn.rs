//! The turn buffer: what a room said since its last flush, in one contiguous run of frames.

use std::ops::Range;
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
    /// Frames that were said in other pods.
    remote_frames: u32,
    /// When the first of those was stamped.
    pub(crate) remote_began: Instant,
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

/// The same of its tables, in entries.
const KEPT_FRAMES_MAX: usize = 1_024;

impl Turn {
    /// Appends a frame.
    pub(crate) fn append(&mut self, frame: &[u8]) {
        // Rings share it only from the flush on, so this copies nothing.
        let bytes = Rc::make_mut(&mut self.bytes);
        bytes.extend_from_slice(frame);
        self.ends.push(u32::try_from(bytes.len()).expect("bounded by PENDING_BYTES_MAX"));
    }

    /// Notes that the last frame was said in another pod, and stamped at this moment.
    pub(crate) fn note_remote(&mut self, stamped: Instant) {
        if self.remote_frames == 0 {
            self.remote_began = stamped;
        }
        self.remote_frames += 1;
    }

    /// How many of the turn's deliveries are of frames that were said in other pods.
    pub(crate) fn remote_part(&self, deliveries: u64) -> u64 {
        match self.remote_frames {
            0 => 0,
            remote => deliveries * u64::from(remote) / u64::from(self.frames()).max(1),
        }
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

    /// The members that are not owed everything, each with what it is owed, as slots.
    pub(crate) fn exceptional_members(&mut self) -> Vec<(MemberId, Vec<Slot>)> {
        // Stable: a member's own exceptions stay in the order in which they came.
        self.exceptions.sort_by_key(|exception| exception.member);
        self.exceptions
            .chunk_by(|one, other| one.member == other.member)
            .map(|own| {
                let owed = self.owed(own).into_iter().map(|frames| self.slot(frames)).collect();
                (own[0].member, owed)
            })
            .collect()
    }

    /// What `member` is owed, in a buffer of its own: the turn goes on without it.
    pub(crate) fn owed_apart(&self, member: MemberId) -> Option<Slot> {
        let own: Vec<Exception> =
            self.exceptions.iter().filter(|of| of.member == member).copied().collect();
        let owed = self.owed(&own);
        let frames = owed.iter().map(|frames| frames.end - frames.start).sum();
        let mut bytes = Vec::new();
        for frames in owed {
            bytes.extend_from_slice(&self.bytes[self.start(frames.start)..self.start(frames.end)]);
        }
        (frames > 0).then(|| Slot::alone(bytes, frames, Class::Message))
    }

    /// The frames from the one that holds byte `offset` on, and how much of the first lies before
    /// `offset`: what a socket left when it took `offset` bytes.
    pub(crate) fn rest(&self, offset: usize) -> (Slot, usize) {
        let first = self.ends.partition_point(|end| *end as usize <= offset) as u32;
        let sent = offset - self.start(first);
        (self.slot(first..self.frames()), sent)
    }

    /// The stretches of frames that a member with these exceptions is owed.
    fn owed(&self, exceptions: &[Exception]) -> Vec<Range<u32>> {
        let mut owed = Vec::new();
        let mut next = 0;
        for exception in exceptions {
            match exception.kind {
                ExceptionKind::JoinedAt(frame) => {
                    owed.clear();
                    next = frame;
                }
                ExceptionKind::Muted(frame) => {
                    if next < frame {
                        owed.push(next..frame);
                    }
                    next = frame + 1;
                }
            }
        }
        if next < self.frames() {
            owed.push(next..self.frames());
        }
        owed
    }

    /// Empties the buffer for another turn. `None` where rings still hold it.
    pub(crate) fn recycle(mut self: Box<Turn>) -> Option<Box<Turn>> {
        let bytes = Rc::get_mut(&mut self.bytes)?;
        if bytes.capacity() > KEPT_BYTES_MAX {
            return None;
        }
        bytes.clear();
        self.ends.clear();
        self.remote_frames = 0;
        self.exceptions.clear();
        self.ends.shrink_to(KEPT_FRAMES_MAX);
        self.exceptions.shrink_to(KEPT_FRAMES_MAX);
        Some(self)
    }

    fn start(&self, frame: u32) -> usize {
        if frame == 0 { 0 } else { self.ends[frame as usize - 1] as usize }
    }

    fn slot(&self, frames: Range<u32>) -> Slot {
        let range = self.start(frames.start) as u32..self.start(frames.end) as u32;
        Slot::new(Rc::clone(&self.bytes), range, frames.end - frames.start, Class::Message)
    }
}

#[cfg(test)]
mod tests;
