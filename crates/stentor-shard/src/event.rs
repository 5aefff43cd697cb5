//! What a shard tells its driver.

use bytes::Bytes;
use stentor_wire::presence::Tale;
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::numbers::MemberId;
use crate::traffic::Passage;

/// Something that happened in a shard and concerns the rest of the pod. Events come out of
/// [`crate::Shard::poll_event`] in the order in which they happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// A message was said here; the shard's own members have it in their turn buffers already.
    Published {
        /// Its room; `None` is for everybody.
        room: Option<RoomName>,
        /// The frame, encoded once.
        frame: Bytes,
        /// Its id, where the sender chose it: a resend carries the same.
        chosen_id: Option<Uuid>,
        /// Its place in the pod's traffic.
        passage: Passage,
    },
    /// A member came back, and this shard cannot say for sure what it has missed. It hears nothing
    /// of its rooms before [`crate::Shard::handle_history`].
    HistoryWanted {
        /// Who.
        member: MemberId,
        /// Its own id; its number may be another's when the answer comes.
        client_id: Uuid,
        /// Its rooms; `None` is for everybody.
        rooms: Vec<Option<RoomName>>,
        /// The message that it heard last.
        last_id: Uuid,
    },
    /// Other shards of the pod, or other pods, are to be told something of presence.
    Presence {
        /// Of which room.
        room: RoomName,
        /// What.
        tale: Tale,
        /// Every other shard of this pod.
        to_shards: bool,
        /// Every other pod.
        to_pods: bool,
    },
    /// A member was told to close and has that in its ring; nobody waits for it for ever.
    Closing {
        /// Who.
        member: MemberId,
    },
    /// A member joined a room.
    Joined {
        /// Who.
        member: MemberId,
        /// Which room.
        room: RoomName,
        /// The room has its first member on this shard.
        opened: bool,
        /// The member asked, and waits for [`crate::Shard::handle_joined`].
        asked: bool,
    },
    /// A member asked to join a room that it is in, and waits for
    /// [`crate::Shard::handle_joined`].
    Present {
        /// Who.
        member: MemberId,
        /// Which room.
        room: RoomName,
    },
    /// A member left a room, or is gone.
    Left {
        /// Who.
        member: MemberId,
        /// Which room.
        room: RoomName,
        /// The room has nobody left on this shard.
        closed: bool,
        /// The member asked, and waits for [`crate::Shard::handle_left`].
        asked: bool,
    },
}
