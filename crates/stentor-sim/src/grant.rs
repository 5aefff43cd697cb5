//! Grants: which clients come with an identity, what it allows them, and when it ends.
//!
//! A client's place decides: of three in a row the first comes without an identity, the second may
//! use the rooms of its plan and not speak to everybody, the third may do everything. An identity
//! ends soon, and whoever hears events shows a new token when it is told, now and then one that is
//! not its own.

use stentor_bus::channel::Audience;
use stentor_shard::Identity;
use stentor_wire::room_patterns::RoomPatterns;

use crate::client::room_name;
use crate::connection::ConnectionId;

/// How long an identity lasts, in milliseconds: a run has several of them after another.
const LASTS_MILLIS: u64 = 4_000;

/// What a client's place gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grant {
    Nothing,
    /// These rooms, one bit each.
    Rooms(u8),
    Everything,
}

impl Grant {
    /// What the client at this place has, whose plan names these rooms.
    pub(crate) fn of(client: usize, rooms: u8) -> Grant {
        match client % 3 {
            0 => Grant::Nothing,
            1 => Grant::Rooms(rooms),
            _ => Grant::Everything,
        }
    }

    /// Whether a client may be in this audience and speak to it.
    pub(crate) fn allows(self, audience: &Audience) -> bool {
        match (self, audience) {
            (Grant::Nothing | Grant::Everything, _) => true,
            (Grant::Rooms(_), None) => false,
            (Grant::Rooms(rooms), Some(room)) => {
                allowed(rooms).any(|allowed| allowed == room.as_str())
            }
        }
    }

    /// The identity that a connection comes with, or renews.
    pub(crate) fn identity(self, id: ConnectionId, unix_millis: u64) -> Option<Identity> {
        let rooms = match self {
            Grant::Nothing => return None,
            Grant::Everything => None,
            Grant::Rooms(rooms) => {
                let names: Vec<String> = allowed(rooms).collect();
                let patterns = RoomPatterns::parse(names.iter().map(String::as_str));
                Some(patterns.expect("names of rooms are patterns"))
            }
        };
        let expires_at_unix_millis = Some(unix_millis + LASTS_MILLIS);
        Some(Identity { user: user(id).into(), rooms, expires_at_unix_millis })
    }
}

/// Each connection is of a user of its own, so that the oracle knows who speaks.
fn user(id: ConnectionId) -> String {
    format!("user-{id}")
}

fn allowed(rooms: u8) -> impl Iterator<Item = String> {
    (0..8).filter(move |room| rooms & (1 << room) != 0).map(room_name)
}
