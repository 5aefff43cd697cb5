//! The ring: what waits for one member while its socket is full.
//!
//! The bad case first: a full ring loses its oldest message and says so with a `gap` in the place
//! of what is missing, or its owner is closed; the shard decides which. Notices (answers, errors,
//! events, control frames) are never dropped.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;
use std::rc::Rc;

use stentor_wire::encode::frame_id;

/// The most frames that wait for a member whose socket is full.
pub const RING_SLOTS_MAX: usize = 256;

/// How many slices one write hands to the socket.
pub(crate) const WRITE_SLICES_MAX: usize = 64;

/// One waiting frame: a range of a buffer that it shares with other rings.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    bytes: Rc<Vec<u8>>,
    start: u32,
    end: u32,
    class: Class,
}

/// What may happen to a waiting frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// A room's message: the oldest goes first when the ring is full.
    Message,
    /// An answer, an event or a control frame: never dropped.
    Notice,
    /// Not bytes yet: here a gap is announced when its turn comes.
    Gap,
}

/// What a stretch of dropped messages was.
#[derive(Debug)]
pub(crate) struct Gap {
    pub(crate) missed: u64,
    first: Slot,
    /// Where it was more than one.
    last: Option<Slot>,
}

impl Gap {
    /// The id of the first message, where it was an envelope.
    pub(crate) fn first_id(&self) -> Option<&str> {
        frame_id(self.first.bytes())
    }

    /// The id of the last.
    pub(crate) fn last_id(&self) -> Option<&str> {
        frame_id(self.last.as_ref().unwrap_or(&self.first).bytes())
    }
}

/// Waiting frames, oldest first. It exists only while something waits.
#[derive(Debug, Default)]
pub(crate) struct Ring {
    slots: VecDeque<Slot>,
    /// How much of the first slot the socket has taken.
    sent: u32,
    /// The socket took less than it was offered; it is not asked again before it has room.
    pub(crate) blocked: bool,
    gap: Option<Gap>,
}

impl Slot {
    pub(crate) fn new(bytes: Rc<Vec<u8>>, range: Range<u32>, class: Class) -> Slot {
        Slot { bytes, start: range.start, end: range.end, class }
    }

    /// A slot with a buffer of its own, for what one member alone is told.
    pub(crate) fn notice(frame: Vec<u8>) -> Slot {
        let end = u32::try_from(frame.len()).expect("a frame is shorter than 4 GiB");
        Slot::new(Rc::new(frame), 0..end, Class::Notice)
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[self.start as usize..self.end as usize]
    }
}

impl Ring {
    /// Appends a frame, whatever the length: the shard calls [`Ring::drop_oldest`] where the
    /// socket is known to be full.
    pub(crate) fn push(&mut self, slot: Slot) {
        self.slots.push_back(slot);
    }

    /// Notes that the socket has taken this much of the only stretch pushed so far.
    pub(crate) fn note_sent(&mut self, sent: usize) {
        self.sent = u32::try_from(sent).expect("less than the first slot");
    }

    /// Frames waiting, announcements of gaps not counted.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - usize::from(self.gap.is_some())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub(crate) fn is_over_full(&self) -> bool {
        self.len() > RING_SLOTS_MAX
    }

    /// Drops the oldest message and notes it in the gap. `false` where there is none to drop.
    pub(crate) fn drop_oldest(&mut self) -> bool {
        // A frame that is half sent must be finished, or the stream is broken.
        let from = usize::from(self.sent > 0);
        let oldest = self.slots.iter().skip(from).position(|slot| slot.class == Class::Message);
        let Some(at) = oldest.map(|position| position + from) else { return false };
        match &mut self.gap {
            Some(gap) => {
                gap.missed += 1;
                gap.last = self.slots.remove(at);
            }
            none => {
                let place = Slot::new(Rc::default(), 0..0, Class::Gap);
                let first = std::mem::replace(&mut self.slots[at], place);
                *none = Some(Gap { missed: 1, first, last: None });
            }
        }
        true
    }

    /// Gives back the memory that more than a full ring took for a moment.
    pub(crate) fn trim(&mut self) {
        self.slots.shrink_to(2 * RING_SLOTS_MAX);
    }

    /// Drops everything but a frame that is half sent; returns how many messages were lost.
    pub(crate) fn clear(&mut self) -> u64 {
        let kept = usize::from(self.sent > 0);
        let lost = self.slots.iter().skip(kept).filter(|slot| slot.class == Class::Message).count();
        self.slots.truncate(kept);
        self.gap = None;
        lost as u64
    }

    /// Takes the gap out where its announcement is what goes next; the caller gives the frame to
    /// [`Ring::announce`].
    pub(crate) fn poll_gap(&mut self) -> Option<Gap> {
        let next = self.slots.front()?;
        if next.class == Class::Gap { self.gap.take() } else { None }
    }

    /// Puts the announcement of the gap in its place.
    pub(crate) fn announce(&mut self, frame: Vec<u8>) {
        if let Some(next) = self.slots.front_mut() {
            *next = Slot::notice(frame);
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
                self.sent += taken as u32;
                return;
            }
            taken -= left;
            self.sent = 0;
            self.slots.pop_front();
        }
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
}

#[cfg(test)]
pub(crate) mod tests;
