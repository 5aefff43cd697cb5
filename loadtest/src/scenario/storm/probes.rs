//! Clients who come in one after the other, on an even beat, and leave again: how long a new
//! handshake takes, whatever else goes on.
//!
//! Open loop: the next one comes when it is due, however long the last one takes, and its time
//! counts from there.

use std::time::Duration;

use crate::failure::Failure;
use crate::load::connection::End;
use crate::load::guests::{Scene, Slots};
use crate::load::schedule::Schedule;
use crate::load::swarm::Call;
use crate::load::target::Target;
use crate::measure::moment::Moment;
use crate::measure::stages::Stages;
use crate::measure::timeline::{FINE_SLICES_OF_A_SPAN, Timeline};
use crate::report::Report;
use crate::report::figure::grouped;
use crate::scenario::fanout::describe_end;

/// How many may be under way at once; with one every 20 ms that is ten seconds of no answer.
pub(super) const PROBES_MAX: usize = 500;
/// How many are begun in a row.
const BEATS_IN_A_ROW_MAX: usize = 64;

/// Those who come and go.
#[derive(Debug)]
pub(super) struct Probes {
    target: Target,
    room: usize,
    every: Duration,
    beats: Option<Schedule>,
    vacant: Vec<usize>,
    /// When each was due that has no answer yet.
    due: Vec<Option<Moment>>,
    leaving: Vec<usize>,
    /// The span that counts.
    window: (Moment, Moment),
    /// How long each took to be let in, or refused, by the stage in which it was due.
    pub(super) stages: Stages,
    /// The same over time.
    pub(super) timeline: Option<Timeline>,
    /// How many were refused with a 503 or a 429.
    pub(super) refused: u64,
    failed: u64,
    first_failure: Option<String>,
    left_out: u64,
}

impl Probes {
    /// Clients of a room of their own, told apart by so many stages.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(super) fn new(
        target: Target,
        room: usize,
        every: Duration,
        stages: usize,
    ) -> Result<Self, Failure> {
        Ok(Self {
            target,
            room,
            every,
            beats: None,
            vacant: (0..PROBES_MAX).rev().collect(),
            due: vec![None; PROBES_MAX],
            leaving: Vec::new(),
            window: (Moment::NEVER, Moment::NEVER),
            stages: Stages::new(stages)?,
            timeline: None,
            refused: 0,
            failed: 0,
            first_failure: None,
            left_out: 0,
        })
    }

    /// What is due from `from` to `to` counts.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(super) fn count_within(&mut self, from: Moment, to: Moment) -> Result<(), Failure> {
        self.window = (from, to);
        self.timeline = Some(Timeline::over(from, to, FINE_SLICES_OF_A_SPAN));
        Ok(())
    }

    /// How many are under way, coming or going.
    pub(super) fn under_way(&self) -> usize {
        PROBES_MAX - self.vacant.len()
    }

    /// Begins those who are due, and lets go those who are in.
    ///
    /// # Errors
    /// If the system refuses a connection.
    pub(super) fn act(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<(), Failure> {
        self.let_go(slots);
        let rate = 1.0 / self.every.as_secs_f64();
        let beats = self.beats.get_or_insert_with(|| Schedule::new(scene.now, rate));
        for _ in 0..BEATS_IN_A_ROW_MAX {
            let Some(due) = beats.poll_due(scene.now) else { break };
            let Some(slot) = self.vacant.pop() else {
                self.left_out += 1;
                continue;
            };
            self.due[slot] = Some(due);
            let opening = self.target.upgrade(Some(self.room));
            let address = self.target.address;
            slots.call(slot, Call { address, opening, receive_bytes: None })?;
        }
        Ok(())
    }

    /// Lets go those who are in, and begins none; whether nobody is under way.
    pub(super) fn finish(&mut self, slots: &mut Slots<'_>) -> bool {
        self.beats = None;
        self.let_go(slots);
        self.under_way() == 0
    }

    /// When the next one is due.
    pub(super) fn next_due(&self) -> Moment {
        if !self.leaving.is_empty() {
            return Moment::default();
        }
        self.beats.as_ref().map_or(Moment::NEVER, Schedule::next_due)
    }

    /// One is in.
    pub(super) fn handle_open(&mut self, slot: usize, now: Moment) {
        self.note_answer(slot, now);
        self.leaving.push(slot);
    }

    /// One is gone, or was not let in.
    pub(super) fn handle_end(&mut self, slot: usize, end: &End, now: Moment) {
        let was_open = self.due[slot].is_none();
        self.note_answer(slot, now);
        self.vacant.push(slot);
        self.leaving.retain(|leaving| *leaving != slot);
        match end {
            End::Left if was_open => {}
            End::Refused(refusal) if matches!(refusal.status, Some(503 | 429)) => self.refused += 1,
            _ => {
                self.failed += 1;
                self.first_failure.get_or_insert_with(|| describe_end(end));
            }
        }
    }

    /// Counts those who have no answer yet as if they had it now: they took at least as long.
    pub(super) fn close(&mut self, now: Moment) {
        for slot in 0..PROBES_MAX {
            if self.note_answer(slot, now) {
                self.failed += 1;
                self.first_failure.get_or_insert_with(|| "no answer until the end".to_owned());
            }
        }
    }

    /// Adds what is wrong with them.
    pub(super) fn add_to(&self, allow_refusals: bool, report: &mut Report) {
        let refused = format!(
            "{} new handshakes were refused with 503 or 429: their time is that of the answer",
            grouped(self.refused)
        );
        match (self.refused, allow_refusals) {
            (0, _) => {}
            (_, true) => report.remark(refused),
            (_, false) => report.fault(format!("{refused} (--allow-refusals)")),
        }
        if self.failed > 0 {
            let (count, first) = (grouped(self.failed), self.first_failure.as_deref());
            let first = first.unwrap_or_default();
            report.fault(format!("{count} new handshakes failed, the first: {first}"));
        }
        if self.left_out > 0 {
            report.fault(format!(
                "{} new handshakes left out: {PROBES_MAX} were under way without an answer",
                grouped(self.left_out)
            ));
        }
    }

    fn let_go(&mut self, slots: &mut Slots<'_>) {
        for slot in self.leaving.drain(..) {
            slots.leave(slot);
        }
    }

    /// Notes that one has its answer; false if it had one before.
    fn note_answer(&mut self, slot: usize, now: Moment) -> bool {
        let Some(due) = self.due[slot].take() else { return false };
        let latency = now.since(due).as_nanos() as u64;
        if due >= self.window.0 && due < self.window.1 {
            self.stages.record(due, latency);
            if let Some(timeline) = &mut self.timeline {
                timeline.record(due, latency);
            }
        }
        true
    }
}
