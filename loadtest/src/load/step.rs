//! One step of open-loop load: what is asked for, and what it found.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::load::connection::End;
use crate::verdict::auditor::{Losses, NAMED_MAX, Tally};
use crate::verdict::hall::STRANGE_SHOWN_MAX;
use crate::verdict::sparse_histogram;

#[cfg(test)]
mod tests;

/// One rate for one span of time.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Step {
    /// Messages a second, of all talkers together.
    pub(crate) rate: f64,
    /// How long messages are sent before they count for the figures; they are audited.
    pub(crate) warmup: Duration,
    /// How long they are sent and count.
    pub(crate) duration: Duration,
    /// How long at most outstanding deliveries are waited for afterwards.
    pub(crate) wait: Duration,
    /// Whether the step ends as soon as it cannot pass any more.
    pub(crate) hopeless: Hopeless,
}

/// What to do with a step that cannot pass any more.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum Hopeless {
    /// Go on to the end: every fault is wanted.
    GoOn,
    /// Cut it short: only the answer is wanted.
    CutShort,
}

/// What a step found.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StepFigures {
    /// Messages sent.
    pub(crate) sent: u64,
    /// Messages that were due but could not be handed to a socket.
    pub(crate) unsent: u64,
    /// Deliveries that all messages sent add up to.
    pub(crate) expected: u64,
    /// What came; in a world that was used before, with what came then.
    pub(crate) tally: Tally,
    /// What did not.
    pub(crate) losses: Losses,
    /// Faults found on arrival, in words.
    pub(crate) named: Vec<String>,
    /// The mean size of a delivery's payload, in bytes.
    pub(crate) payload_bytes: u64,
    /// Error messages of the server.
    pub(crate) errors: u64,
    /// Other messages that nobody of ours sent.
    pub(crate) strange: u64,
    /// The first of both.
    pub(crate) strange_shown: Vec<String>,
    /// Connections that ended.
    pub(crate) ends: Vec<(usize, End)>,
    /// Deliveries within the measured span.
    pub(crate) delivered_measured: u64,
    /// How long the measured span was.
    pub(crate) measured: Duration,
    /// Latencies of the messages due within it, from due to delivered.
    #[serde(with = "sparse_histogram")]
    pub(crate) latency: Histogram<u64>,
    /// CPU time of the server within it.
    pub(crate) server_cpu: Option<Duration>,
    /// The generator's share of one core within it, that of the busiest process.
    pub(crate) generator_share: f64,
    /// Whether the step was cut short.
    pub(crate) cut_short: bool,
}

impl StepFigures {
    /// Adds what another process found in the same step at its connections.
    ///
    /// # Errors
    /// None for figures of this program: their histograms have the same bounds.
    pub(crate) fn add(&mut self, other: Self) -> Result<(), Failure> {
        let (own_count, other_count) = (self.tally.delivered, other.tally.delivered);
        let bytes = self.payload_bytes * own_count + other.payload_bytes * other_count;
        self.payload_bytes = bytes / (own_count + other_count).max(1);
        self.sent += other.sent;
        self.unsent += other.unsent;
        self.expected += other.expected;
        self.tally.add(other.tally);
        self.losses.join(other.losses);
        self.named.extend(other.named);
        self.named.truncate(NAMED_MAX);
        self.errors += other.errors;
        self.strange += other.strange;
        for shown in other.strange_shown {
            if self.strange_shown.len() < STRANGE_SHOWN_MAX && !self.strange_shown.contains(&shown)
            {
                self.strange_shown.push(shown);
            }
        }
        self.ends.extend(other.ends);
        self.delivered_measured += other.delivered_measured;
        self.measured = self.measured.max(other.measured);
        let joined = self.latency.add(&other.latency);
        joined.map_err(Failure::while_doing("the latencies of another process"))?;
        self.server_cpu = self.server_cpu.or(other.server_cpu);
        self.generator_share = self.generator_share.max(other.generator_share);
        self.cut_short |= other.cut_short;
        Ok(())
    }

    /// Whether every message came once, in order, and nobody was thrown out.
    pub(crate) fn is_clean(&self) -> bool {
        let Tally { duplicated, reordered, misrouted, .. } = self.tally;
        let faults = self.losses.count + duplicated + reordered + misrouted + self.errors;
        faults == 0 && self.unsent == 0 && self.ends.is_empty() && !self.cut_short
    }

    /// The latency that 99 of 100 deliveries stayed under.
    pub(crate) fn p99(&self) -> Duration {
        Duration::from_nanos(self.latency.value_at_quantile(0.99))
    }

    /// CPU time of the server for one delivery; none where it was not read, or none came.
    pub(crate) fn server_cpu_each(&self) -> Option<Duration> {
        let count = self.delivered_measured;
        self.server_cpu.filter(|_| count > 0).map(|spent| spent.div_f64(count as f64))
    }

    /// Deliveries a second within the measured span.
    pub(crate) fn deliveries_per_second(&self) -> f64 {
        self.delivered_measured as f64 / self.measured.as_secs_f64().max(1e-9)
    }
}
