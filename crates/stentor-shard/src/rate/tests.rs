use std::time::Duration;

use super::{Pace, RateBucket};
use crate::time::Instant;

const START: Instant = Instant::from_micros(5_000_000);

#[test]
fn a_burst_of_twice_the_limit_passes_and_the_next_is_limited() {
    let mut bucket = RateBucket::default();
    let paces: Vec<Pace> = (0..21).map(|_| bucket.take(START, 10)).collect();
    assert!(paces[..20].iter().all(|pace| *pace == Pace::Fine));
    assert_eq!(paces[20], Pace::Limited);
}

#[test]
fn the_limit_itself_passes_for_ever() {
    let mut bucket = RateBucket::default();
    let mut now = START;
    for _ in 0..10_000 {
        now = now + Duration::from_millis(10);
        assert_eq!(bucket.take(now, 100), Pace::Fine);
    }
}

#[test]
fn after_a_burst_the_bucket_fills_at_the_limit() {
    let mut bucket = RateBucket::default();
    while bucket.take(START, 10) == Pace::Fine {}
    let later = START + Duration::from_millis(300);
    let paces: Vec<Pace> = (0..4).map(|_| bucket.take(later, 10)).collect();
    assert_eq!(paces, [Pace::Fine, Pace::Fine, Pace::Fine, Pace::Limited]);
}

#[test]
fn sustained_excess_is_abuse_and_a_short_one_is_not() {
    let mut bucket = RateBucket::default();
    let paces: Vec<Pace> = (0..20 + 101).map(|_| bucket.take(START, 10)).collect();
    assert!(!paces[..120].contains(&Pace::Abuse));
    assert_eq!(paces[120], Pace::Abuse);
}
