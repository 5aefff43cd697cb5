//! Members that come back catch up with their rooms.

use stentor_wire::encode::frame_is_from;
use stentor_wire::event::Event as Notice;
use stentor_wire::place::Place;
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::event::Event;
use crate::history::{Cursor, Entry, HistoryId, LastHeard, Owed, Resumption};
use crate::member::Member;
use crate::numbers::{MemberId, RoomId};
use crate::recollection::{self, Recollection, Remembered};
use crate::replay::{Portion, Replay};
use crate::ring::{Class, RING_SLOTS_MAX, Ring, Slot};
use crate::shard::Shard;
use crate::time::Now;

/// What became of a `last_id`.
#[derive(Debug, Default)]
pub(super) struct Resumed {
    recovered: bool,
    replayed: u64,
    oldest_id: Option<String>,
}

impl Shard {
    /// Fixes from where on a member that came back hears what is said: behind what it is owed of
    /// the time before. `None` where somebody else is asked what that is.
    pub(super) fn begin_replay(
        &mut self,
        now: Now,
        id: MemberId,
        last_id: Uuid,
    ) -> Option<Resumed> {
        let Some(history) = &self.history else {
            // Nothing is kept of what was said before, so nothing can be recovered.
            return Some(Resumed::default());
        };
        let rooms = self.history_rooms(id);
        let owed = self.owed_since(now, id, last_id, &rooms)?;
        if owed.is_whole || !history.has_archive() {
            return Some(self.replay(id, owed));
        }
        let mut replay = Box::new(Replay::new(Resumption::default(), Vec::new()));
        rooms.iter().for_each(|room| replay.enter(history, *room));
        replay.asked_behind = Some(last_id);
        let rooms = rooms.iter().map(|room| history.name(*room).cloned()).collect();
        let client_id = self.member(id)?.client_id;
        self.queue_with(id, |ring| ring.replay = Some(replay));
        self.events.push_back(Event::HistoryWanted { member: id, client_id, rooms, last_id });
        None
    }

    /// Tells a member what became of its `last_id`.
    pub(super) fn tell_resumed(&mut self, now: Now, id: MemberId, resumed: Resumed) {
        let Resumed { recovered, replayed, oldest_id } = resumed;
        let oldest_id = oldest_id.as_deref();
        self.tell_event(now, id, None, &Notice::Resume { recovered, replayed, oldest_id });
    }

    /// Takes what an archive knows of a member's rooms, `None` where it did not answer: the member
    /// is told what became of its `last_id`, and catches up. Nothing happens where it is gone, or
    /// was not asked for.
    pub fn handle_history(
        &mut self,
        now: Now,
        id: MemberId,
        client_id: Uuid,
        found: Option<Recollection>,
    ) {
        let Some(member) = self.member_mut(id).filter(|member| member.client_id == client_id)
        else {
            return;
        };
        let ring = member.ring.as_mut();
        let Some(replay) =
            ring.and_then(|ring| ring.replay.take_if(|of| of.asked_behind.is_some()))
        else {
            return;
        };
        let resumed = match (replay.asked_behind, found) {
            (_, Some(found)) => self.replay_recalled(now, id, *replay, found),
            (Some(last_id), None) => {
                let asked_for = replay.rooms().filter(|room| replay.was_asked_for(*room));
                let rooms: Vec<HistoryId> = asked_for.collect();
                let owed = self.owed_since(now, id, last_id, &rooms);
                owed.map(|mut owed| {
                    owed.cursors.extend(replay.cursors_joined());
                    self.replay(id, owed)
                })
            }
            (None, None) => None,
        };
        if let Some(resumed) = resumed {
            self.tell_resumed(now, id, resumed);
        }
    }

    /// What was published before this had been heard by who heard a message of that time, whichever
    /// pod it was on; nothing, where the calendar here was set and the time may be of before that. Both
    /// in milliseconds since 1970.
    pub fn unheard_since(&self, now: Now, heard_at: u64, last: LastHeard) -> u64 {
        let history = self.history.as_ref();
        history.map_or(heard_at, |history| history.unheard_since(now, heard_at, last))
    }

    /// Lets a member catch up with what it is owed.
    fn replay(&mut self, id: MemberId, owed: Owed) -> Resumed {
        let Owed { is_whole, messages, oldest_id, resumption, cursors } = owed;
        self.catch_up(id, Replay::new(resumption, cursors), is_whole);
        Resumed { recovered: is_whole, replayed: messages, oldest_id }
    }

    fn catch_up(&mut self, id: MemberId, replay: Replay, is_whole: bool) {
        if is_whole {
            self.counters.resumes_recovered += 1;
        } else {
            self.counters.resumes_incomplete += 1;
        }
        self.queue_with(id, |ring| ring.replay = Some(Box::new(replay)));
    }

    /// What an archive knows goes before what came here since the member did; of a room of which
    /// this shard has everything since, it is not needed. Where something is missing, all that is
    /// kept here is told among it.
    fn replay_recalled(
        &mut self,
        now: Now,
        id: MemberId,
        asked: Replay,
        found: Recollection,
    ) -> Option<Resumed> {
        let Shard { config, members, history, .. } = self;
        let (history, member) = (history.as_ref()?, members[id.index()].as_ref()?);
        let Recollection { heard_at_unix_millis, rooms } = found;
        let by_time = heard_at_unix_millis.and_then(|millis| history.heard_until(now, millis));
        let mut cursors = Vec::new();
        let (mut recalled, mut is_whole) = (Vec::new(), true);
        let mut oldest_id = None;
        for room in asked.rooms().filter(|room| asked.was_asked_for(*room)) {
            let of_room = rooms.iter().find(|of| of.room.as_ref() == history.name(room));
            oldest_id = oldest_id.or_else(|| of_room.and_then(|of| of.oldest_id.clone()));
            let is_known_here = by_time.as_ref().is_some_and(|heard| {
                of_room.is_none_or(|of| !of.is_whole) && history.is_complete(room, heard)
            });
            let first = Cursor { room, next: history.first_number(room) };
            cursors.push(if is_known_here { first } else { asked.cursor(room).unwrap_or(first) });
            is_whole &= is_known_here || of_room.is_some_and(|of| of.is_whole);
            recalled.extend(of_room.filter(|_| !is_known_here).map(|of| (room, of.clone())));
        }
        // What was said on this pod has no number here, and what is gone of that is older.
        let own = Place::behind_all(&config.pod);
        let remembered = |entry: &Entry| {
            let own = entry.passage.is_of_this_pod().then_some(own);
            Remembered { frame: entry.frame.clone(), place: entry.passage.place().or(own) }
        };
        if is_whole {
            for (room, of_room) in recalled.iter_mut().filter(|(_, of)| !of.among.is_empty()) {
                let next = asked.cursor(*room).map_or(0, |cursor| cursor.next);
                of_room.take_up(history.entries_from(*room, next).map(|entry| &entry.frame));
            }
        } else {
            // All that is kept, here too. What one sender said may be in part here and in part there.
            for (room, of_room) in &mut recalled {
                of_room.weave(history.entries(*room).map(remembered));
            }
            let is_recalled = |of: HistoryId| recalled.iter().any(|(room, _)| *room == of);
            for cursor in cursors.iter_mut().filter(|cursor| !is_recalled(cursor.room)) {
                cursor.next = history.first_number(cursor.room);
            }
        }
        cursors.extend(asked.cursors_joined());
        let resumption = by_time.filter(|_| is_whole).unwrap_or_default();
        let mut frames = recollection::merge(recalled.into_iter().map(|(_, of)| of));
        frames.retain(|frame| !is_of(member, frame));
        let count = frames.len() as u64;
        let replay = Replay::new(resumption, cursors).recalling(frames);
        let replayed = count + replay.messages_kept(history, |entry| spares(member, entry));
        self.catch_up(id, replay, is_whole);
        Some(Resumed { recovered: is_whole, replayed, oldest_id })
    }

    /// Whether the member hears its rooms from the history yet.
    pub(super) fn is_replaying(&self, id: MemberId) -> bool {
        self.member(id).is_some_and(Member::is_replaying)
    }

    /// A member that catches up is in one room more.
    pub(super) fn replay_room(&mut self, id: MemberId, room: HistoryId) {
        let Shard { members, history, .. } = self;
        let ring = members[id.index()].as_mut().and_then(|member| member.ring.as_mut());
        if let Some(history) = history
            && let Some(replay) = ring.and_then(|ring| ring.replay.as_mut())
        {
            replay.enter(history, room);
        }
    }

    /// Hands a member that catches up all that it is owed of a room, before it leaves that.
    pub(super) fn settle_replay(&mut self, now: Now, id: MemberId, room: RoomId) {
        let Some(room) = self.rooms[room].history else { return };
        let Shard { members, history, .. } = self;
        let Some(member) = members[id.index()].as_mut() else { return };
        let Some(history) = history else { return };
        let Some(mut replay) = member.ring.as_mut().and_then(|ring| ring.replay.take()) else {
            return;
        };
        let portion = replay.leave(history, room, |entry| spares(member, entry));
        let unix_millis = replay.unix_millis();
        self.queue_with(id, |ring| ring.replay = Some(replay));
        let slots = portion.map(|portion| self.slots_of(now, unix_millis, portion));
        let slots = slots.unwrap_or_default();
        slots.into_iter().for_each(|slot| self.queue(id, slot));
    }

    /// Puts the next portion into the ring of a member that catches up, where there is room. One
    /// that has caught up hears its rooms as everybody does, from here on.
    pub(super) fn pull(&mut self, now: Now, id: MemberId, ring: &mut Ring) {
        if ring.len() > RING_SLOTS_MAX / 2 {
            return;
        }
        let Shard { members, history, .. } = self;
        let Some(member) = members[id.index()].as_ref() else { return };
        let (Some(history), Some(replay)) = (history, &mut ring.replay) else { return };
        if replay.asked_behind.is_some() {
            return;
        }
        let portion = replay.next_portion(history, |entry| spares(member, entry));
        let unix_millis = replay.unix_millis();
        if portion.frames == 0 && portion.missed.is_empty() {
            ring.replay = None;
            return self.hear_from_here(id);
        }
        self.slots_of(now, unix_millis, portion).into_iter().for_each(|slot| ring.push(slot));
    }

    /// Messages that a member which catches up has not been given yet.
    pub(super) fn owed_by_replay(&self, id: MemberId) -> u64 {
        let Some(member) = self.member(id) else { return 0 };
        let replay = member.ring.as_ref().and_then(|ring| ring.replay.as_ref());
        let Some((history, replay)) = self.history.as_ref().zip(replay) else { return 0 };
        replay.messages(history, |entry| spares(member, entry))
    }

    fn history_rooms(&self, id: MemberId) -> Vec<HistoryId> {
        let Some(member) = self.member(id) else { return Vec::new() };
        let memberships = member.memberships.as_slice().iter();
        let rooms = memberships.filter_map(|membership| self.rooms[membership.room].history);
        rooms.chain([HistoryId::GLOBAL]).collect()
    }

    fn owed_since(
        &self,
        now: Now,
        id: MemberId,
        last_id: Uuid,
        rooms: &[HistoryId],
    ) -> Option<Owed> {
        let (history, member) = (self.history.as_ref()?, self.member(id)?);
        Some(history.resume(now, last_id, rooms, |entry| spares(member, entry)))
    }

    fn slots_of(&mut self, now: Now, unix_millis: u64, portion: Portion) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(1 + portion.missed.len());
        for (room, missed) in portion.missed {
            self.counters.dropped.history += missed;
            let name = self.history.as_ref().and_then(|history| history.name(room)).cloned();
            let notice = Notice::Gap { missed: Some(missed), from_id: None, to_id: None };
            let room = name.as_ref().map(RoomName::as_str);
            let id = self.ids.of_time(unix_millis);
            slots.push(Slot::notice(self.event_frame(now, id, room, &notice)));
        }
        if portion.frames > 0 {
            self.counters.messages_sent += u64::from(portion.frames);
            self.counters.messages_replayed += u64::from(portion.frames);
            slots.push(Slot::alone(portion.bytes, portion.frames, Class::Message));
        }
        slots
    }

    /// What the rooms of a member have said up to here it has had.
    fn hear_from_here(&mut self, id: MemberId) {
        let Shard { members, rooms, .. } = self;
        let Some(member) = members[id.index()].as_ref() else { return };
        let memberships = member.memberships.as_slice().iter().map(|membership| membership.room);
        for room in memberships.chain([RoomId::GLOBAL]) {
            if let Some(turn) = &mut rooms[room].turn {
                turn.note_join(id);
            }
        }
    }
}

/// Whether the member does not want to hear this: it said so itself.
fn spares(member: &Member, entry: &Entry) -> bool {
    is_of(member, &entry.frame)
}

/// Whether the member said this itself and does without its own messages.
fn is_of(member: &Member, frame: &[u8]) -> bool {
    if member.options.echo {
        return false;
    }
    match member.user() {
        Some(user) => frame_is_from(frame, user),
        None => {
            let mut id = Uuid::encode_buffer();
            frame_is_from(frame, member.client_id.hyphenated().encode_lower(&mut id))
        }
    }
}
