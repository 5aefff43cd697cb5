//! The clock of the bus thread.

use std::time::{SystemTime, UNIX_EPOCH};

use stentor_wire::time::{Instant, Now, millis};

/// Tells the time since its start, and the calendar's.
#[derive(Debug)]
pub(super) struct Clock {
    started: tokio::time::Instant,
}

impl Clock {
    pub(super) fn start() -> Clock {
        Clock { started: tokio::time::Instant::now() }
    }

    pub(super) fn now(&self) -> Now {
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        // A calendar before 1970 is as good as 1970.
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { instant: Instant::from_micros(micros), unix_millis: millis(unix) }
    }

    /// The moment `at` as the runtime's timer takes it.
    pub(super) fn runtime_instant(&self, at: Instant) -> tokio::time::Instant {
        self.started + at.since(Instant::default())
    }
}
