use super::*;
use crate::load::seating::Seating;

const PAIR: Seating = Seating { rooms: 1, members: 2, talkers: 1, rooms_per_connection: 1 };

fn judge(seating: Seating) -> Auditor {
    let seats = SeatMap::deal(seating.check().unwrap());
    Auditor::new(seats, &Share::whole(seating.connections()))
}

fn heard_by_the_second(sequences: &[u32]) -> Auditor {
    let mut auditor = judge(PAIR);
    for &sequence in sequences {
        auditor.handle_delivery(1, 0, sequence);
    }
    auditor
}

fn hear_all_by_the_first(auditor: &mut Auditor, sent: u32) {
    for sequence in 1..=sent {
        auditor.handle_delivery(0, 0, sequence);
    }
}

#[test]
fn everything_once_and_in_order_is_no_fault() {
    let mut auditor = heard_by_the_second(&[1, 2, 3]);
    hear_all_by_the_first(&mut auditor, 3);

    assert_eq!(auditor.tally(), Tally { delivered: 6, ..Tally::default() });
    assert_eq!(auditor.close(&[3]), Losses::default());
    assert!(auditor.named().is_empty());
}

#[test]
fn a_loss_in_the_middle_is_counted_and_named() {
    let mut auditor = heard_by_the_second(&[1, 5]);
    hear_all_by_the_first(&mut auditor, 5);

    let losses = auditor.close(&[5]);

    assert_eq!(losses.count, 3);
    assert_eq!(losses.named, ["room r0 member 1: messages 2 to 4 of talker 0 in r0 never came"]);
}

#[test]
fn a_loss_at_the_end_is_counted_and_named() {
    let mut auditor = heard_by_the_second(&[1, 2]);
    hear_all_by_the_first(&mut auditor, 3);

    let losses = auditor.close(&[3]);

    assert_eq!(losses.count, 1);
    assert_eq!(losses.named, ["room r0 member 1: message 3 of talker 0 in r0 never came"]);
}

#[test]
fn a_member_that_heard_nothing_lost_everything() {
    let mut auditor = judge(PAIR);
    hear_all_by_the_first(&mut auditor, 4);

    assert_eq!(auditor.close(&[4]).count, 4);
}

#[test]
fn a_duplicate_is_found_right_away_and_long_after() {
    let auditor = heard_by_the_second(&[1, 1, 2, 3, 1]);

    assert_eq!(auditor.tally(), Tally { delivered: 3, duplicated: 2, ..Tally::default() });
    assert_eq!(auditor.named()[0], "room r0 member 1: message 1 of talker 0 in r0 came twice");
}

#[test]
fn two_swapped_messages_are_a_reordering_and_no_loss() {
    let mut auditor = heard_by_the_second(&[1, 3, 2]);
    hear_all_by_the_first(&mut auditor, 3);

    assert_eq!(auditor.tally(), Tally { delivered: 6, reordered: 1, ..Tally::default() });
    assert_eq!(auditor.close(&[3]).count, 0);
    assert_eq!(
        auditor.named(),
        ["room r0 member 1: message 2 of talker 0 in r0 came after message 3"]
    );
}

#[test]
fn a_late_message_that_comes_twice_is_one_reordering_and_one_duplicate() {
    let auditor = heard_by_the_second(&[1, 5, 3, 3]);

    let tally = auditor.tally();
    assert_eq!((tally.delivered, tally.reordered, tally.duplicated), (3, 1, 1));
    assert_eq!(auditor.close(&[0]).count, 2, "messages 2 and 4 are still missing");
}

#[test]
fn a_message_of_another_room_is_misrouted() {
    let mut auditor = judge(Seating { rooms: 2, ..PAIR });

    auditor.handle_delivery(0, 1, 1);
    auditor.handle_delivery(3, 0, 1);
    auditor.handle_delivery(3, 9_999, 1);

    assert_eq!(auditor.tally(), Tally { misrouted: 3, ..Tally::default() });
    assert_eq!(
        auditor.named()[0],
        "connection 0: message 1 of talker 0 in r1, a room that it is not in"
    );
}

#[test]
fn talkers_of_one_room_are_judged_apart() {
    let seating = Seating { rooms: 2, members: 3, talkers: 2, ..PAIR };
    let mut auditor = judge(seating);

    for (talker, sequence) in [(2, 1), (3, 1), (2, 2), (3, 2), (3, 3)] {
        auditor.handle_delivery(4, talker, sequence);
    }

    assert_eq!(auditor.tally(), Tally { delivered: 5, ..Tally::default() });
    assert_eq!(auditor.close(&[0, 0, 2, 3]).count, 2 * 5);
}

#[test]
fn faults_past_the_bound_are_counted_but_not_named() {
    let auditor = heard_by_the_second(&[1; 101]);

    assert_eq!(auditor.tally().duplicated, 100);
    assert_eq!(auditor.named().len(), NAMED_MAX);
}

const CROWD: Seating = Seating { rooms: 6, members: 3, talkers: 2, rooms_per_connection: 3 };

#[test]
fn a_connection_in_many_rooms_is_judged_in_each_of_them() {
    let seats = SeatMap::deal(CROWD);
    let mut auditor = judge(CROWD);

    for talker in 0..CROWD.talkers_total() {
        for &connection in seats.members_of(talker / CROWD.talkers) {
            for sequence in 1..=2 {
                auditor.handle_delivery(connection as usize, talker as u32, sequence);
            }
        }
    }

    assert_eq!(auditor.tally(), Tally { delivered: 6 * 2 * 3 * 2, ..Tally::default() });
    assert_eq!(auditor.close(&[2; 12]), Losses::default());
    assert_eq!(auditor.close(&[3; 12]).count, 6 * 2 * 3);
}

#[test]
fn a_loss_in_one_room_of_many_is_named_with_that_room() {
    let seats = SeatMap::deal(CROWD);
    let mut auditor = judge(CROWD);
    let (talker, member) = (9, 2);
    let connection = seats.members_of(4)[member] as usize;

    auditor.handle_delivery(connection, talker, 2);

    let losses = auditor.close(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0]);
    assert_eq!(losses.count, 1 + 2 * 2);
    let named = "room r4 member 2: message 1 of talker 1 in r4 never came".to_owned();
    assert!(losses.named.contains(&named), "{:?}", losses.named);
}

#[test]
fn in_many_rooms_a_message_of_a_room_that_one_is_not_in_is_misrouted() {
    let seats = SeatMap::deal(CROWD);
    let mut auditor = judge(CROWD);

    for connection in 0..CROWD.connections() {
        for room in (0..CROWD.rooms).filter(|room| !seats.rooms_of(connection).any(|r| r == *room))
        {
            auditor.handle_delivery(connection, (room * CROWD.talkers) as u32, 1);
        }
    }

    assert_eq!(auditor.tally(), Tally { misrouted: 6 * 3, ..Tally::default() });
}
