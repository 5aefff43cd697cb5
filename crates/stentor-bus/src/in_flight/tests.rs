use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use stentor_wire::time::Instant;

use super::{DELAYS_MAX, InFlight, InFlightLimits, LATE_AFTER};
use crate::record::{OutRecord, Ticket};
use crate::seq::Seq;

const START: Instant = Instant::from_micros(1_000_000);
const TIMEOUT: Duration = Duration::from_secs(1);

fn record(payload_bytes: usize) -> OutRecord {
    let payload = Bytes::from(vec![b'x'; payload_bytes]);
    let seq = Seq::first_of(0);
    OutRecord {
        audience: None,
        seq,
        is_mark: false,
        is_settled: false,
        has_failed: false,
        payload,
        said_at: START,
    }
}

fn in_flight(records_max: usize, bytes_max: usize) -> InFlight {
    InFlight::new(InFlightLimits { records_max, bytes_max, timeout: TIMEOUT })
}

#[test]
fn count_and_bytes_are_bounded() {
    let mut by_count = in_flight(2, 1 << 20);
    (1..=2).for_each(|ticket| by_count.insert(START, Ticket(ticket), record(1)));
    assert!(!by_count.has_room(&record(1)));
    by_count.complete(Ticket(2));
    assert!(by_count.has_room(&record(1)));

    let mut by_bytes = in_flight(10, 1_000);
    assert!(by_bytes.has_room(&record(5_000)), "a single one may always go");
    by_bytes.insert(START, Ticket(1), record(500));
    assert!(!by_bytes.has_room(&record(500)));
}

#[test]
fn answers_come_in_any_order() {
    let mut in_flight = in_flight(10, 1 << 20);
    (1..=3).for_each(|ticket| in_flight.insert(START, Ticket(ticket), record(1)));
    for ticket in [2, 3, 1] {
        assert!(in_flight.complete(Ticket(ticket)).is_some());
        assert!(in_flight.complete(Ticket(ticket)).is_none());
    }
    assert!(in_flight.is_empty());
    assert_eq!(in_flight.poll_timeout(), None);
}

#[test]
fn what_is_not_answered_in_time_comes_out() {
    let mut in_flight = in_flight(10, 1 << 20);
    in_flight.insert(START, Ticket(1), record(1));
    in_flight.insert(START + TIMEOUT, Ticket(2), record(1));
    assert!(in_flight.poll_expired(START).is_none());
    assert_eq!(in_flight.poll_timeout(), Some(START + TIMEOUT));
    assert_eq!(in_flight.poll_expired(START + TIMEOUT).map(|(ticket, _)| ticket), Some(Ticket(1)));
    assert!(in_flight.poll_expired(START + TIMEOUT).is_none());
}

#[test]
fn a_deadline_that_nobody_was_there_to_look_at_counts_from_then_once() {
    let mut in_flight = in_flight(10, 1 << 20);
    let late = START + TIMEOUT + LATE_AFTER;
    in_flight.insert(START, Ticket(1), record(1));
    in_flight.insert(START + LATE_AFTER, Ticket(2), record(1));
    let ticket = |expired: Option<(Ticket, OutRecord)>| expired.map(|(ticket, _)| ticket);
    assert_eq!(ticket(in_flight.poll_expired(late)), Some(Ticket(2)), "it is not late");
    assert_eq!(ticket(in_flight.poll_expired(late)), None);
    assert_eq!(in_flight.poll_timeout(), Some(late + TIMEOUT));
    let later = late + TIMEOUT + TIMEOUT;
    assert_eq!(ticket(in_flight.poll_expired(later)), Some(Ticket(1)));
}

#[test]
fn while_answers_come_the_others_are_waited_for_but_not_for_ever() {
    let mut in_flight = in_flight(10, 1 << 20);
    in_flight.insert(START, Ticket(1), record(1));
    let mut now = START;
    let expired = (1..=DELAYS_MAX + 2).find(|_| {
        in_flight.handle_answer(now);
        now = in_flight.poll_timeout().expect("it is under way");
        in_flight.handle_answer(now);
        in_flight.poll_expired(now).is_some()
    });
    assert_eq!(expired, Some(DELAYS_MAX + 1));
    in_flight.insert(now, Ticket(2), record(1));
    assert!(in_flight.poll_expired(now + TIMEOUT).is_some(), "no answer since");
}

#[test]
fn a_second_attempt_has_a_deadline_of_its_own() {
    let mut in_flight = in_flight(10, 1 << 20);
    in_flight.insert(START, Ticket(1), record(1));
    assert!(in_flight.poll_expired(START + TIMEOUT).is_some());
    in_flight.insert(START + TIMEOUT, Ticket(1), record(1));
    assert!(in_flight.poll_expired(START + TIMEOUT).is_none());
    assert!(in_flight.poll_expired(START + TIMEOUT + TIMEOUT).is_some());
}

proptest! {
    #[test]
    fn every_record_comes_out_once(
        steps in proptest::collection::vec((0_u64..300, any::<bool>()), 0..200),
    ) {
        let mut in_flight = in_flight(1_000, 1 << 20);
        let mut out = 0;
        for (step, (ticket, complete)) in steps.iter().enumerate() {
            let now = START + Duration::from_millis(50 * step as u64);
            in_flight.insert(now, Ticket(step as u64), record(1));
            if *complete {
                out += usize::from(in_flight.complete(Ticket(*ticket)).is_some());
            }
            while in_flight.poll_expired(now).is_some() {
                out += 1;
            }
        }
        while in_flight.pop().is_some() {
            out += 1;
        }
        prop_assert_eq!(out, steps.len());
        prop_assert_eq!(in_flight.bytes(), 0);
        prop_assert!(in_flight.poll_timeout().is_none());
    }
}
