//! Recent ids: how a message that its sender sends again is recognised.
//!
//! Only ids that a sender chose are remembered; the shard's own are new by construction.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::time::Instant;

/// A room remembers this many ids, however old.
const IDS_PER_ROOM_MIN: usize = 1_024;

/// A room remembers every id for this long, unless it has more than [`IDS_PER_ROOM_MAX`].
const REMEMBERED_FOR: Duration = Duration::from_secs(120);

/// A room remembers no more ids than this, however young: a flood forgets its own beginning.
const IDS_PER_ROOM_MAX: usize = 65_536;

/// All rooms of a shard together remember no more than this, an id weighing 1 and a room
/// [`ROOM_WEIGHT`]: about 20 MiB. Past it the rooms that were quiet for longest forget first.
const WEIGHT_MAX: usize = 262_144;

/// What a room's table weighs beside its ids.
const ROOM_WEIGHT: usize = 8;

/// How often rooms without members are looked at.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// The ids of each room; `None` stands for the global audience.
#[derive(Debug, Default)]
pub(crate) struct RecentIds {
    rooms: HashMap<Option<RoomName>, RoomIds>,
    weight: usize,
    swept_at: Instant,
}

#[derive(Debug, Default)]
struct RoomIds {
    known: HashSet<Uuid>,
    order: VecDeque<(Instant, Uuid)>,
}

impl RecentIds {
    /// Notes `id`; `false` where the room has had it already.
    pub(crate) fn insert(&mut self, now: Instant, room: Option<&RoomName>, id: Uuid) -> bool {
        let ids = self.rooms.entry(room.cloned()).or_default();
        if !ids.known.insert(id) {
            return false;
        }
        self.weight += if ids.order.is_empty() { 1 + ROOM_WEIGHT } else { 1 };
        ids.order.push_back((now, id));
        while ids.order.len() > IDS_PER_ROOM_MIN {
            let old = ids.order[0].0 + REMEMBERED_FOR < now;
            if !old && ids.order.len() <= IDS_PER_ROOM_MAX {
                break;
            }
            ids.forget_oldest();
            self.weight -= 1;
        }
        if self.weight > WEIGHT_MAX {
            self.forget_quietest();
        }
        true
    }

    /// Forgets rooms that `has_members` knows nothing of and that were quiet for two minutes.
    pub(crate) fn sweep(&mut self, now: Instant, has_members: impl Fn(&RoomName) -> bool) {
        if now < self.swept_at + SWEEP_INTERVAL {
            return;
        }
        self.swept_at = now;
        let RecentIds { rooms, weight, .. } = self;
        rooms.retain(|room, ids| {
            let keep =
                ids.last_at() + REMEMBERED_FOR >= now || room.as_ref().is_none_or(&has_members);
            if !keep {
                *weight -= ids.weight();
            }
            keep
        });
        rooms.shrink_to(rooms.len() * 2);
    }

    /// How many ids are remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rooms.values().map(|ids| ids.order.len()).sum()
    }

    /// Drops whole rooms, the quietest first, down to three quarters of the bound.
    fn forget_quietest(&mut self) {
        let mut quietest: Vec<(Instant, Option<RoomName>)> =
            self.rooms.iter().map(|(room, ids)| (ids.last_at(), room.clone())).collect();
        quietest.sort_unstable();
        for (_, room) in quietest {
            if self.weight <= WEIGHT_MAX / 4 * 3 {
                break;
            }
            self.weight -= self.rooms.remove(&room).map_or(0, |ids| ids.weight());
        }
    }
}

impl RoomIds {
    fn forget_oldest(&mut self) {
        if let Some((_, id)) = self.order.pop_front() {
            self.known.remove(&id);
        }
        // A room that was hot once does not keep the tables of that time.
        if self.order.capacity() > 4 * self.order.len().max(IDS_PER_ROOM_MIN) {
            self.order.shrink_to(2 * self.order.len());
            self.known.shrink_to(2 * self.known.len());
        }
    }

    fn weight(&self) -> usize {
        self.order.len() + ROOM_WEIGHT
    }

    fn last_at(&self) -> Instant {
        self.order.back().map_or_else(Instant::default, |(at, _)| *at)
    }
}

#[cfg(test)]
mod tests;
