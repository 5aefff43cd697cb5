//! Histories: how the rest of the pod reads what a room's stream holds.
//!
//! The bad case first: a Redis that does not answer, or too many who ask, is an error before long,
//! and whoever asked replays what it has itself and says that something may be missing.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::channel::Audience;
use crate::stream_history::{Kept, StreamHistory};
use crate::stream_reads::WAITING_MAX;

/// Nobody waits longer for a read. A link that is deaf is found out before, and ends all reads: this
/// is for a Redis that is only slow, behind which a short wait is less than a message missed.
pub const READ_TIMEOUT: Duration = Duration::from_secs(3);

/// What became of a read.
pub(crate) type ReadResult = Result<Arc<Kept>, ReadError>;

/// Somebody asks for a room's history.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) audience: Audience,
    pub(crate) answer: oneshot::Sender<ReadResult>,
}

/// Reads the history of rooms; a clone reads the same.
#[derive(Clone, Debug)]
pub struct Histories {
    asks: mpsc::Sender<Ask>,
    history: StreamHistory,
}

/// Why there is no history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadError {
    /// The link is down, or the bus has ended.
    LinkDown,
    /// No answer for [`READ_TIMEOUT`].
    Late,
    /// Too many ask.
    Busy,
    /// Redis says no, or the connection that reads is not there.
    Refused,
}

impl Histories {
    pub(crate) fn queue(history: StreamHistory) -> (Histories, mpsc::Receiver<Ask>) {
        let (tx, rx) = mpsc::channel(WAITING_MAX);
        (Histories { asks: tx, history }, rx)
    }

    /// How much is kept; what [`Kept::replay`] wants to know.
    pub fn history(&self) -> StreamHistory {
        self.history
    }

    /// What Redis has of a room, or of what was said to everybody. The read begins after this is
    /// called, so whatever Redis had taken by then is in it; others who ask meanwhile share it.
    ///
    /// # Errors
    /// [`ReadError`], after [`READ_TIMEOUT`] at the latest.
    ///
    /// # Cancel safety
    /// Where it is dropped, the answer goes to nobody.
    pub async fn read(&self, audience: Audience) -> Result<Arc<Kept>, ReadError> {
        let (answer, answered) = oneshot::channel();
        self.asks.try_send(Ask { audience, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => ReadError::Busy,
            mpsc::error::TrySendError::Closed(_) => ReadError::LinkDown,
        })?;
        match timeout(READ_TIMEOUT, answered).await {
            Ok(answer) => answer.unwrap_or(Err(ReadError::LinkDown)),
            Err(_) => Err(ReadError::Late),
        }
    }
}
