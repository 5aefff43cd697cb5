//! The mailbox: how other threads reach a shard.
//!
//! A full mailbox takes nothing; the sender keeps what it has and tries again, or says so to its
//! caller. Nothing is dropped here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError};
use stentor_shard::{Backlog, BusyRoom, Delivery, Laggard};
use stentor_wire::presence::Tale;
use stentor_wire::room_name::RoomName;
use tokio::sync::{Notify, mpsc};
use tracing::Span;

use crate::door::Admission;
use crate::figures::People;
use crate::gates::Place;
use crate::legs::FollowedDelivery;
use crate::stream::Stream;

/// How many commands wait for a shard at the most.
const COMMANDS_MAX: usize = 8_192;

/// What a shard is asked to do by somebody else.
#[derive(Debug)]
pub(crate) enum Command {
    /// Take in a socket that was upgraded elsewhere.
    Attach(Box<Attach>),
    /// Hand a message of another shard to the members here.
    Deliver(Delivery),
    /// The same for a message that somebody traces.
    DeliverFollowed(Box<FollowedDelivery>),
    /// Take what another shard tells of presence in a room.
    Tale(RoomName, Tale),
    /// Say who is in a room, where that is known.
    Who(RoomName, mpsc::UnboundedSender<People>),
    /// Say who is the furthest behind.
    Laggards { by: Backlog, limit: usize, answer: mpsc::UnboundedSender<Vec<Laggard>> },
    /// Say which rooms cause the most deliveries.
    BusiestRooms { limit: usize, answer: mpsc::UnboundedSender<Vec<BusyRoom>> },
    /// Take messages of the program itself, for the members of all shards.
    Publish(Publications),
    /// Take no new connections; once those on their way have come, or after so long, stop listening.
    GiveUpPort { patience: Duration },
    /// Close everybody, spread over the window, and end when it is done or after the timeout.
    Drain { window: Duration, timeout: Duration },
}

/// What the program says in one call, and what it weighs; the pod bounds the sum.
#[derive(Debug)]
pub(crate) struct Publications {
    pub(crate) deliveries: Vec<Delivery>,
    pub(crate) bytes: usize,
    /// What they are a part of; a disabled span where nobody traces them.
    pub(crate) span: Span,
}

/// A socket that comes in by [`crate::Engine::attach`].
#[derive(Debug)]
pub(crate) struct Attach {
    pub(crate) stream: Stream,
    pub(crate) received: Vec<u8>,
    pub(crate) admission: Admission,
    pub(crate) place: Place,
}

/// The sending side; as many as wanted.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    commands: Sender<Command>,
    bell: Arc<Bell>,
}

/// Why a command was not taken.
#[derive(Debug)]
pub(crate) enum SendError {
    /// There is no room; try again.
    Full(Command),
    /// Nobody will ever take it.
    Ended,
}

/// The receiving side: one, on the shard's thread.
#[derive(Debug)]
pub(crate) struct Mailbox {
    commands: Receiver<Command>,
    bell: Arc<Bell>,
}

/// Wakes the shard once for a burst, however many commands that is.
#[derive(Debug, Default)]
struct Bell {
    rung: AtomicBool,
    notify: Notify,
}

pub(crate) fn mailbox() -> (Address, Mailbox) {
    let (tx, rx) = crossbeam_channel::bounded(COMMANDS_MAX);
    let bell = Arc::new(Bell::default());
    (Address { commands: tx, bell: Arc::clone(&bell) }, Mailbox { commands: rx, bell })
}

impl Address {
    /// Hands a command over.
    ///
    /// # Errors
    /// The command comes back where the mailbox is full, and is gone where the shard has ended.
    pub(crate) fn send(&self, command: Command) -> Result<(), SendError> {
        match self.commands.try_send(command) {
            Ok(()) => {
                if !self.bell.rung.swap(true, Ordering::AcqRel) {
                    self.bell.notify.notify_one();
                }
                Ok(())
            }
            Err(TrySendError::Full(command)) => Err(SendError::Full(command)),
            Err(TrySendError::Disconnected(_)) => Err(SendError::Ended),
        }
    }
}

impl Mailbox {
    /// The next command. Before the first of a turn call [`Mailbox::rearm`].
    pub(crate) fn poll(&self) -> Option<Command> {
        self.commands.try_recv().ok()
    }

    /// From here on a command rings again.
    pub(crate) fn rearm(&self) {
        // Before the mailbox is looked at, so that what comes later is never left unannounced.
        self.bell.rung.swap(false, Ordering::AcqRel);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// How many commands lie in it.
    pub(crate) fn len(&self) -> usize {
        self.commands.len()
    }

    /// Waits for the bell.
    ///
    /// # Cancel safety
    /// A ring that nobody heard is kept for the next call.
    pub(crate) async fn rung(&self) {
        self.bell.notify.notified().await;
    }
}

#[cfg(test)]
mod tests;
