//! Time as the swarm counts it: nanoseconds of the system's own clock, in eight bytes.
//!
//! A payload carries a moment, and a histogram takes the difference of two. All processes of one
//! machine read the same clock, so a message of one of them can be timed by another.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A point in time, in nanoseconds of `CLOCK_MONOTONIC` (clock_gettime(2)): since the start of the
/// machine, comparable between its processes and with no other machine's.
#[derive(
    Copy,
    Clone,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Debug,
    Default,
    serde::Serialize,
    serde::Deserialize,
)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    /// A moment that never comes.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// The time from `earlier` to this, nothing if it is the other way round.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The moment `span` later.
    pub(crate) fn after(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX)))
    }
}

/// The one clock of a machine.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Clock;

impl Clock {
    /// What the clock shows; it wraps after 584 years.
    pub(crate) fn now(&self) -> Moment {
        let now = clock_gettime(ClockId::Monotonic);
        Moment((now.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(now.tv_nsec as u64))
    }
}
