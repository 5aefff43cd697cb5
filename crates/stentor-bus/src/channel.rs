//! The names of the channels on Redis.
//!
//! Knows what a name says, not who listens.

use stentor_wire::room_name::RoomName;

use crate::pod_id::PodId;

/// Who is meant by a message: the members of a room, or everybody (`None`).
pub type Audience = Option<RoomName>;

/// The longest prefix, in bytes.
pub const PREFIX_BYTES_MAX: usize = 128;

/// Makes channel names: `{prefix}:global`, `{prefix}:room:{room}`, `{prefix}:probe:{pod}`,
/// and the keys of histories, `{prefix}:history:{room}` and `{prefix}:lacking:{room}`.
///
/// In a Redis Cluster a room with `{…}` in its name has a hash tag there; plain `PUBLISH` reaches
/// every node, so that has no effect. With sharded channels it only says which rooms share a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelNames {
    prefix: Box<str>,
}

impl ChannelNames {
    /// Names below `prefix`.
    ///
    /// # Errors
    /// [`BadPrefix`] where it is empty, longer than [`PREFIX_BYTES_MAX`] or has a control
    /// character.
    pub fn new(prefix: &str) -> Result<ChannelNames, BadPrefix> {
        let bad = prefix.is_empty()
            || prefix.len() > PREFIX_BYTES_MAX
            || prefix.chars().any(char::is_control);
        if bad { Err(BadPrefix) } else { Ok(ChannelNames { prefix: prefix.into() }) }
    }

    /// The channel of an audience.
    pub fn of(&self, audience: &Audience) -> String {
        match audience {
            None => format!("{}:global", self.prefix),
            Some(room) => format!("{}:room:{room}", self.prefix),
        }
    }

    /// The key of the stream that keeps an audience's history. No room has an empty name, so the
    /// one of everybody is no room's.
    pub fn history(&self, audience: &Audience) -> String {
        let room = audience.as_ref().map(RoomName::as_str).unwrap_or_default();
        format!("{}:history:{room}", self.prefix)
    }

    /// The key of the stream that says when something was lacking in that history.
    pub fn lacking(&self, audience: &Audience) -> String {
        let room = audience.as_ref().map(RoomName::as_str).unwrap_or_default();
        format!("{}:lacking:{room}", self.prefix)
    }

    /// The channel on which `pod` hears its own probes, and nobody else listens.
    pub fn probe(&self, pod: &PodId) -> String {
        format!("{}:probe:{pod}", self.prefix)
    }

    /// The audience that a channel's name stands for; `None` for a name of something else.
    pub fn audience(&self, channel: &str) -> Option<Audience> {
        let rest = channel.strip_prefix(&*self.prefix)?.strip_prefix(':')?;
        if rest == "global" {
            return Some(None);
        }
        RoomName::parse(rest.strip_prefix("room:")?).ok().map(Some)
    }
}

/// A prefix that is empty, too long or has control characters. The operator's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadPrefix;

impl std::fmt::Display for BadPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a prefix has 1 to {PREFIX_BYTES_MAX} bytes and no control characters")
    }
}

impl std::error::Error for BadPrefix {}

#[cfg(test)]
mod tests;
