//! The queue of everything that is going to happen.

use std::collections::BTreeMap;

/// Virtual time in microseconds since the world began.
pub(crate) type Micros = u64;

/// One millisecond.
pub(crate) const MILLI: Micros = 1_000;

/// One second.
pub(crate) const SECOND: Micros = 1_000_000;

/// What is going to happen, by time, and in the order of its coming where the time is the same.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    events: BTreeMap<(Micros, u64), T>,
    pushed: u64,
}

impl<T> Default for Queue<T> {
    fn default() -> Queue<T> {
        Queue { events: BTreeMap::new(), pushed: 0 }
    }
}

impl<T> Queue<T> {
    /// Lets `event` happen at `at`.
    pub(crate) fn push(&mut self, at: Micros, event: T) {
        self.pushed += 1;
        self.events.insert((at, self.pushed), event);
    }

    /// The next thing that happens, and when.
    pub(crate) fn pop(&mut self) -> Option<(Micros, T)> {
        self.events.pop_first().map(|((at, _), event)| (at, event))
    }
}

/// A way on which nothing overtakes anything: a connection in one direction, a mailbox.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lane {
    last_at: Micros,
}

impl Lane {
    /// When something arrives that is sent at `now` and would take `delay`.
    pub(crate) fn arrival(&mut self, now: Micros, delay: Micros) -> Micros {
        self.last_at = self.last_at.max(now + delay);
        self.last_at
    }
}
