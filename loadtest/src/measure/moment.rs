//! Time as the swarm counts it: nanoseconds since the process began, in eight bytes.
//!
//! A payload carries a moment, and a histogram takes the difference of two.

use std::time::{Duration, Instant};

/// A point in time, in nanoseconds since the [`Clock`] was started.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
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

/// The one clock of a process; copies of it agree.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// A clock that stands at zero.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// What the clock shows; it wraps after 584 years.
    pub(crate) fn now(&self) -> Moment {
        Moment(self.0.elapsed().as_nanos() as u64)
    }
}
