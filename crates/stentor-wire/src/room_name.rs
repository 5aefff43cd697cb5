//! The name of a room: valid, or it does not exist.
//!
//! Knows nothing of who may enter a room and of how a name is written in a path.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

#[cfg(test)]
mod tests;

/// The name of a room: 1 to [`RoomName::BYTES_MAX`] bytes of UTF-8 without control characters.
///
/// A clone shares the text. Names are compared byte by byte; no Unicode normalisation is done.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomName(Arc<str>);

impl RoomName {
    /// The longest name, in bytes of UTF-8.
    pub const BYTES_MAX: usize = 128;

    /// Takes `text` as a name.
    ///
    /// # Errors
    /// Those of [`RoomName::check`].
    pub fn parse(text: &str) -> Result<RoomName, BadRoomName> {
        RoomName::check(text)?;
        Ok(RoomName(Arc::from(text)))
    }

    /// Tells whether `text` is a name, without making one.
    ///
    /// # Errors
    /// The first rule that `text` breaks: [`BadRoomName::Empty`], [`BadRoomName::TooLong`] or
    /// [`BadRoomName::ControlCharacter`] (C0, DEL and C1).
    pub fn check(text: &str) -> Result<(), BadRoomName> {
        if text.is_empty() {
            return Err(BadRoomName::Empty);
        }
        if text.len() > RoomName::BYTES_MAX {
            return Err(BadRoomName::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(BadRoomName::ControlCharacter);
        }
        Ok(())
    }

    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for RoomName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for RoomName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, out)
    }
}

/// Why a text is no room name. Always the peer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRoomName {
    /// No byte at all.
    Empty,
    /// More than [`RoomName::BYTES_MAX`] bytes.
    TooLong,
    /// A character of Unicode's category Cc.
    ControlCharacter,
}

impl BadRoomName {
    /// The rule that was broken, as a peer reads it.
    pub const fn as_str(self) -> &'static str {
        match self {
            BadRoomName::Empty => "a room name must not be empty",
            BadRoomName::TooLong => "a room name has at most 128 bytes",
            BadRoomName::ControlCharacter => "a room name must not contain control characters",
        }
    }
}

impl fmt::Display for BadRoomName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl std::error::Error for BadRoomName {}
