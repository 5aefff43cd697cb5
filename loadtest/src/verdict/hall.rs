//! What all members of all rooms hear: each delivery timed, audited, and otherwise forgotten.
//!
//! This is the hot path of the harness: under twenty nanoseconds a delivery are what it may take.

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::load::connection::{Audience, End};
use crate::load::seating::SeatMap;
use crate::load::share::Share;
use crate::measure::bins::{FineBins, LATENCY_MAX};
use crate::measure::moment::Moment;
use crate::measure::stages::Stages;
use crate::measure::timeline::Timeline;
use crate::verdict::auditor::{Auditor, Pair};
use crate::verdict::convoy::Convoy;
use crate::verdict::locator::Locator;
use crate::verdict::stamp::{self, AUTHOR_BYTES, Author, RunId, Stamp};

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

    /// Who speaks to a connection in messages with these digits; none if it is none of this run.
    fn speaker(&self, connection: usize, digits: &[u8; AUTHOR_BYTES]) -> Option<Speaker> {
        let Author { run, talker } = Author::decode(digits);
        let pair = self.auditor.pair_of(connection, talker);
        (run == self.run).then_some(Speaker { digits: *digits, talker, pair })
    }

    /// Records the latency of what was due within the window.
    #[inline(always)]
    fn time(&mut self, due: Moment, now: Moment) {
        if due < self.window_from || due >= self.window_to {
            return;
        }
        let latency = now.0.saturating_sub(due.0);
        self.latency.record(latency);
        if let Some(timeline) = &mut self.timeline {
            timeline.record(due, latency);
        }
        if let Some(stages) = &mut self.stages {
            stages.record(due, latency);
        }
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

/// One whom a connection hears, known by the digits that all its messages have.
#[derive(Copy, Clone)]
struct Speaker {
    digits: [u8; AUTHOR_BYTES],
    talker: u32,
    /// None where it does not talk in a room of the connection.
    pair: Option<Pair>,
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
        self.time(stamp.due, now);
    }

    fn handle_frames(&mut self, connection: usize, bytes: &[u8], now: Moment) -> usize {
        let Some(convoy) = Convoy::led_by(bytes, &mut self.locator) else { return 0 };
        let mut count = 0;
        let mut speaker: Option<Speaker> = None;
        for stamp in convoy.stamps(bytes) {
            let (author, rest) = stamp::split(stamp);
            let known = speaker.filter(|speaker| speaker.digits == *author);
            let Some(speaking) = known.or_else(|| self.speaker(connection, author)) else { break };
            speaker = Some(speaking);
            let (sequence, due) = stamp::decode_rest(rest);
            match speaking.pair {
                Some(pair) => self.auditor.handle_in_pair(pair, sequence),
                None => self.auditor.handle_delivery(connection, speaking.talker, sequence),
            }
            self.time(due, now);
            count += 1;
        }
        if count > 0 {
            self.payload_bytes += (count * convoy.payload_bytes()) as u64;
            self.heard_last = now;
        }
        count * convoy.frame_bytes()
    }

    fn handle_end(&mut self, connection: usize, end: End) {
        self.ends.push((connection, end));
    }
}
