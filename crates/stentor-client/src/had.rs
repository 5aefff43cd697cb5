//! What was heard already: a replay may begin before the last message that was heard.

use std::collections::{HashMap, HashSet, VecDeque};

use uuid::Uuid;

/// Ids that are remembered of a room, as many as a server remembers.
const IDS_PER_ROOM_MAX: usize = 1_024;

/// Rooms whose ids are remembered: those that a connection may be in, and everybody.
const ROOMS_MAX: usize = 129;

/// The ids of the last messages of each room; `None` stands for what is said to everybody.
#[derive(Debug, Default)]
pub(crate) struct Had {
    rooms: HashMap<Option<String>, Ids>,
    /// Rooms in the order in which they came.
    order: VecDeque<Option<String>>,
}

#[derive(Debug, Default)]
struct Ids {
    known: HashSet<Uuid>,
    order: VecDeque<Uuid>,
}

impl Had {
    /// Notes a message; `false` where the room has had it.
    pub(crate) fn insert(&mut self, room: Option<&str>, id: Uuid) -> bool {
        let room = room.map(str::to_owned);
        if !self.rooms.contains_key(&room) {
            self.order.push_back(room.clone());
            if self.order.len() > ROOMS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.rooms.remove(&oldest);
            }
        }
        let ids = self.rooms.entry(room).or_default();
        if !ids.known.insert(id) {
            return false;
        }
        ids.order.push_back(id);
        if ids.order.len() > IDS_PER_ROOM_MAX
            && let Some(oldest) = ids.order.pop_front()
        {
            ids.known.remove(&oldest);
        }
        true
    }

    /// Forgets a room that was left.
    pub(crate) fn forget(&mut self, room: &str) {
        let room = Some(room.to_owned());
        self.rooms.remove(&room);
        self.order.retain(|known| *known != room);
    }
}

#[cfg(test)]
mod tests;
