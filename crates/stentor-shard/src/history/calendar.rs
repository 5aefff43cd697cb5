//! The calendar as a shard has seen it: at which moment of its own clock a time of the calendar was.
//!
//! The bad case first: a calendar may be set, and an id that was made before that has a time which
//! means another moment now. From such a step on, a time says nothing until it is later than all
//! that the calendar may have said before.

use std::time::Duration;

use crate::time::{Instant, Now};

/// The calendar and the clock run apart by less than this from one look to the next, unless the
/// calendar was set.
const STEP_MILLIS: u64 = 500;

/// A later time than this from now tells nothing.
const FUTURE_MILLIS_MAX: u64 = 1_000;

#[derive(Clone, Debug)]
pub(super) struct Calendar {
    /// When it was looked at first.
    began_at: Instant,
    /// What the calendar said when the clock began, in milliseconds since 1970.
    start_millis: u64,
    /// Times before this moment say nothing.
    since: Instant,
}

impl Calendar {
    pub(super) fn of(now: Now) -> Calendar {
        Calendar { began_at: now.instant, start_millis: start_millis(now), since: now.instant }
    }

    /// When it was looked at first: when its shard began.
    pub(super) fn began_at(&self) -> Instant {
        self.began_at
    }

    /// Looks at the calendar again.
    pub(super) fn note(&mut self, now: Now) {
        let start_millis = start_millis(now);
        let step = start_millis.abs_diff(self.start_millis);
        if step > STEP_MILLIS {
            self.since = self.since.max(now.instant + Duration::from_millis(step));
        }
        self.start_millis = start_millis;
    }

    /// The same, looked at once more.
    fn seen(&self, now: Now) -> Calendar {
        let mut calendar = self.clone();
        calendar.note(now);
        calendar
    }

    /// Whether it was set, and a time may be one that it said before that.
    pub(super) fn may_mislead(&self, now: Now, unix_millis: u64) -> bool {
        let calendar = self.seen(now);
        let micros = unix_millis.saturating_sub(calendar.start_millis).saturating_mul(1_000);
        calendar.since > calendar.began_at && Instant::from_micros(micros) < calendar.since
    }

    /// The moment at which the calendar said this; `None` where that is not known for sure.
    pub(super) fn moment(&self, now: Now, unix_millis: u64) -> Option<Instant> {
        let calendar = self.seen(now);
        let micros = unix_millis.checked_sub(calendar.start_millis)?.checked_mul(1_000)?;
        let moment = Instant::from_micros(micros);
        let latest = now.instant + Duration::from_millis(FUTURE_MILLIS_MAX);
        (calendar.since <= moment && moment <= latest).then(|| moment.min(now.instant))
    }
}

fn start_millis(now: Now) -> u64 {
    now.unix_millis.saturating_sub(now.instant.micros() / 1_000)
}

#[cfg(test)]
mod tests;
