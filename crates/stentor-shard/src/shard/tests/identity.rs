//! What an identity allows, and what a configuration does.

use super::*;

fn say_without_room(world: &mut World, member: u32, reference: &'static str) {
    let draft = Draft {
        room: RoomField::Absent,
        reference: Some(Cow::Borrowed(reference)),
        data: b"\"hi\"",
        ..draft(MessageType::Chat, "")
    };
    world.shard.handle_draft(world.now(), MemberId(member), &draft);
}

fn error(world: &World, member: u32) -> serde_json::Value {
    let frames = world.frames(member);
    let error = frames.iter().find(|frame| frame.label().starts_with("error "));
    error.expect("an error").json()["data"].clone()
}

#[test]
fn joining_a_room_that_no_pattern_matches_is_refused_and_another_is_not() {
    let mut world = World::new();
    world.connect_as(0, &[], PLAIN, Some(ann(&["team-*", "hall"])));
    world.join(0, "team-a");
    world.join(0, "hall");
    world.join(0, "secret");
    world.turn();
    assert_eq!(world.heard(0), ["error forbidden_room", "joined", "joined"]);
    assert!(!world.shard.has_room(&name("secret")));
}

#[test]
fn sending_to_a_forbidden_room_is_heard_by_nobody_and_told_to_the_sender_alone() {
    let mut world = World::new();
    world.connect_as(0, &["team-a"], ACKS, Some(ann(&["team-*"])));
    world.connect(1, &["secret", "team-a"]);
    world.say(0, "secret", "no");
    world.say(0, "secret-without-members", "no");
    world.say(0, "team-a", "yes");
    world.turn();
    assert_eq!(world.heard(0), ["error forbidden_room", "error forbidden_room", "ack", "yes"]);
    assert_eq!(world.heard(1), ["yes"]);
    let published = |event: &&Event| matches!(event, Event::Published { .. });
    assert_eq!(world.events.iter().filter(published).count(), 1);
}

#[test]
fn an_id_that_was_refused_is_still_new_where_it_is_allowed() {
    let mut world = World::new();
    world.connect_as(0, &[], PLAIN, Some(ann(&["team-*"])));
    world.connect(1, &["secret"]);
    world.say_as(0, "secret", "no", Some(Uuid::from_u128(1)));
    world.say_as(1, "secret", "yes", Some(Uuid::from_u128(1)));
    world.turn();
    assert_eq!(world.heard(1), ["yes"]);
}

#[test]
fn sending_without_a_room_is_judged_by_the_first_room_and_the_error_names_the_message() {
    let mut world = World::new();
    world.connect_as(0, &["team-a"], PLAIN, Some(ann(&["team-*"])));
    say_without_room(&mut world, 0, "m-1");
    world.turn();
    assert_eq!(world.heard(0), ["hi"]);
    world.leave(0, "team-a");
    say_without_room(&mut world, 0, "m-2");
    world.turn();
    let error = error(&world, 0);
    assert_eq!((&error["code"], &error["ref"]), (&"forbidden_room".into(), &"m-2".into()));
}

#[test]
fn speaking_to_everybody_takes_a_pattern_that_matches_everything() {
    let mut world = World::new();
    world.connect_as(0, &[], PLAIN, Some(ann(&["*a*"])));
    world.connect_as(1, &[], PLAIN, Some(ann(&["team-*", "*"])));
    world.connect_as(2, &[], PLAIN, Some(Identity::unlimited("bob")));
    world.connect_as(3, &[], PLAIN, Some(ann(&[])));
    (0..4).for_each(|member| world.say(member, "", &member.to_string()));
    world.turn();
    assert_eq!(world.heard(0), ["error forbidden_room", "1", "2"]);
    assert_eq!(world.heard(1), ["1", "2"]);
    assert_eq!(world.heard(3), ["error forbidden_room", "1", "2"]);
}

#[test]
fn rooms_of_a_connect_that_are_not_allowed_are_not_entered_and_not_welcomed() {
    let mut world = World::new();
    world.connect(1, &["secret"]);
    world.connect_as(0, &["secret", "team-a"], EVENTS, Some(ann(&["team-*"])));
    world.say(1, "secret", "psst");
    world.turn();
    assert_eq!(world.heard(0), ["welcome"]);
    let welcome = world.frames(0)[0].json()["data"].clone();
    assert_eq!(welcome["rooms"], serde_json::json!(["team-a"]));
    let joined = |event: &&Event| matches!(event, Event::Joined { member: MemberId(0), .. });
    assert_eq!(world.events.iter().filter(joined).count(), 1);
}

#[test]
fn where_clients_may_not_speak_to_everybody_backends_and_other_shards_still_do() {
    let mut world = World::with(|config| config.client_global = false);
    world.connect(0, &[]);
    world.connect_as(1, &["a"], PLAIN, Some(Identity::unlimited("bob")));
    world.say(0, "", "no");
    world.say(1, "", "no");
    say_without_room(&mut world, 0, "m-1");
    say_without_room(&mut world, 1, "m-2");
    world.deliver("", "from elsewhere", None);
    let frame = sockets::chat_frame("", "from a backend", None);
    let publication = Delivery { room: None, frame, chosen_id: None, passage: Passage::UNKNOWN };
    world.shard.handle_publication(world.now(), publication);
    world.turn();
    let refused = "error forbidden_room";
    assert_eq!(world.heard(0), [refused, refused, "from elsewhere", "from a backend"]);
    let error = error(&world, 0);
    assert_eq!(error["message"], "clients may not speak to everybody here; name a room");
    let mut heard = world.heard(1);
    heard.sort_unstable();
    assert_eq!(heard, ["error forbidden_room", "from a backend", "from elsewhere", "hi"]);
}
