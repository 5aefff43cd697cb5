//! Who stands out: the members that are the furthest behind, and the rooms that cause the most
//! deliveries.
//!
//! Both are found by looking, when somebody asks: what is counted for them while messages are
//! delivered is one number a room and flush. A look goes once over all members or rooms, as the
//! count of waiting frames does twice a second anyway; names are taken only of those that are told.

use std::cmp::Reverse;
use std::sync::Arc;
use std::time::Duration;

use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::numbers::{MemberId, RoomId};
use crate::shard::Shard;
use crate::time::Now;

/// A room below this is quiet, in deliveries a second: less than one in a minute or so.
const QUIET: f32 = 0.01;

/// How members that are behind are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backlog {
    /// By how long ago the oldest message was stamped that waits for them.
    Lag,
    /// By the bytes that wait for them.
    Bytes,
}

/// A member that something waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laggard {
    /// Its connection.
    pub client_id: Uuid,
    /// Who it has proven to be.
    pub user: Option<Arc<str>>,
    /// How many rooms it is in.
    pub rooms: usize,
    /// Frames that wait.
    pub frames: usize,
    /// Their bytes.
    pub bytes: usize,
    /// How long ago the oldest of them was stamped.
    pub lag: Duration,
}

/// A room, or everybody, and what is delivered to its members on this shard.
#[derive(Clone, Debug, PartialEq)]
pub struct BusyRoom {
    /// `None` is everybody.
    pub room: Option<RoomName>,
    /// How many members there are.
    pub connections: usize,
    /// An average over about the last ten seconds.
    pub deliveries_per_second: f32,
}

impl Backlog {
    /// What the worst has the most of.
    pub fn weight(self, laggard: &Laggard) -> (Duration, usize) {
        match self {
            Backlog::Lag => (laggard.lag, laggard.bytes),
            Backlog::Bytes => (Duration::ZERO, laggard.bytes),
        }
    }
}

impl Shard {
    /// The members that are the furthest behind, at most `limit`, the worst first.
    pub fn laggards(&self, now: Now, by: Backlog, limit: usize) -> Vec<Laggard> {
        let ids = (0..self.members.len() as u32).map(MemberId);
        let mut behind: Vec<Laggard> = ids.filter_map(|id| self.laggard(now, id)).collect();
        behind.sort_unstable_by_key(|laggard| Reverse(by.weight(laggard)));
        behind.truncate(limit);
        behind
    }

    /// The rooms that cause the most deliveries on this shard, at most `limit`, the busiest first.
    pub fn busiest_rooms(&self, now: Now, limit: usize) -> Vec<BusyRoom> {
        let paces = self.rooms.iter().map(|(id, room)| (id, room.pace.per_second(now.instant)));
        let mut busy: Vec<(RoomId, f32)> = paces.filter(|(_, pace)| *pace >= QUIET).collect();
        busy.sort_unstable_by(|(_, one), (_, other)| other.total_cmp(one));
        busy.truncate(limit);
        let named = busy.into_iter().map(|(id, deliveries_per_second)| BusyRoom {
            room: self.rooms[id].name.clone(),
            connections: self.audience_size(id),
            deliveries_per_second,
        });
        named.collect()
    }

    fn laggard(&self, now: Now, id: MemberId) -> Option<Laggard> {
        let member = self.member(id)?;
        let ring = member.ring.as_ref().filter(|ring| !ring.is_empty())?;
        let oldest = ring.oldest_unix_millis().unwrap_or(now.unix_millis);
        Some(Laggard {
            client_id: member.client_id,
            user: member.user().cloned(),
            rooms: member.memberships.as_slice().len(),
            frames: ring.len(),
            bytes: ring.bytes(),
            lag: Duration::from_millis(now.unix_millis.saturating_sub(oldest)),
        })
    }
}
