//! How a peer can break the protocol, and the close code that tells it so.

use crate::close::CloseCode;
use crate::frame::FrameError;
use std::error::Error;
use std::fmt;

/// What a peer did wrong; always the peer's fault, and the end of its connection.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ProtocolError {
    /// A frame of a client without a mask (RFC 6455 section 5.1).
    Unmasked,
    /// A frame of a server with a mask (RFC 6455 section 5.1).
    Masked,
    /// A reserved bit is set, and no extension that gives it a meaning was agreed on.
    ReservedBits,
    /// An opcode that RFC 6455 keeps for later.
    UnknownOpCode,
    /// A control frame that is not final.
    ControlFragmented,
    /// A control frame with a payload of more than 125 bytes.
    ControlTooBig,
    /// A 64-bit length with its top bit set.
    LengthTopBit,
    /// A continuation where no message is open.
    LoneContinuation,
    /// A new message where another one is open.
    InterleavedMessage,
    /// A text message or a close reason that is not UTF-8.
    BadUtf8,
    /// A close frame whose payload is one byte.
    BadClosePayload,
    /// A close code that a peer may not send.
    BadCloseCode,
    /// A message larger than the bound, its fragments taken together.
    TooBig,
}

impl ProtocolError {
    /// The code to close with: the one table from faults to codes.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::Unmasked
            | Self::Masked
            | Self::ReservedBits
            | Self::UnknownOpCode
            | Self::ControlFragmented
            | Self::ControlTooBig
            | Self::LengthTopBit
            | Self::LoneContinuation
            | Self::InterleavedMessage
            | Self::BadClosePayload
            | Self::BadCloseCode => CloseCode::ProtocolError,
            Self::BadUtf8 => CloseCode::NotUtf8,
            Self::TooBig => CloseCode::TooBig,
        }
    }
}

impl From<FrameError> for ProtocolError {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::ReservedBits => Self::ReservedBits,
            FrameError::UnknownOpCode => Self::UnknownOpCode,
            FrameError::ControlFragmented => Self::ControlFragmented,
            FrameError::ControlTooBig => Self::ControlTooBig,
            FrameError::LengthTopBit => Self::LengthTopBit,
        }
    }
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unmasked => "frame not masked",
            Self::Masked => "frame of a server masked",
            Self::ReservedBits => "reserved bit set",
            Self::UnknownOpCode => "unknown opcode",
            Self::ControlFragmented => "control frame fragmented",
            Self::ControlTooBig => "control frame over 125 bytes",
            Self::LengthTopBit => "top bit of the length set",
            Self::LoneContinuation => "continuation without a message",
            Self::InterleavedMessage => "new message inside another",
            Self::BadUtf8 => "text is not UTF-8",
            Self::BadClosePayload => "close payload of one byte",
            Self::BadCloseCode => "close code not allowed",
            Self::TooBig => "message too big",
        })
    }
}

impl Error for ProtocolError {}
