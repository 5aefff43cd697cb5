//! The NATS client protocol in binary frames (its reference page at docs.nats.io).
//!
//! Frames mean nothing to it: one may hold many operations, and an operation may go on in the next.
//! The server says `INFO {…}`, the client `CONNECT {…}`, a `SUB` for each room and `PING`; with the
//! `PONG` it is a member. A message is `PUB` on its way in and `MSG` on its way out.

use stentor_wire::frame::OpCode;

use super::{Heard, Wrapping, excerpt, reply};

#[cfg(test)]
mod tests;

/// What an operation's line may weigh, in bytes; `INFO` of a large cluster is the longest.
const LINE_BYTES_MAX: usize = 64 * 1_024;
/// What a message may weigh, in bytes: the server's own default.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// The client's side of the acquaintance; its own messages are wanted too.
const CONNECT: &str = "CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":false,\
    \"echo\":true,\"lang\":\"rust\",\"version\":\"0\",\"protocol\":1}\r\n";

/// What stands around a text of so many bytes for `room`.
pub(super) fn wrapping(room: usize, text_bytes: usize) -> Wrapping {
    let before = format!("PUB r{room} {text_bytes}\r\n");
    Wrapping { opcode: OpCode::Binary, before, after: "\r\n" }
}

/// One client's talk.
#[derive(Debug)]
pub(crate) struct Nats {
    stage: Stage,
    /// What is said when the server has introduced itself; empty after that.
    greeting: Vec<u8>,
    /// The beginning of an operation that is not whole yet.
    tail: Vec<u8>,
}

/// How far in a client is.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Stage {
    /// It waits for `INFO`.
    Introducing,
    /// It waits for the answer to its `PING`.
    Joining,
    Member,
}

impl Nats {
    /// A client that is to join `rooms`.
    pub(super) fn joining(rooms: impl Iterator<Item = usize>) -> Self {
        let mut greeting = CONNECT.to_owned();
        for (place, room) in rooms.enumerate() {
            greeting.push_str(&format!("SUB r{room} {}\r\n", place + 1));
        }
        greeting.push_str("PING\r\n");
        Self { stage: Stage::Introducing, greeting: greeting.into_bytes(), tail: Vec::new() }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// In words, if they are no operations, or the server does not let the client in.
    pub(super) fn handle_payload(
        &mut self,
        payload: &[u8],
        replies: &mut Vec<u8>,
        mut hear: impl FnMut(Heard<'_>),
    ) -> Result<(), String> {
        if self.tail.is_empty() {
            let taken = self.take_operations(payload, replies, &mut hear)?;
            self.tail.extend_from_slice(&payload[taken..]);
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.tail);
        bytes.extend_from_slice(payload);
        let taken = self.take_operations(&bytes, replies, &mut hear)?;
        if taken < bytes.len() {
            bytes.drain(..taken);
            self.tail = bytes;
        }
        Ok(())
    }

    /// Works off all operations that are whole; how many bytes they were.
    fn take_operations(
        &mut self,
        bytes: &[u8],
        replies: &mut Vec<u8>,
        hear: &mut impl FnMut(Heard<'_>),
    ) -> Result<usize, String> {
        let mut at = 0;
        while let Some((operation, length)) = read_operation(&bytes[at..])? {
            at += length;
            match (operation, self.stage) {
                (Operation::Message(text), _) => hear(Heard::Text(text)),
                (Operation::Ping, _) => reply(OpCode::Binary, b"PONG\r\n", replies),
                (Operation::Info, Stage::Introducing) => {
                    self.stage = Stage::Joining;
                    reply(OpCode::Binary, &std::mem::take(&mut self.greeting), replies);
                }
                (Operation::Pong, Stage::Joining) => {
                    self.stage = Stage::Member;
                    hear(Heard::Admitted);
                }
                (Operation::Error(line), Stage::Member) => hear(Heard::Text(line)),
                (Operation::Error(line), _) => return Err(excerpt(line)),
                // A cluster that has changed, an answer nobody waits for, an agreement.
                (Operation::Info | Operation::Pong | Operation::Ok, _) => {}
            }
        }
        Ok(at)
    }
}

/// What a server says.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Operation<'a> {
    Info,
    Message(&'a [u8]),
    Ping,
    Pong,
    Ok,
    /// Its line.
    Error(&'a [u8]),
}

/// The first operation and its length in bytes, `None` while it is not whole.
fn read_operation(bytes: &[u8]) -> Result<Option<(Operation<'_>, usize)>, String> {
    let Some(end) = bytes.iter().take(LINE_BYTES_MAX).position(|&byte| byte == b'\n') else {
        if bytes.len() >= LINE_BYTES_MAX {
            return Err(format!("a line without an end: {}", excerpt(bytes)));
        }
        return Ok(None);
    };
    let line = bytes[..end].trim_ascii_end();
    let (verb, arguments) = match line.iter().position(|&byte| byte == b' ') {
        Some(space) => line.split_at(space),
        None => (line, &[][..]),
    };
    let operation = match verb {
        b"MSG" => return read_message(bytes, arguments, end + 1),
        b"PING" => Operation::Ping,
        b"PONG" => Operation::Pong,
        b"INFO" => Operation::Info,
        b"+OK" => Operation::Ok,
        b"-ERR" => Operation::Error(line),
        _ => return Err(format!("not what NATS says: {}", excerpt(line))),
    };
    Ok(Some((operation, end + 1)))
}

/// `MSG subject sid [reply-to] bytes`, whose text begins at `begin`.
fn read_message<'a>(
    bytes: &'a [u8],
    arguments: &[u8],
    begin: usize,
) -> Result<Option<(Operation<'a>, usize)>, String> {
    let wrong = || format!("not how NATS delivers: {}", excerpt(bytes));
    let text_bytes = arguments.rsplit(|&byte| byte == b' ').next();
    let text_bytes = text_bytes.and_then(decimal).filter(|&count| count <= MESSAGE_BYTES_MAX);
    let end = begin + text_bytes.ok_or_else(wrong)?;
    let Some(line_end) = bytes.get(end..end + 2) else { return Ok(None) };
    if line_end != b"\r\n" {
        return Err(wrong());
    }
    Ok(Some((Operation::Message(&bytes[begin..end]), end + 2)))
}

fn decimal(digits: &[u8]) -> Option<usize> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}
