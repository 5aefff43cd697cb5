use super::*;

fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128)
}

#[test]
fn a_message_counts_once_in_each_room() {
    let mut had = Had::default();
    assert!(
        had.insert(Some("a"), id(1)) && had.insert(Some("b"), id(1)) && had.insert(None, id(1))
    );
    assert!(!had.insert(Some("a"), id(1)) && !had.insert(None, id(1)));
    had.forget("a");
    assert!(had.insert(Some("a"), id(1)));
}

#[test]
fn ids_and_rooms_are_bounded_and_the_oldest_go_first() {
    let mut had = Had::default();
    for number in 0..=IDS_PER_ROOM_MAX {
        had.insert(Some("a"), id(number));
    }
    assert!(had.insert(Some("a"), id(0)) && !had.insert(Some("a"), id(2)));
    for room in 0..ROOMS_MAX {
        had.insert(Some(&room.to_string()), id(7));
    }
    assert_eq!(had.rooms.len(), ROOMS_MAX);
    assert!(had.insert(Some("a"), id(IDS_PER_ROOM_MAX)), "the first room went");
}
