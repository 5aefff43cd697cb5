//! The open loop: when the how-manieth message is due, whatever the server does meanwhile.
//!
//! A message that is sent late keeps the time that it was due at, and its latency counts from
//! there: a stall of the server, or of the generator, cannot hide the messages it held up.

use std::time::Duration;

use crate::measure::moment::Moment;

#[cfg(test)]
mod tests;

/// Equally spaced messages from a first moment on.
#[derive(Debug)]
pub(crate) struct Schedule {
    begin: Moment,
    rate: f64,
    taken: u64,
    next: Moment,
}

impl Schedule {
    /// `rate` messages a second, the first of them at `begin`; the rate is above zero.
    pub(crate) fn new(begin: Moment, rate: f64) -> Self {
        Self { begin, rate, taken: 0, next: begin }
    }

    /// When the next message is due.
    pub(crate) fn next_due(&self) -> Moment {
        self.next
    }

    /// Passes over the messages before the one with this number, from 0, or over all of them.
    pub(crate) fn skip_to(&mut self, number: Option<u64>) {
        let Some(number) = number else {
            self.next = Moment::NEVER;
            return;
        };
        self.taken = number;
        self.next = self.due_of(number);
    }

    /// Takes the next message if it is due by `now`, and says when it was due.
    pub(crate) fn poll_due(&mut self, now: Moment) -> Option<Moment> {
        let due = self.next;
        if due > now {
            return None;
        }
        self.taken += 1;
        self.next = self.due_of(self.taken);
        Some(due)
    }

    /// Counted from the beginning each time: adding up intervals would drift.
    fn due_of(&self, number: u64) -> Moment {
        self.begin.after(Duration::from_secs_f64(number as f64 / self.rate))
    }
}
