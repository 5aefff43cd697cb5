//! A message after stamping: what every member hears.

use uuid::Uuid;

use crate::message_type::MessageType;
use crate::timestamp::Timestamp;

/// A stamped message, ready to be encoded once for all who hear it.
///
/// Borrows everything that is long; the encoder copies it into the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Envelope<'a> {
    /// The message's id: the sender's own, or a new UUIDv7.
    pub id: Uuid,
    /// The message's type.
    pub kind: MessageType,
    /// The room; `None` for everybody, and then the member is left out.
    pub room: Option<&'a str>,
    /// Who says it: the token's subject, the connection's id, or the server's name.
    pub from: &'a str,
    /// One JSON value, passed on byte for byte. The encoder does not check it.
    pub data: &'a [u8],
    /// When the server stamped it.
    pub timestamp: Timestamp,
}
