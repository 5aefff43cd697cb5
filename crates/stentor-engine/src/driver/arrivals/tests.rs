use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use stentor_bus::bus::Batch;
use stentor_bus::inbox::{Arrival, Delivery, Gap, Origin, Proof};
use stentor_shard::time::Now;
use stentor_shard::{Connect, MemberId, MemberOptions, Shard, ShardConfig};
use stentor_wire::room_name::RoomName;
use tokio::sync::broadcast;
use uuid::Uuid;

use super::Arrivals;

fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect("a valid name")
}

/// A shard with one member of room `a` that hears events.
fn shard() -> Shard {
    let mut shard =
        Shard::new(ShardConfig { flush_gap_max: Duration::ZERO, ..ShardConfig::default() });
    let connect = Connect {
        member: MemberId(0),
        identity: None,
        user_rate: None,
        rooms: vec![room("a")],
        options: MemberOptions { events: true, ..MemberOptions::default() },
        preface: Vec::new(),
        last_id: None,
    };
    shard.handle_connect(Now::default(), connect);
    shard
}

fn delivery(name: &str, bytes: usize, origin: Origin) -> Arrival {
    let frame = Bytes::from(vec![b' '; bytes]);
    let (audience, id) = (Some(room(name)), Uuid::nil());
    Arrival::Delivery(Delivery { audience, frame, id, origin, place: None })
}

fn batch(arrivals: Vec<Arrival>) -> Batch {
    Arc::from(arrivals)
}

fn is_ready(arrivals: &mut Arrivals) -> bool {
    let waiting = pin!(arrivals.ready());
    waiting.poll(&mut Context::from_waker(Waker::noop())) == Poll::Ready(())
}

#[test]
fn a_shard_that_was_too_slow_is_counted_and_told_before_what_is_left() {
    let (tx, rx) = broadcast::channel(2);
    let (mut arrivals, mut shard) = (Arrivals::new(Some(rx)), shard());
    for _ in 0..5 {
        tx.send(batch(vec![delivery("a", 10, Origin::Pod)])).expect("a receiver");
    }
    arrivals.deliver(Now::default(), &mut shard);
    assert_eq!((arrivals.missed(), shard.counters().gaps_told), (3, 1));
}

#[test]
fn a_gap_is_told_to_the_members_of_its_room() {
    let (tx, rx) = broadcast::channel(2);
    let (mut arrivals, mut shard) = (Arrivals::new(Some(rx)), shard());
    let gap = |name| Arrival::Gap(Gap { audience: Some(room(name)), missed: Some(1) });
    tx.send(batch(vec![gap("a"), gap("b")])).expect("a receiver");
    arrivals.deliver(Now::default(), &mut shard);
    assert_eq!(shard.counters().gaps_told, 1);
}

#[test]
fn a_congested_shard_takes_nothing_and_loses_nothing_that_the_broadcast_keeps() {
    let (tx, rx) = broadcast::channel(64);
    let (mut arrivals, mut shard) = (Arrivals::new(Some(rx)), shard());
    for _ in 0..40 {
        tx.send(batch(vec![delivery("a", 1 << 20, Origin::Pod)])).expect("a receiver");
    }
    (0..40).for_each(|_| arrivals.deliver(Now::default(), &mut shard));
    assert!(shard.is_congested());
    assert_eq!((tx.len(), arrivals.missed()), (40 - 33, 0), "it stops a batch past 32 MiB");
}

#[test]
fn a_turn_takes_a_bounded_number_of_batches() {
    let (tx, rx) = broadcast::channel(64);
    let (mut arrivals, mut shard) = (Arrivals::new(Some(rx)), shard());
    for _ in 0..super::BATCHES_PER_TURN_MAX + 1 {
        tx.send(batch(Vec::new())).expect("a receiver");
    }
    arrivals.deliver(Now::default(), &mut shard);
    assert_eq!(tx.len(), 1);
    assert!(is_ready(&mut arrivals), "the next turn comes at once");
}

#[test]
fn what_a_wait_found_is_taken_by_the_next_turn_however_often_it_was_waited() {
    let (tx, rx) = broadcast::channel(8);
    let (mut arrivals, mut shard) = (Arrivals::new(Some(rx)), shard());
    assert!(!is_ready(&mut arrivals));
    let gap = Arrival::Gap(Gap { audience: Some(room("a")), missed: Some(1) });
    tx.send(batch(vec![gap.clone()])).expect("a receiver");
    tx.send(batch(vec![gap])).expect("a receiver");
    (0..3).for_each(|_| assert!(is_ready(&mut arrivals)));
    arrivals.deliver(Now::default(), &mut shard);
    assert_eq!(shard.counters().gaps_told, 2);
    assert!(!is_ready(&mut arrivals));
}

#[test]
fn a_bus_that_has_ended_wakes_nobody() {
    let (tx, rx) = broadcast::channel::<Batch>(8);
    let mut arrivals = Arrivals::new(Some(rx));
    drop(tx);
    assert!(!is_ready(&mut arrivals));
    assert!(!is_ready(&mut Arrivals::new(None)));
}

#[test]
fn a_chosen_id_that_comes_twice_is_delivered_once_and_others_are_not_remembered() {
    for (origin, deliveries) in [
        (Origin::PodWithChosenId, 1),
        (Origin::Foreign, 1),
        (Origin::Pod, 2),
        (Origin::ForeignWithoutId, 2),
    ] {
        let (tx, rx) = broadcast::channel(8);
        let (mut arrivals, mut shard) = (Arrivals::new(Some(rx)), shard());
        tx.send(batch(vec![delivery("a", 10, origin), delivery("a", 10, origin)]))
            .expect("a receiver");
        arrivals.deliver(Now::default(), &mut shard);
        // What is counted as sent is what a gap hands over first.
        shard.handle_lag(Now::default());
        assert_eq!(shard.counters().messages_sent, deliveries, "{origin:?}");
    }
}

#[test]
fn a_proof_is_given_out_once_for_who_flushes_what_came_before_it() {
    let (tx, rx) = broadcast::channel(2);
    let (mut arrivals, mut shard) = (Arrivals::new(Some(rx)), shard());
    let proof = |number| Arrival::Proof(Proof { number, until_unix_millis: 0 });
    let both = batch(vec![proof(6), delivery("a", 10, Origin::Pod), proof(7)]);
    tx.send(both).expect("a receiver");
    assert_eq!(arrivals.take_proof(), None);
    arrivals.deliver(Now::default(), &mut shard);
    assert_eq!((arrivals.take_proof(), arrivals.take_proof()), (Some(7), None));
}
