//! The accept rate: so many connections a second, as a virtual schedule (GCRA).
//!
//! A number says when the last one let in would be due at that rate. Who comes more than a burst
//! ahead of it is turned away; who resumes may be twice as far ahead. Knows no clock.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::door::Gate;

/// How far ahead of the schedule one may come, so that a second's worth passes at once.
const BURST: Duration = Duration::from_secs(1);

/// The same for those who resume.
const BURST_RESUMING: Duration = Duration::from_secs(2);

/// The rate at which a pod lets in, and how many it has turned away lately.
#[derive(Debug)]
pub(super) struct AcceptRate {
    /// Nanoseconds between two; 0 = no limit.
    interval: AtomicU64,
    /// When the next one is due, in nanoseconds since the start.
    due: AtomicU64,
    /// When the last of those turned away would be due, if they all came back.
    backlog_due: AtomicU64,
}

impl AcceptRate {
    /// So many a second; 0 = no limit.
    pub(super) fn new(per_second: u32) -> AcceptRate {
        AcceptRate {
            interval: AtomicU64::new(interval(per_second)),
            due: AtomicU64::new(0),
            backlog_due: AtomicU64::new(0),
        }
    }

    /// So many a second from now on.
    pub(super) fn change(&self, per_second: u32) {
        self.interval.store(interval(per_second), Relaxed);
    }

    pub(super) fn is_limited(&self) -> bool {
        self.interval.load(Relaxed) > 0
    }

    /// Who could be let in now.
    pub(super) fn look(&self, now: Duration) -> Gate {
        if !self.is_limited() {
            return Gate::Open;
        }
        let (now, due) = (nanos(now), self.due.load(Relaxed));
        if self.next(due, now, BURST).is_some() {
            Gate::Open
        } else if self.next(due, now, BURST_RESUMING).is_some() {
            Gate::Crowded { backlog: self.backlog(now) }
        } else {
            Gate::Overrun { backlog: self.backlog(now) }
        }
    }

    /// Lets one in, or says why not.
    pub(super) fn take(&self, now: Duration, resumes: bool) -> Result<(), Gate> {
        if !self.is_limited() {
            return Ok(());
        }
        let burst = if resumes { BURST_RESUMING } else { BURST };
        let now = nanos(now);
        let taken = self.due.fetch_update(Relaxed, Relaxed, |due| self.next(due, now, burst));
        match taken {
            Ok(_) => Ok(()),
            Err(_) if resumes => Err(Gate::Overrun { backlog: self.backlog(now) }),
            Err(_) => Err(Gate::Crowded { backlog: self.backlog(now) }),
        }
    }

    /// One more will come back; those after it are told to come later.
    pub(super) fn note_turned_away(&self, now: Duration) {
        let now = nanos(now);
        let interval = self.interval.load(Relaxed);
        let later = |due: u64| Some(due.max(now).saturating_add(interval));
        // It always is given a new value.
        let _ = self.backlog_due.fetch_update(Relaxed, Relaxed, later);
    }

    /// The schedule behind one more, where that is no further ahead than `burst`.
    fn next(&self, due: u64, now: u64, burst: Duration) -> Option<u64> {
        let interval = self.interval.load(Relaxed);
        let next = due.max(now) + interval;
        (next - now <= nanos(burst).max(interval)).then_some(next)
    }

    fn backlog(&self, now: u64) -> Duration {
        Duration::from_nanos(self.backlog_due.load(Relaxed).saturating_sub(now))
    }
}

/// Nanoseconds between two; 0 = no limit.
fn interval(per_second: u32) -> u64 {
    1_000_000_000_u64.checked_div(per_second.into()).unwrap_or(0)
}

/// 584 years of them are enough.
fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
