//! Latencies over time: a histogram for each slice of a run, however long it lasts.

use std::time::Duration;

use crate::measure::bins::CoarseBins;
use crate::measure::moment::Moment;

#[cfg(test)]
mod tests;

/// How many slices there may be; when one more is needed, each takes in its neighbour.
const SLICES_MAX: usize = 240;
/// How many slices a span has whose end is known, where nothing in it is short.
pub(crate) const SLICES_OF_A_SPAN: u32 = 60;
/// How many it has where something is.
pub(crate) const FINE_SLICES_OF_A_SPAN: u32 = 240;

/// The slices of a run.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    from: Moment,
    /// How long a slice is, in nanoseconds.
    slice: u64,
    slices: Vec<CoarseBins>,
    /// The slice that was used last, so that most latencies need no division.
    current: usize,
}

impl Timeline {
    /// An empty timeline; its slices are so long until there are too many of them.
    pub(crate) fn new(from: Moment, slice: Duration) -> Self {
        let slice = u64::try_from(slice.as_nanos()).unwrap_or(u64::MAX).max(1);
        Self { from, slice, slices: Vec::new(), current: 0 }
    }

    /// An empty timeline whose slices, so many of them, end with this span.
    pub(crate) fn over(from: Moment, to: Moment, slices: u32) -> Self {
        Self::new(from, to.since(from) / slices.max(1))
    }

    /// When it begins.
    pub(crate) fn begin(&self) -> Moment {
        self.from
    }

    /// When its last slice so far ends.
    pub(crate) fn end(&self) -> Moment {
        let nanoseconds = self.slice.saturating_mul(self.slices.len() as u64);
        self.from.after(Duration::from_nanos(nanoseconds))
    }

    /// Adds a latency, in nanoseconds, that belongs to this moment; what is before the
    /// beginning belongs to the first slice.
    #[inline]
    pub(crate) fn record(&mut self, at: Moment, latency: u64) {
        let since = at.0.saturating_sub(self.from.0);
        let begin = self.current as u64 * self.slice;
        if since.wrapping_sub(begin) >= self.slice || self.slices.is_empty() {
            self.turn_to(since);
        }
        self.slices[self.current].record(latency);
    }

    /// The latency that a share of each slice stayed under: seconds since the beginning, at the
    /// slice's middle, and milliseconds. Slices in which nothing was have no point.
    pub(crate) fn latencies(&self, quantile: f64) -> Vec<(f64, f64)> {
        let point = |(number, latency): (usize, &CoarseBins)| {
            let latency = latency.histogram().ok().filter(|latency| !latency.is_empty())?;
            let middle = (number as f64 + 0.5) * self.slice_seconds();
            Some((middle, latency.value_at_quantile(quantile) as f64 / 1e6))
        };
        self.slices.iter().enumerate().filter_map(point).collect()
    }

    /// How many a second there were: seconds since the beginning, at the slice's middle, and the
    /// rate. A last slice that was cut short by the end counts for as long as it was.
    pub(crate) fn rates(&self, end: Moment) -> Vec<(f64, f64)> {
        let (slice, took) = (self.slice_seconds(), end.since(self.from).as_secs_f64());
        let point = |(number, latency): (usize, &CoarseBins)| {
            let begin = number as f64 * slice;
            let span = (took - begin).min(slice);
            (begin + span / 2.0, latency.len() as f64 / span)
        };
        let points = self.slices.iter().enumerate().map(point);
        // The rate of a few odd milliseconds at the end is none.
        points.filter(|(middle, _)| took - middle >= slice / 4.0).collect()
    }

    fn slice_seconds(&self) -> f64 {
        self.slice as f64 / 1e9
    }

    #[cold]
    fn turn_to(&mut self, since: u64) {
        while since / self.slice >= SLICES_MAX as u64 {
            self.fold();
        }
        self.current = (since / self.slice) as usize;
        if self.slices.len() <= self.current {
            self.slices.resize_with(self.current + 1, CoarseBins::new);
        }
    }

    /// Makes slices twice as long, two into one.
    fn fold(&mut self) {
        let mut folded = Vec::with_capacity(SLICES_MAX);
        for pair in self.slices.chunks(2) {
            let mut both = pair[0].clone();
            if let Some(second) = pair.get(1) {
                both.add(second);
            }
            folded.push(both);
        }
        (self.slices, self.slice) = (folded, self.slice.saturating_mul(2));
    }
}
