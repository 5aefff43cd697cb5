//! The bus of a pod: a thread with Redis behind it, and the ends that others hold.
//!
//! One thread with one runtime does everything, so that nothing of it is shared and shards lose
//! no time to it. Out: a queue of messages ([`Publisher`]). In: batches through a broadcast
//! channel, one receiver for each shard; a shard that is too slow is told how many batches it
//! missed by its receiver (`Lagged`), and tells its members. Redis need not be there at the start,
//! nor at any time.
//!
//! A panic on this thread is a fault of ours, is counted, and costs the pod its link for a moment:
//! the bus goes on with a new session. What may have been lost by it is told.

use std::io;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use stentor_wire::presence::Tale;
use stentor_wire::room_name::RoomName;
use tokio::runtime;
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::address::Address;
use crate::channel::{Audience, ChannelNames};
use crate::counters::Counters;
use crate::driver::{Control, Driver, Ends};
use crate::handed::Handed;
use crate::histories::Histories;
use crate::in_flight::InFlightLimits;
use crate::inbox::Arrival;
use crate::link::LinkState;
use crate::mode::Mode;
use crate::outbox::OutboxLimits;
use crate::pod_id::PodId;
use crate::publisher::{self, Publisher};
use crate::stream_history::StreamHistory;
use crate::subscriptions::LINGER;
use crate::waiters::Release;

/// What shards take at once, in order.
pub type Batch = Arc<[Arrival]>;

/// Batches that wait for the slowest shard. With at most 256 KiB in a batch and one message
/// beyond it, they weigh 96 MiB at the very most.
pub const BATCHES_MAX: usize = 256;

/// What a bus is started with.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where Redis is.
    pub address: Address,
    /// The channels' names.
    pub names: ChannelNames,
    /// This run of this pod.
    pub pod: PodId,
    /// Where chance comes from: waits between attempts, ids of foreign messages.
    pub seed: u64,
    /// Which kind of channels.
    pub mode: Mode,
    /// What is kept over an outage.
    pub outbox: OutboxLimits,
    /// What is under way at once.
    pub in_flight: InFlightLimits,
    /// How long a room is heard after its last member has left.
    pub linger: Duration,
    /// What Redis keeps of each room; `None` where it keeps nothing, which costs nothing.
    pub history: Option<StreamHistory>,
    /// Whether other pods are told each second how far this one hears them; for those who keep
    /// what is said, so that who comes back to another pod misses nothing.
    pub testifies: bool,
}

impl Settings {
    /// The settings of `pod`, with the default limits.
    pub fn new(address: Address, names: ChannelNames, pod: PodId, seed: u64) -> Settings {
        Settings {
            address,
            names,
            pod,
            seed,
            mode: Mode::default(),
            outbox: OutboxLimits::default(),
            in_flight: InFlightLimits::default(),
            linger: LINGER,
            history: None,
            testifies: true,
        }
    }
}

/// A bus that runs; it is stopped when this is dropped.
#[derive(Debug)]
pub struct Bus {
    stop: oneshot::Sender<Duration>,
    ended: oneshot::Receiver<()>,
}

/// A bus and all of its ends.
#[derive(Debug)]
pub struct Started {
    /// The bus itself.
    pub bus: Bus,
    /// The way out.
    pub publisher: Publisher,
    /// Which rooms are to be heard.
    pub rooms: Rooms,
    /// The way in, a receiver for each shard.
    pub arrivals: Vec<broadcast::Receiver<Batch>>,
    /// Where the shards write down how far they have handed that on.
    pub handed: Arc<Handed>,
    /// What Redis keeps of rooms, where it keeps something.
    pub histories: Option<Histories>,
    /// The state of the link, as it changes.
    pub link: watch::Receiver<LinkState>,
    /// The figures, twice a second.
    pub counters: watch::Receiver<Counters>,
}

impl Bus {
    /// Starts a bus for so many shards, and does not wait for Redis.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn start(settings: Settings, shards: usize) -> io::Result<Started> {
        let (publisher, outgoings) = publisher::queue();
        let (controls_tx, controls_rx) = mpsc::unbounded_channel();
        let (arrivals_tx, _) = broadcast::channel(BATCHES_MAX);
        let (link_tx, link_rx) = watch::channel(LinkState::Down);
        let (counters_tx, counters_rx) = watch::channel(Counters::default());
        let (stop_tx, stop_rx) = oneshot::channel();
        let (ended_tx, ended_rx) = oneshot::channel();
        let (histories, asks) = settings.history.map(Histories::queue).unzip();
        let arrivals = (0..shards).map(|_| arrivals_tx.subscribe()).collect();
        let handed = Arc::new(Handed::new(shards));
        let ends = Ends {
            handed: Arc::clone(&handed),
            outgoings,
            controls: controls_rx,
            asks,
            arrivals: arrivals_tx,
            link: link_tx,
            counters: counters_tx,
            stop: stop_rx,
        };
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("stentor-bus".to_owned()).spawn(move || {
            let driver = Driver::new(settings, ends);
            let run = AssertUnwindSafe(|| runtime.block_on(driver.run()));
            if std::panic::catch_unwind(run).is_err() {
                // It did not survive its own panic. The ends are gone with it, by which their
                // other sides see it.
                tracing::error!("the bus has ended; this pod is on its own until it is restarted");
                return;
            }
            // Nobody may be left who wants to know.
            let _ = ended_tx.send(());
        })?;
        Ok(Started {
            bus: Bus { stop: stop_tx, ended: ended_rx },
            publisher,
            rooms: Rooms { controls: controls_tx },
            arrivals,
            handed,
            histories,
            link: link_rx,
            counters: counters_rx,
        })
    }

    /// Publishes what waits, for at most `patience`, and ends the thread.
    ///
    /// # Cancel safety
    /// The bus ends all the same.
    pub async fn stop(self, patience: Duration) {
        if self.stop.send(patience).is_ok() {
            // An error says that the thread is gone, which is what is waited for.
            let _ = self.ended.await;
        }
    }
}

/// Tells the bus which rooms have members; a clone tells the same.
///
/// What is told waits in a queue without a bound of its own: nothing of it may be lost. It is bounded
/// by what fills it: a word for each time that a shard gets its first member of a room or loses its
/// last, the rooms of each handshake that waits, and who is in a room, once a tick and room. The bus
/// takes up to 1,024 of them as often as anything else.
#[derive(Clone, Debug)]
pub struct Rooms {
    controls: mpsc::UnboundedSender<Control>,
}

impl Rooms {
    /// A shard has its first member of `room`.
    pub fn want(&self, room: RoomName) {
        // A bus that has ended hears nothing any more.
        let _ = self.controls.send(Control::Want(room));
    }

    /// A shard has lost its last member of `room`.
    pub fn unwant(&self, room: RoomName) {
        // As in `want`.
        let _ = self.controls.send(Control::Unwant(room));
    }

    /// Tells other pods of presence in a room, or that this one lives. What is told while Redis does
    /// not answer is not kept: it would be out of date.
    pub fn tell(&self, audience: Audience, tale: &Tale) {
        // As in `want`.
        let _ = self.controls.send(Control::Tell(audience, tale.clone()));
    }

    /// Waits until all of `rooms`, which are wanted already, are heard: for 250 ms at the most,
    /// and not at all where the link is known to be down.
    ///
    /// # Cancel safety
    /// Where it is dropped, nobody waits any more.
    pub async fn joined(&self, rooms: Vec<RoomName>) -> Release {
        let (released_tx, released_rx) = oneshot::channel();
        if self.controls.send(Control::Wait(rooms, released_tx)).is_err() {
            return Release::LinkDown;
        }
        released_rx.await.unwrap_or(Release::LinkDown)
    }
}

#[cfg(test)]
mod tests;
