use super::*;
use crate::ROOMS_PER_MEMBER_MAX;
use crate::numbers::RoomId;

fn opened_and_closed(world: &World) -> (usize, usize) {
    let opened = |event: &&Event| matches!(event, Event::Joined { opened: true, .. });
    let closed = |event: &&Event| matches!(event, Event::Left { closed: true, .. });
    (world.events.iter().filter(opened).count(), world.events.iter().filter(closed).count())
}

#[test]
fn the_first_member_opens_a_room_and_the_last_closes_it() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &["a"]);
    assert_eq!(world.shard.rooms_open(), 1);
    world.disconnect(0);
    world.emit();
    assert_eq!(opened_and_closed(&world), (1, 0));
    world.leave(1, "a");
    world.turn();
    assert_eq!(opened_and_closed(&world), (1, 1));
    assert_eq!(world.shard.rooms_open(), 0);
    assert_eq!(world.heard(1), ["left"]);
}

#[test]
fn ten_thousand_rooms_opened_and_closed_leave_nothing() {
    let mut world = World::new();
    world.connect(0, &[]);
    world.connect(1, &[]);
    for number in 0..10_000 {
        let room = number.to_string();
        world.join(0, &room);
        world.join(1, &room);
        world.say(0, &room, "hi");
        world.leave(0, &room);
        world.leave(1, &room);
        if number % 100 == 0 {
            world.turn();
        }
    }
    world.turn();
    assert_eq!(world.shard.rooms_open(), 0);
    assert_eq!(opened_and_closed(&world), (10_000, 10_000));
    assert_eq!(world.shard.pending_bytes, 0);
    assert!(world.shard.dirty_rooms.is_empty());
}

#[test]
fn ten_thousand_rooms_at_once_are_all_forgotten() {
    let mut world = World::new();
    for member in 0..100 {
        world.connect(member, &[]);
        for number in 0..100 {
            world.join(member, &format!("{member}/{number}"));
        }
    }
    world.turn();
    assert_eq!(world.shard.rooms_open(), 10_000);
    for member in 0..100 {
        world.disconnect(member);
    }
    world.turn();
    assert_eq!(world.shard.rooms_open(), 0);
    assert_eq!(opened_and_closed(&world), (10_000, 10_000));
    assert!(world.shard.members.is_empty());
}

#[test]
fn a_member_is_in_128_rooms_and_in_no_more() {
    let mut world = World::new();
    world.connect(0, &[]);
    for number in 0..=ROOMS_PER_MEMBER_MAX {
        world.join(0, &number.to_string());
    }
    world.join(0, "3");
    world.turn();
    let heard = world.heard(0);
    assert_eq!(heard.iter().filter(|heard| *heard == "joined").count(), ROOMS_PER_MEMBER_MAX + 1);
    assert_eq!(heard.iter().filter(|heard| *heard == "error too_many_rooms").count(), 1);
    assert_eq!(world.shard.rooms_open(), ROOMS_PER_MEMBER_MAX);
}

#[test]
fn joining_twice_is_answered_like_joining_and_changes_nothing() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.join(0, "a");
    world.say(0, "a", "hi");
    world.turn();
    assert!(world.events.iter().any(|event| matches!(event, Event::Present { .. })));
    assert_eq!(world.heard(0), ["joined", "hi"]);
    world.leave(0, "a");
    world.turn();
    assert_eq!(world.shard.rooms_open(), 0);
}

#[test]
fn leaving_a_room_that_one_is_not_in_is_refused() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &[]);
    world.leave(1, "a");
    world.leave(1, "nowhere");
    world.leave(1, "");
    world.join(1, "");
    world.turn();
    let expected = ["error not_a_member", "error not_a_member", "error bad_room", "error bad_room"];
    assert_eq!(world.heard(1), expected);
    assert_eq!(world.shard.counters().messages_refused, 4);
}

#[test]
fn a_room_number_that_is_used_again_says_nothing_of_its_last_room() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &[]);
    world.say(0, "a", "in a");
    world.leave(0, "a");
    world.join(1, "b");
    assert_eq!(world.shard.dirty_rooms.len(), 1);
    world.say(0, "b", "in b");
    assert_eq!(world.shard.dirty_rooms.len(), 2, "the same number stands there twice");
    world.turn();
    assert_eq!(world.heard(0), ["in a", "left"]);
    assert_eq!(world.heard(1), ["joined", "in b"]);
    world.say(0, "b", "again");
    world.turn();
    assert_eq!(world.heard(1), ["joined", "in b", "again"]);
}

#[test]
fn a_held_room_that_closes_is_held_no_more() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    let a = world.shard.rooms.find("a").unwrap();
    world.shard.rooms[a].flush_after = at(Duration::from_secs(1));
    world.say(0, "a", "hi");
    world.leave(0, "a");
    world.turn();
    assert_eq!(world.heard(0), ["hi", "left"]);
    assert!(world.shard.held_rooms.is_empty());
    assert_eq!(world.shard.pending_bytes, 0);
}

#[test]
fn who_is_in_one_room_again_is_written_to_at_once() {
    let mut world = World::new();
    world.connect(0, &["a", "b"]);
    world.leave(0, "b");
    world.turn();
    let memberships = &world.shard.member(MemberId(0)).unwrap().memberships;
    assert!(matches!(memberships, crate::member::Memberships::One(_)));
    assert!(!world.shard.is_member(MemberId(0), Some(RoomId::GLOBAL)));
}
