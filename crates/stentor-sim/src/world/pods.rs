//! What the drivers of a pod's shards do: the turn of a shard, as the engine's loop has it.

use stentor_bus::channel::Audience;
use stentor_bus::relay;
use stentor_bus::waiters::{Release, WaiterId};
use stentor_shard::{Connect, Delivery, Event as ShardEvent, MemberOptions};
use stentor_wire::assemble::{Incoming, Input as Bytes};
use stentor_wire::draft::{Draft, RoomField};
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;

use super::recalling::Wanted;
use super::{Event, World};
use crate::bus::Input;
use crate::client::TextData;
use crate::connection::{ConnectionId, Phase, Sockets};
use crate::mutation::Mutation;
use crate::oracle::{Arrived, Taken};
use crate::pod::{Waiting, Work};
use crate::queue::{MILLI, Micros, SECOND};

/// What a message may weigh; no client here says more.
const MESSAGE_BYTES_MAX: usize = 65_536;

/// How long a message waits for a busy shard, at the most.
const BUSY_DELAY_MAX: Micros = 25 * MILLI;

/// What a client says that says nothing.
const NOTHING: Draft<'static> = Draft {
    id: None,
    reference: None,
    kind: MessageType::Pong,
    room: RoomField::Absent,
    from: None,
    timestamp: None,
    data: b"{}",
};

/// How long a peer may take to read its close frame, as in the engine.
const CLOSING_TIMEOUT: Micros = 30 * SECOND;

impl World {
    /// A handshake comes: it is answered when its rooms are heard, which are wanted for it until
    /// its member wants them itself.
    pub(super) fn knock(&mut self, id: ConnectionId) {
        let pod = self.connections[id].pod;
        if !self.pods[pod].is_alive {
            self.connection_lost(id);
            return;
        }
        let rooms = self.connections[id].rooms.clone();
        for room in &rooms {
            self.tell_bus(pod, Input::Want(room.clone()));
        }
        self.wait(pod, Waiting::Handshake(id), rooms);
    }

    pub(super) fn released(&mut self, pod: usize, waiter: WaiterId, release: Release) {
        let Some(waiting) = self.pods[pod].waiting.remove(&waiter) else { return };
        let (id, work) = match waiting {
            Waiting::Recall(number) => return self.recall(number, release),
            Waiting::Handshake(id) => (id, Work::Attach(id)),
            Waiting::Member(id, room) => (id, Work::Heard(id, room)),
        };
        let shard = self.connections[id].shard;
        let at = self.now + self.delay(5, 200);
        self.queue.push(at, Event::ToShard { pod, shard, work });
    }

    pub(super) fn bring_to_shard(&mut self, pod: usize, shard: usize, work: Work) {
        if self.pods[pod].is_alive {
            self.pods[pod].sides[shard].work.push_back(work);
            let delay = self.delay(0, 100);
            self.wake_shard(pod, shard, delay);
        }
    }

    /// Wakes a shard, unless it wakes before by itself or stands still.
    pub(super) fn wake_shard(&mut self, pod: usize, shard: usize, delay: Micros) {
        let side = &mut self.pods[pod].sides[shard];
        let at = (self.now + delay).max(side.stands_until);
        if side.wakes_at.is_none_or(|wakes_at| wakes_at > at) {
            side.wakes_at = Some(at);
            self.queue.push(at, Event::Shard { pod, shard });
        }
    }

    pub(super) fn shard_wakes(&mut self, pod: usize, shard: usize) {
        let running = &mut self.pods[pod];
        let side = &mut running.sides[shard];
        if !running.is_alive || side.wakes_at != Some(self.now) {
            return;
        }
        side.wakes_at = None;
        if side.stands_until > self.now {
            self.wake_shard(pod, shard, 0);
            return;
        }
        self.turn(pod, shard);
    }

    /// One turn: everything that has come, what is due, and the flush.
    fn turn(&mut self, pod: usize, shard: usize) {
        while let Some(work) = self.pods[pod].sides[shard].work.pop_front() {
            self.work(pod, shard, work);
        }
        self.take_batches(pod, shard);
        let now = self.pods[pod].now(self.now);
        let side = &mut self.pods[pod].sides[shard];
        side.shard.handle_timeout(now);
        let due: Vec<ConnectionId> =
            side.closing.iter().filter(|(_, at)| **at <= self.now).map(|(id, _)| *id).collect();
        due.into_iter().for_each(|id| self.disconnect(id));
        self.emit(pod, shard);
        self.flush(pod, shard);
        self.emit(pod, shard);
        if let Some(proof) = self.pods[pod].sides[shard].proof.take() {
            self.pods[pod].handed.handle_flushed(shard, proof);
        }
        let side = &self.pods[pod].sides[shard];
        let closing = side.closing.values().min().copied();
        let due = side.shard.poll_timeout(now.instant).map(|at| at.micros());
        if let Some(at) = [closing, due].into_iter().flatten().min() {
            // A turn that left work over takes its time too.
            self.wake_shard(pod, shard, at.saturating_sub(self.now).max(20));
        }
    }

    fn take_batches(&mut self, pod: usize, shard: usize) {
        while let Some(batch) = self.pods[pod].sides[shard].poll_batch() {
            self.take_batch(pod, shard, batch);
        }
    }

    fn work(&mut self, pod: usize, shard: usize, work: Work) {
        let now = self.pods[pod].now(self.now);
        match work {
            Work::Attach(id) => self.attach(pod, shard, id),
            Work::Bytes(id, bytes) if self.is_member(id) => self.take_bytes(id, bytes),
            Work::Writable(id) if self.is_member(id) => {
                let member = self.connections[id].member;
                self.pods[pod].sides[shard].shard.handle_writable(member);
            }
            Work::Ended(id) if self.is_member(id) => self.disconnect(id),
            Work::Heard(id, room) if self.is_member(id) => {
                let member = self.connections[id].member;
                let Some(side) = self.pods[pod].sides.get_mut(shard) else { return };
                if side.shard.is_in_room(member, &room) {
                    let members = self.pods[pod].interest.members(&room);
                    let shard = &mut self.pods[pod].sides[shard].shard;
                    shard.handle_joined(now, member, &room, members);
                    self.oracle.joined(self.now, id, Some(room));
                }
            }
            Work::Recalled(number) => {
                // What came before it lies there already.
                self.take_batches(pod, shard);
                self.recollect(number);
            }
            Work::Deliver(delivery) => {
                self.pods[pod].sides[shard].shard.handle_delivery(now, &delivery);
                self.note_reached(pod, shard, &delivery);
            }
            Work::Bytes(..) | Work::Writable(_) | Work::Ended(_) | Work::Heard(..) => {}
        }
    }

    fn attach(&mut self, pod: usize, shard: usize, id: ConnectionId) {
        let now = self.pods[pod].now(self.now);
        let rooms = self.connections[id].rooms.clone();
        if !self.connections[id].is_over {
            let plan = self.clients[self.connections[id].client].plan;
            let grant = self.grant(id);
            let side = &mut self.pods[pod].sides[shard];
            let member = side.take_number(id);
            let last_id = self.connections[id].last_id;
            let mut entered = rooms.clone();
            let skips = self.plan.mutation == Some(Mutation::SkipOneRoom) && last_id.is_some();
            let skipped = if skips { entered.pop() } else { None };
            let events = plan.events || last_id.is_some();
            let options = MemberOptions { events, echo: plan.echo, ..MemberOptions::default() };
            let identity = grant.identity(id, now.unix_millis);
            let user = identity.as_ref().map(|identity| identity.user.to_string());
            let client_id = side.shard.handle_connect(
                now,
                Connect {
                    member,
                    identity: identity.map(Box::new),
                    user_rate: None,
                    rooms: entered,
                    options,
                    preface: Vec::new(),
                    last_id,
                },
            );
            if let Some(room) = skipped {
                let room = RoomField::Named(room.as_str().into());
                let join = Draft { kind: MessageType::Join, room, ..NOTHING };
                side.shard.handle_draft(now, member, &join);
            }
            self.connections[id].member = member;
            self.connections[id].phase = Phase::Open;
            let arrived = Arrived {
                connection: id,
                client: self.connections[id].client,
                is_back: last_id.is_some(),
                behind: self.connections[id].last_number,
                name: user.unwrap_or_else(|| client_id.to_string()),
                pod,
                shard,
                events,
                echo: plan.echo,
                rooms: rooms.iter().cloned().map(Some).filter(|room| grant.allows(room)).collect(),
            };
            self.oracle.arrived(self.now, arrived);
            self.emit(pod, shard);
            let at = self.now + self.delay(100, 3_000);
            self.queue.push(at, Event::Accepted(id));
        }
        for room in rooms {
            self.tell_bus(pod, Input::Unwant(room));
        }
    }

    fn take_bytes(&mut self, id: ConnectionId, mut bytes: Vec<u8>) {
        let connection = &mut self.connections[id];
        let (pod, shard, member) = (connection.pod, connection.shard, connection.member);
        let now = self.pods[pod].now(self.now);
        self.pods[pod].sides[shard].shard.handle_heard(now, member);
        let mut assembler = std::mem::take(&mut connection.assembler);
        let mut input = Bytes::new(&mut bytes);
        while self.pods[pod].sides[shard].shard.is_open(member) {
            match assembler.poll(&mut input, MESSAGE_BYTES_MAX) {
                Ok(Some(incoming)) => self.take_incoming(id, &incoming),
                Ok(None) => break,
                Err(error) => {
                    let shard = &mut self.pods[pod].sides[shard].shard;
                    shard.handle_close(member, error.close_code());
                }
            }
        }
        self.connections[id].assembler = assembler;
    }

    fn take_incoming(&mut self, id: ConnectionId, incoming: &Incoming<'_>) {
        let connection = &self.connections[id];
        let (pod, shard, member) = (connection.pod, connection.shard, connection.member);
        let now = self.pods[pod].now(self.now);
        let first_last_word = self.first_last_word;
        let grant = self.grant(id);
        let running = &mut self.pods[pod];
        let shard = &mut running.sides[shard].shard;
        match incoming {
            Incoming::Text(text) => match running.parser.parse_client(text.as_bytes()) {
                Ok(draft) => {
                    let data = serde_json::from_slice::<TextData>(draft.data).unwrap_or_default();
                    if draft.kind == MessageType::Auth {
                        let judged = grant.identity(data.shown.unwrap_or(id), now.unix_millis);
                        let judged = judged.ok_or("nobody is believed here".into());
                        shard.handle_renewal(now, member, judged, None);
                        return;
                    }
                    let audience = audience_of(&draft.room);
                    // What is not allowed counts as not said: whoever hears it hears too much.
                    if let (MessageType::Chat, Some(number)) = (draft.kind, data.n)
                        && grant.allows(&audience)
                    {
                        let is_last_word = number >= first_last_word;
                        let (at, sender) = ((pod, connection.shard), id);
                        let taken = Taken { number, audience, at, sender, is_last_word };
                        self.oracle.taken(self.now, taken);
                    }
                    shard.handle_draft(now, member, &draft);
                }
                Err(refusal) => shard.handle_refusal(member, &refusal),
            },
            Incoming::Ping(payload) => shard.handle_ping(member, payload),
            Incoming::Close(close) => {
                shard.handle_peer_close(member, close.as_ref().map(|close| close.code));
            }
            Incoming::Binary(_) | Incoming::Pong(_) => {}
        }
    }

    /// Passes on what a shard has to tell.
    fn emit(&mut self, pod: usize, shard: usize) {
        let now = self.pods[pod].now(self.now);
        while let Some(event) = self.pods[pod].sides[shard].shard.poll_event() {
            match event {
                ShardEvent::Published { room, frame, chosen_id, passage } => {
                    let message = relay::message_of_frame(&frame).expect("an envelope's frame");
                    let said = Input::Said {
                        audience: room.clone(),
                        message,
                        is_id_chosen: chosen_id.is_some(),
                        is_settled: passage.is_quiet(),
                    };
                    let delivery = Delivery { room, frame, chosen_id, passage };
                    self.tell_neighbours(pod, shard, &delivery);
                    self.tell_bus(pod, said);
                }
                ShardEvent::HistoryWanted { member, client_id, rooms, last_id } => {
                    let wanted = Wanted { member, client_id, rooms, last_id };
                    self.want_history(pod, shard, wanted);
                }
                ShardEvent::Presence { .. } => {}
                ShardEvent::Closing { member } => {
                    // Its socket may have ended since; then there is nothing left to wait for.
                    let id = self.pods[pod].sides[shard].members[member.index()];
                    if let Some(id) = id.filter(|id| self.is_member(*id)) {
                        let side = &mut self.pods[pod].sides[shard];
                        side.closing.insert(id, self.now + CLOSING_TIMEOUT);
                        self.oracle.over(self.now, id);
                    }
                }
                ShardEvent::Joined { member, room, opened, asked } => {
                    self.pods[pod].interest.join(&room, shard);
                    if opened {
                        self.tell_bus(pod, Input::Want(room.clone()));
                    }
                    let id = self.pods[pod].sides[shard].members[member.index()];
                    if let Some(id) = id.filter(|_| asked) {
                        self.oracle.entered(id, Some(room.clone()));
                        self.wait(pod, Waiting::Member(id, room.clone()), vec![room]);
                    }
                }
                ShardEvent::Present { member, room } => {
                    let members = self.pods[pod].interest.members(&room);
                    let shard = &mut self.pods[pod].sides[shard].shard;
                    shard.handle_joined(now, member, &room, members);
                }
                ShardEvent::Left { member, room, closed, asked } => {
                    let members = self.pods[pod].interest.leave(&room, shard, closed);
                    if closed {
                        self.tell_bus(pod, Input::Unwant(room.clone()));
                    }
                    let side = &mut self.pods[pod].sides[shard];
                    if let Some(id) = side.members[member.index()].filter(|_| asked) {
                        side.shard.handle_left(now, member, &room, members);
                        self.oracle.left(id, &Some(room));
                    }
                }
            }
        }
    }

    fn tell_neighbours(&mut self, pod: usize, shard: usize, delivery: &Delivery) {
        let is_heard = self.pods[pod].bus.is_up();
        for other in 0..self.pods[pod].sides.len() {
            let has_members = self.pods[pod].interest.has(delivery.room.as_ref(), other);
            // Who comes back may come to any shard, so each keeps what was said.
            let keeps = self.plan.history.is_some()
                && self.plan.mutation != Some(Mutation::KeepForMembersOnly);
            if other == shard || !(has_members || keeps) {
                continue;
            }
            let mut delivery = delivery.clone();
            let mut delay = self.delay(5, 300);
            if self.plan.history.is_some() && self.random.u32(0..8) == 0 {
                // Its mailbox is full of other things.
                delay += self.delay(0, BUSY_DELAY_MAX);
            }
            match self.plan.mutation {
                Some(Mutation::DropLocal) if self.random.u32(0..20) == 0 => continue,
                Some(Mutation::WaitForRedis) if !is_heard => delay += SECOND,
                Some(Mutation::ForgetDuplicates) => delivery.chosen_id = None,
                _ => {}
            }
            let lane = &mut self.pods[pod].sides[shard].neighbours[other];
            let at = lane.arrival(self.now, delay);
            let work = Work::Deliver(delivery);
            self.queue.push(at, Event::ToShard { pod, shard: other, work });
        }
    }

    fn flush(&mut self, pod: usize, shard: usize) {
        let now = self.pods[pod].now(self.now);
        let side = &mut self.pods[pod].sides[shard];
        let mut sockets = Sockets {
            connections: &mut self.connections,
            members: &side.members,
            now: now.instant,
            written: Vec::new(),
        };
        side.shard.flush(now, &mut sockets);
        let written = sockets.written;
        while let Some(member) = self.pods[pod].sides[shard].shard.poll_finished() {
            if let Some(id) = self.pods[pod].sides[shard].members[member.index()] {
                self.disconnect(id);
            }
        }
        written.into_iter().for_each(|id| self.schedule_read(id));
    }

    /// A pod has done with a connection: nothing follows what is in the socket.
    fn disconnect(&mut self, id: ConnectionId) {
        if !self.is_member(id) {
            return;
        }
        self.oracle.over(self.now, id);
        let connection = &mut self.connections[id];
        connection.phase = Phase::Gone;
        connection.is_finished = true;
        let (pod, shard, member) = (connection.pod, connection.shard, connection.member);
        let side = &mut self.pods[pod].sides[shard];
        side.shard.handle_disconnect(member);
        side.closing.remove(&id);
        // What it has to tell of its member comes before its number is another's.
        self.emit(pod, shard);
        self.pods[pod].sides[shard].members[member.index()] = None;
        self.schedule_read(id);
    }

    pub(super) fn wait(&mut self, pod: usize, waiting: Waiting, rooms: Vec<RoomName>) {
        let running = &mut self.pods[pod];
        running.waiters += 1;
        let waiter = WaiterId(running.waiters);
        running.waiting.insert(waiter, waiting);
        self.tell_bus(pod, Input::Wait(waiter, rooms));
    }
}

fn audience_of(room: &RoomField<'_>) -> Audience {
    match room {
        RoomField::Named(name) => RoomName::parse(name).ok(),
        _ => None,
    }
}
