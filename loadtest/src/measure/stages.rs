//! Latencies by the stage of a run that something was due in: calm, or in the middle of something.
//!
//! Knows stages by number only. One that comes back goes on where it was.

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::measure::moment::Moment;
use crate::verdict::hall;

#[cfg(test)]
mod tests;

/// The stages, and when each began.
#[derive(Clone, Debug)]
pub(crate) struct Stages {
    /// Ascending in time; few, for each delivery looks through them.
    turns: Vec<(Moment, usize)>,
    latency: Vec<Histogram<u64>>,
}

impl Stages {
    /// So many stages; the first of them from the beginning on.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(crate) fn new(count: usize) -> Result<Self, Failure> {
        let latency =
            (0..count.max(1)).map(|_| hall::latency_histogram()).collect::<Result<_, _>>();
        Ok(Self { turns: vec![(Moment::default(), 0)], latency: latency? })
    }

    /// From this moment on, which is later than that of the last turn, it is this stage.
    pub(crate) fn turn_to(&mut self, at: Moment, stage: usize) {
        if stage < self.latency.len() {
            self.turns.push((at, stage));
        }
    }

    /// Adds a latency, in nanoseconds, of what was due at this moment.
    pub(crate) fn record(&mut self, due: Moment, latency: u64) {
        let turn = self.turns.iter().rev().find(|(at, _)| *at <= due);
        let stage = turn.map_or(0, |(_, stage)| *stage);
        self.latency[stage].saturating_record(latency);
    }

    /// The latencies of a stage, all its turns together.
    pub(crate) fn of(&self, stage: usize) -> &Histogram<u64> {
        &self.latency[stage]
    }
}
