use std::time::Duration;

use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use super::{IDS_PER_ROOM_MAX, IDS_PER_ROOM_MIN, REMEMBERED_FOR, RecentIds, WEIGHT_MAX};
use crate::time::Instant;

const START: Instant = Instant::from_micros(1_000_000);
const A_LITTLE: Duration = Duration::from_micros(1);

fn room(text: &str) -> RoomName {
    RoomName::parse(text).unwrap()
}

fn id(number: usize) -> Uuid {
    Uuid::from_u128(number as u128)
}

#[test]
fn an_id_is_new_once_in_each_room() {
    let mut recent = RecentIds::default();
    let (a, b) = (room("a"), room("b"));
    for audience in [None, Some(&a), Some(&b)] {
        assert!(recent.insert(START, audience, id(1)));
        assert!(!recent.insert(START, audience, id(1)));
    }
    assert_eq!(recent.len(), 3);
}

#[test]
fn the_last_1024_ids_are_known_however_old() {
    let mut recent = RecentIds::default();
    (0..IDS_PER_ROOM_MIN).for_each(|number| assert!(recent.insert(START, None, id(number))));
    let later = START + Duration::from_secs(86_400);
    assert!((0..IDS_PER_ROOM_MIN).all(|number| !recent.insert(later, None, id(number))));
    assert!(recent.insert(later, None, id(9_999)));
    assert_eq!(recent.len(), IDS_PER_ROOM_MIN);
    assert!(recent.insert(later, None, id(0)), "the oldest made room");
}

#[test]
fn every_id_of_two_minutes_is_known_however_many() {
    let mut recent = RecentIds::default();
    let many = 5 * IDS_PER_ROOM_MIN;
    (0..many).for_each(|number| assert!(recent.insert(START, None, id(number))));
    let in_time = START + REMEMBERED_FOR;
    assert!((0..many).all(|number| !recent.insert(in_time, None, id(number))));
    assert!(recent.insert(in_time + A_LITTLE, None, id(many)));
    assert_eq!(recent.len(), IDS_PER_ROOM_MIN, "what is old is forgotten down to the last 1,024");
}

#[test]
fn a_flood_into_one_room_forgets_its_own_beginning() {
    let mut recent = RecentIds::default();
    (0..IDS_PER_ROOM_MAX + 10).for_each(|number| assert!(recent.insert(START, None, id(number))));
    assert_eq!(recent.len(), IDS_PER_ROOM_MAX);
    assert!(!recent.insert(START, None, id(10)));
    assert!(recent.insert(START, None, id(9)));
}

#[test]
fn a_flood_into_many_rooms_forgets_the_quietest_first() {
    let mut recent = RecentIds::default();
    let rooms: Vec<RoomName> = (0..300).map(|number| room(&number.to_string())).collect();
    let mut now = START;
    for (number, room) in rooms.iter().enumerate() {
        now = now + A_LITTLE;
        for each in 0..1_000 {
            recent.insert(now, Some(room), id(number * 1_000 + each));
        }
        assert!(recent.len() <= WEIGHT_MAX);
    }
    assert!(recent.insert(now, Some(&rooms[0]), id(0)), "the quietest room is forgotten");
    assert!(!recent.insert(now, Some(&rooms[299]), id(299_999)), "the last is not");
}

#[test]
fn a_sweep_forgets_quiet_rooms_without_members_and_no_others() {
    let mut recent = RecentIds::default();
    let (empty, full) = (room("empty"), room("full"));
    for audience in [None, Some(&empty), Some(&full)] {
        recent.insert(START, audience, id(1));
    }
    recent.sweep(START + REMEMBERED_FOR, |room| *room == full);
    assert_eq!(recent.len(), 3, "not yet");
    recent.sweep(START + REMEMBERED_FOR + A_LITTLE, |room| *room == full);
    assert_eq!(recent.len(), 3, "a sweep a minute is enough");
    recent.sweep(START + REMEMBERED_FOR * 2, |room| *room == full);
    assert_eq!(recent.len(), 2);
    let later = START + REMEMBERED_FOR * 2;
    assert!(!recent.insert(later, None, id(1)));
    assert!(!recent.insert(later, Some(&full), id(1)));
    assert!(recent.insert(later, Some(&empty), id(1)));
}
