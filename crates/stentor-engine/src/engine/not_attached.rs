//! Sockets that the engine did not take.

use std::fmt;
use std::time::Duration;

use crate::door::Gate;
use crate::stream::Stream;

/// A socket that was not taken.
#[derive(Debug)]
pub struct NotAttached {
    /// Why.
    pub why: AttachError,
    /// The socket, to be told so; `None` where the engine has ended.
    pub stream: Option<Stream>,
}

/// Why a socket was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachError {
    /// `connections_max` is reached.
    Full,
    /// The engine is draining or has ended.
    Draining,
    /// The shard has too much to do.
    Overloaded,
    /// Its address has as many connections as one may have.
    AddressFull,
    /// Too many are coming in.
    Crowded {
        /// How long the pod needs for those whom it has turned away lately.
        backlog: Duration,
    },
}

impl AttachError {
    /// What a closed gate means to who stands before it.
    pub(super) fn at(gate: Gate) -> AttachError {
        match gate {
            Gate::Full => AttachError::Full,
            Gate::AddressFull => AttachError::AddressFull,
            Gate::Draining => AttachError::Draining,
            Gate::Crowded { backlog } | Gate::Overrun { backlog } => {
                AttachError::Crowded { backlog }
            }
            Gate::Open => AttachError::Overloaded,
        }
    }
}

impl fmt::Display for AttachError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AttachError::Full => "every place for a connection is taken",
            AttachError::Draining => "the engine is draining",
            AttachError::Overloaded => "the shard has too much to do",
            AttachError::AddressFull => "the address has as many connections as it may have",
            AttachError::Crowded { .. } => "too many are coming in",
        })
    }
}

impl std::error::Error for AttachError {}

impl fmt::Display for NotAttached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.why.fmt(f)
    }
}

impl std::error::Error for NotAttached {}
