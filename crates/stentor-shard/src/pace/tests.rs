use std::time::Duration;

use super::*;

#[test]
fn a_steady_room_shows_its_rate_and_a_quiet_one_is_forgotten() {
    let mut pace = Pace::default();
    let mut now = Instant::from_micros(5_000_000);
    for _ in 0..1_000 {
        now = now + Duration::from_millis(100);
        pace.note(now, 50);
    }
    assert!((pace.per_second(now) - 500.0).abs() < 10.0, "{}", pace.per_second(now));
    let later = now + Duration::from_secs(100);
    assert!(pace.per_second(later) < 0.1, "{}", pace.per_second(later));
}

#[test]
fn a_clock_that_stands_and_a_huge_count_are_taken() {
    let mut pace = Pace::default();
    pace.note(Instant::default(), u64::MAX);
    pace.note(Instant::default(), 0);
    assert!(pace.per_second(Instant::default()).is_finite());
}
