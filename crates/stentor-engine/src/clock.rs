//! The clock of a shard: the only place that its driver asks what time it is.

use std::time::{Duration, Instant as StdInstant, SystemTime, UNIX_EPOCH};

use stentor_shard::time::{Instant, Now};

/// How often the calendar is read again; in between it goes with the monotonic clock.
const CALENDAR_INTERVAL: Duration = Duration::from_secs(1);

/// One shard's clock. All shards of an engine count from the same start.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    started: StdInstant,
    calendar_read_at: Instant,
    /// Microseconds since 1970 at the start, as the calendar says now.
    started_unix_micros: u64,
}

impl Clock {
    pub(crate) fn new(started: StdInstant) -> Clock {
        let mut clock =
            Clock { started, calendar_read_at: Instant::default(), started_unix_micros: 0 };
        clock.read_calendar(clock.instant());
        clock
    }

    /// The monotonic moment.
    pub(crate) fn instant(&self) -> Instant {
        Instant::from_micros(micros(self.started.elapsed()))
    }

    /// The moment and the calendar.
    pub(crate) fn now(&mut self) -> Now {
        let instant = self.instant();
        if instant.since(self.calendar_read_at) >= CALENDAR_INTERVAL {
            self.read_calendar(instant);
        }
        Now { instant, unix_millis: (self.started_unix_micros + instant.micros()) / 1_000 }
    }

    /// The moment in the terms of the runtime's timer.
    pub(crate) fn runtime_instant(&self, at: Instant) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.started + Duration::from_micros(at.micros()))
    }

    fn read_calendar(&mut self, instant: Instant) {
        let unix = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.started_unix_micros = micros(unix).saturating_sub(instant.micros());
        self.calendar_read_at = instant;
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
