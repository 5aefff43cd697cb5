//! What wakes a shard: its sockets, its mailbox, its next deadline.
//!
//! The shard's sockets live in a `mio::Poll` of its own, which costs no task and no allocation a
//! socket; the runtime sees that poll as one descriptor.

use std::io;
use std::time::Duration;

use mio::{Events, Registry};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

use crate::mailbox::Mailbox;

#[derive(Debug)]
pub(crate) struct Wake {
    poll: AsyncFd<mio::Poll>,
    registry: Registry,
}

impl Wake {
    /// A poll without sockets.
    ///
    /// # Errors
    /// The system has no descriptor left.
    pub(crate) fn new(poll: mio::Poll) -> io::Result<Wake> {
        let registry = poll.registry().try_clone()?;
        #[expect(deprecated, reason = "its successor is unsafe; a poll keeps its descriptor")]
        let poll = AsyncFd::with_interest(poll, Interest::READABLE)?;
        Ok(Wake { poll, registry })
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Takes what has happened to the sockets, without waiting. `true`: there was more than
    /// `events` holds. Nothing will wake the shard for that, so it must ask again.
    pub(crate) fn poll_sockets(&mut self, events: &mut Events) -> io::Result<bool> {
        match self.poll.get_mut().poll(events, Some(Duration::ZERO)) {
            Ok(()) => Ok(events.iter().count() == events.capacity()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Waits until a socket, the mailbox or the deadline has something.
    pub(crate) async fn wait_until(&self, deadline: Option<Instant>, mailbox: &Mailbox) {
        let sockets = async {
            if let Ok(mut ready) = self.poll.readable().await {
                // Cleared before the poll is asked, so that what comes meanwhile wakes again.
                ready.clear_ready();
            }
        };
        let timeout = async {
            match deadline {
                Some(deadline) => tokio::time::sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = sockets => {}
            () = mailbox.rung() => {}
            () = timeout => {}
        }
    }
}
