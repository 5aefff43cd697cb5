//! The engine's end of the bus: what all shards share of it.
//!
//! Knows no Redis: it starts the bus, hands out its ends and stops it.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use stentor_bus::bus::{Batch, Bus, Rooms, Settings, Started};
use stentor_bus::counters::Counters;
use stentor_bus::handed::Handed;
use stentor_bus::histories::Histories;
use stentor_bus::link::LinkState;
use stentor_bus::publisher::Publisher;
use tokio::sync::{broadcast, watch};

/// A running bus.
#[derive(Debug)]
pub(crate) struct PodBus {
    /// Taken out once, by whoever stops it.
    running: Mutex<Option<Bus>>,
    pub(crate) publisher: Publisher,
    pub(crate) rooms: Rooms,
    /// What Redis keeps of rooms, where it does.
    pub(crate) histories: Option<Histories>,
    /// Where the shards write down how far they have handed on what came.
    pub(crate) handed: Arc<Handed>,
    link: watch::Receiver<LinkState>,
    counters: watch::Receiver<Counters>,
}

impl PodBus {
    /// Starts it, with a receiver for each shard; Redis need not be there.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub(crate) fn start(
        settings: Settings,
        shards: usize,
    ) -> io::Result<(PodBus, Vec<broadcast::Receiver<Batch>>)> {
        let Started { bus, publisher, rooms, histories, arrivals, handed, link, counters } =
            Bus::start(settings, shards)?;
        let running = Mutex::new(Some(bus));
        Ok((PodBus { running, publisher, rooms, histories, handed, link, counters }, arrivals))
    }

    /// The state of the link; down, where the bus has ended.
    pub(crate) fn link(&self) -> LinkState {
        if self.link.has_changed().is_err() { LinkState::Down } else { *self.link.borrow() }
    }

    /// A receiver of the link's states that has seen none yet.
    pub(crate) fn link_changes(&self) -> watch::Receiver<LinkState> {
        self.link.clone()
    }

    /// Returns when the first attempt to hear Redis has ended, one way or the other.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub(crate) async fn first_attempt(&self) {
        let mut changes = self.link.clone();
        while changes.changed().await.is_ok() {
            if *changes.borrow_and_update() != LinkState::Connecting {
                return;
            }
        }
    }

    /// The figures; of a bus that has ended the last.
    pub(crate) fn counters(&self) -> Counters {
        *self.counters.borrow()
    }

    /// Publishes what waits, for at most `patience`, and ends the bus. Only the first call does.
    pub(crate) async fn stop(&self, patience: Duration) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(bus) = running {
            bus.stop(patience).await;
        }
    }
}
