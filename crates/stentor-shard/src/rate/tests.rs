use std::thread;
use std::time::Duration;

use super::{Pace, RateBucket, UserRate};
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

#[test]
fn a_shared_bucket_takes_exactly_its_burst_from_threads_that_send_at_once() {
    const LIMIT: u32 = 5_000;
    let rate = UserRate::new(LIMIT);
    let accepted: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut bucket = RateBucket::default();
                    let fine = |_: &u32| bucket.take_shared(START, &rate) == Pace::Fine;
                    (0..LIMIT).filter(fine).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(accepted, 2 * LIMIT as usize);
}

#[test]
fn a_clock_that_is_behind_takes_nothing_more_from_a_shared_bucket() {
    let rate = UserRate::new(10);
    let mut bucket = RateBucket::default();
    let later = START + Duration::from_millis(50);
    while bucket.take_shared(later, &rate) == Pace::Fine {}
    assert_eq!(bucket.take_shared(START, &rate), Pace::Limited);
}

#[test]
fn a_limit_that_changes_counts_for_those_who_share_the_bucket_already() {
    let rate = UserRate::new(10);
    let mut bucket = RateBucket::default();
    let mut taken =
        |now| (0..100).take_while(|_| bucket.take_shared(now, &rate) == Pace::Fine).count();
    assert_eq!(taken(START), 20);
    rate.change_limit(0);
    assert_eq!(taken(START), 100);
    rate.change_limit(5);
    assert_eq!(taken(START), 0);
    assert_eq!(taken(START + Duration::from_secs(10)), 10);
}
