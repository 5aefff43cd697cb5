//! A histogram of latencies as text for another process: only the values that were counted.
//!
//! For `#[serde(with)]`. Both ends use the same bounds, so that every value finds its own place.

use hdrhistogram::Histogram;
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer, Serializer};

use crate::verdict::hall;

#[cfg(test)]
mod tests;

/// Writes pairs of a value and how often it was counted.
pub(crate) fn serialize<S: Serializer>(
    histogram: &Histogram<u64>,
    out: S,
) -> Result<S::Ok, S::Error> {
    let counted = histogram.iter_recorded();
    out.collect_seq(counted.map(|step| (step.value_iterated_to(), step.count_at_value())))
}

/// Reads them.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Histogram<u64>, D::Error> {
    let mut histogram = hall::latency_histogram().map_err(D::Error::custom)?;
    for (value, count) in Vec::<(u64, u64)>::deserialize(from)? {
        histogram.saturating_record_n(value, count);
    }
    Ok(histogram)
}
