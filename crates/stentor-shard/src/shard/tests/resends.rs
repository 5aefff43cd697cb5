use serde_json::json;

use super::*;

const ID: Uuid = Uuid::from_u128(0x0190_a5e0_7b4c_7cde_8f00_1234_5678_9abc);

#[test]
fn a_resend_is_delivered_once_and_acknowledged_as_a_duplicate() {
    let mut world = World::new();
    world.connect_with(0, &["a"], ACKS);
    world.connect(1, &["a"]);
    world.say_as(0, "a", "hi", Some(ID));
    world.say_as(0, "a", "hi", Some(ID));
    world.turn();
    world.say_as(0, "a", "hi", Some(ID));
    world.turn();
    assert_eq!(world.heard(1), ["hi"]);
    assert_eq!(world.heard(0), ["ack", "ack", "hi", "ack"]);
    let acks: Vec<_> = world
        .frames(0)
        .iter()
        .map(|heard| heard.json()["data"].clone())
        .filter(|data| data["event"] == "ack")
        .collect();
    assert!(acks.iter().all(|ack| ack["id"] == ID.to_string()));
    let duplicates: Vec<_> = acks.iter().map(|ack| ack["duplicate"].clone()).collect();
    assert_eq!(duplicates, [json!(false), json!(true), json!(true)]);
    let published = |event: &&Event| matches!(event, Event::Published { .. });
    assert_eq!(world.events.iter().filter(published).count(), 1);
}

#[test]
fn the_same_id_in_two_rooms_is_two_messages() {
    let mut world = World::new();
    world.connect(0, &["a", "b"]);
    for room in ["a", "b", "", "a", ""] {
        world.say_as(0, room, "hi", Some(ID));
    }
    world.turn();
    assert_eq!(world.heard(0), ["hi"; 3]);
}

#[test]
fn a_resend_that_reaches_another_shard_is_known_here_too() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.deliver("a", "hi", Some(ID));
    world.deliver("a", "hi", Some(ID));
    world.say_as(0, "a", "hi", Some(ID));
    world.shard.handle_publication(
        world.now(),
        Delivery {
            room: Some(name("a")),
            frame: sockets::chat_frame("a", "hi", Some(ID)),
            chosen_id: Some(ID),
            passage: Passage::UNKNOWN,
        },
    );
    world.turn();
    assert_eq!(world.heard(0), ["hi"]);
}

#[test]
fn messages_without_an_id_of_their_own_are_never_resends() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    (0..3).for_each(|_| world.deliver("a", "hi", None));
    world.turn();
    assert_eq!(world.heard(0), ["hi"; 3]);
}

#[test]
fn a_message_without_an_id_gets_one_that_ascends() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    (0..100).for_each(|number| world.say(0, "a", &number.to_string()));
    world.turn();
    let ids: Vec<String> =
        world.frames(0).iter().map(|heard| heard.json()["id"].to_string()).collect();
    assert!(ids.is_sorted());
    assert_eq!(world.frames(0)[0].json()["timestamp"], "2026-02-05T00:00:00.000Z");
}
