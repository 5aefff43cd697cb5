//! The shard itself: its state, what goes in and what comes out.
//!
//! The parts: [`connect`] (members come and go), [`membership`] (rooms), [`speech`] (what a member
//! says), [`missing`] (what other pods said and nobody here heard), [`flush`] (turn buffers and
//! rings → outlet), [`replay`] (who came back catches up), [`presence`] (who comes and
//! goes), [`slow_consumer`], [`standouts`] (who is behind, and what is busy), [`heartbeat`],
//! [`tokens`] (identities end and are renewed), [`drain`].

mod connect;
mod drain;
mod flush;
mod heartbeat;
mod membership;
mod missing;
mod presence;
mod replay;
mod slow_consumer;
mod speech;
pub(crate) mod standouts;
mod tokens;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stentor_wire::encode;
use stentor_wire::envelope::Envelope;
use stentor_wire::event::{self, SERVER_NAME};
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

use crate::config::{MemberOptions, ShardConfig};
use crate::counters::Counters;
use crate::event::Event;
use crate::history::History;
use crate::identity::Identity;
use crate::ids::IdSource;
use crate::member::Member;
use crate::numbers::MemberId;
use crate::numbers::RoomId;
use crate::presence::Presence;
use crate::rate::UserRate;
use crate::recent::RecentIds;
use crate::ring::{Ring, Slot};
use crate::room::Rooms;
use crate::shard::drain::Drain;
use crate::time::{Instant, Now};
use crate::traffic::Passage;
use crate::turn::Turn;
use crate::wheel::Wheel;

/// Frames that wait for their flush may weigh this much, all rooms together; past it
/// [`Shard::is_congested`] says that nothing more should be read.
const PENDING_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How many buffers and rings are kept for their next use.
const SPARES_MAX: usize = 64;

/// One event loop's share of the pod: a value that a driver feeds and empties.
#[derive(Debug)]
pub struct Shard {
    config: ShardConfig,
    members: Vec<Option<Member>>,
    /// Members that are there, open or closing.
    members_present: usize,
    /// Members that are open.
    members_open: usize,
    rooms: Rooms,
    recent: RecentIds,
    /// `None` where nothing is kept.
    history: Option<History>,
    presence: Presence,
    /// Members that came to a room and want to know who else does, not looked at yet.
    presence_wanted: Vec<(MemberId, RoomName)>,
    /// Rooms that somebody came to or left, not looked at yet.
    presence_touched: Vec<RoomName>,
    /// Members that are told who comes to which rooms.
    presence_listeners: HashSet<(MemberId, RoomId)>,
    /// Messages taken since all that was said here was flushed last.
    unsettled: u64,
    /// Everything with a smaller ticket has reached all members of the pod, as far as is known here.
    settled: u64,
    wheel: Wheel,
    drain: Option<Drain>,
    ids: IdSource,
    timestamp: Timestamp,
    events: VecDeque<Event>,
    /// Rooms that have something to say, in the order in which they began.
    dirty_rooms: VecDeque<RoomId>,
    /// The same for rooms whose last flush was costly.
    held_rooms: Vec<RoomId>,
    /// Members whose rings wait for a write, or are blocked and may have grown too long.
    dirty_members: VecDeque<MemberId>,
    /// Members that catch up and whose sockets have room.
    replaying: VecDeque<MemberId>,
    /// Members whose close frame has gone out.
    finished: VecDeque<MemberId>,
    /// Bytes in all turn buffers.
    pending_bytes: usize,
    #[expect(clippy::vec_box, reason = "the box is what is spared")]
    spare_turns: Vec<Box<Turn>>,
    #[expect(clippy::vec_box, reason = "the box is what is spared")]
    spare_rings: Vec<Box<Ring>>,
    counters: Counters,
}

/// A connection that becomes a member.
#[derive(Debug)]
pub struct Connect {
    /// Its number, chosen by the driver; not in use.
    pub member: MemberId,
    /// Who it has proven to be, where it has.
    pub identity: Option<Box<Identity>>,
    /// What the user's connections share, where there is a limit for them together; without an
    /// identity it counts for nothing.
    pub user_rate: Option<Arc<UserRate>>,
    /// Rooms to join, in order; at most [`crate::ROOMS_PER_MEMBER_MAX`], without repetition. One
    /// that the identity does not allow is passed over: whoever lets clients in has refused it
    /// already, and who hears events is told in `welcome` where it is.
    pub rooms: Vec<RoomName>,
    /// What it opted into.
    pub options: MemberOptions,
    /// Bytes that go before its first frame.
    pub preface: Vec<u8>,
    /// The message that it heard last on an earlier connection.
    pub last_id: Option<Uuid>,
}

/// A message from elsewhere in the pod, encoded already.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its room; `None` is for everybody.
    pub room: Option<RoomName>,
    /// The frame.
    pub frame: Bytes,
    /// Its id, where the sender chose it.
    pub chosen_id: Option<Uuid>,
    /// Its place in the pod's traffic; [`Passage::UNKNOWN`] for one that is not of this pod.
    pub passage: Passage,
}

impl Shard {
    /// A shard without members.
    pub fn new(config: ShardConfig) -> Shard {
        Shard {
            ids: IdSource::new(config.seed),
            history: config.history.clone().map(History::new),
            presence: Presence::new(config.presence.clone()),
            presence_wanted: Vec::new(),
            presence_touched: Vec::new(),
            presence_listeners: HashSet::new(),
            unsettled: 0,
            settled: 0,
            rooms: Rooms::new(config.history.is_some()),
            config,
            members: Vec::new(),
            members_present: 0,
            members_open: 0,
            recent: RecentIds::default(),
            wheel: Wheel::default(),
            drain: None,
            timestamp: Timestamp::from_unix_millis(0),
            events: VecDeque::new(),
            dirty_rooms: VecDeque::new(),
            held_rooms: Vec::new(),
            dirty_members: VecDeque::new(),
            replaying: VecDeque::new(),
            finished: VecDeque::new(),
            pending_bytes: 0,
            spare_turns: Vec::new(),
            spare_rings: Vec::new(),
            counters: Counters::default(),
        }
    }

    /// The next thing that the rest of the pod should know.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// The next member that was told goodbye: its socket has taken the close frame.
    pub fn poll_finished(&mut self) -> Option<MemberId> {
        self.finished.pop_front()
    }

    /// When something will have to be done although nothing happens; `None` = never. Now, where
    /// [`Shard::flush`] has more to write.
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        if self.has_work() {
            return Some(now);
        }
        let held = self.held_rooms.iter().map(|room| self.rooms[*room].flush_after).min();
        let drain = self.drain.as_ref().and_then(Drain::next_at);
        let history = self.history.as_ref().and_then(History::poll_timeout);
        let presence = self.presence.agenda.poll_timeout();
        [self.wheel.poll_timeout(), held, drain, history, presence].into_iter().flatten().min()
    }

    /// So much waits to be flushed that nothing more should be read before.
    pub fn is_congested(&self) -> bool {
        self.pending_bytes > PENDING_BYTES_MAX
    }

    /// Members that are open.
    pub fn members_open(&self) -> usize {
        self.members_open
    }

    /// Rooms that have members.
    pub fn rooms_open(&self) -> usize {
        self.rooms.len()
    }

    /// Whether the room has members here.
    pub fn has_room(&self, room: &RoomName) -> bool {
        self.rooms.find(room.as_str()).is_some()
    }

    /// Whether a message to the room is of any use here: for members, or for those who come back.
    pub fn minds_room(&self, room: &RoomName) -> bool {
        self.has_room(room)
            || self.history.as_ref().is_some_and(|history| history.find(room).is_some())
    }

    /// What is kept for those who come back: messages, and what they weigh in bytes.
    pub fn kept(&self) -> (usize, usize) {
        self.history.as_ref().map_or((0, 0), |history| (history.len(), history.weight()))
    }

    /// Whether the member is in the room.
    pub fn is_in_room(&self, member: MemberId, room: &RoomName) -> bool {
        self.is_member(member, self.rooms.find(room.as_str()))
    }

    /// What was counted so far.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Frames that wait in rings. It looks at every ring that exists.
    pub fn frames_queued(&self) -> usize {
        let rings = self.members.iter().flatten().filter_map(|member| member.ring.as_ref());
        rings.map(|ring| ring.len()).sum()
    }

    /// Whether the member is there and was not told to close.
    pub fn is_open(&self, member: MemberId) -> bool {
        self.member(member).is_some_and(Member::is_open)
    }

    /// The connection's own id and its proven identity.
    pub fn identity(&self, member: MemberId) -> Option<(Uuid, Option<&Arc<str>>)> {
        self.member(member).map(|member| (member.client_id, member.user()))
    }

    /// Whether the member shares a bucket with the other connections of its user.
    pub fn has_user_rate(&self, member: MemberId) -> bool {
        let standing = self.member(member).and_then(|member| member.standing.as_ref());
        standing.is_some_and(|standing| standing.rate.is_some())
    }

    /// Takes so many messages a second from each member from now on; 0 = no limit.
    pub fn change_rate_limit(&mut self, limit: u32) {
        self.config.rate_limit = limit;
    }

    /// How many members here hear what is said in the room, or to everybody.
    pub fn members_of(&self, room: Option<&RoomName>) -> usize {
        self.find_audience(room).map_or(0, |audience| self.audience_size(audience))
    }

    /// Whether something that was said in the room, or to everybody, waits in a turn buffer: right
    /// after a flush, for a room that is held back or was past the flush's bound.
    pub fn has_unflushed(&self, room: Option<&RoomName>) -> bool {
        let audience = match room {
            Some(name) => self.rooms.find(name.as_str()),
            None => Some(RoomId::GLOBAL),
        };
        audience.is_some_and(|audience| self.rooms[audience].turn.is_some())
    }

    /// Takes a message from elsewhere in the pod to this shard's members.
    pub fn handle_delivery(&mut self, now: Now, delivery: &Delivery) {
        self.take(now, delivery);
    }

    /// Takes a message of another pod to this shard's members.
    pub fn handle_arrival(&mut self, now: Now, delivery: &Delivery) {
        let audience = self.take(now, delivery);
        let turn = audience.and_then(|audience| self.rooms[audience].turn.as_mut());
        if let Some(turn) = turn
            && let Some(stamp) = encode::frame_timestamp(&delivery.frame)
        {
            let ago = Duration::from_millis(now.unix_millis.saturating_sub(stamp.unix_millis()));
            turn.note_remote(now.instant.before(ago));
        }
    }

    /// Takes a message that the program itself published: to this shard's members and, through
    /// an event, to the other shards. `false`: it is a resend, and nobody hears it.
    pub fn handle_publication(&mut self, now: Now, delivery: Delivery) -> bool {
        self.counters.messages_received += 1;
        if let Some(id) = delivery.chosen_id
            && !self.recent.insert(now.instant, delivery.room.as_ref(), id)
        {
            return false;
        }
        let delivery = Delivery { passage: self.begin_passage(now), ..delivery };
        let audience = self.find_audience(delivery.room.as_ref());
        self.deliver(now, audience, &delivery);
        let Delivery { room, frame, chosen_id, passage } = delivery;
        self.events.push_back(Event::Published { room, frame, chosen_id, passage });
        true
    }

    /// Lets those hear a message from elsewhere who are to hear it, unless it came before; returns
    /// who that is.
    fn take(&mut self, now: Now, delivery: &Delivery) -> Option<RoomId> {
        if let Some(id) = delivery.chosen_id
            && !self.recent.insert(now.instant, delivery.room.as_ref(), id)
        {
            self.note_passage(now, delivery.passage);
            if let Some(history) = &mut self.history {
                history.handle_repeat(now, delivery);
            }
            return None;
        }
        let audience = self.find_audience(delivery.room.as_ref());
        self.deliver(now, audience, delivery);
        audience
    }

    /// Gives back the memory of a past crowd, once nobody is there.
    fn shrink(&mut self) {
        const SPARE_ENTRIES_MAX: usize = 1_024;
        self.events.shrink_to(SPARE_ENTRIES_MAX);
        self.dirty_rooms.shrink_to(SPARE_ENTRIES_MAX);
        self.dirty_members.shrink_to(SPARE_ENTRIES_MAX);
        self.replaying.shrink_to(SPARE_ENTRIES_MAX);
        self.finished.shrink_to(SPARE_ENTRIES_MAX);
        self.wheel.shrink();
    }

    fn has_work(&self) -> bool {
        !(self.dirty_rooms.is_empty()
            && self.dirty_members.is_empty()
            && self.replaying.is_empty()
            && self.presence_wanted.is_empty()
            && self.presence_touched.is_empty()
            && self.events.is_empty())
    }

    fn member(&self, id: MemberId) -> Option<&Member> {
        self.members.get(id.index())?.as_ref()
    }

    fn member_mut(&mut self, id: MemberId) -> Option<&mut Member> {
        self.members.get_mut(id.index())?.as_mut()
    }

    /// Where a message from elsewhere goes: nowhere, where its room has no members here.
    fn find_audience(&self, room: Option<&RoomName>) -> Option<RoomId> {
        match room {
            Some(name) => self.rooms.find(name.as_str()),
            None => (self.members_open > 0).then_some(RoomId::GLOBAL),
        }
    }

    /// Gives a new message its place in the pod's traffic.
    fn begin_passage(&mut self, now: Now) -> Passage {
        let Some(history) = &self.history else { return Passage::UNKNOWN };
        history.traffic().begin(now.instant, self.config.index, self.settled)
    }

    /// Lets the members of an audience that has some here hear a message, and keeps it.
    fn deliver(&mut self, now: Now, audience: Option<RoomId>, delivery: &Delivery) {
        if let Some(audience) = audience {
            self.append(now, audience, &delivery.frame);
        }
        self.note_passage(now, delivery.passage);
        let Some(history) = &mut self.history else { return };
        let known = audience.and_then(|audience| self.rooms[audience].history);
        let frame = delivery.frame.clone();
        history.append(now, delivery.room.as_ref(), known, frame, delivery.passage);
    }

    /// Notes that a message of the pod came here, whether anybody is to hear it or not: it was
    /// counted in for every shard.
    fn note_passage(&mut self, now: Now, passage: Passage) {
        if let Some(history) = &self.history
            && passage.is_of_this_pod()
        {
            self.unsettled += 1;
            self.settled = self.settled.max(passage.settled());
            history.traffic().look_at_delay(now.instant, passage.said_at());
        }
    }

    /// Appends a frame to the turn buffer of its audience and marks that dirty.
    fn append(&mut self, now: Now, id: RoomId, frame: &[u8]) {
        let room = &mut self.rooms[id];
        let turn = room.turn.get_or_insert_with(|| {
            let mut turn = self.spare_turns.pop().unwrap_or_default();
            turn.began = now.instant;
            turn
        });
        turn.append(frame);
        self.pending_bytes += frame.len();
        if !room.queued {
            room.queued = true;
            if room.flush_after <= now.instant {
                self.dirty_rooms.push_back(id);
            } else {
                self.held_rooms.push(id);
            }
        }
    }

    /// Tells one member something that only concerns it.
    fn tell(&mut self, id: MemberId, frame: Vec<u8>) {
        self.queue(id, Slot::notice(frame));
    }

    /// Tells one member of an event, where it is there.
    fn tell_event(&mut self, now: Now, id: MemberId, room: Option<&str>, event: &event::Event<'_>) {
        let message_id = self.notice_id(now, id);
        let frame = self.event_frame(now, message_id, room, event);
        self.tell(id, frame);
    }

    /// The id of something that one member alone is told.
    fn notice_id(&mut self, now: Now, id: MemberId) -> Uuid {
        let ring = self.member(id).and_then(|member| member.ring.as_ref());
        match ring.and_then(|ring| ring.replay.as_ref()).map(|replay| replay.unix_millis()) {
            Some(unix_millis) => self.ids.of_time(unix_millis),
            None => self.ids.next(now.unix_millis),
        }
    }

    fn event_frame(
        &mut self,
        now: Now,
        id: Uuid,
        room: Option<&str>,
        event: &event::Event<'_>,
    ) -> Vec<u8> {
        let mut data = Vec::with_capacity(128);
        event.write_data(&mut data);
        let envelope = Envelope {
            id,
            kind: MessageType::System,
            room,
            from: SERVER_NAME,
            data: &data,
            timestamp: self.timestamp(now),
        };
        let mut frame = Vec::with_capacity(encode::envelope_frame_bytes(&envelope));
        encode::envelope_frame(&envelope, &mut frame);
        frame
    }

    /// Puts frames into a member's ring and marks it for the flush at the end of the turn, unless its
    /// socket is full and its ring is not. Nothing follows a close frame (RFC 6455, section 5.5.1), so
    /// a closing member is passed over.
    fn queue(&mut self, id: MemberId, slot: Slot) {
        self.queue_with(id, |ring| ring.push(slot));
    }

    fn queue_with(&mut self, id: MemberId, push: impl FnOnce(&mut Ring)) {
        let member = self.members.get_mut(id.index()).and_then(Option::as_mut);
        let Some(member) = member.filter(|member| member.is_open()) else { return };
        let ring = member.ring.get_or_insert_with(|| self.spare_rings.pop().unwrap_or_default());
        push(ring);
        if !(member.queued || ring.only_waits()) {
            member.queued = true;
            self.dirty_members.push_back(id);
        }
    }

    /// The time as text, formatted once a millisecond.
    fn timestamp(&mut self, now: Now) -> Timestamp {
        if self.timestamp.unix_millis() != now.unix_millis {
            self.timestamp = Timestamp::from_unix_millis(now.unix_millis);
        }
        self.timestamp
    }
}

#[cfg(test)]
mod tests;
