//! The ring: what waits for one member while its socket is full.
//!
//! The bad case first: a full ring loses its oldest message and says so with a `gap` in the place
//! of what is missing, once for a stretch, or its owner is closed; the shard decides which. Notices
//! (answers, errors, events, control frames) are never dropped, and neither is a message of type
//! `system` or `error` that a backend says to a room.

mod conflate;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;
use std::rc::Rc;

use stentor_wire::encode::{frame_id, frame_timestamp, frame_type};
use stentor_wire::frame::FrameHead;
use stentor_wire::message_type::MessageType;

use crate::replay::Replay;

/// The most frames that wait for a member whose socket is full.
pub const RING_SLOTS_MAX: usize = 256;

/// How many slices one write hands to the socket.
pub(crate) const WRITE_SLICES_MAX: usize = 64;

/// A stretch of waiting frames that lie side by side: a range of a buffer that rings share.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    bytes: Rc<Vec<u8>>,
    start: u32,
    end: u32,
    /// How many frames it holds. Where it is more than one, they are WebSocket frames.
    frames: u32,
    class: Class,
}

/// What may happen to waiting frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Messages of a room: the oldest goes first when the ring is full, but for those of types that
    /// nobody may miss.
    Message,
    /// An answer, an event or a control frame: never dropped.
    Notice,
    /// An answer to a ping: a later one may take its place.
    Pong,
    /// Who is in a room: what is out of date goes first when the ring is full, and then the oldest,
    /// without a word: it is a state, and the next one tells it.
    Presence,
    /// Not bytes yet: here a gap is announced when its turn comes.
    Gap,
}

/// What a stretch of dropped messages was.
#[derive(Debug)]
pub(crate) struct Gap {
    pub(crate) missed: u64,
    first: Option<IdText>,
    last: Option<IdText>,
    /// The last message, which says when it was stamped.
    last_frame: Option<Slot>,
}

/// A message's id as it stands in its frame: the frame itself is not kept for it.
type IdText = [u8; 36];

impl Gap {
    fn of(frame: Slot) -> Gap {
        let mut gap = Gap { missed: 0, first: None, last: None, last_frame: None };
        gap.extend(frame);
        gap.first = gap.last;
        gap
    }

    fn extend(&mut self, frame: Slot) {
        self.missed += 1;
        self.last = frame_id(frame.bytes()).and_then(|id| id.as_bytes().try_into().ok());
        self.last_frame = Some(frame);
    }

    /// When the last message was stamped, in milliseconds since 1970; 0 where it was no envelope.
    ///
    /// What announces the gap has an id of this time: who hears that last and resumes there has not
    /// had the older messages that wait behind it.
    pub(crate) fn unix_millis(&self) -> u64 {
        let stamp = self.last_frame.as_ref().and_then(|frame| frame_timestamp(frame.bytes()));
        stamp.map_or(0, |timestamp| timestamp.unix_millis())
    }

    /// The id of the first message, where it was an envelope.
    pub(crate) fn first_id(&self) -> Option<&str> {
        self.first.as_ref().and_then(|id| str::from_utf8(id).ok())
    }

    /// The id of the last.
    pub(crate) fn last_id(&self) -> Option<&str> {
        self.last.as_ref().and_then(|id| str::from_utf8(id).ok())
    }
}

/// Waiting frames, oldest first. It exists only while something waits.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    slots: VecDeque<Slot>,
    /// Frames in all slots.
    frames: usize,
    /// How much of the first frame the socket has taken.
    sent: u32,
    /// The socket took less than it was offered; it is not asked again before it has room.
    pub(crate) blocked: bool,
    /// What its owner is owed from the history yet, behind what waits here.
    pub(crate) replay: Option<Box<Replay>>,
    /// What the slots of that class stand for, in their order.
    gaps: VecDeque<Gap>,
    /// Words about presence may wait here.
    has_presence: bool,
}

impl Slot {
    pub(crate) fn new(bytes: Rc<Vec<u8>>, range: Range<u32>, frames: u32, class: Class) -> Slot {
        Slot { bytes, start: range.start, end: range.end, frames, class }
    }

    /// A slot with a buffer of its own.
    pub(crate) fn alone(bytes: Vec<u8>, frames: u32, class: Class) -> Slot {
        let end = u32::try_from(bytes.len()).expect("what one member is told is below 4 GiB");
        Slot::new(Rc::new(bytes), 0..end, frames, class)
    }

    /// What one member alone is told.
    pub(crate) fn notice(frame: Vec<u8>) -> Slot {
        Slot::alone(frame, 1, Class::Notice)
    }

    pub(crate) fn frames(&self) -> u32 {
        self.frames
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[self.start as usize..self.end as usize]
    }

    /// The first frame's length. A single frame need not be a WebSocket frame.
    fn first_frame_bytes(&self) -> u32 {
        let all = self.end - self.start;
        match FrameHead::parse(self.bytes()) {
            Ok(Some((head, head_bytes))) if self.frames > 1 => {
                all.min(head_bytes as u32 + head.payload_bytes as u32)
            }
            _ => all,
        }
    }

    /// Cuts the first frame off, where there is more than one.
    fn split_first(&mut self) -> Slot {
        let mut first = self.clone();
        first.end = self.start + self.first_frame_bytes();
        first.frames = 1;
        self.start = first.end;
        self.frames -= 1;
        first
    }
}

impl Ring {
    /// Appends frames, however many there are: the shard calls [`Ring::drop_oldest`] where the
    /// socket is known to be full.
    pub(crate) fn push(&mut self, slot: Slot) {
        self.frames += slot.frames as usize;
        self.has_presence |= slot.class == Class::Presence;
        self.slots.push_back(slot);
    }

    /// Appends the answer to a ping. Where a full ring's worth waits and the last of it answers a
    /// ping too, that one is replaced (RFC 6455, section 5.5.3).
    pub(crate) fn push_pong(&mut self, frame: Vec<u8>) {
        let may_replace = self.frames >= RING_SLOTS_MAX && self.slots.len() > 1;
        if may_replace && self.slots.back().is_some_and(|last| last.class == Class::Pong) {
            self.slots.pop_back();
            self.frames -= 1;
        }
        self.push(Slot::alone(frame, 1, Class::Pong));
    }

    /// Notes that the socket has taken this much of the only slot's first frame.
    pub(crate) fn note_sent(&mut self, sent: usize) {
        self.sent = u32::try_from(sent).expect("less than the first frame");
    }

    /// Frames waiting, announcements of gaps not counted.
    pub(crate) fn len(&self) -> usize {
        self.frames
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Bytes waiting. It looks at every slot.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.iter().map(|slot| slot.bytes().len()).sum::<usize>() - self.sent as usize
    }

    /// When the oldest frame was stamped that says so, in milliseconds since 1970.
    pub(crate) fn oldest_unix_millis(&self) -> Option<u64> {
        let stamp = |slot: &Slot| {
            let first = slot.bytes().get(..slot.first_frame_bytes() as usize)?;
            frame_timestamp(first).map(|timestamp| timestamp.unix_millis())
        };
        self.slots.iter().find_map(stamp)
    }

    pub(crate) fn is_over_full(&self) -> bool {
        self.frames > RING_SLOTS_MAX
    }

    /// Whether a flush would find nothing to do: the socket is full, and the ring not yet over-full.
    pub(crate) fn only_waits(&self) -> bool {
        self.blocked && !self.is_over_full()
    }

    /// Drops the oldest message that may be dropped, and notes it in the gap that stands in its
    /// place. `false` where there is none to drop.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        self.set_half_sent_apart();
        let Some(at) = self.set_oldest_apart() else { return false };
        let dropped = if self.slots[at].frames > 1 {
            self.slots[at].split_first()
        } else {
            match self.slots.remove(at) {
                Some(only) => only,
                None => return false,
            }
        };
        self.frames -= 1;
        // What only its owner is told does not end a stretch, a message of the room that stays does.
        let mut before = self.slots.range(..at).rev().map(|slot| slot.class);
        let before = before.find(|class| matches!(class, Class::Message | Class::Gap));
        let extends = before == Some(Class::Gap);
        match self.gaps.back_mut() {
            // What lies before the oldest that may be dropped may not: a gap there is the last one.
            Some(gap) if extends => gap.extend(dropped),
            _ => {
                self.gaps.push_back(Gap::of(dropped));
                self.slots.insert(at, Slot::new(Rc::default(), 0..0, 0, Class::Gap));
            }
        }
        true
    }

    /// Drops words about presence: those that a later one about the same person in the same room
    /// makes worthless, and then the oldest for as long as the ring is over-full. `false` where there
    /// are none.
    pub(crate) fn drop_presence(&mut self) -> bool {
        if !(self.has_presence && self.is_over_full()) {
            return false;
        }
        self.set_half_sent_apart();
        let kept = usize::from(self.sent > 0);
        let before = self.frames;
        conflate::drop_stale(&mut self.slots, kept);
        self.frames = self.slots.iter().map(|slot| slot.frames as usize).sum();
        while self.is_over_full() {
            let oldest =
                self.slots.iter().skip(kept).position(|slot| slot.class == Class::Presence);
            let Some(at) = oldest else { break };
            self.slots.remove(at + kept);
            self.frames -= 1;
        }
        self.frames < before
    }

    /// Gives back the memory that more than a full ring took for a moment.
    pub(crate) fn trim(&mut self) {
        self.slots.shrink_to(2 * RING_SLOTS_MAX);
    }

    /// Drops everything but a frame that is half sent; returns how many messages were lost.
    pub(crate) fn clear(&mut self) -> u64 {
        self.set_half_sent_apart();
        let kept = usize::from(self.sent > 0);
        let lost = self
            .slots
            .iter()
            .skip(kept)
            .filter(|slot| slot.class == Class::Message)
            .map(|slot| u64::from(slot.frames))
            .sum();
        self.slots.truncate(kept);
        self.frames = kept;
        self.gaps.clear();
        lost
    }

    /// Takes the gap out where its announcement is what goes next; the caller gives the frame to
    /// [`Ring::announce`].
    pub(crate) fn poll_gap(&mut self) -> Option<Gap> {
        let next = self.slots.front()?;
        if next.class == Class::Gap { self.gaps.pop_front() } else { None }
    }

    /// Puts the announcement of the gap in its place.
    pub(crate) fn announce(&mut self, frame: Vec<u8>) {
        if let Some(next) = self.slots.front_mut() {
            *next = Slot::notice(frame);
            self.frames += 1;
        }
    }

    /// Fills `slices` with what can be written now and returns how many of them it used: frames
    /// that lie side by side become one slice. A gap that is not announced yet ends the run.
    pub(crate) fn gather<'a>(&'a self, slices: &mut [IoSlice<'a>; WRITE_SLICES_MAX]) -> usize {
        let mut used = 0;
        let mut slots = self.slots.iter().take_while(|slot| slot.class != Class::Gap).peekable();
        let mut skip = self.sent;
        while let Some(first) = slots.next() {
            if used == WRITE_SLICES_MAX {
                break;
            }
            let start = first.start + std::mem::take(&mut skip);
            let mut end = first.end;
            while let Some(next) =
                slots.next_if(|next| next.start == end && Rc::ptr_eq(&next.bytes, &first.bytes))
            {
                end = next.end;
            }
            slices[used] = IoSlice::new(&first.bytes[start as usize..end as usize]);
            used += 1;
        }
        used
    }

    /// Takes out what the socket took.
    pub(crate) fn advance(&mut self, mut taken: usize) {
        while let Some(first) = self.slots.front() {
            let left = (first.end - first.start - self.sent) as usize;
            if taken < left || first.class == Class::Gap {
                break;
            }
            taken -= left;
            self.sent = 0;
            self.frames -= first.frames as usize;
            self.slots.pop_front();
        }
        self.sent += taken as u32;
        self.forget_sent_frames();
    }

    /// Empties the ring for its next use; `None` where it has grown too large to be worth keeping.
    pub(crate) fn recycle(mut self: Box<Ring>) -> Option<Box<Ring>> {
        if self.slots.capacity() > RING_SLOTS_MAX {
            return None;
        }
        self.slots.clear();
        *self = Ring { slots: self.slots, ..Ring::default() };
        Some(self)
    }

    /// Moves the start of the first slot past frames that the socket has taken whole.
    fn forget_sent_frames(&mut self) {
        let Some(first) = self.slots.front_mut() else { return };
        while first.frames > 1 {
            let frame_bytes = first.first_frame_bytes();
            if self.sent < frame_bytes {
                break;
            }
            self.sent -= frame_bytes;
            first.start += frame_bytes;
            first.frames -= 1;
            self.frames -= 1;
        }
    }

    /// Sees to it that the oldest message that may be dropped is the first of its slot; returns where
    /// that is.
    fn set_oldest_apart(&mut self) -> Option<usize> {
        let from = usize::from(self.sent > 0);
        for at in from..self.slots.len() {
            if self.slots[at].class != Class::Message {
                continue;
            }
            if may_be_dropped(self.slots[at].bytes()) {
                return Some(at);
            }
            let mut rest = self.slots[at].clone();
            let kept = self.slots[at].frames;
            while rest.frames > 0 && !may_be_dropped(rest.bytes()) {
                rest.split_first();
            }
            if rest.frames > 0 {
                self.slots[at].end = rest.start;
                self.slots[at].frames = kept - rest.frames;
                self.slots.insert(at + 1, rest);
                return Some(at + 1);
            }
        }
        None
    }

    /// A frame that is half sent must be finished, or the stream is broken: it gets a slot of its
    /// own, so that what lies behind it can go.
    fn set_half_sent_apart(&mut self) {
        if self.sent > 0
            && let Some(first) = self.slots.front_mut()
            && first.frames > 1
        {
            let half_sent = first.split_first();
            self.slots.push_front(half_sent);
        }
    }
}

/// Whether a message of a room may be dropped from a full ring.
fn may_be_dropped(frame: &[u8]) -> bool {
    !matches!(frame_type(frame), Some(MessageType::System | MessageType::Error))
}

#[cfg(test)]
pub(crate) mod tests;
