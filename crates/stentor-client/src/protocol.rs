//! The client's half of RFC 6455 without a socket: bytes in, messages out, and what is owed back.
//!
//! Knows no time and no runtime. The driver hands in what it read with
//! [`Protocol::handle_bytes`], takes messages with [`Protocol::poll_message`] and writes what
//! [`Protocol::unsent`] holds. Pongs and the answer to a close are written there by themselves.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use stentor_wire::assemble::{ClientAssembler, Incoming, Input, ProtocolError};
use stentor_wire::frame::{CONTROL_BYTES_MAX, OpCode, masked_frame};

use crate::chance::Chance;
use crate::end::{End, PeerClosed};

/// Past so many unsent bytes nothing more is read and nothing more is taken to be sent, so that a
/// peer that asks for pongs and does not read them cannot fill the memory.
pub(crate) const UNSENT_BYTES_MAX: usize = 64 * 1024;

/// A whole message of the peer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload {
    /// A text message.
    Text(String),
    /// A binary message.
    Binary(Vec<u8>),
}

/// How far a connection is.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Phase {
    Open,
    /// This side has sent its close and waits for the peer's.
    CloseSent(PeerClosed),
    /// Nothing more is heard or said; the peer is to end the stream.
    Over(End),
}

/// One connection as a value.
///
/// Memory: what one read completed, at most `message_bytes_max` of an incomplete message, and
/// [`UNSENT_BYTES_MAX`] with one message and the pongs that one read asks for.
#[derive(Debug)]
pub(crate) struct Protocol {
    assembler: ClientAssembler,
    message_bytes_max: usize,
    messages: VecDeque<Payload>,
    phase: Phase,
    unsent: Vec<u8>,
    sent_bytes: usize,
    chance: Chance,
}

impl Protocol {
    pub(crate) fn new(message_bytes_max: usize, chance: Chance) -> Protocol {
        Protocol {
            assembler: ClientAssembler::default(),
            message_bytes_max,
            messages: VecDeque::new(),
            phase: Phase::Open,
            unsent: Vec::new(),
            sent_bytes: 0,
            chance,
        }
    }

    /// Takes what was read. What comes behind a close or a fault is not looked at.
    pub(crate) fn handle_bytes(&mut self, bytes: &mut [u8]) {
        let mut input = Input::new(bytes);
        while !matches!(self.phase, Phase::Over(_)) {
            match self.assembler.poll(&mut input, self.message_bytes_max) {
                Ok(None) => return,
                Ok(Some(Incoming::Text(text))) => {
                    if self.phase == Phase::Open {
                        self.messages.push_back(Payload::Text(text.to_owned()));
                    }
                }
                Ok(Some(Incoming::Binary(bytes))) => {
                    if self.phase == Phase::Open {
                        self.messages.push_back(Payload::Binary(bytes.to_owned()));
                    }
                }
                Ok(Some(Incoming::Ping(payload))) => {
                    if self.phase == Phase::Open {
                        masked_frame(OpCode::Pong, payload, self.chance.mask(), &mut self.unsent);
                    }
                }
                Ok(Some(Incoming::Pong(_))) => {}
                Ok(Some(Incoming::Close(close))) => {
                    let closed = PeerClosed {
                        code: close.map(|close| close.code),
                        reason: close.map_or("", |close| close.reason).to_owned(),
                    };
                    self.handle_close(closed);
                }
                Err(error) => self.handle_fault(error),
            }
        }
    }

    /// The peer's stream ended, in order or not: nothing can come any more.
    pub(crate) fn handle_end(&mut self, end: End) {
        if let Phase::CloseSent(closed) = &self.phase {
            self.phase = Phase::Over(End::Closed(closed.clone()));
        } else if self.phase == Phase::Open {
            self.phase = Phase::Over(end);
        }
        self.unsent.clear();
        self.sent_bytes = 0;
    }

    /// The next whole message.
    pub(crate) fn poll_message(&mut self) -> Option<Payload> {
        self.messages.pop_front()
    }

    /// Whether messages wait for [`Protocol::poll_message`].
    pub(crate) fn has_messages(&self) -> bool {
        !self.messages.is_empty()
    }

    /// How it ended, if it did.
    pub(crate) fn end(&self) -> Option<&End> {
        match &self.phase {
            Phase::Over(end) => Some(end),
            _ => None,
        }
    }

    /// Whether a message may be said.
    pub(crate) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// Says a text or binary message; nothing is said once a close was.
    pub(crate) fn say(&mut self, opcode: OpCode, payload: &[u8]) {
        if self.is_open() {
            masked_frame(opcode, payload, self.chance.mask(), &mut self.unsent);
        }
    }

    /// Asks for a sign of life.
    pub(crate) fn ping(&mut self) {
        self.say(OpCode::Ping, b"");
    }

    /// Begins the closing handshake; a reason over 123 bytes is cut at the last whole character.
    pub(crate) fn close(&mut self, code: u16, reason: &str) {
        if !self.is_open() {
            return;
        }
        let mut bytes = reason.len().min(CONTROL_BYTES_MAX - size_of::<u16>());
        while !reason.is_char_boundary(bytes) {
            bytes -= 1;
        }
        let closed = PeerClosed { code: Some(code), reason: reason[..bytes].to_owned() };
        self.write_close(&closed);
        self.phase = Phase::CloseSent(closed);
    }

    /// What is to be written next.
    pub(crate) fn unsent(&self) -> &[u8] {
        &self.unsent[self.sent_bytes..]
    }

    /// So many bytes of it were written.
    pub(crate) fn handle_sent(&mut self, bytes: usize) {
        self.sent_bytes += bytes;
        if self.sent_bytes >= self.unsent.len() {
            self.unsent.clear();
            self.unsent.shrink_to(UNSENT_BYTES_MAX);
            self.sent_bytes = 0;
        } else if self.sent_bytes > UNSENT_BYTES_MAX.max(self.unsent.len() / 2) {
            // At most as many bytes are moved as were written: the cost stays linear.
            self.unsent.drain(..self.sent_bytes);
            self.sent_bytes = 0;
        }
    }

    fn handle_close(&mut self, closed: PeerClosed) {
        if self.phase == Phase::Open {
            self.write_close(&closed);
        }
        self.phase = Phase::Over(End::Closed(closed));
    }

    fn handle_fault(&mut self, error: ProtocolError) {
        if self.phase == Phase::Open {
            let code = error.close_code();
            let reason = code.reason().to_owned();
            self.write_close(&PeerClosed { code: Some(code.code()), reason });
        }
        self.phase = Phase::Over(End::Fault(error));
    }

    fn write_close(&mut self, closed: &PeerClosed) {
        let mut payload = Vec::with_capacity(CONTROL_BYTES_MAX);
        if let Some(code) = closed.code {
            payload.extend_from_slice(&code.to_be_bytes());
            payload.extend_from_slice(closed.reason.as_bytes());
        }
        masked_frame(OpCode::Close, &payload, self.chance.mask(), &mut self.unsent);
    }
}
