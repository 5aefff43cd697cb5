//! The figures of `/metrics`, in the text format 0.0.4 of Prometheus.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

/// The most series that are kept; more are passed over.
const SERIES_MAX: usize = 16_384;

/// Each series with its value, by its name and labels as they stand in the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Metrics(HashMap<String, f64>);

impl Metrics {
    /// Reads what it understands; other lines are passed over.
    pub(super) fn parse(text: &str) -> Metrics {
        let series = text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            Some((series.to_owned(), value.parse().ok()?))
        });
        Metrics(series.take(SERIES_MAX).collect())
    }

    /// The value of a series without labels.
    pub(super) fn value(&self, name: &str) -> Option<f64> {
        self.0.get(name).copied()
    }

    /// The value for a shard.
    pub(super) fn of_shard(&self, name: &str, shard: usize) -> Option<f64> {
        self.value(&format!("{name}{{shard=\"{shard}\"}}"))
    }
}
