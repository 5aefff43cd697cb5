use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::Instant;

use super::{CHANNELS_TOLD_MAX, Outbox, OutboxLimits};
use crate::record::{OutRecord, Ticket};
use crate::seq::Seq;

const START: Instant = Instant::from_micros(1_000_000);

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

fn outbox(records_max: usize, bytes_max: usize) -> Outbox {
    Outbox::new(OutboxLimits { records_max, bytes_max, age_max: Duration::from_secs(60) })
}

#[test]
fn what_comes_back_stands_at_its_old_place() {
    let mut outbox = outbox(10, 1 << 20);
    for ticket in [4, 5, 2, 1, 3] {
        outbox.push(Ticket(ticket), record(1));
    }
    let order: Vec<u64> = std::iter::from_fn(|| outbox.pop()).map(|(ticket, _)| ticket.0).collect();
    assert_eq!(order, [1, 2, 3, 4, 5]);
}

#[test]
fn a_full_outbox_drops_the_oldest_and_counts_it() {
    let mut outbox = outbox(2, 1 << 20);
    (1..=3).for_each(|ticket| outbox.push(Ticket(ticket), record(1)));
    assert!(outbox.poll_dropped(START).is_some());
    assert!(outbox.poll_dropped(START).is_none());
    assert_eq!(outbox.pop().map(|(ticket, _)| ticket), Some(Ticket(2)));
    let dropped = outbox.take_dropped();
    assert_eq!((dropped.records, dropped.by_channel[&None], dropped.elsewhere), (1, 1, 0));
    assert_eq!(outbox.take_dropped().records, 0);
}

#[test]
fn bytes_are_bounded_whatever_the_count() {
    let mut outbox = outbox(1_000, 10_000);
    for ticket in 0..100 {
        outbox.push(Ticket(ticket), record(1_000));
        while outbox.poll_dropped(START).is_some() {}
        assert!(outbox.bytes() <= 10_000);
    }
    assert_eq!(outbox.len(), 8);
}

#[test]
fn what_is_too_old_is_dropped() {
    let mut outbox = outbox(10, 1 << 20);
    outbox.push(Ticket(1), record(1));
    assert!(outbox.poll_dropped(START + Duration::from_secs(60)).is_none());
    let due = outbox.poll_timeout().unwrap();
    assert!(outbox.poll_dropped(due).is_some());
    assert!(outbox.is_empty());
    assert_eq!(outbox.poll_timeout(), None);
}

#[test]
fn drops_are_told_by_channel_up_to_a_bound() {
    let mut outbox = outbox(0, 0);
    for number in 0..CHANNELS_TOLD_MAX as u64 + 5 {
        let audience = Some(RoomName::parse(&number.to_string()).unwrap());
        outbox.push(Ticket(number), OutRecord { audience, ..record(1) });
        assert!(outbox.poll_dropped(START).is_some());
    }
    let dropped = outbox.take_dropped();
    assert_eq!((dropped.by_channel.len(), dropped.elsewhere), (CHANNELS_TOLD_MAX, 5));
}

proptest! {
    #[test]
    fn the_bytes_are_those_of_what_is_inside(
        steps in proptest::collection::vec((0_u64..20, 0_usize..50, 0_u8..3), 0..200),
    ) {
        let mut outbox = outbox(8, 2_000);
        for (ticket, payload_bytes, step) in steps {
            match step {
                0 => drop(outbox.pop()),
                1 => drop(outbox.remove(Ticket(ticket))),
                _ => outbox.push(Ticket(ticket), record(payload_bytes)),
            }
            while outbox.poll_dropped(START).is_some() {}
            prop_assert!(outbox.len() <= 8 && outbox.bytes() <= 2_000);
        }
        while outbox.pop().is_some() {}
        prop_assert_eq!(outbox.bytes(), 0);
    }
}
