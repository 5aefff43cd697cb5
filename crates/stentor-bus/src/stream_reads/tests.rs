use stentor_wire::room_name::RoomName;

use super::{READS_MAX, StreamReads, WAITING_MAX};
use crate::channel::Audience;

fn room(number: usize) -> Audience {
    Some(RoomName::parse(&format!("room {number}")).unwrap())
}

fn ask(reads: &mut StreamReads<usize>, number: usize, waiter: usize) {
    reads.handle_asked(room(number), waiter).unwrap();
}

#[test]
fn all_who_asked_before_a_read_began_share_it() {
    let mut reads = StreamReads::default();
    (0..10_000).for_each(|waiter| ask(&mut reads, 1, waiter));
    assert_eq!(reads.poll_read(), Some(room(1)));
    assert_eq!(reads.poll_read(), None, "one read of a room at a time");
    assert_eq!(reads.handle_read(&room(1)), (0..10_000).collect::<Vec<_>>());
    assert!(reads.is_empty() && reads.poll_read().is_none());
}

#[test]
fn who_asks_while_a_read_is_under_way_gets_the_next() {
    let mut reads = StreamReads::default();
    ask(&mut reads, 1, 1);
    assert_eq!(reads.poll_read(), Some(room(1)));
    ask(&mut reads, 1, 2);
    ask(&mut reads, 1, 3);
    assert_eq!(reads.handle_read(&room(1)), [1]);
    assert_eq!(reads.poll_read(), Some(room(1)));
    assert_eq!(reads.handle_read(&room(1)), [2, 3]);
    assert_eq!(reads.poll_read(), None);
}

#[test]
fn reads_under_way_are_bounded_and_rooms_take_turns() {
    let mut reads = StreamReads::default();
    (0..READS_MAX + 2).for_each(|number| ask(&mut reads, number, number));
    let first: Vec<_> = std::iter::from_fn(|| reads.poll_read()).collect();
    assert_eq!(first, (0..READS_MAX).map(room).collect::<Vec<_>>());
    ask(&mut reads, 0, 100);
    assert_eq!(reads.handle_read(&room(0)), [0]);
    assert_eq!(reads.poll_read(), Some(room(READS_MAX)), "before the room that was read");
}

#[test]
fn one_too_many_is_turned_away() {
    let mut reads = StreamReads::default();
    (0..WAITING_MAX).for_each(|waiter| ask(&mut reads, waiter % 7, waiter));
    assert_eq!(reads.handle_asked(None, 5), Err(5));
    assert_eq!(reads.len(), WAITING_MAX);
}

#[test]
fn nobody_waits_after_the_link_is_lost() {
    let mut reads = StreamReads::default();
    ask(&mut reads, 1, 1);
    reads.poll_read();
    ask(&mut reads, 1, 2);
    ask(&mut reads, 2, 3);
    let mut released = reads.handle_link_down();
    released.sort_unstable();
    assert_eq!(released, [1, 2, 3]);
    assert!(reads.is_empty() && reads.poll_read().is_none());
    assert!(reads.handle_read(&room(1)).is_empty(), "an answer that comes later says nothing");
}
