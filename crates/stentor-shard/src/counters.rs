//! What a shard counts, as plain numbers that its driver reads.

use std::time::Duration;

/// Upper bounds of the delivery histogram, in microseconds; above the last lies infinity.
pub const DELIVERY_BOUNDS_MICROS: [u64; 13] = [
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
    /// Deliveries that a full ring dropped or that a closed slow consumer never got.
    pub messages_dropped: u64,
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
    /// Time from when the first message of a flush was taken to its end, counted in deliveries.
    pub delivery: DeliveryHistogram,
}

/// A histogram of delivery times with the bounds of [`DELIVERY_BOUNDS_MICROS`].
#[derive(Clone, Copy, Debug, Default)]
pub struct DeliveryHistogram {
    /// Deliveries in each bucket alone; the last is the one without an upper bound.
    pub buckets: [u64; DELIVERY_BOUNDS_MICROS.len() + 1],
    /// The sum over all deliveries, in microseconds.
    pub sum_micros: u64,
}

impl DeliveryHistogram {
    /// Notes that `deliveries` of them took `time`.
    pub fn observe(&mut self, time: Duration, deliveries: u64) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let bucket = DELIVERY_BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        self.buckets[bucket] += deliveries;
        self.sum_micros = self.sum_micros.saturating_add(micros.saturating_mul(deliveries));
    }
}
