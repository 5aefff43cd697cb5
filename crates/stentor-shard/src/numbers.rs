//! The numbers of members and rooms inside a shard.

/// A member's number, chosen by the driver: small, and free again once the member is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberId(pub u32);

impl MemberId {
    /// The number as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A room's number inside its shard; free again once the room is empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RoomId(pub(crate) u32);

impl RoomId {
    /// The audience of messages without a room: every member of the shard.
    pub(crate) const GLOBAL: RoomId = RoomId(0);
}
