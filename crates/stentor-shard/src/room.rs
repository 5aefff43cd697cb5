//! The rooms of a shard: who is in them, and what they said this turn.

use std::collections::HashMap;

use stentor_wire::room_name::RoomName;

use crate::history::HistoryId;
use crate::numbers::{MemberId, RoomId};
use crate::pace::Pace;
use crate::time::Instant;
use crate::turn::Turn;

#[derive(Debug, Default)]
pub(crate) struct Room {
    /// `None` for the global audience and for a number that is free.
    pub(crate) name: Option<RoomName>,
    /// Empty for the global audience, which is every member.
    pub(crate) members: Vec<MemberId>,
    /// What it said since its last flush.
    pub(crate) turn: Option<Box<Turn>>,
    /// It stands in the list of rooms to flush.
    pub(crate) queued: bool,
    /// Where its history is, if there is one.
    pub(crate) history: Option<HistoryId>,
    /// Its last flush was costly: unless much waits, the next is not before this.
    pub(crate) flush_after: Instant,
    /// How busy it is.
    pub(crate) pace: Pace,
}

/// All rooms of a shard that have members, found by name or number.
#[derive(Debug)]
pub(crate) struct Rooms {
    by_name: HashMap<RoomName, RoomId>,
    rooms: Vec<Room>,
    free: Vec<RoomId>,
}

/// How many free numbers are kept when there is no room.
const SPARE_ROOMS_MAX: usize = 1_024;

impl Rooms {
    /// No rooms but the global audience.
    pub(crate) fn new(has_history: bool) -> Rooms {
        let history = has_history.then_some(HistoryId::GLOBAL);
        let global = Room { history, ..Room::default() };
        Rooms { by_name: HashMap::new(), rooms: vec![global], free: Vec::new() }
    }

    pub(crate) fn find(&self, name: &str) -> Option<RoomId> {
        self.by_name.get(name).copied()
    }

    /// The room of that name, opened where it is not there; `true` where it was opened.
    pub(crate) fn find_or_open(&mut self, name: &RoomName) -> (RoomId, bool) {
        if let Some(id) = self.by_name.get(name) {
            return (*id, false);
        }
        let id = self.free.pop().unwrap_or_else(|| {
            self.rooms.push(Room::default());
            RoomId(u32::try_from(self.rooms.len() - 1).expect("fewer rooms than 2^32"))
        });
        self[id].name = Some(name.clone());
        self.by_name.insert(name.clone(), id);
        (id, true)
    }

    /// Forgets an empty room whole.
    pub(crate) fn close(&mut self, id: RoomId) {
        let room = std::mem::take(&mut self[id]);
        if let Some(name) = room.name {
            self.by_name.remove(&name);
        }
        self.free.push(id);
    }

    /// Gives the memory of a past burst of rooms back, once there is no room at all. The caller
    /// holds no number of a room.
    pub(crate) fn shrink(&mut self) {
        if self.by_name.is_empty() && self.free.len() > SPARE_ROOMS_MAX {
            self.by_name = HashMap::new();
            self.free = Vec::new();
            self.rooms.truncate(1);
            self.rooms.shrink_to_fit();
        }
    }

    /// Rooms that have members.
    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Every room, and the global audience before them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RoomId, &Room)> {
        let numbered = (0..).map(RoomId).zip(&self.rooms);
        numbered.filter(|(id, room)| *id == RoomId::GLOBAL || room.name.is_some())
    }
}

impl std::ops::Index<RoomId> for Rooms {
    type Output = Room;

    fn index(&self, id: RoomId) -> &Room {
        &self.rooms[id.0 as usize]
    }
}

impl std::ops::IndexMut<RoomId> for Rooms {
    fn index_mut(&mut self, id: RoomId) -> &mut Room {
        &mut self.rooms[id.0 as usize]
    }
}
