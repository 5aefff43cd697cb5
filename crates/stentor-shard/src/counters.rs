//! What a shard counts, as plain numbers that its driver reads.

use std::time::Duration;

/// Upper bounds of a histogram's buckets, in microseconds; above the last lies infinity.
pub const BOUNDS_MICROS: [u64; 13] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000,
    1_000_000,
];

/// Counters of one shard; they only grow.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// Messages taken from members and publications.
    pub messages_received: u64,
    /// Deliveries: one for each member that a message was written or queued to.
    pub messages_sent: u64,
    /// Deliveries that were never made.
    pub dropped: Dropped,
    /// Messages answered with an error.
    pub messages_refused: u64,
    /// Connections that ever became members.
    pub connections_opened: u64,
    /// Members that were told that messages were lost on their way to this shard.
    pub gaps_told: u64,
    /// Members that were not, because they hear no events.
    pub gaps_untold: u64,
    /// Clients that came back and missed nothing.
    pub resumes_recovered: u64,
    /// Clients that came back and may have missed something.
    pub resumes_incomplete: u64,
    /// Words about who came, went or is away, one for each member that was told.
    pub presence_told: u64,
    /// Deliveries out of the history.
    pub messages_replayed: u64,
    /// Deliveries of what was said in this pod: from when the first message of a flush was taken
    /// to its end.
    pub delivery_local: Histogram,
    /// Deliveries of what was said elsewhere: from the stamp of the first such message of a flush,
    /// by the clock of whoever stamped it, to its end.
    pub delivery_remote: Histogram,
}

/// Deliveries that were never made, by what became of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dropped {
    /// A full ring lost them, the oldest first, and its owner was told of a gap where it hears
    /// events.
    pub ring_full: u64,
    /// They waited for a member that was closed, because it was too slow or left.
    pub closed: u64,
    /// The history let go of them before a member that caught up had read them.
    pub history: u64,
}

impl Dropped {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.ring_full + self.closed + self.history
    }
}

/// A histogram of times with the bounds of [`BOUNDS_MICROS`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Histogram {
    /// Counts of each bucket alone; the last is the one without an upper bound.
    pub buckets: [u64; BOUNDS_MICROS.len() + 1],
    /// The sum of all times, in microseconds.
    pub sum_micros: u64,
}

impl Histogram {
    /// Notes that `count` of them took `time`.
    pub fn observe(&mut self, time: Duration, count: u64) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        self.buckets[bucket] += count;
        self.sum_micros = self.sum_micros.saturating_add(micros.saturating_mul(count));
    }
}
