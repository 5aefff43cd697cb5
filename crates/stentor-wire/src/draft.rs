//! A message as its sender wrote it, before the server stamps it.
//!
//! Knows no connection: whose draft it is, its default room and its final id are decided by
//! whoever turns it into an [`Envelope`](crate::envelope::Envelope).

use std::borrow::Cow;

use uuid::Uuid;

use crate::error_code::ErrorCode;
use crate::message_type::MessageType;
use crate::timestamp::Timestamp;

/// The longest `id` text that is kept as a [`Draft::reference`], in bytes.
pub const REFERENCE_BYTES_MAX: usize = 128;

/// A well-formed message before stamping. Borrows the parser's scratch and the sender's bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft<'a> {
    /// The sender's own id, where it is a UUID in the hyphenated form of 36 characters.
    pub id: Option<Uuid>,
    /// The `id` as sent, where it is a string of at most [`REFERENCE_BYTES_MAX`] bytes; an error
    /// about this message names it as `ref`.
    pub reference: Option<Cow<'a, str>>,
    /// The type; `chat` where the sender named none.
    pub kind: MessageType,
    /// Where it goes.
    pub room: RoomField<'a>,
    /// The sender that a backend names; always `None` from a client.
    pub from: Option<Cow<'a, str>>,
    /// The moment that a backend names; always `None` from a client.
    pub timestamp: Option<Timestamp>,
    /// The exact bytes of the member `data`, valid JSON; `{}` where there is none.
    pub data: &'a [u8],
}

/// What a message says about its room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomField<'a> {
    /// Nothing: the sender's first room is meant, or everybody where it has none.
    Absent,
    /// `null` or the empty text: everybody.
    Global,
    /// A valid name, already judged by [`RoomName::check`](crate::room_name::RoomName::check).
    Named(Cow<'a, str>),
}

/// Why a message became no draft, as its sender is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The code on the wire.
    pub code: ErrorCode,
    /// What is wrong, for a person to read.
    pub message: Cow<'static, str>,
    /// The message's `id` as sent, where it could be read; see [`Draft::reference`].
    pub reference: Option<String>,
}

impl Refusal {
    /// A refusal of a message whose id could not be read.
    pub fn without_reference(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Refusal {
        Refusal { code, message: message.into(), reference: None }
    }
}
