//! What a peer said, whole: a message or a control frame.

use super::error::ProtocolError;
use crate::close::is_allowed_from_peer;
use crate::frame::OpCode;
use std::str;

/// A whole message or control frame of a peer, borrowed from the input that completed it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Incoming<'m> {
    /// A text message.
    Text(&'m str),
    /// A binary message.
    Binary(&'m [u8]),
    /// A ping; the pong that is owed carries the same bytes, at most 125.
    Ping(&'m [u8]),
    /// A pong, asked for or not; at most 125 bytes.
    Pong(&'m [u8]),
    /// The peer closes; without a payload it gives no code.
    Close(Option<PeerClose<'m>>),
}

/// Why a peer closes, in its own words.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct PeerClose<'m> {
    /// A code that a peer may send.
    pub code: u16,
    /// At most 123 bytes; nothing is known about them but that they are UTF-8.
    pub reason: &'m str,
}

impl<'m> Incoming<'m> {
    /// Reads an unmasked payload as what its opcode says; a continuation cannot get here.
    pub(super) fn from_payload(opcode: OpCode, payload: &'m [u8]) -> Result<Self, ProtocolError> {
        match opcode {
            OpCode::Text => text(payload).map(Self::Text),
            OpCode::Binary => Ok(Self::Binary(payload)),
            OpCode::Ping => Ok(Self::Ping(payload)),
            OpCode::Pong => Ok(Self::Pong(payload)),
            OpCode::Close => PeerClose::from_payload(payload).map(Self::Close),
            OpCode::Continuation => Err(ProtocolError::LoneContinuation),
        }
    }
}

impl<'m> PeerClose<'m> {
    fn from_payload(payload: &'m [u8]) -> Result<Option<Self>, ProtocolError> {
        if payload.is_empty() {
            return Ok(None);
        }
        let Some((code, reason)) = payload.split_first_chunk() else {
            return Err(ProtocolError::BadClosePayload);
        };
        let code = u16::from_be_bytes(*code);
        if !is_allowed_from_peer(code) {
            return Err(ProtocolError::BadCloseCode);
        }
        Ok(Some(Self { code, reason: text(reason)? }))
    }
}

fn text(bytes: &[u8]) -> Result<&str, ProtocolError> {
    str::from_utf8(bytes).map_err(|_| ProtocolError::BadUtf8)
}
