//! The door: what reads a new socket's first bytes and says whether it comes in.
//!
//! The engine does not know what those bytes mean. `stentor-server` puts HTTP here.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use stentor_shard::identity::TAKES_NO_TOKENS;
pub use stentor_shard::{Identity, MemberOptions};
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::address_block::AddressBlock;
use crate::stream::Stream;

/// Decides about sockets that the engine's own listener accepted.
///
/// It is called on a shard's thread, so it must neither block nor take long.
pub trait Door: Send + Sync + 'static {
    /// Judges what has arrived so far. Called again with more bytes after [`Answer::Wait`].
    fn knock(&self, knock: &Knock<'_>) -> Answer;

    /// What to say to a socket for which there is no place even at the door; it is closed then.
    fn crowded(&self) -> Vec<u8>;

    /// What to say, unencrypted, to a socket that does not begin with TLS where there is TLS; it is
    /// closed then.
    fn plain(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Takes a socket that [`Door::knock`] answered with [`Answer::Divert`], with the bytes that
    /// were read from it. The socket is non-blocking.
    fn divert(&self, stream: Stream, peer: SocketAddr, received: Vec<u8>);

    /// Judges what a connected client says of itself anew: the `data` of an `auth` message, valid
    /// JSON. Whether it may become that is the shard's business. Asked only about clients that came
    /// with an identity; one that panics costs the connection (closed with 1011), not the pod.
    ///
    /// # Errors
    /// Why it is not believed, for its sender to read. The ninth time for one connection closes it
    /// with 4401 instead.
    fn recognise(&self, _data: &[u8]) -> Result<Identity, Cow<'static, str>> {
        Err(TAKES_NO_TOKENS.into())
    }
}

/// What stands at the door.
#[derive(Debug)]
pub struct Knock<'a> {
    /// Whom the socket is connected to.
    pub peer: SocketAddr,
    /// Everything received so far; never empty.
    pub received: &'a [u8],
    /// Whether there is room inside.
    pub gate: Gate,
}

/// Whether the engine can take one more connection. Where it cannot, an [`Answer::Admit`] has the
/// door asked once more, with the reason; admitted again, the socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// There is room.
    Open,
    /// So many are coming in that only those who resume may: an admission with a `last_id`.
    Crowded {
        /// How long the pod needs for those whom it has turned away lately.
        backlog: Duration,
    },
    /// So many are coming in that nobody may now.
    Overrun {
        /// As in [`Gate::Crowded`].
        backlog: Duration,
    },
    /// `connections_max` is reached.
    Full,
    /// The address of the admission has `connections_per_address_max` connections.
    AddressFull,
    /// The engine is draining.
    Draining,
}

/// What the door says.
#[derive(Debug)]
pub enum Answer {
    /// More bytes are needed; the socket waits at most the configured `door_timeout`.
    Wait,
    /// Come in: the admission's response is written, then the socket speaks WebSocket.
    Admit(Box<Admission>),
    /// Stay out: these bytes are written, then the socket is closed in order.
    Refuse(Vec<u8>),
    /// That was all: the same, but nobody was refused.
    Respond(Vec<u8>),
    /// Somebody else serves this socket: it goes to [`Door::divert`].
    Divert,
}

/// A socket that comes in, and as whom.
#[derive(Clone, Debug, Default)]
pub struct Admission {
    /// Bytes to write before the first frame: the response that ends the upgrade. They are sent
    /// only when the connection is a member of all its rooms.
    pub response: Vec<u8>,
    /// How many of the received bytes belong to the request; what follows is WebSocket already.
    pub consumed: usize,
    /// Rooms to join, in order; the first is where messages without a room go. At most
    /// [`crate::ROOMS_PER_MEMBER_MAX`], without repetition.
    pub rooms: Vec<RoomName>,
    /// Who it is and what it may do, where that was proven. Else the connection's own id becomes
    /// `from`, and it may use every room.
    pub identity: Option<Box<Identity>>,
    /// What the client opted into.
    pub options: MemberOptions,
    /// The last message that the client heard before, where it wants to resume.
    pub last_id: Option<Uuid>,
    /// On whose account it comes, where `connections_per_address_max` is to bound it.
    pub address: Option<AddressBlock>,
}
