//! What clients do: connect, talk, join, leave, read, end.

use bytes::Bytes;
use stentor_wire::frame::OpCode;

use super::{Event, World};
use crate::client::{Words, frame};
use crate::connection::{Connection, ConnectionId, Pace, Phase};
use crate::grant::Grant;
use crate::plan::Act;
use crate::pod::{CALENDAR_START_MILLIS, Work};
use crate::queue::{MILLI, Micros};

/// How long anything takes between a client and its pod.
const NETWORK: (Micros, Micros) = (100, 3 * MILLI);

/// How long a client that lost its connection waits before it makes another.
const RETRY: (Micros, Micros) = (20 * MILLI, 600 * MILLI);

impl World {
    pub(super) fn act(&mut self, act: Act) {
        match act {
            Act::Say { client, room, count } => {
                for _ in 0..count {
                    self.say_new(client, room);
                }
            }
            Act::Join { client, room } => {
                if let Some(client) = self.clients.get_mut(client) {
                    client.plan.rooms |= 1 << room;
                }
                self.send_text(client, &membership("join", room));
            }
            Act::Leave { client, room } => {
                if let Some(client) = self.clients.get_mut(client) {
                    client.plan.rooms &= !(1 << room);
                }
                self.send_text(client, &membership("leave", room));
            }
            Act::GoAway { client, lasts } => self.go_away(client, lasts),
            Act::Foreign { room, is_message } => {
                let payload: &[u8] = match is_message {
                    true => br#"{"type":"notification","data":{"foreign":true}}"#,
                    false => b"{\"pod\":\"no message",
                };
                self.oracle.foreign();
                let channel = format!("realtime:room:{}", World::room(room));
                let heard = self.redis.publish_foreign(&channel, &Bytes::from_static(payload));
                self.carry_replies(heard);
            }
        }
    }

    pub(super) fn connect(&mut self, client: usize) {
        if self.clients[client].has_left || self.clients[client].connection.is_some() {
            return;
        }
        let alive: Vec<usize> = self.places.iter().flatten().copied().collect();
        if alive.is_empty() {
            self.retry(client);
            return;
        }
        // At first it goes where the plan says, later to any pod.
        let planned = self.places.get(self.clients[client].plan.pod).copied().flatten();
        let is_first = self.connections.iter().all(|connection| connection.client != client);
        let any = alive[self.random.usize(0..alive.len())];
        let pod = planned.filter(|_| is_first).unwrap_or(any);
        let shard = self.random.usize(0..self.pods[pod].sides.len());
        let rooms = self.clients[client].plan.rooms;
        let rooms = (0..8).filter(|room| rooms & (1 << room) != 0).map(World::room).collect();
        let id = self.connections.len();
        self.connections.push(Connection::new(client, pod, shard, rooms));
        self.connections[id].last_id = self.clients[client].last_id;
        self.connections[id].last_number = self.clients[client].last_number;
        self.clients[client].connection = Some(id);
        self.trace.note(self.now, || format!("client {client} makes {id} to pod {pod}/{shard}"));
        let at = self.arrival_at_pod(id);
        self.queue.push(at, Event::Knock(id));
    }

    pub(super) fn accepted(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id];
        if connection.is_over {
            return;
        }
        connection.is_accepted = true;
        let client = connection.client;
        // What it is not sure of it says again, with its id.
        let again: Vec<Words> = self.clients[client].said.iter().cloned().collect();
        let is_first = self.connections.iter().position(|of| of.client == client) == Some(id);
        if !is_first {
            again.iter().for_each(|words| self.send_text(client, &words.text()));
        }
    }

    pub(super) fn say_new(&mut self, client: usize, room: Option<u8>) {
        let Some(id) = self.clients.get(client).and_then(|client| client.connection) else {
            return;
        };
        let connection = &self.connections[id];
        if !connection.is_accepted || connection.is_over || connection.pace == Pace::Never {
            return;
        }
        self.said += 1;
        let unix_millis = CALENDAR_START_MILLIS + self.now / 1_000;
        let words = Words::draw(&mut self.random, unix_millis, self.said, room);
        self.clients[client].remember(&words);
        self.send_text(client, &words.text());
    }

    /// Sends what a client says on the connection that it has.
    fn send_text(&mut self, client: usize, text: &str) {
        let Some(id) = self.clients.get(client).and_then(|client| client.connection) else {
            return;
        };
        self.trace.note(self.now, || format!("client {client} says on {id}: {text}"));
        self.send_frame(id, OpCode::Text, text.as_bytes());
    }

    pub(super) fn send_frame(&mut self, id: ConnectionId, opcode: OpCode, payload: &[u8]) {
        let connection = &self.connections[id];
        if !connection.is_accepted || connection.is_over || connection.pace == Pace::Never {
            return;
        }
        let mut bytes = frame(opcode, payload, self.random.u32(..).to_be_bytes());
        let (pod, shard) = (connection.pod, connection.shard);
        if self.random.u32(0..10) == 0 {
            let rest = bytes.split_off(self.random.usize(1..bytes.len()));
            let at = self.arrival_at_pod(id);
            let work = Work::Bytes(id, std::mem::replace(&mut bytes, rest));
            self.queue.push(at, Event::ToShard { pod, shard, work });
        }
        let at = self.arrival_at_pod(id);
        self.queue.push(at, Event::ToShard { pod, shard, work: Work::Bytes(id, bytes) });
    }

    /// A client ends its connection and makes another only after a while.
    fn go_away(&mut self, client: usize, lasts: Micros) {
        if let Some(id) = self.clients.get(client).and_then(|client| client.connection) {
            self.end_connection(id);
            self.queue.push(self.now + lasts, Event::Connect(client));
        }
    }

    /// A client ends its connection: politely, or with nothing but the end of the socket.
    pub(super) fn end_connection(&mut self, id: ConnectionId) {
        if self.connections[id].is_over {
            return;
        }
        if self.random.bool() {
            self.send_frame(id, OpCode::Close, &1000_u16.to_be_bytes());
        }
        let connection = &self.connections[id];
        let (pod, shard) = (connection.pod, connection.shard);
        let is_gone = connection.pace == Pace::Never;
        self.give_up(id);
        if !is_gone {
            let at = self.arrival_at_pod(id);
            self.queue.push(at, Event::ToShard { pod, shard, work: Work::Ended(id) });
        }
    }

    /// What a connection may do.
    pub(super) fn grant(&self, id: ConnectionId) -> Grant {
        let client = self.connections[id].client;
        let planned = self.plan.clients.get(client).map_or(0, |client| client.rooms);
        Grant::of(client, planned)
    }

    /// A client that hears that its token ends shows a new one; one in eight is another's.
    pub(super) fn renew(&mut self, id: ConnectionId) {
        let shown = if self.random.u32(0..8) == 0 { id + 1 } else { id };
        let text = format!("{{\"type\":\"auth\",\"data\":{{\"shown\":{shown}}}}}");
        self.send_frame(id, OpCode::Text, text.as_bytes());
    }

    /// From now on a client has nothing to do with this connection.
    pub(super) fn give_up(&mut self, id: ConnectionId) {
        self.oracle.over(self.now, id);
        self.oracle.parted(id);
        let connection = &mut self.connections[id];
        // A peer that is gone without a word still holds what was sent to it.
        connection.is_over = connection.pace != Pace::Never;
        let client = connection.client;
        if self.clients[client].connection == Some(id) {
            self.clients[client].connection = None;
        }
        self.trace.note(self.now, || format!("client {client} has done with {id}"));
    }

    /// A client hears that its connection is no more, and makes another.
    pub(super) fn connection_lost(&mut self, id: ConnectionId) {
        let connection = &self.connections[id];
        if connection.is_over || connection.pace == Pace::Never {
            return;
        }
        let client = connection.client;
        self.give_up(id);
        self.retry(client);
    }

    pub(super) fn retry(&mut self, client: usize) {
        let at = self.now + self.delay(RETRY.0, RETRY.1);
        self.queue.push(at, Event::Connect(client));
    }

    /// Everybody says something in each room and to all, one after the other: even the smallest
    /// outbox has a place for it.
    pub(super) fn say_last_words(&mut self) {
        self.first_last_word = self.said + 1;
        let mut at = self.now;
        for client in 0..self.clients.len() {
            let rooms = self.clients[client].plan.rooms;
            let rooms = (0..8).filter(|room| rooms & (1 << room) != 0).map(Some);
            for room in rooms.chain([None]) {
                self.queue.push(at, Event::LastWord { client, room });
                at += 20 * MILLI;
            }
        }
    }

    pub(super) fn arrival_at_pod(&mut self, id: ConnectionId) -> Micros {
        let delay = self.delay(NETWORK.0, NETWORK.1);
        self.connections[id].to_pod.arrival(self.now, delay)
    }

    /// Lets a client look at its socket soon, where it reads at all.
    pub(super) fn schedule_read(&mut self, id: ConnectionId) {
        let (least, most) = match self.connections[id].pace {
            Pace::Usual => NETWORK,
            Pace::Slow => (20 * MILLI, 60 * MILLI),
            Pace::Never => return,
        };
        let connection = &mut self.connections[id];
        let has_something = !connection.socket.is_empty() || connection.is_finished;
        if has_something && !connection.is_read_scheduled && !connection.is_over {
            connection.is_read_scheduled = true;
            let at = self.now + self.delay(least, most);
            self.queue.push(at, Event::ClientReads(id));
        }
    }

    /// Whether the pod still has something to do with a connection.
    pub(super) fn is_member(&self, id: ConnectionId) -> bool {
        self.connections[id].phase == Phase::Open
    }
}

fn membership(word: &str, room: u8) -> String {
    format!("{{\"type\":\"{word}\",\"room\":\"{}\"}}", World::room(room))
}
