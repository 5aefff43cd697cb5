//! Which rooms somebody may use: patterns such as `team-*`.
//!
//! Knows no token and no member; who has which patterns is decided elsewhere.

use std::fmt;

use crate::room_name::RoomName;

#[cfg(test)]
mod tests;

/// A list of patterns. A room is allowed if one of them matches its whole name.
///
/// `*` stands for any run of characters, the empty one too, and every other character for itself;
/// there is no escape. An empty list allows no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomPatterns(Box<[Box<str>]>);

impl RoomPatterns {
    /// The most patterns of a list.
    pub const COUNT_MAX: usize = 128;

    /// The longest pattern, in bytes of UTF-8.
    pub const BYTES_MAX: usize = RoomName::BYTES_MAX;

    /// Takes texts as patterns.
    ///
    /// # Errors
    /// The first rule that they break.
    pub fn parse<'a>(
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Result<RoomPatterns, BadRoomPatterns> {
        let mut patterns: Vec<Box<str>> = Vec::new();
        for text in texts {
            if patterns.len() == RoomPatterns::COUNT_MAX {
                return Err(BadRoomPatterns::TooMany);
            }
            if text.is_empty() || text.len() > RoomPatterns::BYTES_MAX {
                return Err(BadRoomPatterns::Length);
            }
            if text.chars().any(char::is_control) {
                return Err(BadRoomPatterns::ControlCharacter);
            }
            patterns.push(text.into());
        }
        Ok(RoomPatterns(patterns.into()))
    }

    /// Whether the room is allowed.
    pub fn allow(&self, room: &str) -> bool {
        self.0.iter().any(|pattern| matches(pattern, room))
    }

    /// Whether every room is allowed, and so what is said to everybody.
    pub fn allow_everything(&self) -> bool {
        self.0.iter().any(|pattern| pattern.bytes().all(|byte| byte == b'*'))
    }

    /// The patterns, as they were written.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|pattern| &**pattern)
    }
}

/// Whether `pattern` matches the whole of `room`.
///
/// Each run between two stars is taken where it comes first, which no later choice could better:
/// so no input takes longer than the pattern's length times the room's.
fn matches(pattern: &str, room: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == room };
    let Some(mut left) = room.strip_prefix(head) else { return false };
    let mut runs = rest.split('*');
    let tail = runs.next_back().unwrap_or_default();
    for run in runs {
        let Some(at) = left.find(run) else { return false };
        left = &left[at + run.len()..];
    }
    left.ends_with(tail)
}

/// Why texts are no patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadRoomPatterns {
    /// More than [`RoomPatterns::COUNT_MAX`].
    TooMany,
    /// One is empty, or longer than [`RoomPatterns::BYTES_MAX`].
    Length,
    /// One has a character of Unicode's category Cc, which no room's name has.
    ControlCharacter,
}

impl fmt::Display for BadRoomPatterns {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            BadRoomPatterns::TooMany => "there are at most 128 room patterns",
            BadRoomPatterns::Length => "a room pattern has 1 to 128 bytes",
            BadRoomPatterns::ControlCharacter => {
                "a room pattern must not contain control characters"
            }
        })
    }
}

impl std::error::Error for BadRoomPatterns {}
