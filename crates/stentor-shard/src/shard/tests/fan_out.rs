use super::*;

#[test]
fn a_member_gets_one_write_a_turn_however_much_was_said() {
    let mut world = World::new();
    for member in 0..3 {
        world.connect(member, &["a"]);
    }
    for number in 0..200 {
        world.say(number % 3, "a", &number.to_string());
    }
    world.flush();
    for member in 0..3 {
        assert_eq!(world.writes(member), 1);
        assert_eq!(world.heard(member), numbers(0..200));
    }
    assert_eq!(world.shard.counters().messages_sent, 600);
    assert_eq!(world.shard.counters().messages_received, 200);
}

#[test]
fn a_member_of_several_dirty_rooms_gets_one_write() {
    let mut world = World::new();
    world.connect(0, &["a", "b", "c"]);
    world.connect(1, &["a"]);
    for room in ["a", "b", "c", "", "a"] {
        world.say(1, room, "hi");
    }
    world.flush();
    assert_eq!(world.writes(0), 1);
    assert_eq!(world.heard(0).len(), 5);
    assert_eq!(world.writes(1), 1);
    assert_eq!(world.heard(1).len(), 3);
}

#[test]
fn a_member_that_is_owed_an_answer_too_gets_one_write() {
    let mut world = World::new();
    world.connect_with(0, &["a"], ACKS);
    world.say(0, "a", "hi");
    world.shard.handle_ping(MemberId(0), b"sign");
    world.flush();
    assert_eq!(world.heard(0), ["ack", "pong", "hi"]);
    assert_eq!(world.writes(0), 1);
    assert_eq!(world.frames(0)[1], Heard::Pong(b"sign".to_vec()));
}

#[test]
fn a_member_that_joined_in_mid_turn_hears_only_what_came_after() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &[]);
    world.say(0, "a", "before");
    world.join(1, "a");
    world.connect(2, &["a"]);
    world.say(0, "a", "after");
    world.flush();
    assert_eq!(world.heard(0), ["before", "after"]);
    assert_eq!(world.heard(1), ["joined", "after"]);
    assert_eq!(world.heard(2), ["after"]);
}

#[test]
fn a_connection_hears_no_global_message_from_before_it_came() {
    let mut world = World::new();
    world.connect(0, &[]);
    world.say(0, "", "before");
    world.connect(1, &[]);
    world.say(0, "", "after");
    world.flush();
    assert_eq!(world.heard(1), ["after"]);
    assert_eq!(world.writes(1), 1);
}

#[test]
fn a_member_that_leaves_in_mid_turn_hears_what_was_said_before_and_then_that_it_left() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &["a"]);
    world.say(0, "a", "before");
    world.leave(1, "a");
    world.say(0, "a", "after");
    world.flush();
    assert_eq!(world.heard(1), ["before", "left"]);
    assert_eq!(world.heard(0), ["before", "after"]);
}

#[test]
fn leaving_and_joining_again_in_one_turn_loses_only_what_lies_between() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &["a"]);
    world.say(0, "a", "first");
    world.leave(1, "a");
    world.say(0, "a", "between");
    world.join(1, "a");
    world.say(0, "a", "last");
    world.flush();
    assert_eq!(world.heard(1), ["first", "left", "joined", "last"]);
}

#[test]
fn without_echo_a_member_hears_all_but_its_own_messages() {
    let mut world = World::new();
    world.connect_with(0, &["a"], MUTED);
    world.connect(1, &["a"]);
    for number in 0..10 {
        world.say(number % 2, "a", &number.to_string());
    }
    world.say(0, "", "global");
    world.turn();
    assert_eq!(world.heard(0), ["1", "3", "5", "7", "9"]);
    let mut all = numbers(0..10);
    all.insert(0, "global".to_owned());
    let mut heard = world.heard(1);
    heard.sort_by_key(|text| text != "global");
    assert_eq!(heard, all);
}

#[test]
fn without_echo_a_member_that_leaves_is_still_not_told_its_own_messages() {
    let mut world = World::new();
    world.connect_with(0, &["a"], MUTED);
    world.connect(1, &["a"]);
    world.say(0, "a", "own");
    world.say(1, "a", "other");
    world.leave(0, "a");
    world.flush();
    assert_eq!(world.heard(0), ["other", "left"]);
}

#[test]
fn a_global_message_reaches_members_of_no_room_too() {
    let mut world = World::new();
    world.connect(0, &[]);
    world.connect(1, &["a"]);
    world.connect(2, &["b", "c"]);
    world.say(0, "", "hi");
    world.flush();
    for member in 0..3 {
        assert_eq!(world.heard(member), ["hi"]);
        assert_eq!(world.writes(member), 1);
        assert!(world.frames(member)[0].json().get("room").is_none());
    }
}

#[test]
fn speaking_to_a_room_does_not_take_being_its_member() {
    let mut world = World::new();
    world.connect_with(0, &[], MUTED);
    world.connect(1, &["a"]);
    world.say(0, "a", "hi");
    world.say(0, "nobody-here", "hi");
    world.flush();
    assert_eq!(world.heard(0), [""; 0]);
    assert_eq!(world.heard(1), ["hi"]);
    let published = |event: &&Event| matches!(event, Event::Published { .. });
    assert_eq!(world.events.iter().filter(published).count(), 2, "other shards hear both");
}

#[test]
fn a_message_without_a_room_goes_to_the_first_room_or_to_everybody() {
    let mut world = World::new();
    world.connect(0, &["a", "b"]);
    world.connect(1, &[]);
    for member in 0..2 {
        let draft = Draft { room: RoomField::Absent, ..draft(MessageType::Chat, "") };
        world.shard.handle_draft(world.now(), MemberId(member), &draft);
    }
    world.flush();
    let rooms: Vec<_> = world.frames(0).iter().map(|heard| heard.json()["room"].clone()).collect();
    assert_eq!(rooms, [serde_json::json!("a"), serde_json::Value::Null]);
}

#[test]
fn what_another_shard_hands_over_reaches_the_members_and_is_not_handed_on() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.deliver("a", "in the room", None);
    world.deliver("b", "elsewhere", None);
    world.deliver("", "to all", None);
    world.flush();
    let mut heard = world.heard(0);
    heard.sort();
    assert_eq!(heard, ["in the room", "to all"]);
    assert!(!world.events.iter().any(|event| matches!(event, Event::Published { .. })));
}

#[test]
fn the_preface_goes_first_and_in_the_same_write() {
    let mut world = World::new();
    world.sockets.open(MemberId(0));
    let connect = Connect {
        member: MemberId(0),
        user_rate: None,
        identity: Some(Box::new(Identity::unlimited("ada"))),
        rooms: vec![name("a")],
        options: EVENTS,
        preface: b"HTTP/1.1 101\r\n\r\n".to_vec(),
        last_id: Some(Uuid::nil()),
    };
    world.shard.handle_connect(world.now(), connect);
    world.say(0, "a", "hi");
    world.flush();
    assert_eq!(world.writes(0), 1);
    let bytes = world.sockets.bytes(MemberId(0)).to_vec();
    assert!(bytes.starts_with(b"HTTP/1.1 101\r\n\r\n\x81"));
    world.sockets.open(MemberId(0));
    crate::Outlet::write(&mut world.sockets, MemberId(0), &bytes[16..]);
    assert_eq!(world.heard(0), ["welcome", "resume", "hi"]);
    assert_eq!(world.frames(0)[2].json()["from"], "ada");
}
