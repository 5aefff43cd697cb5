//! Why a message was refused, as its sender is told.
//!
//! These are the codes of `error` messages on an open connection. Close codes and HTTP statuses
//! are elsewhere.

#[cfg(test)]
mod tests;

/// Why a message was refused: `data.code` of an `error` message. Always the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// No JSON, something behind it, or nested too deep.
    InvalidJson,
    /// JSON, but no object or a member of the wrong type.
    InvalidMessage,
    /// A `type` that does not exist.
    UnknownType,
    /// A `type` that only the server sends.
    ForbiddenType,
    /// The token does not allow the room.
    ForbiddenRoom,
    /// No valid room name, or none where one is needed.
    BadRoom,
    /// Leaving a room without being its member.
    NotAMember,
    /// Joining more rooms than a connection may be in.
    TooManyRooms,
    /// More messages a second than allowed.
    RateLimited,
}

impl ErrorCode {
    /// Every code, in the order of the documentation.
    pub const ALL: [ErrorCode; 9] = [
        ErrorCode::InvalidJson,
        ErrorCode::InvalidMessage,
        ErrorCode::UnknownType,
        ErrorCode::ForbiddenType,
        ErrorCode::ForbiddenRoom,
        ErrorCode::BadRoom,
        ErrorCode::NotAMember,
        ErrorCode::TooManyRooms,
        ErrorCode::RateLimited,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            ErrorCode::InvalidJson => "invalid_json",
            ErrorCode::InvalidMessage => "invalid_message",
            ErrorCode::UnknownType => "unknown_type",
            ErrorCode::ForbiddenType => "forbidden_type",
            ErrorCode::ForbiddenRoom => "forbidden_room",
            ErrorCode::BadRoom => "bad_room",
            ErrorCode::NotAMember => "not_a_member",
            ErrorCode::TooManyRooms => "too_many_rooms",
            ErrorCode::RateLimited => "rate_limited",
        }
    }

    /// What the code means, as one sentence for the documentation.
    pub const fn meaning(self) -> &'static str {
        match self {
            ErrorCode::InvalidJson => {
                "The message is not one JSON document, or it nests more than 64 deep."
            }
            ErrorCode::InvalidMessage => {
                "The message is JSON, but no object, or a member has the wrong type."
            }
            ErrorCode::UnknownType => "The message's type does not exist.",
            ErrorCode::ForbiddenType => "The message's type is one that only the server sends.",
            ErrorCode::ForbiddenRoom => "The token does not allow this room.",
            ErrorCode::BadRoom => {
                "The room's name is not 1 to 128 bytes without control characters, \
                 or a room is needed and none was named."
            }
            ErrorCode::NotAMember => "The connection is not a member of the room.",
            ErrorCode::TooManyRooms => "The connection is in as many rooms as it may be.",
            ErrorCode::RateLimited => {
                "The connection sends more messages than allowed; this one was dropped."
            }
        }
    }
}
