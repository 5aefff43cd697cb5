//! The charts that several scenarios share: latency by percentile, and over time.

use hdrhistogram::Histogram;

use crate::measure::moment::Moment;
use crate::measure::timeline::Timeline;
use crate::report::chart::{Axis, Chart, Line, Scale};

#[cfg(test)]
mod tests;

/// How many points a percentile curve has for each further nine.
const POINTS_PER_NINE: f64 = 12.0;
/// Time since the figures began to count.
const TIME: Axis = Axis { label: "time, s", scale: Scale::Linear };
/// Latency from a tenth of a millisecond to seconds.
pub(crate) const LATENCY: Axis = Axis { label: "latency, ms", scale: Scale::Logarithmic };

/// All percentiles of these latencies, up to the slowest one of them.
pub(crate) fn percentiles(latency: &Histogram<u64>) -> Chart {
    let mut chart = Chart {
        name: "percentiles",
        title: "Latency by percentile".to_owned(),
        x: Axis { label: "percentile", scale: Scale::Nines },
        y: LATENCY,
        lines: Vec::new(),
        bands: Vec::new(),
    };
    let count = latency.len() as f64;
    if count > 0.0 {
        let steps = (count.log10() * POINTS_PER_NINE).ceil() as i32;
        let nines = (0..steps).map(|step| 10_f64.powf(f64::from(step) / POINTS_PER_NINE));
        let value = |nines: f64| latency.value_at_quantile(1.0 - 1.0 / nines) as f64 / 1e6;
        let mut points: Vec<_> = nines.map(|nines| (nines, value(nines))).collect();
        points.push((count, latency.max() as f64 / 1e6));
        chart.add_line(Line::new("latency", points));
    }
    chart
}

/// What half, nearly all and all stayed under, over time.
pub(crate) fn latency_over_time(timeline: &Timeline) -> Chart {
    let mut chart = Chart {
        name: "latency_over_time",
        title: "Latency over time".to_owned(),
        x: TIME,
        y: LATENCY,
        lines: Vec::new(),
        bands: Vec::new(),
    };
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
        chart.add_line(Line::new(name, timeline.latencies(quantile)));
    }
    chart
}

/// Handshakes a second over time.
pub(crate) fn handshakes_over_time(timeline: &Timeline, end: Moment) -> Chart {
    let mut chart = Chart {
        name: "handshakes_over_time",
        title: "Handshakes over time".to_owned(),
        x: TIME,
        y: Axis { label: "handshakes/s", scale: Scale::Linear },
        lines: Vec::new(),
        bands: Vec::new(),
    };
    chart.add_line(Line::new("opened", timeline.rates(end)));
    chart
}
