//! What the server under load speaks: how a client comes in, and what stands around a message.
//!
//! The message itself is the same for all. Two dialects have it bare in a frame and need nothing
//! here; the others have a [`Session`] for each connection.

use clap::ValueEnum;
use stentor_wire::frame::OpCode;

use crate::load::client_frame;

use self::nats::Nats;
use self::socket_io::SocketIo;

mod nats;
mod socket_io;
#[cfg(test)]
mod tests;

/// What the server under load speaks.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, ValueEnum)]
pub(crate) enum Dialect {
    /// A Stentor server, which is asked whether it is one
    #[default]
    Stentor,
    /// Any server that relays the text of a frame to the room that is the path's last segment
    Plain,
    /// Socket.IO over WebSocket only, with the events `join` and `m`
    #[value(name = "socket.io")]
    SocketIo,
    /// NATS over WebSocket; a room is a subject
    Nats,
}

impl Dialect {
    /// How it is called on the command line.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What stands around a text of so many bytes for `room`.
    pub(crate) fn wrapping(self, room: usize, text_bytes: usize) -> Wrapping {
        match self {
            Self::Stentor | Self::Plain => {
                Wrapping { opcode: OpCode::Text, before: String::new(), after: "" }
            }
            Self::SocketIo => socket_io::wrapping(),
            Self::Nats => nats::wrapping(room, text_bytes),
        }
    }

    /// What a client that joins `rooms` says behind the upgrade; nothing in the bare dialects.
    pub(crate) fn session(self, rooms: impl Iterator<Item = usize>) -> Option<Box<Session>> {
        match self {
            Self::Stentor | Self::Plain => None,
            Self::SocketIo => Some(Box::new(Session::SocketIo(SocketIo::joining(rooms)))),
            Self::Nats => Some(Box::new(Session::Nats(Nats::joining(rooms)))),
        }
    }
}

/// What stands around the text of a message, and which frame carries it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wrapping {
    /// The frame.
    pub(crate) opcode: OpCode,
    /// What stands in front of the text.
    pub(crate) before: String,
    /// What stands behind it.
    pub(crate) after: &'static str,
}

/// What a client says to come in.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    /// The request that asks for the upgrade. Empty where the other end is no HTTP server and
    /// speaks frames right away.
    pub(crate) request: Vec<u8>,
    /// The talk behind the upgrade; none where frames carry the bare text.
    pub(crate) session: Option<Box<Session>>,
}

/// What a session understood of a frame.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Heard<'a> {
    /// The client is a member of its rooms from now on.
    Admitted,
    /// The text of a message, or whatever else the server has to say.
    Text(&'a [u8]),
}

/// One connection's talk with a server whose frames carry more than the bare text.
#[derive(Debug)]
pub(crate) enum Session {
    /// Engine.IO 4 and Socket.IO 5.
    SocketIo(SocketIo),
    /// The NATS client protocol.
    Nats(Nats),
}

impl Session {
    /// Reads the payload of a frame, tells `hear`, and appends what is to be answered to
    /// `replies`, as masked frames.
    ///
    /// # Errors
    /// In words, if this is no such server, or it does not let the client in.
    pub(crate) fn handle_payload(
        &mut self,
        payload: &[u8],
        replies: &mut Vec<u8>,
        hear: impl FnMut(Heard<'_>),
    ) -> Result<(), String> {
        match self {
            Self::SocketIo(session) => session.handle_payload(payload, replies, hear),
            Self::Nats(session) => session.handle_payload(payload, replies, hear),
        }
    }
}

/// Bytes of a peer as a person reads them, up to a bound, in one line.
fn excerpt(bytes: &[u8]) -> String {
    const BYTES_MAX: usize = 100;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(BYTES_MAX)]);
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn reply(opcode: OpCode, payload: &[u8], replies: &mut Vec<u8>) {
    client_frame::append(opcode, payload, replies);
}
