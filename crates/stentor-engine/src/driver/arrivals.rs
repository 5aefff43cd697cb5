//! Arrivals: what other pods said, on its way to the members of this shard.
//!
//! The bad case first: a shard that is too slow misses batches. The broadcast counts them, and
//! every member that hears events is told by a `gap`. A shard that has too much to write already
//! takes nothing, so that this bound is the one that works.

use std::future::pending;

use stentor_bus::bus::Batch;
use stentor_bus::inbox::{self, Arrival};
use stentor_shard::time::Now;
use stentor_shard::{Delivery, Passage, Shard};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Batches of one turn at the most; each holds at most 256 arrivals.
const BATCHES_PER_TURN_MAX: usize = 8;

/// One shard's end of the way in.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// `None` where there is no bus, or it has ended.
    receiver: Option<Receiver<Batch>>,
    /// What a wait has found, for the next turn.
    found: Option<Found>,
    /// Batches that this shard was too slow for.
    missed: u64,
    /// Batches that it has taken.
    taken: u64,
    /// The last proof of the link that was handed over.
    proof: Option<u64>,
}

#[derive(Debug)]
enum Found {
    Batch(Batch),
    Lag(u64),
}

impl Arrivals {
    pub(crate) fn new(receiver: Option<Receiver<Batch>>) -> Arrivals {
        Arrivals { receiver, found: None, missed: 0, taken: 0, proof: None }
    }

    /// Hands the shard what there is, up to a bound, and nothing more once it is congested.
    pub(super) fn deliver(&mut self, now: Now, shard: &mut Shard) {
        for _ in 0..BATCHES_PER_TURN_MAX {
            if shard.is_congested() {
                return;
            }
            match self.poll() {
                Some(Found::Batch(batch)) => {
                    self.taken += 1;
                    batch.iter().for_each(|arrival| self.take(now, shard, arrival));
                }
                Some(Found::Lag(batches)) => {
                    self.missed += batches;
                    shard.handle_lag(now);
                }
                None => return,
            }
        }
    }

    /// The last proof of the link, for who has flushed what came before it.
    pub(super) fn take_proof(&mut self) -> Option<u64> {
        self.proof.take()
    }

    /// Batches that this shard was too slow for, so far.
    pub(super) fn missed(&self) -> u64 {
        self.missed
    }

    /// How many batches have been taken, or have passed this shard by.
    pub(super) fn gone(&self) -> u64 {
        self.taken + self.missed
    }

    /// How many that will be once all that lies here now is.
    pub(super) fn come(&self) -> u64 {
        let lying = self.receiver.as_ref().map_or(0, Receiver::len) as u64;
        let found = match &self.found {
            Some(Found::Batch(_)) => 1,
            Some(Found::Lag(batches)) => *batches,
            None => 0,
        };
        self.gone() + found + lying
    }

    /// Returns when the next turn finds something; never, where nothing can come.
    ///
    /// # Cancel safety
    /// What was found is kept for the next turn.
    pub(super) async fn ready(&mut self) {
        if self.found.is_some() {
            return;
        }
        if let Some(receiver) = &mut self.receiver {
            match receiver.recv().await {
                Ok(batch) => self.found = Some(Found::Batch(batch)),
                Err(RecvError::Lagged(batches)) => self.found = Some(Found::Lag(batches)),
                Err(RecvError::Closed) => self.receiver = None,
            }
        }
        if self.found.is_none() {
            pending().await
        }
    }

    fn take(&mut self, now: Now, shard: &mut Shard, arrival: &Arrival) {
        match arrival {
            Arrival::Delivery(delivery) => deliver(now, shard, delivery),
            Arrival::Gap(gap) => shard.handle_gap(now, gap.audience.as_ref(), gap.missed),
            Arrival::Proof(proof) => {
                self.proof = Some(proof.number);
                shard.handle_proof(now, proof.until_unix_millis);
            }
            Arrival::Delayed => shard.handle_delay(now),
            Arrival::Tale(told) => {
                shard.handle_tale(now, Some(&told.pod), told.audience.as_ref(), &told.tale);
            }
            Arrival::Heard(audience) => shard.handle_audience_heard(now, audience.as_ref()),
            Arrival::Unheard => shard.handle_pods_unheard(),
            Arrival::Lost(audience) | Arrival::Left(audience) => {
                shard.handle_audience_unheard(audience.as_ref());
            }
        }
    }

    fn poll(&mut self) -> Option<Found> {
        if let Some(found) = self.found.take() {
            return Some(found);
        }
        match self.receiver.as_mut()?.try_recv() {
            Ok(batch) => Some(Found::Batch(batch)),
            Err(TryRecvError::Lagged(batches)) => Some(Found::Lag(batches)),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Closed) => {
                self.receiver = None;
                None
            }
        }
    }
}

fn deliver(now: Now, shard: &mut Shard, delivery: &inbox::Delivery) {
    // Every shard sees what came for any of them; it remembers no ids of rooms that it has not.
    if delivery.audience.as_ref().is_some_and(|room| !shard.minds_room(room)) {
        return;
    }
    let chosen_id = delivery.chosen_id();
    let (room, frame) = (delivery.audience.clone(), delivery.frame.clone());
    let passage = Passage::from_elsewhere(delivery.place);
    shard.handle_arrival(now, &Delivery { room, frame, chosen_id, passage });
}

#[cfg(test)]
mod tests;
