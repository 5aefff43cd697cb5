//! Resuming: what a client has missed, judged by the message that it heard last.
//!
//! The bad case first: where it cannot be known that nothing is missing, that is said, and all that
//! is kept is told. A client hears shards and pods in orders of their own, so what stood before its
//! last message here need not have stood before it there: such messages are told again, up to a
//! second back, and clients drop what they have had by its id. Left out is only what they have had
//! for certain: what came before in the order of a single shard, what the same shard had said before in
//! the same room, and what had reached everybody when the last message was said ([`crate::traffic`]). A
//! message whose sender chose the id may be a resend, of which the client heard the first copy elsewhere
//! ([`stentor_wire::resend`]). Where a message took so long within the pod that a second back might not
//! do, nothing is promised.

use std::time::Duration;

use stentor_wire::resend::first_copy_age;
use stentor_wire::uuid_v7;
use uuid::Uuid;

use crate::history::evicted::Bygone;
use crate::history::hearsay::LastHeard;
use crate::history::{Entry, History, HistoryId, RoomHistory};
use crate::time::{Instant, Now, millis};
use crate::traffic::Passage;

/// How far a message that one client heard first may stand behind another here.
pub(super) const OVERLAP: Duration = Duration::from_secs(1);

/// A message that took longer from its stamp to here lay in another pod over an outage: nobody
/// knows what else was said there meanwhile.
const LATE_AFTER_MILLIS: u64 = 1_000;

/// What a client that comes back has heard for certain.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resumption {
    /// The message that it heard last, by its room and number, where that is known.
    last: Option<(HistoryId, u64)>,
    /// What came before this.
    before: Option<Instant>,
    /// What has a smaller ticket.
    settled: u64,
    /// What stands before the last message in its own room.
    is_in_order: bool,
    /// What stands before the last message in its own room, and was said on the same shard.
    passage: Option<Passage>,
    /// The time of the message that it heard last, in milliseconds since 1970; 0 where that is not
    /// known.
    pub(crate) unix_millis: u64,
}

/// What a client is owed of one room: the messages from this number on that it has not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor {
    pub(crate) room: HistoryId,
    pub(crate) next: u64,
}

/// What a client that comes back is owed.
#[derive(Debug)]
pub(crate) struct Owed {
    /// Nothing is missing in it.
    pub(crate) is_whole: bool,
    /// How many messages it is.
    pub(crate) messages: u64,
    /// The oldest message that is kept of its rooms.
    pub(crate) oldest_id: Option<String>,
    pub(crate) resumption: Resumption,
    /// One for each room.
    pub(crate) cursors: Vec<Cursor>,
}

impl History {
    /// What a client is owed that is in `rooms` now and heard `last_id` last. `is_spared` tells
    /// what it does not want to hear at all.
    pub(crate) fn resume(
        &self,
        now: Now,
        last_id: Uuid,
        rooms: &[HistoryId],
        is_spared: impl Fn(&Entry) -> bool,
    ) -> Owed {
        let found = self.resumption(now, last_id, rooms);
        let is_whole = found
            .as_ref()
            .is_some_and(|resumption| rooms.iter().all(|room| self.is_complete(*room, resumption)));
        let resumption = found.filter(|_| is_whole).unwrap_or_default();
        let mut messages = 0;
        let mut oldest: Option<&Entry> = None;
        let mut cursors = Vec::with_capacity(rooms.len());
        for id in rooms {
            let room = &self.rooms[id.index()];
            let mut next = None;
            for (number, entry) in (room.first..).zip(&room.entries) {
                if !resumption.has_heard(*id, number, entry) {
                    next.get_or_insert(number);
                    messages += u64::from(!is_spared(entry));
                }
            }
            let next = next.unwrap_or_else(|| self.next_number(*id));
            cursors.push(Cursor { room: *id, next });
            let first = room.entries.front();
            oldest = [oldest, first].into_iter().flatten().min_by_key(|entry| entry.ordinal);
        }
        let oldest_id = oldest.and_then(Entry::id).map(str::to_owned);
        Owed { is_whole, messages, oldest_id, resumption, cursors }
    }

    /// What a client has heard for certain; `None` where its id says nothing.
    fn resumption(&self, now: Now, last_id: Uuid, rooms: &[HistoryId]) -> Option<Resumption> {
        let mut text = Uuid::encode_buffer();
        let text: &str = last_id.hyphenated().encode_lower(&mut text);
        let known = rooms.iter().filter_map(|id| self.by_message(now, *id, text));
        match known.min_by_key(|(at, _)| *at) {
            Some((_, resumption)) => resumption,
            None => self.by_time(now, last_id),
        }
    }

    /// By a message of this room, with when that came; nothing where the room has not had it.
    fn by_message(
        &self,
        now: Now,
        id: HistoryId,
        text: &str,
    ) -> Option<(Instant, Option<Resumption>)> {
        let room = &self.rooms[id.index()];
        let is_alone = !self.config.is_shared;
        let of = |number, at, stamped_at, passage: Passage| {
            let first = first_copy_at(at, text, stamped_at);
            let is_sure = if is_alone {
                // It would have been known again, if it had been said to this pod before.
                self.calendar.as_ref().is_some_and(|calendar| calendar.began_at() <= first)
            } else {
                !was_late(now, at, stamped_at)
            };
            let heard_at = if is_alone { at } else { first.min(said_at(now, at, stamped_at)) };
            is_sure.then(|| Resumption {
                last: Some((id, number)),
                before: Some(self.before(now, heard_at, LastHeard::Known)),
                settled: if is_alone { passage.settled() } else { 0 },
                passage: is_alone.then_some(passage),
                is_in_order: is_alone && self.shards() == 1,
                unix_millis: unix_millis_of(now, heard_at),
            })
        };
        let position = room.entries.iter().rposition(|entry| entry.id() == Some(text));
        if let Some(position) = position {
            let entry = &room.entries[position];
            let number = room.first + position as u64;
            return Some((entry.at, of(number, entry.at, entry.stamped_at(), entry.passage)));
        }
        let evicted = room.evicted.as_ref().filter(|evicted| evicted.is(text))?;
        let (at, passage) = evicted.last();
        Some((at, of(room.first.checked_sub(1)?, at, evicted.stamped_at(), passage)))
    }

    /// By the time that is in a UUIDv7 (RFC 9562, section 5.7): the server's own messages have one.
    ///
    /// The calendar and the clock that messages come by are not read at one instant, so a time says
    /// nothing of what came shortly before it: only [`OVERLAP`] is room enough for both.
    fn by_time(&self, now: Now, last_id: Uuid) -> Option<Resumption> {
        self.heard_until(now, uuid_v7::unix_millis(last_id)?)
    }

    /// What a client has heard for certain that heard everything up to a time by the calendar;
    /// `None` where that says nothing here.
    pub(crate) fn heard_until(&self, now: Now, unix_millis: u64) -> Option<Resumption> {
        let at = self.calendar.as_ref()?.moment(now, unix_millis)?;
        let before = Some(self.before(now, at, LastHeard::Unknown));
        Some(Resumption { before, unix_millis, ..Resumption::default() })
    }

    /// The moment before which everything was heard by who heard a message of that moment, whichever
    /// pod it was on.
    fn before(&self, now: Now, at: Instant, last: LastHeard) -> Instant {
        if !self.config.is_shared {
            return at.before(OVERLAP);
        }
        at.before(self.hearsay.overlap(unix_millis_of(now, at), last))
    }

    /// Whether everything is here that a client may not have heard of this room.
    pub(crate) fn is_complete(&self, id: HistoryId, resumption: &Resumption) -> bool {
        let room = &self.rooms[id.index()];
        let before = resumption.before.unwrap_or_default();
        let is_heard =
            !self.config.is_shared || room.heard_since.is_some_and(|since| since <= before);
        let delayed_at = self.hearsay.delayed_at();
        let holes = [room.hole_at, self.hole_at, self.traffic().late_at(), delayed_at];
        let is_sound = holes.into_iter().flatten().all(|at| at < before);
        is_heard && is_sound && self.has_heard_what_is_gone(id, room, resumption)
    }

    fn has_heard_what_is_gone(
        &self,
        id: HistoryId,
        room: &RoomHistory,
        resumption: &Resumption,
    ) -> bool {
        let Some(evicted) = &room.evicted else { return true };
        let in_this_room = resumption.last.filter(|(of, _)| *of == id);
        if in_this_room.is_some() && resumption.is_in_order {
            return true;
        }
        let is_the_last_of_them = in_this_room.is_some_and(|(_, number)| number + 1 == room.first);
        if is_the_last_of_them {
            return evicted.earlier().is_none_or(|bygone| resumption.has_heard_all(bygone));
        }
        resumption.has_heard_all(evicted.all())
    }
}

impl Resumption {
    /// Whether the client has heard this message of this room for certain.
    pub(crate) fn has_heard(&self, id: HistoryId, number: u64, entry: &Entry) -> bool {
        if let Some((room, last)) = self.last
            && room == id
            && (number == last || number < last && self.stands_before(entry))
        {
            return true;
        }
        self.has_heard_all(Bygone { at: entry.at, ticket: entry.passage.ticket })
    }

    /// The client is in this room no more; its number may become another's.
    pub(crate) fn forget(&mut self, room: HistoryId) {
        self.last.take_if(|(of, _)| *of == room);
    }

    /// Whether what stands before the last message in its room here stood there for the client too.
    fn stands_before(&self, entry: &Entry) -> bool {
        let has_its_origin = |last: Passage| entry.passage.has_origin_of(last);
        self.is_in_order || self.passage.is_some_and(has_its_origin)
    }

    fn has_heard_all(&self, bygone: Bygone) -> bool {
        bygone.ticket < self.settled || self.before.is_some_and(|before| bygone.at < before)
    }
}

/// When somebody may have heard a message first that came at this moment: another pod, or this one
/// in an earlier life, may have had a copy of it that never came here.
fn first_copy_at(at: Instant, id: &str, stamped_at: Option<u64>) -> Instant {
    match Uuid::try_parse(id).ok().zip(stamped_at) {
        Some((id, stamped_at)) => at.before(first_copy_age(id, stamped_at)),
        None => at,
    }
}

/// When a message was said that came at this moment, which others may have heard then already.
fn said_at(now: Now, at: Instant, stamped_at: Option<u64>) -> Instant {
    let waited =
        stamped_at.map_or(0, |stamped_at| unix_millis_of(now, at).saturating_sub(stamped_at));
    at.before(Duration::from_millis(waited))
}

/// A moment of the past by the calendar.
fn unix_millis_of(now: Now, at: Instant) -> u64 {
    now.unix_millis.saturating_sub(millis(now.instant.since(at)))
}

/// Whether a message that came at this moment was long on its way from its stamp to here.
pub(super) fn was_late(now: Now, at: Instant, stamped_at: Option<u64>) -> bool {
    let came_at = unix_millis_of(now, at);
    stamped_at.is_none_or(|stamped_at| came_at.saturating_sub(stamped_at) > LATE_AFTER_MILLIS)
}
