//! Traffic: what of a pod's messages is still on its way to members.
//!
//! Shards hear each other's messages in orders of their own, so the last message that a client
//! heard on one shard says little about what it had heard by then of another's. Unless nothing was
//! on its way: what is said while everything before it has reached all members has all of that
//! before it in every order that there is. A resumed client need not be told any of it again.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use stentor_wire::place::Place;

use crate::time::Instant;

/// A message that takes longer than this from its sender's shard to its members is late: then it
/// can stand behind messages of a second later.
const LATE_AFTER: Duration = Duration::from_millis(500);

/// Counts the messages that the shards of a pod say and flush; they share one.
///
/// A message counts once for each shard, because each takes it. It is counted in before any
/// shard can have it, and out on a shard when all of that shard's members have it in their sockets
/// or rings.
#[derive(Debug)]
pub struct Traffic {
    shards: u64,
    said: AtomicU64,
    flushed: AtomicU64,
    /// When a message was last seen to be late, in microseconds; 0 = never.
    late_at: AtomicU64,
}

/// Where a message stands in the traffic of its pod; of another pod's, its place there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Smaller than those of all messages that began later.
    pub(crate) ticket: u64,
    /// Everything with a smaller ticket had reached all members of the pod when this was said.
    settled: u64,
    /// When it was said, by the clock of the pod.
    said_at: Instant,
    /// The shard that it was said on: what one shard says comes to all in one order.
    origin: Option<u16>,
    /// The other pod that it is from, as [`Place`] has it, and `settled` is its number there.
    pod: Option<NonZeroU32>,
}

impl Passage {
    /// That of a message of which nothing is known, such as one from another pod.
    pub const UNKNOWN: Passage = Passage {
        ticket: u64::MAX,
        settled: 0,
        said_at: Instant::from_micros(u64::MAX),
        origin: None,
        pod: None,
    };

    /// That of a message from another pod, or of another program's, which has no place.
    pub fn from_elsewhere(place: Option<Place>) -> Passage {
        let (pod, settled) = place.map(Place::parts).unzip();
        Passage { pod, settled: settled.unwrap_or_default(), ..Passage::UNKNOWN }
    }

    /// Whether it was said on this pod.
    pub(crate) const fn is_of_this_pod(self) -> bool {
        self.origin.is_some()
    }

    /// Its place in what another pod has published, where it is from one.
    pub(crate) fn place(self) -> Option<Place> {
        self.pod.map(|pod| Place::of_parts(pod, self.settled))
    }

    /// Everything with a smaller ticket had reached all members of this pod when this was said.
    pub(crate) const fn settled(self) -> u64 {
        if self.is_of_this_pod() { self.settled } else { 0 }
    }

    /// Whether both were said on the same shard.
    pub(crate) fn has_origin_of(self, other: Passage) -> bool {
        self.origin.is_some() && self.origin == other.origin
    }

    /// When it was said; after all time, where that is not known.
    pub(crate) fn said_at(self) -> Instant {
        self.said_at
    }

    /// Whether nothing else was on its way when this was said.
    pub fn is_quiet(self) -> bool {
        self.ticket == self.settled
    }
}

impl Traffic {
    /// The traffic of so many shards, at least one.
    pub fn new(shards: usize) -> Traffic {
        let shards = u64::try_from(shards.max(1)).expect("a usize has at most 64 bits");
        Traffic {
            shards,
            said: AtomicU64::new(0),
            flushed: AtomicU64::new(0),
            late_at: AtomicU64::new(0),
        }
    }

    /// How many shards share it.
    pub(crate) fn shards(&self) -> u64 {
        self.shards
    }

    /// Counts a message in that is said on the shard `origin`. `settled` is what that knew of so far.
    pub(crate) fn begin(&self, now: Instant, origin: u16, settled: u64) -> Passage {
        // In this order: what was flushed by now has a ticket by now, so the two agree only where
        // nothing with a smaller ticket than this one is left.
        let flushed = self.flushed.load(Ordering::Acquire);
        let ticket = self.said.fetch_add(self.shards, Ordering::AcqRel);
        let settled = if flushed == ticket { ticket } else { settled };
        Passage { ticket, settled, said_at: now, origin: Some(origin), pod: None }
    }

    /// Looks whether a message that was said at `said_at` is late by now.
    pub(crate) fn look_at_delay(&self, now: Instant, said_at: Instant) {
        if now.since(said_at) > LATE_AFTER {
            self.late_at.fetch_max(now.micros(), Ordering::Relaxed);
        }
    }

    /// When a message was last seen to be late.
    pub(crate) fn late_at(&self) -> Option<Instant> {
        let micros = self.late_at.load(Ordering::Relaxed);
        (micros > 0).then(|| Instant::from_micros(micros))
    }

    /// A shard has flushed so many messages.
    pub(crate) fn end(&self, messages: u64) {
        self.flushed.fetch_add(messages, Ordering::Release);
    }
}

#[cfg(test)]
mod tests;
