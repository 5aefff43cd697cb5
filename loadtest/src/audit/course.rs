//! Latency as the run goes on: a histogram for each slot of time, by when a message was due.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::measure::moment::Moment;
use crate::report::chart::{Axis, Band, Chart, Line, Scale};

#[cfg(test)]
mod tests;

/// The shortest slot.
const SLOT_MIN: Duration = Duration::from_millis(250);
/// How many slots a run has at most: about 40 kB each.
const SLOTS_MAX: u32 = 500;
/// The longest latency that is told apart, in microseconds.
const LATENCY_MAX: u64 = 600_000_000;

/// The slots of one run.
#[derive(Debug)]
pub(crate) struct Course {
    begin: Moment,
    slot: Duration,
    slots: Vec<Histogram<u64>>,
}

impl Course {
    /// Slots for a run that begins now and takes so long; what is due later has none.
    ///
    /// # Errors
    /// None with these bounds.
    pub(crate) fn new(begin: Moment, span: Duration) -> Result<Self, Failure> {
        let slot = (span / SLOTS_MAX).max(SLOT_MIN);
        let count = span.as_nanos().div_ceil(slot.as_nanos().max(1)).max(1);
        let histogram = || Histogram::new_with_bounds(1, LATENCY_MAX, 2);
        let slots = (0..count).map(|_| histogram()).collect::<Result<_, _>>();
        Ok(Self { begin, slot, slots: slots.map_err(Failure::while_doing("a histogram"))? })
    }

    /// A message came.
    pub(crate) fn handle_delivery(&mut self, due: Moment, now: Moment) {
        let slot = due.since(self.begin).as_nanos() / self.slot.as_nanos();
        let slot = usize::try_from(slot).ok().and_then(|slot| self.slots.get_mut(slot));
        if let Some(slot) = slot {
            slot.saturating_record(
                u64::try_from(now.since(due).as_micros()).unwrap_or(LATENCY_MAX),
            );
        }
    }

    /// The plot, with a band for each fault.
    pub(crate) fn chart(&self, bands: Vec<Band>) -> Chart {
        let quantiles = [("p50", 0.5), ("p99", 0.99), ("max", 1.0)];
        let line = |(name, quantile): (&str, f64)| {
            let points = self.slots.iter().enumerate().filter(|(_, slot)| !slot.is_empty());
            let point = |(number, slot): (usize, &Histogram<u64>)| {
                let middle = (number as f64 + 0.5) * self.slot.as_secs_f64();
                (middle, slot.value_at_quantile(quantile) as f64 / 1e3)
            };
            Line::new(name, points.map(point).collect())
        };
        Chart {
            name: "latency_during_faults",
            title: "Latency during faults, by when a message was due".to_owned(),
            x: Axis { label: "time, s", scale: Scale::Linear },
            y: Axis { label: "latency, ms", scale: Scale::Logarithmic },
            lines: quantiles.into_iter().map(line).collect(),
            bands,
        }
    }
}
