//! What all members of all rooms hear: each delivery timed, audited, and otherwise forgotten.
//!
//! This is the hot path of the harness: about fifty nanoseconds a delivery are all it may take.

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::load::connection::{Audience, End};
use crate::load::seating::SeatMap;
use crate::load::share::Share;
use crate::measure::bins::{FineBins, LATENCY_MAX};
use crate::measure::moment::Moment;
use crate::measure::stages::Stages;
use crate::measure::timeline::Timeline;
use crate::verdict::auditor::Auditor;
use crate::verdict::locator::Locator;
use crate::verdict::stamp::{RunId, Stamp};

#[cfg(test)]
mod tests;

/// How many messages that are no deliveries of this run are shown.
pub(crate) const STRANGE_SHOWN_MAX: usize = 5;
/// How much of such a message is shown, in bytes.
const STRANGE_BYTES_MAX: usize = 200;

/// A histogram of latencies in nanoseconds, true to a thousandth.
///
/// # Errors
/// None with these bounds.
pub(crate) fn latency_histogram() -> Result<Histogram<u64>, Failure> {
    Histogram::new_with_bounds(1, LATENCY_MAX, 3).map_err(Failure::while_doing("a histogram"))
}

/// The ears of a crowd.
#[derive(Debug)]
pub(crate) struct Hall {
    run: RunId,
    locator: Locator,
    /// The judge of what was heard.
    pub(crate) auditor: Auditor,
    /// Latencies of the messages that were due within the window.
    pub(crate) latency: FineBins,
    /// The same over time, where a scenario wants it.
    pub(crate) timeline: Option<Timeline>,
    /// The same by stage, where a scenario has some.
    pub(crate) stages: Option<Stages>,
    /// Messages due from here on count for the latency.
    pub(crate) window_from: Moment,
    /// Messages due from here on do not.
    pub(crate) window_to: Moment,
    /// Bytes of all deliveries' payloads together.
    pub(crate) payload_bytes: u64,
    /// When the last delivery came.
    pub(crate) heard_last: Moment,
    /// Error messages of the server: something of ours was delivered to nobody.
    pub(crate) errors: u64,
    /// Messages without our stamp that are no errors: the server's own events, other clients'.
    pub(crate) strange: u64,
    /// The first of both that differ, in full up to a bound.
    pub(crate) strange_shown: Vec<String>,
    /// Who is gone, and why.
    pub(crate) ends: Vec<(usize, End)>,
}

impl Hall {
    /// A hall with these connections on these seats, which listens for messages of this run.
    pub(crate) fn of_share(seats: SeatMap, share: &Share, run: RunId) -> Self {
        Self {
            run,
            locator: Locator::new(),
            auditor: Auditor::new(seats, share),
            latency: FineBins::new(),
            timeline: None,
            stages: None,
            window_from: Moment::NEVER,
            window_to: Moment::NEVER,
            payload_bytes: 0,
            heard_last: Moment::default(),
            errors: 0,
            strange: 0,
            strange_shown: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// A stage begins, where they are told apart.
    pub(crate) fn turn_to(&mut self, at: Moment, stage: usize) {
        if let Some(stages) = &mut self.stages {
            stages.turn_to(at, stage);
        }
    }

    /// Whether something has happened that no waiting will mend.
    pub(crate) fn is_broken(&self) -> bool {
        let tally = self.auditor.tally();
        !self.ends.is_empty() || self.errors > 0 || tally.duplicated + tally.reordered > 0
    }

    #[cold]
    fn handle_strange(&mut self, payload: &[u8]) {
        let text = String::from_utf8_lossy(&payload[..payload.len().min(STRANGE_BYTES_MAX)]);
        if text.contains("\"type\":\"error\"") {
            self.errors += 1;
        } else {
            self.strange += 1;
        }
        let known = self.strange_shown.iter().any(|shown| *shown == text);
        if !known && self.strange_shown.len() < STRANGE_SHOWN_MAX {
            self.strange_shown.push(text.into_owned());
        }
    }
}

impl Audience for Hall {
    #[inline]
    fn handle_text(&mut self, connection: usize, payload: &[u8], now: Moment) {
        let stamp = self.locator.find(payload).map(Stamp::decode);
        let Some(stamp) = stamp.filter(|stamp| stamp.run == self.run) else {
            return self.handle_strange(payload);
        };
        self.auditor.handle_delivery(connection, stamp.talker, stamp.sequence);
        self.payload_bytes += payload.len() as u64;
        self.heard_last = now;
        if stamp.due >= self.window_from && stamp.due < self.window_to {
            let latency = now.0.saturating_sub(stamp.due.0);
            self.latency.record(latency);
            if let Some(timeline) = &mut self.timeline {
                timeline.record(stamp.due, latency);
            }
            if let Some(stages) = &mut self.stages {
                stages.record(stamp.due, latency);
            }
        }
    }

    fn handle_end(&mut self, connection: usize, end: End) {
        self.ends.push((connection, end));
    }
}
