use super::*;

const SECOND: u64 = 1_000_000_000;

fn timeline() -> Timeline {
    Timeline::new(Moment(SECOND), Duration::from_secs(1))
}

#[test]
fn a_latency_belongs_to_the_slice_of_its_moment() {
    let mut timeline = timeline();
    timeline.record(Moment(SECOND), 1_000_000);
    timeline.record(Moment(2 * SECOND - 1), 1_000_000);
    timeline.record(Moment(4 * SECOND), 50_000_000);
    timeline.record(Moment(SECOND + 5), 1_000_000);

    let points = timeline.latencies(1.0);

    let whole: Vec<_> = points.iter().map(|(at, latency)| (*at, latency.round())).collect();
    assert_eq!(whole, [(0.5, 1.0), (3.5, 50.0)]);
    assert_eq!(
        timeline.rates(Moment(5 * SECOND)),
        [(0.5, 3.0), (1.5, 0.0), (2.5, 0.0), (3.5, 1.0)]
    );
}

#[test]
fn a_run_that_outlasts_its_slices_makes_them_longer_and_loses_nothing() {
    let mut timeline = timeline();
    for second in 0..1_000 {
        timeline.record(Moment((1 + second) * SECOND), 1_000);
    }

    let points = timeline.rates(Moment(1_001 * SECOND));

    assert!(points.len() <= SLICES_MAX, "{}", points.len());
    assert_eq!(timeline.slices.iter().map(CoarseBins::len).sum::<u64>(), 1_000);
    assert!(points.iter().all(|(_, rate)| (rate - 1.0).abs() < 1e-9), "{points:?}");
}

#[test]
fn a_few_milliseconds_at_the_end_are_no_rate_and_half_a_slice_is() {
    let mut timeline = timeline();
    timeline.record(Moment(SECOND), 1);
    timeline.record(Moment(2 * SECOND), 1);

    assert_eq!(timeline.rates(Moment(2 * SECOND + 1_000)), [(0.5, 1.0)]);
    assert_eq!(timeline.rates(Moment(2 * SECOND + SECOND / 2)), [(0.5, 1.0), (1.25, 2.0)]);
}

#[test]
fn a_timeline_without_latencies_has_no_points() {
    assert!(timeline().latencies(0.5).is_empty());
    assert!(timeline().rates(Moment(9 * SECOND)).is_empty());
}
