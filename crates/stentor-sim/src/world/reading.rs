//! What clients hear.

use stentor_wire::frame::OpCode;
use stentor_wire::room_name::RoomName;

use super::{Event, World};
use crate::client::{Reading, Text, next_reading};
use crate::connection::{ConnectionId, Pace};
use crate::mutation::Mutation;
use crate::oracle::{Promise, Read};
use crate::plan::HistoryPlan;
use crate::pod::Work;

/// What a slow client reads at once, in bytes.
const SLOW_BYTES: usize = 400;

impl World {
    /// A client takes what is in its socket, or a little of it.
    pub(super) fn client_reads(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id];
        connection.is_read_scheduled = false;
        if connection.is_over || connection.pace == Pace::Never {
            return;
        }
        let most = if connection.pace == Pace::Slow { SLOW_BYTES } else { usize::MAX };
        let taken = connection.socket.len().min(most);
        connection.unread.extend(connection.socket.drain(..taken));
        let has_ended = connection.is_finished && connection.socket.is_empty();
        let (pod, shard) = (connection.pod, connection.shard);
        if taken > 0 && std::mem::take(&mut connection.is_full) {
            let at = self.now + self.delay(50, 1_000);
            self.queue.push(at, Event::ToShard { pod, shard, work: Work::Writable(id) });
        }
        let mut unread = std::mem::take(&mut self.connections[id].unread);
        loop {
            match next_reading(&mut unread) {
                Ok(Some(reading)) => self.read(id, reading),
                Ok(None) => break,
                Err(what) => {
                    self.oracle.note(self.now, Promise::Frames, format!("{id}: {what}"));
                    break;
                }
            }
            if self.connections[id].is_over {
                return;
            }
        }
        self.connections[id].unread = unread;
        if has_ended {
            self.connection_lost(id);
        } else {
            self.schedule_read(id);
        }
    }

    fn read(&mut self, id: ConnectionId, reading: Reading) {
        match reading {
            Reading::Text(text) => match serde_json::from_slice::<Text>(&text) {
                Ok(text) => self.read_text(id, &text),
                Err(error) => {
                    let what = format!("{id}: {error} in {}", String::from_utf8_lossy(&text));
                    self.oracle.note(self.now, Promise::Frames, what);
                }
            },
            Reading::Ping(payload) => self.send_frame(id, OpCode::Pong, &payload),
            Reading::Pong => {}
            Reading::Close(code) => {
                self.trace.note(self.now, || format!("{id} is closed with {code}"));
                self.send_frame(id, OpCode::Close, &code.to_be_bytes());
                self.connection_lost(id);
            }
        }
    }

    fn read_text(&mut self, id: ConnectionId, text: &Text) {
        let audience = text.room.as_deref().map(|room| RoomName::parse(room).expect("valid"));
        let client = self.connections[id].client;
        self.clients[client].note_read(text);
        let may_be_late = self.connections[id].was_slow || self.has_stood(id);
        match (&*text.kind, &text.data.event, text.data.n) {
            ("chat", _, Some(number)) => {
                let is_replay = self.connections[id].replayed.is_some_and(|left| left > 0);
                let is_archived = self.plan.history.is_some_and(|plan| plan.is_archived);
                if self.is_lost_at_seam(id) {
                    return;
                }
                self.trace.note(self.now, || format!("{id} hears {number}"));
                let from = text.from.as_deref().unwrap_or_default();
                let read = Read {
                    listener: id,
                    number,
                    audience,
                    from,
                    may_be_late,
                    is_replay,
                    is_archived,
                };
                self.oracle.read(self.now, &read);
                if self.is_doubled_at_seam(id) {
                    self.oracle.read(self.now, &read);
                }
            }
            ("system", Some(event), _) if event == "gap" => {
                let missed = text.data.missed;
                self.trace.note(self.now, || format!("{id} hears of a gap of {missed:?}"));
                let is_of_ring = text.data.from_id.is_some();
                let audience = text.room.is_some().then_some(audience);
                self.oracle.gap(self.now, id, audience, missed, is_of_ring);
            }
            ("system", Some(event), _) if event == "resume" => self.resumed(id, text),
            ("system", Some(event), _) if event == "token_expiring" => self.renew(id),
            _ => {}
        }
    }

    fn resumed(&mut self, id: ConnectionId, text: &Text) {
        let forgets = self.plan.mutation == Some(Mutation::ForgetEvictions);
        let is_recovered = text.data.recovered == Some(true) || forgets;
        self.connections[id].replayed = text.data.replayed;
        let pod = self.connections[id].pod;
        // Those that it was on, and that made the id which it came back with.
        let behind = self.connections[id].last_number;
        let mut others = self.oracle.pods_of(behind);
        others.extend(self.oracle.left_pod(id));
        others.retain(|other| *other != pod);
        let was_set = |pod: &usize| self.pods[*pod].was_set;
        let pods_agree = others.is_empty() || !(was_set(&pod) || others.iter().any(was_set));
        self.trace.note(self.now, || format!("{id} hears that all is recovered: {is_recovered}"));
        self.oracle.resumed(id, is_recovered, pods_agree);
        let lets_go = |plan: HistoryPlan| plan.is_archived && !plan.is_ample();
        if !is_recovered && self.plan.history.is_some_and(lets_go) {
            self.oracle.gave_up(self.now, id);
        }
    }

    /// Counts a message that a connection hears; whether it is the first behind its replay, and the
    /// pods lose that.
    fn is_lost_at_seam(&mut self, id: ConnectionId) -> bool {
        let Some(left) = self.connections[id].replayed else { return false };
        self.connections[id].replayed = left.checked_sub(1);
        left == 0 && self.plan.mutation == Some(Mutation::LoseAtSeam)
    }

    /// Whether what was just heard was the last of a replay, and the pods say that twice.
    fn is_doubled_at_seam(&self, id: ConnectionId) -> bool {
        self.connections[id].replayed == Some(0)
            && self.plan.mutation == Some(Mutation::DoubleAtSeam)
    }

    /// Whether a shard of the connection's pod stood still in this run.
    fn has_stood(&self, id: ConnectionId) -> bool {
        let sides = &self.pods[self.connections[id].pod].sides;
        sides.iter().any(|side| side.stands_until > 0)
    }
}
