//! The pace of a room: how many deliveries a second it causes, of late.

use crate::time::Instant;

/// What was delivered so long ago counts 1/e of what is delivered now, in seconds.
const MEMORY_SECONDS: f32 = 10.0;

/// An average over time whose weights decay exponentially; it costs 16 bytes and no timer.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pace {
    /// Deliveries, those of the past in part.
    deliveries: f32,
    /// When that was so.
    at: Instant,
}

impl Pace {
    pub(crate) fn note(&mut self, now: Instant, deliveries: u64) {
        self.deliveries = self.left(now) + deliveries as f32;
        self.at = now;
    }

    /// Deliveries a second.
    pub(crate) fn per_second(&self, now: Instant) -> f32 {
        self.left(now) / MEMORY_SECONDS
    }

    fn left(&self, now: Instant) -> f32 {
        let seconds = now.since(self.at).as_secs_f32();
        self.deliveries * (-seconds / MEMORY_SECONDS).exp()
    }
}

#[cfg(test)]
mod tests;
