//! The types of a message, and who may send which.
//!
//! Knows the words only; what a type makes the server do is decided elsewhere.

#[cfg(test)]
mod tests;

/// What a message is for: its member `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageType {
    /// What people say; the type of a message that names none.
    Chat,
    /// Who is there, away or gone.
    Presence,
    /// A question for a sign of life, answered to the sender alone.
    Ping,
    /// The answer to a ping.
    Pong,
    /// Makes the sender a member of a room.
    Join,
    /// Ends the sender's membership of a room.
    Leave,
    /// Brings a new token.
    Auth,
    /// The server's own events; the server's alone.
    System,
    /// What a backend tells people; not for clients.
    Notification,
    /// The answer to a bad message; the server's alone.
    Error,
}

impl MessageType {
    /// Every type, in the order of the documentation.
    pub const ALL: [MessageType; 10] = [
        MessageType::Chat,
        MessageType::Presence,
        MessageType::Ping,
        MessageType::Pong,
        MessageType::Join,
        MessageType::Leave,
        MessageType::Auth,
        MessageType::System,
        MessageType::Notification,
        MessageType::Error,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            MessageType::Chat => "chat",
            MessageType::Presence => "presence",
            MessageType::Ping => "ping",
            MessageType::Pong => "pong",
            MessageType::Join => "join",
            MessageType::Leave => "leave",
            MessageType::Auth => "auth",
            MessageType::System => "system",
            MessageType::Notification => "notification",
            MessageType::Error => "error",
        }
    }

    /// The type that `word` names, letter case counting; `None` for an unknown word.
    pub fn parse(word: &str) -> Option<MessageType> {
        Some(match word {
            "chat" => MessageType::Chat,
            "presence" => MessageType::Presence,
            "ping" => MessageType::Ping,
            "pong" => MessageType::Pong,
            "join" => MessageType::Join,
            "leave" => MessageType::Leave,
            "auth" => MessageType::Auth,
            "system" => MessageType::System,
            "notification" => MessageType::Notification,
            "error" => MessageType::Error,
            _ => return None,
        })
    }

    /// Whether a client may send it. `system`, `notification` and `error` come from servers only.
    pub const fn is_allowed_from_client(self) -> bool {
        !matches!(self, MessageType::System | MessageType::Notification | MessageType::Error)
    }
}
