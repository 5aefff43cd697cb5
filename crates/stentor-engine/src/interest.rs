//! Interest: which shards have members of a room, and how many there are in the whole pod.
//!
//! The one map that all shards share. It is read once per publish and written when somebody joins
//! or leaves; no guard of it is held across anything else.

use dashmap::{DashMap, Entry};
use stentor_wire::room_name::RoomName;

use crate::figures::{RoomOccupancy, RoomsReport};

/// A set of shards, one bit each.
pub(crate) type ShardSet = u64;

#[derive(Debug, Default)]
pub(crate) struct Interest {
    rooms: DashMap<RoomName, Audience>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Audience {
    shards: ShardSet,
    members: u64,
}

impl Interest {
    /// Counts a member in; `opened` says that it is the first on its shard. Returns how many the
    /// room has now.
    pub(crate) fn join(&self, room: &RoomName, shard: usize, opened: bool) -> u64 {
        let mut audience = self.rooms.entry(room.clone()).or_default();
        audience.members += 1;
        if opened {
            audience.shards |= 1 << shard;
        }
        audience.members
    }

    /// Counts a member out; `closed` says that it was the last on its shard.
    pub(crate) fn leave(&self, room: &RoomName, shard: usize, closed: bool) -> u64 {
        let Entry::Occupied(mut entry) = self.rooms.entry(room.clone()) else { return 0 };
        let audience = entry.get_mut();
        audience.members -= 1;
        if closed {
            audience.shards &= !(1 << shard);
        }
        let left = audience.members;
        if left == 0 {
            entry.remove();
            if self.rooms.is_empty() {
                self.rooms.shrink_to_fit();
            }
        }
        left
    }

    /// The shards that have members of the room.
    pub(crate) fn shards(&self, room: &RoomName) -> ShardSet {
        self.rooms.get(room).map_or(0, |audience| audience.shards)
    }

    /// The members of the room in the whole pod.
    pub(crate) fn members(&self, room: &RoomName) -> u64 {
        self.rooms.get(room).map_or(0, |audience| audience.members)
    }

    /// Rooms that have members.
    pub(crate) fn rooms(&self) -> u64 {
        self.rooms.len() as u64
    }

    /// The fullest rooms, at most `limit`.
    pub(crate) fn report(&self, limit: usize) -> RoomsReport {
        let mut rooms: Vec<RoomOccupancy> = self
            .rooms
            .iter()
            .map(|entry| RoomOccupancy {
                room: entry.key().clone(),
                connections: entry.value().members,
            })
            .collect();
        let total = rooms.len() as u64;
        let fullest_first = |a: &RoomOccupancy, b: &RoomOccupancy| {
            b.connections.cmp(&a.connections).then_with(|| a.room.cmp(&b.room))
        };
        if limit < rooms.len() {
            rooms.select_nth_unstable_by(limit, fullest_first);
            rooms.truncate(limit);
        }
        rooms.sort_unstable_by(fullest_first);
        RoomsReport { total, rooms }
    }
}

#[cfg(test)]
mod tests;
