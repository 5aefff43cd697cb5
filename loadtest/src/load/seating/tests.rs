use std::collections::HashSet;

use super::*;

fn seating(rooms: usize, members: usize, rooms_per_connection: usize) -> Seating {
    Seating { rooms, members, talkers: 1, rooms_per_connection }
}

#[track_caller]
fn assert_fair(seating: Seating) {
    let seats = SeatMap::deal(seating.check().unwrap());
    let mut rooms_of = vec![HashSet::new(); seating.connections()];
    for room in 0..seating.rooms {
        let members: HashSet<u32> = seats.members_of(room).iter().copied().collect();
        assert_eq!(members.len(), seating.members, "a connection sits in r{room} twice");
        for connection in members {
            rooms_of[connection as usize].insert(room);
        }
    }
    for (connection, rooms) in rooms_of.iter().enumerate() {
        assert_eq!(rooms.len(), seating.rooms_per_connection, "connection {connection}");
        assert_eq!(seats.rooms_of(connection).collect::<HashSet<_>>(), *rooms);
    }
}

#[test]
fn every_room_is_full_and_no_connection_is_in_one_twice() {
    for (rooms, members, rooms_per_connection) in
        [(1, 1, 1), (1, 1_000, 1), (6, 4, 1), (6, 4, 2), (6, 4, 6), (128, 3, 128), (1_000, 10, 50)]
    {
        assert_fair(seating(rooms, members, rooms_per_connection));
    }
}

#[test]
fn a_hundred_thousand_rooms_fit_on_ten_thousand_connections() {
    let seating = seating(100_000, 10, 100);

    assert_eq!(seating.connections(), 10_000);
    assert_fair(seating);
}

#[test]
fn with_one_room_a_connection_the_seats_go_by_number() {
    let seats = SeatMap::deal(Seating { talkers: 2, ..seating(3, 4, 1) });

    assert_eq!(seats.members_of(1), [4, 5, 6, 7]);
    assert_eq!(seats.connection_of(3), 5);
    assert!(seats.rooms_of(11).eq([2]));
}

#[test]
fn rooms_of_different_rounds_have_different_members() {
    let seats = SeatMap::deal(seating(1_000, 10, 100));
    let mut known = HashSet::new();

    for room in 0..1_000 {
        let mut members = seats.members_of(room).to_vec();
        members.sort_unstable();
        assert!(known.insert(members), "r{room} has the members of another room");
    }
}

#[test]
fn a_talker_is_a_member_of_the_room_it_talks_in() {
    let seats = SeatMap::deal(Seating { talkers: 3, ..seating(20, 5, 4) });

    for talker in 0..60 {
        let connection = seats.connection_of(talker);
        assert!(seats.rooms_of(connection).any(|room| room == talker / 3), "talker {talker}");
    }
}

#[test]
fn what_does_not_come_out_even_is_refused() {
    for (seating, said) in [
        (seating(5, 10, 2), "no multiple"),
        (seating(1, 10, 2), "no multiple"),
        (seating(129, 10, 129), "1 to 128 rooms"),
        (seating(5, 10, 0), "1 to 128 rooms"),
        (Seating { talkers: 11, ..seating(1, 10, 1) }, "more than its 10 members"),
    ] {
        let failure = seating.check().expect_err(said).to_string();

        assert!(failure.contains(said), "{failure}");
    }
}
