use std::time::Duration;

use proptest::prelude::*;
use stentor_wire::time::Instant;

use super::{
    CHANGES_MAX, CONNECT_TIMEOUT, LATE_AFTER, Link, LinkAction, LinkState, PROBE_PATIENCE,
    SPARED_FOR,
};

const START: Instant = Instant::from_micros(1_000_000);

fn after(millis: u64) -> Instant {
    START + Duration::from_millis(millis)
}

fn actions(link: &mut Link) -> Vec<LinkAction> {
    std::iter::from_fn(|| link.poll_action()).collect()
}

fn changes(link: &mut Link) -> Vec<LinkState> {
    std::iter::from_fn(|| link.poll_change()).collect()
}

fn connected() -> Link {
    let mut link = Link::default();
    link.handle_timeout(START, 0);
    link.handle_connected(START);
    link.handle_timeout(START, 0);
    link
}

fn up() -> Link {
    let mut link = connected();
    link.handle_probe_heard(START, 1);
    actions(&mut link);
    changes(&mut link);
    link
}

#[test]
fn the_link_is_up_when_the_first_probe_came_back() {
    let mut link = connected();
    assert_eq!(actions(&mut link), [LinkAction::Connect, LinkAction::Probe(1)]);
    assert_eq!(link.state(), LinkState::Connecting);
    link.handle_probe_heard(after(3), 1);
    assert_eq!(link.state(), LinkState::Up);
    assert_eq!(changes(&mut link), [LinkState::Connecting, LinkState::Up]);
    assert_eq!(link.counters().probe_latency, Duration::from_millis(3));
}

#[test]
fn a_probe_goes_out_each_second() {
    let mut link = up();
    for number in 2..10 {
        let due = link.poll_timeout();
        assert_eq!(due, after(1_000 * (number - 1)));
        link.handle_timeout(due, 0);
        assert_eq!(actions(&mut link), [LinkAction::Probe(number)]);
        link.handle_probe_heard(due, number);
    }
}

#[test]
fn a_deaf_link_is_torn_down_and_made_anew_at_once() {
    let mut link = up();
    let mut now = START;
    while link.state() == LinkState::Up {
        now = link.poll_timeout();
        link.handle_timeout(now, 0);
    }
    assert!(now <= after(2_500), "deaf since the start, found at {now:?}");
    assert_eq!(changes(&mut link), [LinkState::Deaf, LinkState::Down, LinkState::Connecting]);
    let last = actions(&mut link);
    assert!(last.ends_with(&[LinkAction::TearDown, LinkAction::Connect]), "{last:?}");
    assert_eq!(link.counters().deaf, 1);
}

/// A link whose pod stood still while its second probe was out, and until when.
fn stood_still() -> (Link, Instant) {
    let mut link = up();
    link.handle_timeout(after(1_000), 0);
    let until = after(1_000) + PROBE_PATIENCE + LATE_AFTER;
    link.handle_timeout(until, 0);
    (link, until)
}

#[test]
fn a_pod_that_stood_still_reads_its_socket_before_it_calls_the_link_deaf() {
    let (mut link, until) = stood_still();
    assert_eq!(link.state(), LinkState::Up);
    link.handle_probe_heard(until, 2);
    link.handle_timeout(until + SPARED_FOR, 0);
    assert_eq!(link.state(), LinkState::Up);
}

#[test]
fn a_pod_that_stood_still_waits_for_its_probe_once() {
    let (mut link, until) = stood_still();
    assert_eq!(link.poll_timeout(), until + SPARED_FOR);
    link.handle_timeout(until + SPARED_FOR + LATE_AFTER, 0);
    assert_eq!(link.counters().deaf, 1);
}

#[test]
fn a_probe_behind_many_messages_is_waited_for_while_redis_takes_them() {
    let mut link = up();
    link.handle_timeout(after(1_000), 0);
    for millis in (1_000..6_000).step_by(100) {
        link.handle_answer(after(millis));
        link.handle_timeout(after(millis), 0);
    }
    assert_eq!(link.state(), LinkState::Up);
    link.handle_timeout(after(5_900) + PROBE_PATIENCE, 0);
    assert_eq!(link.counters().deaf, 1, "it takes nothing any more");
}

#[test]
fn messages_that_redis_takes_do_not_hide_that_it_passes_nothing_on() {
    let mut link = up();
    link.handle_timeout(after(1_000), 0);
    link.handle_probe_taken(after(1_001), 2);
    for millis in (1_000..2_501).step_by(100) {
        link.handle_answer(after(millis));
        link.handle_timeout(after(millis), 0);
    }
    assert_eq!(link.counters().deaf, 0);
    link.handle_timeout(after(2_501), 0);
    assert_eq!(link.counters().deaf, 1);
}

#[test]
fn a_probe_that_comes_in_time_saves_the_link_and_all_before_it() {
    let mut link = up();
    link.handle_timeout(after(1_000), 0);
    link.handle_timeout(after(2_000), 0);
    link.handle_probe_heard(after(2_400), 3);
    link.handle_timeout(after(1_000) + PROBE_PATIENCE, 0);
    assert_eq!(link.state(), LinkState::Up);
}

#[test]
fn a_probe_of_an_earlier_connection_proves_nothing() {
    let mut link = up();
    link.handle_timeout(after(1_000), 0);
    link.handle_disconnected(after(1_001), 0);
    link.handle_timeout(link.poll_timeout(), 0);
    link.handle_connected(after(1_100));
    link.handle_probe_heard(after(1_100), 2);
    assert_eq!(link.state(), LinkState::Connecting);
}

#[test]
fn attempts_are_spaced_and_time_out() {
    let mut link = Link::default();
    link.handle_timeout(START, 0);
    assert_eq!(link.poll_timeout(), START + CONNECT_TIMEOUT);
    link.handle_timeout(START + CONNECT_TIMEOUT, 0);
    assert_eq!(actions(&mut link), [LinkAction::TearDown]);
    let waits: Vec<u128> = (0..4)
        .map(|_| {
            let (now, due) = (START + CONNECT_TIMEOUT, link.poll_timeout());
            link.handle_timeout(due, 0);
            link.handle_disconnected(now, 0);
            due.since(now).as_millis()
        })
        .collect();
    assert_eq!(waits, [50, 100, 200, 400]);
    assert_eq!(link.counters().downs, 0, "it never was up");
}

#[test]
fn a_second_report_of_the_same_end_changes_nothing() {
    let mut link = up();
    link.handle_disconnected(START, 0);
    link.handle_disconnected(START, 0);
    assert_eq!(changes(&mut link), [LinkState::Down]);
    assert_eq!(link.counters().downs, 1);
}

proptest! {
    /// Whatever happens in which order: it goes on by itself, and nothing grows.
    #[test]
    fn a_link_never_stops_trying(steps in proptest::collection::vec((0_u8..4, 0_u64..3_000), 0..200)) {
        let mut link = Link::default();
        let mut now = START;
        for (step, millis) in steps {
            now = now + Duration::from_millis(millis);
            match step {
                0 => link.handle_connected(now),
                1 => link.handle_disconnected(now, millis),
                2 => link.handle_probe_heard(now, link.counters().probes),
                _ => link.handle_timeout(now, millis),
            }
            prop_assert!(link.changes.len() <= CHANGES_MAX);
            prop_assert!(link.probes.len() <= 4 && link.actions.len() <= 8);
            prop_assert!(link.poll_timeout() <= now + CONNECT_TIMEOUT);
            // As a driver does after each thing that happens.
            while link.poll_action().is_some() {}
        }
        let attempts = link.counters().attempts;
        for _ in 0..8 {
            now = link.poll_timeout().max(now);
            link.handle_timeout(now, 0);
        }
        prop_assert!(link.counters().attempts > attempts);
    }
}
