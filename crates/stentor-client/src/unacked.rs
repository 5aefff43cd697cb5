//! What was published and is not acknowledged: said again after each new connection.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;

use uuid::Uuid;

/// Messages that wait at the most. Said again at once they stay below the rate that a server takes
/// in a burst by default, which is 200.
pub const UNACKED_MAX: usize = 128;

/// Bytes that they may have together: 1 MiB.
pub const UNACKED_BYTES_MAX: usize = 1 << 20;

/// A message that waits for its acknowledgement.
#[derive(Debug)]
pub(crate) struct Publish {
    pub(crate) id: Uuid,
    pub(crate) text: String,
}

/// Messages in the order in which they were published.
#[derive(Debug, Default)]
pub(crate) struct Unacked {
    queue: VecDeque<Publish>,
    bytes: usize,
    /// How many of the first were said on this connection.
    said: usize,
}

/// Why a message was not taken: nothing of it was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishError {
    /// [`UNACKED_MAX`] messages or [`UNACKED_BYTES_MAX`] bytes wait already.
    QueueFull,
    /// No server takes so large a message.
    TooBig,
}

impl Unacked {
    /// Takes a message in.
    ///
    /// # Errors
    /// There is no room for it.
    pub(crate) fn push(&mut self, publish: Publish) -> Result<(), PublishError> {
        let bytes = self.bytes + publish.text.len();
        if self.queue.len() >= UNACKED_MAX || bytes > UNACKED_BYTES_MAX {
            return Err(PublishError::QueueFull);
        }
        self.bytes = bytes;
        self.queue.push_back(publish);
        Ok(())
    }

    /// A new connection is there: all of them are to be said again.
    pub(crate) fn begin_again(&mut self) {
        self.said = 0;
    }

    /// The next that was not said on this connection.
    pub(crate) fn next(&self) -> Option<&Publish> {
        self.queue.get(self.said)
    }

    /// That one was said.
    pub(crate) fn note_said(&mut self) {
        self.said += 1;
    }

    /// A message was answered; `false` where it is none of these.
    pub(crate) fn settle(&mut self, id: Uuid) -> bool {
        let Some(at) = self.queue.iter().position(|publish| publish.id == id) else { return false };
        if let Some(publish) = self.queue.remove(at) {
            self.bytes -= publish.text.len();
        }
        if at < self.said {
            self.said -= 1;
        }
        true
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.queue.len()
    }
}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublishError::QueueFull => {
                write!(f, "{UNACKED_MAX} messages or {UNACKED_BYTES_MAX} bytes wait for an answer")
            }
            PublishError::TooBig => f.write_str("no server takes so large a message"),
        }
    }
}

impl Error for PublishError {}

#[cfg(test)]
mod tests;
