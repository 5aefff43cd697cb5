//! The server's clock, as far as it was told: where to resume is judged by the time in an id, and
//! the clock of this machine may be wrong.

use std::time::{SystemTime, UNIX_EPOCH};

use stentor_wire::time::millis;
use stentor_wire::timestamp::Timestamp;
use tokio::time::Instant;

/// What the server's clock said when. Told late rather than early, by the time that a message
/// takes: then an id is older than what it is of, which does no harm.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ServerClock {
    told: Option<(Instant, u64)>,
}

impl ServerClock {
    /// The server stamped something that came just now.
    pub(crate) fn note(&mut self, now: Instant, stamp: &str) {
        if let Some(stamp) = Timestamp::parse_rfc3339(stamp) {
            self.told = Some((now, stamp.unix_millis()));
        }
    }

    /// Milliseconds since 1970; by the clock of this machine before the server has told of its own.
    pub(crate) fn unix_millis(&self, now: Instant) -> u64 {
        match self.told {
            Some((at, told)) => told.saturating_add(millis(now.saturating_duration_since(at))),
            None => millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests;
