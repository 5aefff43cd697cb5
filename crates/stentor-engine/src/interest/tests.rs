use stentor_wire::room_name::RoomName;

use super::Interest;

fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect("a valid name")
}

#[test]
fn a_room_is_on_the_shards_that_have_members_and_nowhere_else() {
    let interest = Interest::default();
    interest.join(&room("a"), 0, true);
    interest.join(&room("a"), 5, true);
    interest.join(&room("a"), 5, false);
    assert_eq!(interest.shards(&room("a")), 1 | 1 << 5);
    interest.leave(&room("a"), 0, true);
    assert_eq!(interest.shards(&room("a")), 1 << 5);
    assert_eq!(interest.members(&room("a")), 2);
}

#[test]
fn a_room_that_nobody_is_in_is_forgotten() {
    let interest = Interest::default();
    interest.join(&room("a"), 63, true);
    assert_eq!(interest.rooms(), 1);
    assert_eq!(interest.leave(&room("a"), 63, true), 0);
    assert_eq!((interest.rooms(), interest.members(&room("a"))), (0, 0));
    assert_eq!(interest.leave(&room("a"), 63, true), 0, "leaving nothing is nothing");
}

#[test]
fn the_report_has_the_fullest_rooms_first_and_says_how_many_there_are() {
    let interest = Interest::default();
    for (name, members) in [("b", 2), ("a", 2), ("full", 9), ("empty", 1)] {
        (0..members).for_each(|member| {
            interest.join(&room(name), 0, member == 0);
        });
    }
    let report = interest.report(3);
    let rooms: Vec<_> = report.rooms.iter().map(|of| (of.room.as_str(), of.connections)).collect();
    assert_eq!((report.total, rooms), (4, vec![("full", 9), ("a", 2), ("b", 2)]));
}
