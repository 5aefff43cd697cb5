//! How a connection ended.

use std::error::Error;
use std::fmt;
use std::io;

use stentor_wire::assemble::ProtocolError;
use stentor_wire::close::CloseCode;

/// The close frame that ended a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PeerClosed {
    /// The code, where the frame had one.
    pub code: Option<u16>,
    /// At most 123 bytes.
    pub reason: String,
}

/// How a connection ended. It does not change any more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// The closing handshake: the peer's close frame, or one's own where that came first.
    Closed(PeerClosed),
    /// The stream ended or broke without a close frame.
    Lost(io::ErrorKind),
    /// Nothing was heard for as long as [`Limits::silence_max`](crate::Limits::silence_max), or
    /// nothing that was said was taken.
    Silent,
    /// The server broke the protocol, or a bound of this client.
    Fault(ProtocolError),
}

impl End {
    /// Whether connecting again, unchanged and after a pause, may go better. For the codes that
    /// Stentor sends, the one table says it; others come from what stands between, and pass.
    pub fn is_retryable(&self) -> bool {
        match self {
            End::Closed(PeerClosed { code: Some(code), .. }) => {
                CloseCode::from_code(*code).is_none_or(CloseCode::is_retryable)
            }
            End::Closed(PeerClosed { code: None, .. }) | End::Lost(_) | End::Silent => true,
            End::Fault(error) => error.close_code().is_retryable(),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Closed(PeerClosed { code: None, .. }) => f.write_str("closed without a code"),
            End::Closed(PeerClosed { code: Some(code), reason }) if reason.is_empty() => {
                write!(f, "closed with {code}")
            }
            End::Closed(PeerClosed { code: Some(code), reason }) => {
                write!(f, "closed with {code}: {reason}")
            }
            End::Lost(kind) => write!(f, "the connection was lost: {kind}"),
            End::Silent => f.write_str("no sign of life of the server"),
            End::Fault(error) => write!(f, "the server broke the protocol: {error}"),
        }
    }
}

impl Error for End {}
