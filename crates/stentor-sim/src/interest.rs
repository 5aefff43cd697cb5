//! Which shards of a pod have members of a room: the engine's shared map, as a value.

use std::collections::BTreeMap;

use stentor_wire::room_name::RoomName;

#[derive(Debug, Default)]
pub(crate) struct Interest {
    rooms: BTreeMap<RoomName, Audience>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Audience {
    shards: u64,
    members: u64,
}

impl Interest {
    /// Counts a member in; returns how many the room has now.
    pub(crate) fn join(&mut self, room: &RoomName, shard: usize) -> u64 {
        let audience = self.rooms.entry(room.clone()).or_default();
        audience.members += 1;
        audience.shards |= 1 << shard;
        audience.members
    }

    /// Counts a member out; `closed` says that it was the last on its shard.
    pub(crate) fn leave(&mut self, room: &RoomName, shard: usize, closed: bool) -> u64 {
        let Some(audience) = self.rooms.get_mut(room) else { return 0 };
        audience.members -= 1;
        if closed {
            audience.shards &= !(1 << shard);
        }
        let left = audience.members;
        if left == 0 {
            self.rooms.remove(room);
        }
        left
    }

    /// Whether a shard has members of the audience; everybody is on every shard.
    pub(crate) fn has(&self, room: Option<&RoomName>, shard: usize) -> bool {
        room.is_none_or(|room| {
            self.rooms.get(room).is_some_and(|audience| audience.shards & (1 << shard) != 0)
        })
    }

    pub(crate) fn members(&self, room: &RoomName) -> u64 {
        self.rooms.get(room).map_or(0, |audience| audience.members)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rooms.is_empty()
    }
}
