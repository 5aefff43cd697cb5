//! Members that come back catch up with their rooms.

use stentor_wire::encode::frame_is_from;
use stentor_wire::event::Event as Notice;
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::history::{Entry, HistoryId, Owed};
use crate::member::Member;
use crate::numbers::{MemberId, RoomId};
use crate::replay::{Portion, Replay};
use crate::ring::{Class, RING_SLOTS_MAX, Ring, Slot};
use crate::shard::Shard;
use crate::time::Now;

/// What became of a `last_id`.
#[derive(Debug, Default)]
pub(super) struct Resumed {
    pub(super) recovered: bool,
    pub(super) replayed: u64,
    pub(super) oldest_id: Option<String>,
}

impl Shard {
    /// Fixes what a member is owed that came back with a `last_id`, and lets it catch up from the
    /// next flush on. What is said from here on stands behind that.
    pub(super) fn begin_replay(&mut self, now: Now, id: MemberId, last_id: Uuid) -> Resumed {
        // Where nothing is kept of what was said before, nothing can be recovered.
        let Some(owed) = self.owed_since(now, id, last_id) else { return Resumed::default() };
        if owed.is_whole {
            self.counters.resumes_recovered += 1;
        } else {
            self.counters.resumes_incomplete += 1;
        }
        let replay = Box::new(Replay::new(owed.resumption, owed.cursors));
        self.queue_with(id, |ring| ring.replay = Some(replay));
        Resumed { recovered: owed.is_whole, replayed: owed.messages, oldest_id: owed.oldest_id }
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

    fn owed_since(&mut self, now: Now, id: MemberId, last_id: Uuid) -> Option<Owed> {
        let history = self.history.as_ref()?;
        let member = self.members[id.index()].as_ref()?;
        let memberships = member.memberships.as_slice().iter();
        let mut rooms: Vec<HistoryId> =
            memberships.filter_map(|membership| self.rooms[membership.room].history).collect();
        rooms.push(HistoryId::GLOBAL);
        Some(history.resume(now, last_id, &rooms, |entry| spares(member, entry)))
    }

    fn slots_of(&mut self, now: Now, unix_millis: u64, portion: Portion) -> Vec<Slot> {
        let mut slots = Vec::with_capacity(1 + portion.missed.len());
        for (room, missed) in portion.missed {
            self.counters.messages_dropped += missed;
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
    if member.options.echo {
        return false;
    }
    match member.user() {
        Some(user) => frame_is_from(&entry.frame, user),
        None => {
            let mut id = Uuid::encode_buffer();
            frame_is_from(&entry.frame, member.client_id.hyphenated().encode_lower(&mut id))
        }
    }
}
