//! Delays: whether what was said here waits for Redis.
//!
//! Other pods hear a message when Redis has it. Who heard the others up to a moment has not heard
//! what waited then, so shards are told for as long as anything waits for longer than
//! [`LATE_AFTER`], and promise nothing over that time. Knows no Redis.

use std::time::Duration;

use stentor_wire::encode::message_timestamp;
use stentor_wire::time::{Instant, Now};

/// What waits for longer is late.
pub const LATE_AFTER: Duration = Duration::from_millis(400);

/// How often it is told while something is late.
const TOLD_EVERY: Duration = Duration::from_millis(100);

/// What is known of delays.
#[derive(Debug, Default)]
pub struct Delays {
    /// Something came late to the bus.
    came_late: bool,
    told_at: Option<Instant>,
}

impl Delays {
    /// The message that has waited for longest for the bus is taken now: its JSON.
    pub fn handle_taken(&mut self, now: Now, message: &[u8]) {
        let stamp = message_timestamp(message).map(|stamp| stamp.unix_millis());
        let waited = stamp.map_or(0, |stamp| now.unix_millis.saturating_sub(stamp));
        self.came_late |= Duration::from_millis(waited) > LATE_AFTER;
    }

    /// Whether shards are to be told now; `oldest` is when that was said which waits for longest.
    pub fn poll(&mut self, now: Instant, oldest: Option<Instant>) -> bool {
        let waits = oldest.is_some_and(|said_at| said_at + LATE_AFTER <= now);
        let is_due = self.told_at.is_none_or(|at| at + TOLD_EVERY <= now);
        let tells = std::mem::take(&mut self.came_late) || waits && is_due;
        if tells {
            self.told_at = Some(now);
        }
        tells
    }

    /// When [`Delays::poll`] may have something.
    pub fn poll_timeout(&self, oldest: Option<Instant>) -> Option<Instant> {
        let late_at = oldest? + LATE_AFTER;
        Some(self.told_at.map_or(late_at, |at| late_at.max(at + TOLD_EVERY)))
    }
}

#[cfg(test)]
mod tests;
