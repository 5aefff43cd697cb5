//! The charts that several scenarios share: latency by percentile, and over time.

use hdrhistogram::Histogram;

use crate::measure::moment::Moment;
use crate::measure::timeline::Timeline;
use crate::report::chart::{Axis, Band, Chart, Line, Scale};

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
    percentiles_of(&[("latency", latency)])
}

/// The same for several kinds of latencies, a line each.
pub(crate) fn percentiles_of(kinds: &[(&str, &Histogram<u64>)]) -> Chart {
    let mut chart = Chart {
        name: "percentiles",
        title: "Latency by percentile".to_owned(),
        x: Axis { label: "percentile", scale: Scale::Nines },
        y: LATENCY,
        lines: Vec::new(),
        bands: Vec::new(),
    };
    for (name, latency) in kinds {
        chart.add_line(Line::new(*name, percentile_points(latency)));
    }
    chart
}

/// Points at even distances from the fastest to the slowest, on an axis of nines.
fn percentile_points(latency: &Histogram<u64>) -> Vec<(f64, f64)> {
    if latency.is_empty() {
        return Vec::new();
    }
    let count = latency.len() as f64;
    let steps = (count.log10() * POINTS_PER_NINE).ceil() as i32;
    let nines = (0..steps).map(|step| 10_f64.powf(f64::from(step) / POINTS_PER_NINE));
    let value = |nines: f64| latency.value_at_quantile(1.0 - 1.0 / nines) as f64 / 1e6;
    let mut points: Vec<_> = nines.map(|nines| (nines, value(nines))).collect();
    points.push((count, latency.max() as f64 / 1e6));
    points
}

/// What half, nearly all and all stayed under, over time.
pub(crate) fn latency_over_time(timeline: &Timeline) -> Chart {
    let mut chart = empty_over_time();
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("max", 1.0)] {
        chart.add_line(Line::new(name, timeline.latencies(quantile)));
    }
    chart
}

/// What a share of several kinds of latencies stayed under, a line each, in a piece for each of its
/// timelines; time counts from `zero`.
pub(crate) fn latencies_over_time(zero: Moment, kinds: &[(&str, &[&Timeline], f64)]) -> Chart {
    let mut chart = empty_over_time();
    for (name, timelines, quantile) in kinds {
        let points = timelines.iter().flat_map(|timeline| {
            let begin = timeline.begin().since(zero).as_secs_f64();
            let points = timeline.latencies(*quantile);
            // What is between two timelines was not measured.
            let gap = (!points.is_empty()).then_some((begin, f64::NAN));
            gap.into_iter().chain(points.into_iter().map(move |(at, y)| (begin + at, y)))
        });
        chart.add_line(Line::new(*name, points.collect()));
    }
    chart
}

/// A stretch of time with a name, on an axis that counts from `zero`.
pub(crate) fn band(name: &str, zero: Moment, (from, to): (Moment, Moment)) -> Band {
    let at = |moment: Moment| moment.since(zero).as_secs_f64();
    Band { name: name.to_owned(), from: at(from), to: at(to) }
}

fn empty_over_time() -> Chart {
    Chart {
        name: "latency_over_time",
        title: "Latency over time".to_owned(),
        x: TIME,
        y: LATENCY,
        lines: Vec::new(),
        bands: Vec::new(),
    }
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
