use std::time::Duration;

use super::*;
use crate::verdict::hall;

#[test]
fn a_percentile_curve_goes_from_the_fastest_to_the_slowest() {
    let mut latency = hall::latency_histogram().expect("the bounds are right");
    for milliseconds in 1..=1_000 {
        latency.saturating_record(milliseconds * 1_000_000);
    }

    let chart = percentiles(&latency);

    let points = &chart.lines[0].points;
    let (first, last) = (points[0], points[points.len() - 1]);
    assert_eq!(first.0, 1.0);
    assert_eq!(last.0, 1_000.0);
    assert!((first.1 - 1.0).abs() < 0.01 && (last.1 - 1_000.0).abs() < 1.0, "{first:?} {last:?}");
    assert!(points.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1), "{points:?}");
}

#[test]
fn one_latency_is_a_curve_and_none_is_none() {
    let mut latency = hall::latency_histogram().expect("the bounds are right");

    assert!(percentiles(&latency).lines.is_empty());

    latency.saturating_record(1_000_000);
    assert_eq!(percentiles(&latency).lines[0].points.len(), 1);
}

#[test]
fn a_timeline_in_which_nothing_was_has_no_lines() {
    let timeline = Timeline::new(Moment(0), Duration::from_secs(1));

    assert!(latency_over_time(&timeline).lines.is_empty());
    assert!(handshakes_over_time(&timeline, Moment(5)).lines.is_empty());
}

#[test]
fn a_line_has_a_piece_for_each_of_its_timelines() {
    const SECOND: u64 = 1_000_000_000;
    let timeline = |from: u64| {
        let from = Moment(from * SECOND);
        let mut timeline = Timeline::new(from, Duration::from_secs(1));
        timeline.record(from, 1_000_000);
        timeline
    };
    let (early, late, zero) = (timeline(7), timeline(10), Moment(7 * SECOND));

    let chart = latencies_over_time(zero, &[("p99", &[&early, &late], 0.99)]);
    let slept = band("they sleep", zero, (Moment(8 * SECOND), Moment(9 * SECOND)));

    let points = &chart.lines[0].points;
    let pieces = points.split(|(_, latency)| latency.is_nan()).filter(|piece| !piece.is_empty());
    let times: Vec<Vec<f64>> = pieces.map(|piece| piece.iter().map(|at| at.0).collect()).collect();
    assert_eq!(times, [[0.5], [3.5]]);
    assert_eq!((slept.from, slept.to), (1.0, 2.0));
}

#[test]
fn each_kind_of_latency_is_a_line_of_its_own() {
    let mut local = hall::latency_histogram().expect("the bounds are right");
    let none = local.clone();
    local.saturating_record(1_000_000);

    let chart = percentiles_of(&[("local", &local), ("remote", &none)]);

    assert_eq!(chart.lines.len(), 1, "what was not measured is no line");
    assert_eq!(chart.lines[0].name, "local");
}
