//! The history: what was said in each room lately, for those who come back.
//!
//! The bad case first: a room keeps so many messages, for so long, and all rooms of a pod so many
//! bytes; the oldest goes first, whichever bound is met, and what it was is remembered, so that
//! nobody is told that nothing is missing when something is ([`resume`]).
//!
//! Frames are kept once: the shards of a pod share their bytes, as they share them on their way.
//! Each shard keeps all rooms that the pod hears, whether it has members of them or not, because
//! who comes back may come to any. So a resume is answered here, in one turn, and asks nobody.

mod calendar;
mod evicted;
mod hearsay;
mod resume;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use stentor_wire::encode::{frame_id, frame_timestamp};
use stentor_wire::room_name::RoomName;

use crate::config::HistoryConfig;
use crate::history::calendar::Calendar;
use crate::history::hearsay::Hearsay;
use crate::shard::Delivery;
use crate::time::{Instant, Now};
use crate::traffic::{Passage, Traffic};

pub(crate) use evicted::Evicted;
pub use hearsay::LastHeard;
pub(crate) use resume::{Cursor, Owed, Resumption};

/// What a message weighs beside its bytes: the allocation that they lie in, in bytes.
const FRAME_WEIGHT: usize = 96;

/// What it weighs in each shard: its entry, its place in the order, and room for them to grow.
const ENTRY_WEIGHT: usize = 160;

/// What a room weighs in each shard.
const ROOM_WEIGHT: usize = 384;

/// Messages that one call lets go of because of their age; the rest goes with the next.
const EXPIRED_PER_TURN_MAX: usize = 4_096;

/// How late what is too old may go, so that a quiet shard is not woken for each message.
const EXPIRY_GRAIN: std::time::Duration = std::time::Duration::from_secs(1);

/// Places in the order that may stand for nothing before it is made anew.
const STALE_PLACES_MAX: usize = 1_024;

/// The number of a room's history inside its shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HistoryId(u32);

impl HistoryId {
    /// That of what is said to everybody.
    pub(crate) const GLOBAL: HistoryId = HistoryId(0);

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// A message that is kept.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) frame: Bytes,
    /// When it came to this shard.
    pub(crate) at: Instant,
    /// Its place among all messages that came to this shard.
    pub(crate) ordinal: u64,
    pub(crate) passage: Passage,
}

/// What one room keeps.
#[derive(Debug, Default)]
struct RoomHistory {
    /// `None` for what is said to everybody, and for a number that is free.
    name: Option<RoomName>,
    entries: VecDeque<Entry>,
    /// The number of the first entry; the others count on from it. It never goes back, not even
    /// when the room's place is given to another.
    first: u64,
    /// What was let go of.
    evicted: Option<Evicted>,
    /// Since when everything that other pods say to this room comes here.
    heard_since: Option<Instant>,
    /// When it was last known that something is missing.
    hole_at: Option<Instant>,
    /// It has members on this shard.
    is_open: bool,
}

/// What all rooms of a shard keep.
#[derive(Debug)]
pub(crate) struct History {
    config: HistoryConfig,
    /// The first is that of what is said to everybody.
    rooms: Vec<RoomHistory>,
    by_name: HashMap<RoomName, HistoryId>,
    free: Vec<HistoryId>,
    /// Every message that is kept, oldest first, by its room and number; and some that went.
    order: VecDeque<(HistoryId, u64)>,
    entries: usize,
    weight: usize,
    ordinals: u64,
    /// What was let go of in rooms that are not known any more.
    forgotten: Option<Evicted>,
    /// Messages were lost that may have been anybody's.
    hole_at: Option<Instant>,
    /// What times by the calendar mean here; `None` before this shard began.
    calendar: Option<Calendar>,
    /// What other pods have heard.
    hearsay: Hearsay,
}

impl History {
    pub(crate) fn new(config: HistoryConfig) -> History {
        History {
            config,
            rooms: vec![RoomHistory::default()],
            by_name: HashMap::new(),
            free: Vec::new(),
            order: VecDeque::new(),
            entries: 0,
            weight: 0,
            ordinals: 0,
            forgotten: None,
            hole_at: None,
            calendar: None,
            hearsay: Hearsay::default(),
        }
    }

    /// Whether somebody else is to be asked where this is not enough.
    pub(crate) fn has_archive(&self) -> bool {
        self.config.has_archive
    }

    /// The pod's traffic, which it counts messages in.
    pub(crate) fn traffic(&self) -> &Arc<Traffic> {
        &self.config.traffic
    }

    /// What was published before this had been heard by who heard a message of that time, as far as
    /// it has a meaning here.
    pub(crate) fn unheard_since(&self, now: Now, heard_at: u64, last: LastHeard) -> u64 {
        let calendar = self.calendar.as_ref().filter(|_| last == LastHeard::Unknown);
        match calendar.is_some_and(|calendar| calendar.may_mislead(now, heard_at)) {
            true => 0,
            false => self.hearsay.unheard_since(heard_at, last),
        }
    }

    /// What is known of the hearing of pods, to add to it.
    pub(crate) fn hearsay_mut(&mut self) -> &mut Hearsay {
        &mut self.hearsay
    }

    /// The room's number, where it is known.
    pub(crate) fn find(&self, room: &RoomName) -> Option<HistoryId> {
        self.by_name.get(room).copied()
    }

    /// The room's number. It stays the same for as long as the room has members here.
    pub(crate) fn open(&mut self, room: &RoomName) -> HistoryId {
        let id = self.find_or_begin(room);
        self.rooms[id.index()].is_open = true;
        id
    }

    /// The room's last member here has left.
    pub(crate) fn close(&mut self, id: HistoryId) {
        self.rooms[id.index()].is_open = false;
        self.forget_if_empty(id);
    }

    /// Keeps a message. One that nobody here could answer for is passed over: in a pod that is not
    /// alone, that of a room which it does not hear.
    pub(crate) fn append(
        &mut self,
        now: Now,
        room: Option<&RoomName>,
        known: Option<HistoryId>,
        frame: Bytes,
        passage: Passage,
    ) {
        self.note_calendar(now);
        let id = match (known, room) {
            (Some(id), _) => id,
            (None, None) => HistoryId::GLOBAL,
            (None, Some(name)) => match self.find(name) {
                Some(id) => id,
                None if self.config.is_shared => return,
                None => self.find_or_begin(name),
            },
        };
        self.weight += self.weight_of(&frame);
        let entry = Entry { frame, at: now.instant, ordinal: self.ordinals, passage };
        self.ordinals += 1;
        self.entries += 1;
        let kept = &mut self.rooms[id.index()];
        self.order.push_back((id, kept.first + kept.entries.len() as u64));
        kept.entries.push_back(entry);
        if kept.entries.len() > self.config.size {
            self.evict(id);
        }
        while self.weight > self.config.bytes_max && self.evict_oldest() {}
        if self.order.len() > 2 * self.entries + STALE_PLACES_MAX {
            let History { order, rooms, .. } = self;
            order.retain(|(id, number)| rooms[id.index()].first <= *number);
        }
    }

    /// Lets go of what is too old, up to a bound.
    pub(crate) fn expire(&mut self, now: Now) {
        self.note_calendar(now);
        for _ in 0..EXPIRED_PER_TURN_MAX {
            match self.oldest() {
                Some((_, at)) if at + self.config.ttl <= now.instant => {
                    self.evict_oldest();
                }
                _ => break,
            }
        }
        if self.entries == 0 {
            self.order = VecDeque::new();
        }
    }

    /// When something will be too old.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        // The first place may stand for nothing: then this is early, once.
        let (id, number) = self.order.front()?;
        let room = &self.rooms[id.index()];
        let at = room.entry(*number).map_or_else(Instant::default, |entry| entry.at);
        Some(at + self.config.ttl + EXPIRY_GRAIN)
    }

    /// From here on everything that other pods say to this audience comes here.
    pub(crate) fn handle_audience_heard(&mut self, now: Now, room: Option<&RoomName>) {
        let id = room.map_or(HistoryId::GLOBAL, |name| self.find_or_begin(name));
        self.rooms[id.index()].heard_since = Some(now.instant);
    }

    /// From here on nothing of what other pods say to this audience need come here.
    pub(crate) fn handle_audience_unheard(&mut self, room: Option<&RoomName>) {
        if let Some(id) = room.map_or(Some(HistoryId::GLOBAL), |name| self.find(name)) {
            self.rooms[id.index()].heard_since = None;
            self.forget_if_empty(id);
        }
    }

    /// The same of any audience.
    pub(crate) fn handle_pods_unheard(&mut self) {
        let mut index = 0;
        // With the last known room all numbers are given back, those behind this one too.
        while let Some(room) = self.rooms.get_mut(index) {
            room.heard_since = None;
            self.forget_if_empty(HistoryId(index as u32));
            index += 1;
        }
    }

    /// Something that was said to this audience never came here.
    pub(crate) fn handle_hole(&mut self, now: Now, room: Option<&RoomName>) {
        let id = room.map_or(Some(HistoryId::GLOBAL), |name| self.find(name));
        if let Some(id) = id {
            self.rooms[id.index()].hole_at = Some(now.instant);
        }
    }

    /// A message came again that is kept, or was. Where it had been said on another shard too, or
    /// long before on a pod that was not heard, who heard it there need not have had what stands
    /// before it here.
    pub(crate) fn handle_repeat(&mut self, now: Now, repeat: &Delivery) {
        let is_of_this_pod = repeat.passage.is_of_this_pod();
        let was_late = || resume::was_late(now, now.instant, stamped_at(&repeat.frame));
        if is_of_this_pod || self.config.is_shared && was_late() {
            self.handle_hole(now, repeat.room.as_ref());
        }
    }

    /// Something that was said to somebody never came here.
    pub(crate) fn handle_lag(&mut self, now: Now) {
        self.hole_at = Some(now.instant);
    }

    /// What is kept of all rooms, in messages.
    pub(crate) fn len(&self) -> usize {
        self.entries
    }

    /// What it weighs, in bytes: this shard's share, and the frames that all of them have together.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// A room's message by its number; the room's first where it is gone. `None` behind the last.
    pub(crate) fn entry_from(&self, id: HistoryId, number: u64) -> Option<(u64, &Entry)> {
        let room = &self.rooms[id.index()];
        let number = number.max(room.first);
        room.entry(number).map(|entry| (number, entry))
    }

    /// What is kept of a room, the oldest first.
    pub(crate) fn entries(&self, id: HistoryId) -> impl Iterator<Item = &Entry> + '_ {
        self.rooms[id.index()].entries.iter()
    }

    /// What is kept of a room from this number on.
    pub(crate) fn entries_from(
        &self,
        id: HistoryId,
        number: u64,
    ) -> impl Iterator<Item = &Entry> + '_ {
        let room = &self.rooms[id.index()];
        let gone = usize::try_from(number.saturating_sub(room.first)).unwrap_or(usize::MAX);
        room.entries.iter().skip(gone)
    }

    /// The number that the room's next message will have.
    pub(crate) fn next_number(&self, id: HistoryId) -> u64 {
        let room = &self.rooms[id.index()];
        room.first + room.entries.len() as u64
    }

    /// The number of the room's oldest message, or of its next where it keeps none.
    pub(crate) fn first_number(&self, id: HistoryId) -> u64 {
        self.rooms[id.index()].first
    }

    /// The room's name; `None` for what is said to everybody.
    pub(crate) fn name(&self, id: HistoryId) -> Option<&RoomName> {
        self.rooms[id.index()].name.as_ref()
    }

    fn note_calendar(&mut self, now: Now) {
        match &mut self.calendar {
            Some(calendar) => calendar.note(now),
            none => *none = Some(Calendar::of(now)),
        }
    }

    fn find_or_begin(&mut self, name: &RoomName) -> HistoryId {
        if let Some(id) = self.find(name) {
            return id;
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.rooms.push(RoomHistory::default());
            HistoryId(u32::try_from(self.rooms.len() - 1).expect("fewer rooms than 2^32"))
        });
        let room = &mut self.rooms[id.index()];
        room.name = Some(name.clone());
        // It may have been known before.
        room.evicted.clone_from(&self.forgotten);
        self.by_name.insert(name.clone(), id);
        self.weight += self.room_weight();
        id
    }

    fn evict_oldest(&mut self) -> bool {
        let Some((id, _)) = self.oldest() else { return false };
        self.evict(id);
        true
    }

    /// The room of the oldest message of all, and when that came.
    fn oldest(&mut self) -> Option<(HistoryId, Instant)> {
        while let Some((id, number)) = self.order.front().copied() {
            if let Some(entry) = self.rooms[id.index()].entry(number) {
                return Some((id, entry.at));
            }
            self.order.pop_front();
        }
        None
    }

    /// Lets go of a room's oldest message.
    fn evict(&mut self, id: HistoryId) {
        let room = &mut self.rooms[id.index()];
        let Some(entry) = room.entries.pop_front() else { return };
        room.first += 1;
        room.evicted = Some(Evicted::of(&entry).after(room.evicted.as_ref()));
        if room.entries.capacity() > 4 * room.entries.len().max(4) {
            room.entries.shrink_to(2 * room.entries.len());
        }
        self.entries -= 1;
        self.weight -= self.weight_of(&entry.frame);
        self.forget_if_empty(id);
    }

    /// Gives a room's place to another, once nobody is in it, nothing is kept of it and no other
    /// pod is heard in it.
    fn forget_if_empty(&mut self, id: HistoryId) {
        let room = &mut self.rooms[id.index()];
        let is_needed = room.is_open || room.heard_since.is_some() || !room.entries.is_empty();
        let Some(name) = room.name.take_if(|_| !is_needed) else { return };
        let evicted = room.evicted.take();
        *room = RoomHistory { first: room.first, ..RoomHistory::default() };
        self.by_name.remove(&name);
        self.free.push(id);
        self.weight -= self.room_weight();
        if let Some(evicted) = evicted {
            self.forgotten = Some(evicted.anonymous().after(self.forgotten.as_ref()));
        }
        if self.by_name.is_empty() {
            self.shrink();
        }
    }

    /// Gives back the memory of a past crowd of rooms. Numbers begin anew, so no place in the order
    /// may stand for one.
    fn shrink(&mut self) {
        self.order.retain(|(id, _)| *id == HistoryId::GLOBAL);
        self.rooms.truncate(1);
        self.rooms.shrink_to_fit();
        self.free = Vec::new();
        self.by_name = HashMap::new();
    }

    fn weight_of(&self, frame: &Bytes) -> usize {
        frame.len() + FRAME_WEIGHT + ENTRY_WEIGHT * self.shards()
    }

    fn room_weight(&self) -> usize {
        ROOM_WEIGHT * self.shards()
    }

    fn shards(&self) -> usize {
        usize::try_from(self.config.traffic.shards()).expect("it came from a usize")
    }
}

impl RoomHistory {
    fn entry(&self, number: u64) -> Option<&Entry> {
        let index = number.checked_sub(self.first)?;
        self.entries.get(usize::try_from(index).ok()?)
    }
}

impl Entry {
    /// Its id as it stands in the frame, in small letters.
    pub(crate) fn id(&self) -> Option<&str> {
        frame_id(&self.frame)
    }

    /// When it was stamped, in milliseconds since 1970.
    pub(crate) fn stamped_at(&self) -> Option<u64> {
        stamped_at(&self.frame)
    }
}

fn stamped_at(frame: &[u8]) -> Option<u64> {
    frame_timestamp(frame).map(|timestamp| timestamp.unix_millis())
}

#[cfg(test)]
mod tests;
