//! The close codes: one table for the server, the metrics, the descriptions, the client.
//!
//! Knows no connection: who closes when, and in what order, is decided elsewhere.

#[cfg(test)]
mod tests;

/// One row of the table.
struct Row {
    code: u16,
    label: &'static str,
    reason: &'static str,
    meaning: &'static str,
    is_retryable: bool,
}

/// Makes the enum, the list of all and the rows from one table, so that they cannot disagree.
macro_rules! close_codes {
    ($($name:ident = $code:literal {
        label: $label:literal, reason: $reason:literal, retryable: $retryable:literal,
        meaning: $meaning:literal,
    })+) => {
        /// Why the server ends a connection: every code that it sends, and no other.
        #[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
        pub enum CloseCode {
            $(#[doc = $meaning] $name,)+
        }

        impl CloseCode {
            /// Every code, in ascending order.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            const fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        code: $code,
                        label: $label,
                        reason: $reason,
                        meaning: $meaning,
                        is_retryable: $retryable,
                    },)+
                }
            }
        }
    };
}

close_codes! {
    Normal = 1000 {
        label: "normal", reason: "", retryable: false,
        meaning: "Normal closure: what the connection was for is done.",
    }
    GoingAway = 1001 {
        label: "going_away", reason: "server going away", retryable: true,
        meaning: "The server shuts down; what waited for the client was sent before.",
    }
    ProtocolError = 1002 {
        label: "protocol_error", reason: "protocol error", retryable: false,
        meaning: "The client broke the WebSocket protocol, an unmasked frame included.",
    }
    NotUtf8 = 1007 {
        label: "not_utf8", reason: "text is not UTF-8", retryable: false,
        meaning: "A text message or a close reason of the client is not UTF-8.",
    }
    TooBig = 1009 {
        label: "too_big", reason: "message too big", retryable: false,
        meaning: "A message of the client is larger than the server takes.",
    }
    Internal = 1011 {
        label: "internal", reason: "internal error", retryable: true,
        meaning: "The server met a fault of its own.",
    }
    TryAgainLater = 1013 {
        label: "try_again_later", reason: "too slow or overloaded", retryable: true,
        meaning: "The client reads slower than its rooms talk, or the server is overloaded.",
    }
    Unauthorized = 4401 {
        label: "unauthorized", reason: "token expired or revoked", retryable: false,
        meaning: "The client's token expired or was revoked; a new one is needed first.",
    }
    Forbidden = 4403 {
        label: "forbidden", reason: "forbidden", retryable: false,
        meaning: "The client may not be here.",
    }
    HeartbeatTimeout = 4408 {
        label: "heartbeat_timeout", reason: "no sign of life", retryable: true,
        meaning: "No frame came from the client for too long.",
    }
    RateLimited = 4429 {
        label: "rate_limited", reason: "too many messages", retryable: true,
        meaning: "The client kept sending above its rate; it may come back, slower.",
    }
}

impl CloseCode {
    /// The number on the wire.
    pub const fn code(self) -> u16 {
        self.row().code
    }

    /// The short name, in lower case with underscores, for metrics and descriptions.
    pub const fn label(self) -> &'static str {
        self.row().label
    }

    /// The text that the close frame carries; at most 123 bytes, so that the frame is a valid one.
    pub const fn reason(self) -> &'static str {
        self.row().reason
    }

    /// What the code tells a person, as a sentence.
    pub const fn meaning(self) -> &'static str {
        self.row().meaning
    }

    /// Whether a client that connects again, unchanged and after a pause, may expect better.
    pub const fn is_retryable(self) -> bool {
        self.row().is_retryable
    }

    /// The code of this number, `None` if the server never sends it.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|known| known.code() == code)
    }
}

/// Whether a peer may send this code in a close frame (RFC 6455 section 7.4, and the registry).
///
/// 1004 has no meaning; 1005, 1006 and 1015 are said inside a program, never on the wire; below
/// 1000 and from 5000 nothing is defined, and 1016 to 2999 wait for a later protocol.
pub const fn is_allowed_from_peer(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}
