use std::collections::HashMap;
use std::time::Duration;

use proptest::prelude::*;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::{Instant, Now};

use super::{Outcome, PAUSE, Pipeline, Publish, SETTLE_MAX, SETTLE_MIN};
use crate::channel::Audience;
use crate::in_flight::InFlightLimits;
use crate::inbox::{Arrival, Inbox};
use crate::outbox::OutboxLimits;
use crate::pod_id::PodId;
use crate::record::Ticket;
use crate::relay::{Record, decode};

const START: Instant = Instant::from_micros(1_000_000);
const MESSAGE: &[u8] = br#"{"id":"0198a1b2-0000-7000-8000-000000000001","type":"chat","from":"ann","data":{},"timestamp":"2026-02-05T00:00:00.000Z"}"#;

fn after(millis: u64) -> Instant {
    START + Duration::from_millis(millis)
}

fn room(number: usize) -> Audience {
    Some(RoomName::parse(&format!("room {number}")).unwrap())
}

fn pipeline(kept_max: usize, in_flight_max: usize) -> Pipeline {
    Pipeline::new(
        PodId::new("a", 1),
        OutboxLimits { records_max: kept_max, ..OutboxLimits::default() },
        InFlightLimits { records_max: in_flight_max, ..InFlightLimits::default() },
    )
}

fn up() -> Pipeline {
    let mut pipeline = pipeline(100, 100);
    pipeline.handle_link_up(START);
    pipeline
}

fn say(pipeline: &mut Pipeline, now: Instant, count: usize) {
    (0..count).for_each(|_| pipeline.handle_message(now, None, MESSAGE));
}

fn publishes(pipeline: &mut Pipeline, now: Instant) -> Vec<Publish> {
    std::iter::from_fn(|| pipeline.poll_publish(now)).collect()
}

fn seq(publish: &Publish) -> u64 {
    match decode(&publish.payload) {
        Ok(Record::Message(relayed)) => relayed.seq.value(),
        Ok(Record::Mark { seq, .. }) => seq.value(),
        other => panic!("{other:?}"),
    }
}

fn seqs(publishes: &[Publish]) -> Vec<u64> {
    publishes.iter().map(seq).collect()
}

fn ticket(publish: &Publish) -> Ticket {
    publish.ticket.expect("a message")
}

#[test]
fn with_the_link_up_a_message_goes_out_at_once() {
    let mut pipeline = up();
    say(&mut pipeline, START, 3);
    let out = publishes(&mut pipeline, START);
    assert_eq!(seqs(&out), [1, 2, 3]);
    for publish in out.iter().rev() {
        pipeline.handle_outcome(START, ticket(publish), Outcome::Published);
    }
    let counters = pipeline.counters();
    assert_eq!((counters.accepted, counters.published, counters.in_flight), (3, 3, 0));
    assert_eq!(pipeline.poll_healed(), None);
}

#[test]
fn what_is_in_flight_is_bounded_and_the_rest_waits_in_order() {
    let mut pipeline = pipeline(100, 2);
    pipeline.handle_link_up(START);
    say(&mut pipeline, START, 5);
    let first = publishes(&mut pipeline, START);
    assert_eq!(seqs(&first), [1, 2]);
    pipeline.handle_outcome(START, ticket(&first[1]), Outcome::Published);
    assert_eq!(seqs(&publishes(&mut pipeline, START)), [3]);
}

#[test]
fn an_outage_is_kept_and_published_in_order_with_its_numbers() {
    let mut pipeline = up();
    say(&mut pipeline, START, 2);
    publishes(&mut pipeline, START);
    pipeline.handle_link_down(after(10));
    say(&mut pipeline, after(20), 2);
    assert!(publishes(&mut pipeline, after(20)).is_empty());
    pipeline.handle_link_up(after(410));
    say(&mut pipeline, after(420), 1);
    assert!(publishes(&mut pipeline, after(420)).is_empty(), "the others subscribe first");
    assert_eq!(pipeline.poll_timeout(), Some(after(1_060)));
    let out = publishes(&mut pipeline, after(1_060));
    assert_eq!(seqs(&out), [1, 2, 3, 4, 5]);
    for publish in &out[..4] {
        assert_eq!(pipeline.poll_healed(), None);
        pipeline.handle_outcome(after(1_061), ticket(publish), Outcome::Published);
    }
    let healed = pipeline.poll_healed().expect("all that was kept is out");
    assert_eq!((healed.republished, healed.dropped.records), (4, 0));
    assert_eq!(healed.lasted, Duration::from_millis(1_051));
}

#[test]
fn what_is_said_before_the_first_link_is_kept() {
    let mut pipeline = pipeline(100, 100);
    say(&mut pipeline, START, 3);
    pipeline.handle_link_up(after(60));
    assert!(publishes(&mut pipeline, after(60)).is_empty());
    assert_eq!(seqs(&publishes(&mut pipeline, after(120) + SETTLE_MIN)), [1, 2, 3]);
}

#[test]
fn a_long_outage_settles_for_no_longer_than_its_bound() {
    let mut pipeline = up();
    pipeline.handle_link_down(START);
    say(&mut pipeline, after(59_000), 1);
    pipeline.handle_link_up(after(60_000));
    assert_eq!(publishes(&mut pipeline, after(60_000) + SETTLE_MAX).len(), 1);
}

#[test]
fn what_an_outage_drops_is_counted_and_leaves_a_hole() {
    let mut pipeline = pipeline(2, 100);
    pipeline.handle_link_up(START);
    pipeline.handle_link_down(START);
    say(&mut pipeline, START, 5);
    pipeline.handle_link_up(after(1));
    let out = publishes(&mut pipeline, after(2) + SETTLE_MIN);
    assert_eq!(seqs(&out), [0, 4, 5]);
    for publish in &out[1..] {
        pipeline.handle_outcome(after(1), ticket(publish), Outcome::Published);
    }
    let healed = pipeline.poll_healed().unwrap();
    assert_eq!((healed.dropped.records, healed.dropped.by_channel[&None]), (3, 3));
}

#[test]
fn when_everything_was_dropped_a_mark_tells_of_it() {
    let mut pipeline = up();
    pipeline.handle_link_down(START);
    say(&mut pipeline, START, 5);
    pipeline.handle_timeout(after(61_000));
    assert_eq!(pipeline.counters().dropped, 5);
    pipeline.handle_link_up(after(61_000));
    let marks: Vec<Publish> =
        (0..40).flat_map(|step| pipeline.poll_publish(after(61_000 + 100 * step))).collect();
    assert_eq!(seqs(&marks), [0, 5], "with the base before it");
}

#[test]
fn a_mark_does_not_overtake_what_was_kept() {
    let mut pipeline = up();
    pipeline.handle_link_down(START);
    say(&mut pipeline, START, 1);
    pipeline.handle_link_up(after(10_000));
    let out = publishes(&mut pipeline, after(11_500));
    assert_eq!(out.len(), 1);
    assert!(out[0].ticket.is_some());
    assert!(publishes(&mut pipeline, after(12_400)).is_empty(), "it may be lost yet");
}

#[test]
fn a_lost_publish_goes_again_before_what_was_said_later() {
    let mut pipeline = up();
    say(&mut pipeline, START, 3);
    let out = publishes(&mut pipeline, START);
    pipeline.handle_outcome(START, ticket(&out[0]), Outcome::Lost);
    pipeline.handle_outcome(START, ticket(&out[1]), Outcome::Published);
    pipeline.handle_outcome(START, ticket(&out[2]), Outcome::Lost);
    say(&mut pipeline, START, 1);
    assert!(publishes(&mut pipeline, START).is_empty(), "a pause after a loss");
    assert_eq!(seqs(&publishes(&mut pipeline, START + PAUSE)), [1, 3, 4]);
}

#[test]
fn an_answer_after_the_deadline_spares_the_second_publish() {
    let mut pipeline = up();
    say(&mut pipeline, START, 1);
    let out = publishes(&mut pipeline, START);
    pipeline.handle_timeout(after(5_000));
    assert_eq!(pipeline.counters().waiting, 1);
    pipeline.handle_outcome(after(5_001), ticket(&out[0]), Outcome::Published);
    let counters = pipeline.counters();
    assert_eq!((counters.waiting, counters.published, counters.lost), (0, 1, 1));
    assert!(pipeline.poll_healed().is_some());
}

#[test]
fn what_redis_refuses_is_not_tried_again_and_holds_up_nothing() {
    let mut pipeline = up();
    say(&mut pipeline, START, 2);
    let out = publishes(&mut pipeline, START);
    pipeline.handle_outcome(START, ticket(&out[0]), Outcome::Refused);
    pipeline.handle_outcome(START, ticket(&out[1]), Outcome::Published);
    let counters = pipeline.counters();
    assert_eq!((counters.refused, counters.waiting, counters.in_flight), (1, 0, 0));
}

#[test]
fn a_channel_whose_node_is_away_keeps_no_other_and_its_order() {
    let mut pipeline = up();
    say(&mut pipeline, START, 2);
    pipeline.handle_message(START, room(1), MESSAGE);
    for publish in publishes(&mut pipeline, START) {
        let is_away = publish.audience.is_none();
        let outcome = if is_away { Outcome::Away } else { Outcome::Published };
        pipeline.handle_outcome(START, ticket(&publish), outcome);
    }
    assert_eq!(pipeline.counters().waiting, 2);
    pipeline.handle_message(START, room(1), MESSAGE);
    assert_eq!(publishes(&mut pipeline, START).len(), 1, "the other channel goes on");

    assert_eq!(pipeline.poll_timeout(), Some(START + PAUSE));
    pipeline.handle_timeout(START + PAUSE);
    let again = publishes(&mut pipeline, START + PAUSE);
    assert_eq!(seqs(&again), [1, 2]);
    assert!(again.iter().all(|publish| publish.audience.is_none()));
}

#[test]
fn when_slots_have_moved_nothing_goes_out_until_all_have_followed() {
    let mut pipeline = up();
    pipeline.handle_moved(START);
    say(&mut pipeline, START, 1);
    assert!(publishes(&mut pipeline, START).is_empty());
    assert_eq!(seqs(&publishes(&mut pipeline, START + PAUSE)), [1]);
}

#[test]
fn what_overflowed_before_it_came_here_leaves_a_hole() {
    let mut pipeline = up();
    say(&mut pipeline, START, 1);
    pipeline.handle_overflow(START, &None, 4);
    say(&mut pipeline, START, 1);
    assert_eq!(seqs(&publishes(&mut pipeline, START)), [1, 1, 6], "with the base before it");
}

#[test]
fn before_what_follows_a_drop_goes_the_number_from_which_to_count() {
    let mut pipeline = pipeline(2, 100);
    say(&mut pipeline, START, 5);
    pipeline.handle_link_up(START);
    let now = after(500);
    let out = publishes(&mut pipeline, now);
    assert_eq!(seqs(&out), [0, 4, 5]);
    assert_eq!(out[0].ticket, None, "nobody waits for the base itself");
    pipeline.handle_link_down(now);
    pipeline.handle_link_up(now);
    let now = after(2_500);
    let again = publishes(&mut pipeline, now);
    assert_eq!(seqs(&again), [0, 4, 5], "neither may have come to Redis");
    pipeline.handle_outcome(now, ticket(&again[1]), Outcome::Published);
    pipeline.handle_link_down(now);
    pipeline.handle_link_up(now);
    assert_eq!(seqs(&publishes(&mut pipeline, after(5_000))), [5], "it has come there");
}

#[test]
fn a_channel_of_which_all_was_dropped_is_closed_with_its_base_until_redis_has_both() {
    let mut pipeline = pipeline(100, 100);
    say(&mut pipeline, START, 3);
    pipeline.handle_timeout(after(61_000));
    assert_eq!(pipeline.counters().dropped, 3);
    pipeline.handle_link_up(after(61_000));
    let now = after(63_500);
    let out = publishes(&mut pipeline, now);
    assert_eq!(seqs(&out), [0, 3]);
    pipeline.handle_outcome(now, ticket(&out[1]), Outcome::Lost);
    let now = after(65_500);
    let again = publishes(&mut pipeline, now);
    assert_eq!(seqs(&again), [0, 3]);
    pipeline.handle_outcome(now, ticket(&again[1]), Outcome::Published);
    let second = publishes(&mut pipeline, after(80_500));
    assert_eq!(seqs(&second), [3], "who comes later is told of nothing");
}

#[test]
fn a_link_that_goes_down_between_a_base_and_its_mark_costs_neither() {
    let mut pipeline = pipeline(100, 100);
    say(&mut pipeline, START, 3);
    pipeline.handle_timeout(after(61_000));
    pipeline.handle_link_up(after(61_000));
    let base = pipeline.poll_publish(after(63_500)).expect("the base");
    assert_eq!((seq(&base), base.ticket), (0, None));
    assert_eq!(pipeline.poll_timeout().map(|due| due <= after(63_500)), Some(true));
    pipeline.handle_link_down(after(63_500));
    pipeline.handle_link_up(after(63_500));
    assert_eq!(seqs(&publishes(&mut pipeline, after(66_000))), [0, 3]);
}

#[test]
fn a_message_counts_as_failed_once_however_often_it_fails() {
    let mut pipeline = up();
    say(&mut pipeline, START, 2);
    let out = publishes(&mut pipeline, START);
    pipeline.handle_outcome(START, ticket(&out[0]), Outcome::Lost);
    pipeline.handle_link_down(START);
    say(&mut pipeline, START, 1);
    for lost in 1..4 {
        pipeline.handle_link_up(after(lost * 5_000));
        let out = publishes(&mut pipeline, after(lost * 5_000 + 2_000));
        assert_eq!(seqs(&out), [1, 2, 3]);
        pipeline.handle_link_down(after(lost * 5_000 + 2_000));
    }
    let counters = pipeline.counters();
    assert_eq!((counters.failed, counters.deferred, counters.published), (3, 1, 0));
    assert!(counters.lost > 3);
}

#[test]
fn answers_that_nobody_had_time_to_read_are_waited_for() {
    let mut pipeline = up();
    say(&mut pipeline, START, 1);
    let out = publishes(&mut pipeline, START);
    pipeline.handle_timeout(after(5_700));
    pipeline.handle_outcome(after(5_701), ticket(&out[0]), Outcome::Published);
    let counters = pipeline.counters();
    assert_eq!((counters.published, counters.lost, counters.failed), (1, 0, 0));
}

/// Half a minute in which everything gets through, the marks too.
fn settle(
    pipeline: &mut Pipeline,
    inbox: &mut Inbox,
    mut now: Instant,
    arrivals: &mut Vec<Arrival>,
) {
    for _ in 0..300 {
        now = now + Duration::from_millis(100);
        pipeline.handle_timeout(now);
        for publish in publishes(pipeline, now) {
            deliver(inbox, now, &publish, arrivals);
            if let Some(ticket) = publish.ticket {
                pipeline.handle_outcome(now, ticket, Outcome::Published);
            }
        }
    }
}

proptest! {
    /// Outages, losses and overflow in any order, each record passed on or not: at the other pod
    /// every room hears in order, nothing twice, and what is missing has been told of.
    #[test]
    fn the_other_pod_hears_in_order_once_or_is_told(
        steps in proptest::collection::vec((0_u8..10, 0_usize..3, any::<bool>()), 1..200),
    ) {
        let mut pipeline = pipeline(6, 4);
        let mut inbox = Inbox::new(PodId::new("b", 2), 2);
        let mut open: Vec<Publish> = Vec::new();
        let mut arrivals = Vec::new();
        let mut said: HashMap<Audience, u64> = HashMap::new();
        let mut now = START;
        // Both sides start with one message that is heard, so that there is a base.
        pipeline.handle_link_up(now);
        for number in 0..3 {
            pipeline.handle_message(now, room(number), MESSAGE);
            said.insert(room(number), 1);
        }
        for publish in publishes(&mut pipeline, now) {
            deliver(&mut inbox, now, &publish, &mut arrivals);
            pipeline.handle_outcome(now, ticket(&publish), Outcome::Published);
        }
        for (step, number, is_heard) in steps {
            now = now + Duration::from_millis(100);
            pipeline.handle_timeout(now);
            match step {
                0..4 => {
                    pipeline.handle_message(now, room(number), MESSAGE);
                    *said.entry(room(number)).or_default() += 1;
                }
                4 => pipeline.handle_link_down(now),
                5 => pipeline.handle_link_up(now),
                6 | 7 => {
                    if let Some(publish) = pipeline.poll_publish(now) {
                        if is_heard {
                            deliver(&mut inbox, now, &publish, &mut arrivals);
                        }
                        open.push(publish);
                    }
                }
                _ if !open.is_empty() => {
                    let publish = open.remove(number % open.len());
                    let outcome = if is_heard { Outcome::Published } else { Outcome::Lost };
                    if let Some(ticket) = publish.ticket {
                        pipeline.handle_outcome(now, ticket, outcome);
                    }
                }
                _ => {}
            }
        }
        // In the end the link is up and everything gets through, the marks too.
        pipeline.handle_link_up(now);
        settle(&mut pipeline, &mut inbox, now, &mut arrivals);
        for (audience, said) in said {
            let (mut heard, mut missed) = (0, 0);
            for arrival in &arrivals {
                match arrival {
                    Arrival::Delivery(delivery) if delivery.audience == audience => heard += 1,
                    Arrival::Gap(gap) if gap.audience == audience => {
                        missed += gap.missed.expect("counted");
                    }
                    _ => {}
                }
            }
            prop_assert_eq!(heard + missed, said);
        }
        let counters = pipeline.counters();
        prop_assert_eq!((counters.waiting, counters.waiting_bytes, counters.in_flight), (0, 0, 0));
    }
}

proptest! {
    /// As above, but the other pod has heard nothing at all when it begins, and what comes to
    /// Redis is heard there: what the outbox dropped is told of all the same.
    #[test]
    fn the_other_pod_needs_to_have_heard_nothing_before(
        steps in proptest::collection::vec((0_u8..10, 0_usize..3, any::<bool>()), 1..200),
    ) {
        let mut pipeline = pipeline(3, 4);
        let mut inbox = Inbox::new(PodId::new("b", 2), 2);
        let mut open: Vec<(Publish, bool)> = Vec::new();
        let mut arrivals = Vec::new();
        let mut said: HashMap<Audience, u64> = HashMap::new();
        let mut now = START;
        let mut is_cut = false;
        for (step, number, chance) in steps {
            now = now + Duration::from_millis(300);
            pipeline.handle_timeout(now);
            match step {
                0..5 => {
                    pipeline.handle_message(now, room(number), MESSAGE);
                    *said.entry(room(number)).or_default() += 1;
                }
                5 | 6 => {
                    pipeline.handle_link_down(now);
                    open.clear();
                    is_cut = false;
                    if step == 6 {
                        pipeline.handle_link_up(now);
                    }
                }
                7 | 8 => {
                    // From some moment on nothing that is written comes to Redis.
                    is_cut |= chance && number == 0;
                    for publish in publishes(&mut pipeline, now) {
                        if !is_cut {
                            deliver(&mut inbox, now, &publish, &mut arrivals);
                        }
                        open.push((publish, !is_cut));
                    }
                }
                _ if !open.is_empty() => {
                    let (publish, is_heard) = open.remove(0);
                    let outcome =
                        if is_heard && chance { Outcome::Published } else { Outcome::Lost };
                    if let Some(ticket) = publish.ticket {
                        pipeline.handle_outcome(now, ticket, outcome);
                    }
                }
                _ => {}
            }
        }
        pipeline.handle_link_down(now);
        pipeline.handle_link_up(now);
        settle(&mut pipeline, &mut inbox, now, &mut arrivals);
        for (audience, said) in said {
            let mut told = 0;
            for arrival in &arrivals {
                match arrival {
                    Arrival::Delivery(delivery) if delivery.audience == audience => told += 1,
                    Arrival::Gap(gap) if gap.audience == audience => {
                        told += gap.missed.expect("counted");
                    }
                    _ => {}
                }
            }
            prop_assert!(told >= said, "{told} of {said}");
        }
    }
}

fn deliver(inbox: &mut Inbox, now: Instant, publish: &Publish, arrivals: &mut Vec<Arrival>) {
    let now = Now { instant: now, unix_millis: 0 };
    inbox.handle_payload(now, &publish.audience, &publish.payload, arrivals);
}
