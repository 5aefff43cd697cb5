//! Publishing from the program itself: what a backend says, not a connection.

use std::fmt;

use bytes::Bytes;
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

/// A message that the embedding program wants delivered. Any type is allowed.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Its id, where the program chose one; else a new UUIDv7.
    pub id: Option<Uuid>,
    /// Its type.
    pub kind: MessageType,
    /// Its room; `None` goes to every connection.
    pub room: Option<RoomName>,
    /// Who says it.
    pub from: String,
    /// Its `data`: valid JSON, delivered byte for byte.
    pub data: Bytes,
}

/// How a publication was stamped.
#[derive(Clone, Copy, Debug)]
pub struct Receipt {
    /// The id under which it is delivered.
    pub id: Uuid,
    /// When it was stamped.
    pub timestamp: Timestamp,
}

/// The engine could not take it now; nothing was published. Try again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overloaded;

impl fmt::Display for Overloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the engine has no room for more publications at the moment")
    }
}

impl std::error::Error for Overloaded {}
