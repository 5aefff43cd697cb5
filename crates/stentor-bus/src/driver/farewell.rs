//! Farewell: the last that a bus says, once all that was said here is with Redis.
//!
//! The others then know that nobody is here any more who might have missed something. Where Redis
//! does not take it in time they go on to count with that for a while.

use stentor_wire::presence::Tale;
use stentor_wire::time::Now;

use super::{Driver, Errand};

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Farewell {
    #[default]
    Unsaid,
    /// Redis has not taken it yet.
    UnderWay,
    /// Redis has it, or cannot be told.
    Over,
}

impl Driver {
    /// Says it as soon as nothing else is left to be said.
    pub(super) fn say_farewell(&mut self, now: Now) {
        if self.farewell != Farewell::Unsaid || !self.has_said_all() {
            return;
        }
        self.farewell = Farewell::UnderWay;
        let last = Tale::Heard(self.hearing.last_testimony(now));
        if !(self.settings.testifies && self.tell_as(Errand::Farewell, &None, &last)) {
            self.farewell = Farewell::Over;
        }
    }

    pub(super) fn handle_farewell_taken(&mut self) {
        self.farewell = Farewell::Over;
    }

    /// The session is dropped, and with it the answer that was waited for.
    pub(super) fn forget_farewell(&mut self) {
        if self.farewell == Farewell::UnderWay {
            self.farewell = Farewell::Unsaid;
        }
    }

    /// Whether a bus that is to stop need not run any longer.
    pub(super) fn has_ended(&self) -> bool {
        let Some(stop_at) = self.stop_at else { return false };
        self.farewell == Farewell::Over || self.clock.now().instant >= stop_at
    }

    fn has_said_all(&self) -> bool {
        let counters = self.pipeline.counters();
        self.is_silent && counters.waiting == 0 && counters.in_flight == 0
    }
}
