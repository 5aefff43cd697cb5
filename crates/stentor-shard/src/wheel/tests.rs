use std::time::Duration;

use super::{TICK, Wheel};
use crate::time::Instant;

fn at(millis: u64) -> Instant {
    Instant::from_micros(millis * 1_000)
}

fn drain(wheel: &mut Wheel, now: Instant) -> Vec<u32> {
    std::iter::from_fn(|| wheel.poll(now)).collect()
}

#[test]
fn an_entry_comes_out_not_early_and_at_most_a_tick_late() {
    for due in [1, 63, 64, 65, 1_000, 24_999, 60_000] {
        let mut wheel = Wheel::default();
        wheel.schedule(3, at(0), at(due));
        assert!(drain(&mut wheel, at(due - 1)).is_empty());
        assert_eq!(drain(&mut wheel, at(due) + TICK), [3], "due at {due} ms");
        assert!(wheel.is_empty());
    }
}

#[test]
fn a_cancelled_or_moved_entry_comes_out_once_or_never() {
    let mut wheel = Wheel::default();
    wheel.schedule(0, at(0), at(100));
    wheel.schedule(1, at(0), at(100));
    wheel.schedule(2, at(0), at(100));
    wheel.cancel(1);
    wheel.cancel(1);
    wheel.schedule(2, at(0), at(5_000));
    assert_eq!(drain(&mut wheel, at(1_000)), [0]);
    assert_eq!(drain(&mut wheel, at(6_000)), [2]);
}

#[test]
fn an_entry_beyond_the_horizon_comes_out_at_the_horizon() {
    let mut wheel = Wheel::default();
    wheel.schedule(9, at(0), at(3_600_000));
    assert!(drain(&mut wheel, at(60_000)).is_empty());
    assert_eq!(drain(&mut wheel, at(66_000)), [9]);
}

#[test]
fn the_timeout_is_when_the_first_entry_is_due() {
    let mut wheel = Wheel::default();
    assert_eq!(wheel.poll_timeout(), None);
    wheel.schedule(1, at(0), at(10_000));
    wheel.schedule(2, at(0), at(2_000));
    let timeout = wheel.poll_timeout().unwrap();
    assert!(timeout >= at(2_000) && timeout <= at(2_000) + TICK);
    assert_eq!(wheel.poll(timeout), Some(2));
}

#[test]
fn a_long_sleep_loses_nothing() {
    let mut wheel = Wheel::default();
    for index in 0..1_000 {
        wheel.schedule(index, at(0), at(u64::from(index) * 50));
    }
    let mut out = drain(&mut wheel, at(0) + Duration::from_secs(86_400));
    out.sort_unstable();
    assert_eq!(out, (0..1_000).collect::<Vec<u32>>());
}

// 1. A wheel stands empty for hours, and nobody polls it meanwhile.
// 2. An entry comes in, due in ten seconds.
// 3. It came out at once: the horizon was counted from where the wheel had stopped.
#[test]
fn an_entry_after_a_long_idle_time_is_not_early() {
    let mut wheel = Wheel::default();
    let now = at(7_200_000);
    wheel.schedule(4, now, now + Duration::from_secs(10));
    assert!(drain(&mut wheel, now + Duration::from_secs(9)).is_empty());
    assert_eq!(drain(&mut wheel, now + Duration::from_secs(11)), [4]);
}

#[test]
fn the_timeout_is_right_wherever_the_wheel_stands_and_the_entry_lies() {
    for start in (0..66_000).step_by(997) {
        for ahead in [0, 64, 1_000, 4_096, 30_000, 60_000, 65_000] {
            let mut wheel = Wheel::default();
            let (now, due) = (at(start), at(start + ahead));
            wheel.schedule(0, now, due);
            let timeout = wheel.poll_timeout().expect("there is an entry");
            assert!(due <= timeout && timeout <= due + TICK, "{start} {ahead}: {timeout:?}");
            assert_eq!(wheel.poll(timeout), Some(0));
            assert_eq!(wheel.poll_timeout(), None);
        }
    }
}
