//! Socket.IO 5 on Engine.IO 4, over WebSocket alone (the two protocol pages of socket.io).
//!
//! A frame is a packet: a digit of Engine.IO, behind a 4 a digit of Socket.IO, and JSON. The server
//! says `0{…}`, the client `40`, the server `40{…}`; then the client emits `join` with its rooms
//! and is a member when that is acknowledged. A message is the event `m`.

use stentor_wire::frame::OpCode;

use super::{Heard, Wrapping, excerpt, reply};

#[cfg(test)]
mod tests;

/// A message's packet up to the message.
const MESSAGE_FRONT: &str = "42[\"m\",";
/// What it ends with.
const MESSAGE_END: &str = "]";
/// The acknowledgement that the packet `join` asked for, up to its arguments.
const JOINED: &[u8] = b"430[";

/// What stands around a message.
pub(super) fn wrapping() -> Wrapping {
    Wrapping { opcode: OpCode::Text, before: MESSAGE_FRONT.to_owned(), after: MESSAGE_END }
}

/// One client's talk.
#[derive(Debug)]
pub(crate) struct SocketIo {
    stage: Stage,
    /// The packet that joins the rooms; empty once it is sent.
    join: Vec<u8>,
}

/// How far in a client is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Stage {
    /// It waits for `0{…}`.
    Opening,
    /// It waits for `40{…}`.
    Connecting,
    /// It waits for the answer to `join`.
    Joining,
    Member,
}

impl SocketIo {
    /// A client that is to join `rooms`.
    pub(super) fn joining(rooms: impl Iterator<Item = usize>) -> Self {
        let rooms: Vec<String> = rooms.map(|room| format!("\"r{room}\"")).collect();
        let join = format!("420[\"join\",[{}]]", rooms.join(","));
        Self { stage: Stage::Opening, join: join.into_bytes() }
    }

    /// Takes a packet.
    ///
    /// # Errors
    /// In words, if it is none, or the server does not let the client in.
    pub(super) fn handle_payload(
        &mut self,
        packet: &[u8],
        replies: &mut Vec<u8>,
        mut hear: impl FnMut(Heard<'_>),
    ) -> Result<(), String> {
        if let Some(rest) = packet.strip_prefix(MESSAGE_FRONT.as_bytes()) {
            let text = rest.strip_suffix(MESSAGE_END.as_bytes());
            let text = text.ok_or_else(|| format!("half an event: {}", excerpt(packet)))?;
            hear(Heard::Text(text));
            return Ok(());
        }
        match (packet, self.stage) {
            (b"2", _) => reply(OpCode::Text, b"3", replies),
            ([b'0', ..], Stage::Opening) => {
                self.stage = Stage::Connecting;
                reply(OpCode::Text, b"40", replies);
            }
            ([b'4', b'0', ..], Stage::Connecting) => {
                self.stage = Stage::Joining;
                reply(OpCode::Text, &std::mem::take(&mut self.join), replies);
            }
            (answer, Stage::Joining) if answer.starts_with(JOINED) => {
                self.stage = Stage::Member;
                hear(Heard::Admitted);
            }
            ([b'4', b'4', reason @ ..], _) => {
                return Err(format!("the server refuses the client: {}", excerpt(reason)));
            }
            // Nothing, said to keep a transport alive.
            (b"6", _) => {}
            // What else a member may hear: a goodbye, another event, another answer.
            ([b'1', ..] | [b'4', b'1' | b'2' | b'3', ..], Stage::Member) => {
                hear(Heard::Text(packet));
            }
            _ => return Err(format!("not what Socket.IO says here: {}", excerpt(packet))),
        }
        Ok(())
    }
}
