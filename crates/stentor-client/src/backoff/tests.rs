use super::{Attempts, Backoff, Failure};
use crate::end::{End, PeerClosed};
use crate::handshake::{BadResponse, Refusal};
use crate::socket::ConnectError;
use proptest::prelude::*;
use std::io::ErrorKind;
use std::time::Duration;
use stentor_wire::assemble::ProtocolError;
use stentor_wire::close::CloseCode;
use tokio::time::Instant;

const MOST: u64 = u64::MAX;
const HALF: u64 = 1 << 63;

fn lost() -> Failure {
    Failure::Ended(End::Lost(ErrorKind::ConnectionReset))
}

fn closed(code: Option<u16>) -> Failure {
    Failure::Ended(End::Closed(PeerClosed { code, reason: String::new() }))
}

fn refused(status: u16, retry_after: Option<u32>) -> Failure {
    Failure::NotConnected(ConnectError::Refused(Refusal::new(status, retry_after)))
}

#[test]
fn the_ceiling_doubles_up_to_the_cap() {
    let mut attempts = Attempts::new(Backoff::default());
    let now = Instant::now();

    let pauses: Vec<u64> = (0..40)
        .map(|_| attempts.handle_failure(now, &lost(), HALF).expect("a pause").as_millis() as u64)
        .collect();

    assert_eq!(pauses[..7], [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000]);
    assert!(pauses[7..].iter().all(|pause| *pause == 10_000), "{pauses:?}");
}

proptest! {
    #[test]
    fn a_pause_lies_between_nothing_and_the_ceiling(failed in 0..100u32, chance: u64) {
        let mut attempts = Attempts::new(Backoff::default());
        let now = Instant::now();
        for _ in 0..failed {
            attempts.handle_failure(now, &lost(), chance);
        }

        let pause = attempts.handle_failure(now, &lost(), chance).expect("a pause");
        let ceiling = Duration::from_millis(500 << failed.min(6)).min(Duration::from_secs(20));

        prop_assert!(pause <= ceiling);
        // Full jitter: the pause is the chance's share of the ceiling, not of a part of it.
        let share = ceiling.as_secs_f64() * (chance as f64 / 2f64.powi(64));
        prop_assert!((pause.as_secs_f64() - share).abs() < 1e-6);
    }
}

#[test]
fn one_comes_back_after_what_passes_and_only_then() {
    let table = CloseCode::ALL.iter().map(|code| (closed(Some(code.code())), code.is_retryable()));
    let others = [
        (closed(None), true),
        (closed(Some(1012)), true),
        (lost(), true),
        (Failure::Ended(End::Silent), true),
        (Failure::Ended(End::Fault(ProtocolError::TooBig)), false),
        (Failure::Ended(End::Fault(ProtocolError::Masked)), false),
        (refused(503, None), true),
        (refused(429, None), true),
        (refused(401, None), false),
        (refused(403, None), false),
        (Failure::NotConnected(ConnectError::Unreachable(ErrorKind::ConnectionRefused)), true),
        (Failure::NotConnected(ConnectError::TimedOut), true),
        (Failure::NotConnected(ConnectError::BadTarget), false),
        (Failure::NotConnected(ConnectError::BadResponse(BadResponse::NotHttp)), false),
    ];
    for (failure, comes_back) in table.chain(others) {
        let pause = Attempts::new(Backoff::default()).handle_failure(Instant::now(), &failure, 0);

        assert_eq!(pause.is_some(), comes_back, "{failure}");
    }
}

#[test]
fn a_pause_that_was_asked_for_is_never_cut_short() {
    let now = Instant::now();
    for (chance, expected) in [(0, 7_000), (HALF, 7_250)] {
        let mut attempts = Attempts::new(Backoff::default());

        let pause = attempts.handle_failure(now, &refused(503, Some(7)), chance);

        assert_eq!(pause, Some(Duration::from_millis(expected)));
    }
}

#[test]
fn a_pause_that_was_asked_for_is_asked_for_once() {
    let mut attempts = Attempts::new(Backoff::default());
    let now = Instant::now();
    attempts.handle_failure(now, &refused(503, Some(7)), 0);

    let next = attempts.handle_failure(now + Duration::from_secs(7), &lost(), 0);

    assert_eq!(next, Some(Duration::ZERO));
}

#[test]
fn no_server_can_ask_for_more_than_the_bound() {
    let mut attempts = Attempts::new(Backoff::default());

    let pause = attempts.handle_failure(Instant::now(), &refused(503, Some(u32::MAX)), 0);

    assert_eq!(pause, Some(Duration::from_secs(300)));
}

#[test]
fn a_drain_counts_from_when_it_was_heard() {
    let mut attempts = Attempts::new(Backoff::default());
    let heard = Instant::now();
    let second = Duration::from_secs(1);
    attempts.handle_connected(heard);
    attempts.handle_drain(heard, 3 * second);

    let early = attempts.handle_failure(heard + second, &closed(Some(1001)), 0);
    attempts.handle_connected(heard);
    attempts.handle_drain(heard, 3 * second);
    let late = attempts.handle_failure(heard + 5 * second, &closed(Some(1001)), 0);

    assert_eq!((early, late), (Some(2 * second), Some(Duration::ZERO)));
}

#[test]
fn only_a_connection_that_lasted_forgets_the_failures_before_it() {
    let mut attempts = Attempts::new(Backoff::default());
    let now = Instant::now();
    let moment = Duration::from_secs(9);
    for _ in 0..3 {
        attempts.handle_failure(now, &lost(), MOST);
    }
    attempts.handle_connected(now);
    let short = attempts.handle_failure(now + moment, &lost(), HALF);
    attempts.handle_connected(now);
    let long = attempts.handle_failure(now + 2 * moment, &lost(), HALF);

    assert_eq!(short, Some(Duration::from_millis(2_000)));
    assert_eq!(long, Some(Duration::from_millis(250)));
}

#[test]
fn after_the_most_attempts_there_is_no_further_one() {
    let backoff = Backoff { attempts_max: Some(2), ..Backoff::default() };
    let mut attempts = Attempts::new(backoff);
    let now = Instant::now();

    let pauses = [(); 3].map(|()| attempts.handle_failure(now, &lost(), 0).is_some());

    assert_eq!(pauses, [true, true, false]);
}
