use bytes::Bytes;
use stentor_wire::encode::envelope_frame;
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::timestamp::Timestamp;

use super::*;
use crate::recollection::{OfRoom, Recollection, Remembered};

/// The message `text`, whose id is that number, and its stamp that millisecond.
fn frame(text: u64) -> Bytes {
    let (mut frame, data) = (Vec::new(), format!("\"{text}\""));
    let envelope = Envelope {
        id: Uuid::from_u128(text.into()),
        kind: MessageType::Chat,
        room: Some("a"),
        from: "elsewhere",
        data: data.as_bytes(),
        timestamp: Timestamp::from_unix_millis(text),
    };
    envelope_frame(&envelope, &mut frame);
    Bytes::from(frame)
}

fn remembered(text: u64) -> Remembered {
    Remembered { frame: frame(text), place: None }
}

fn deliver(world: &mut World, text: u64) {
    let delivery = Delivery {
        room: Some(name("a")),
        frame: frame(text),
        chosen_id: Some(Uuid::from_u128(text.into())),
        passage: Passage::UNKNOWN,
    };
    world.shard.handle_delivery(world.now(), &delivery);
    world.turn();
}

/// A shard of several pods with an archive. It has heard 10 to 30; somebody comes back behind a
/// message that it does not know, and 50 is said while the archive is asked.
fn world() -> (World, Uuid) {
    let mut world = World::with(|config| {
        config.history = Some(HistoryConfig { is_shared: true, has_archive: true, ..history() });
    });
    world.connect(0, &["a"]);
    [10, 20, 30].into_iter().for_each(|text| deliver(&mut world, text));
    let connect = Connect {
        last_id: Some(Uuid::from_u128(5)),
        ..connect(1, &["a"], MemberOptions { events: true, ..PLAIN })
    };
    let client_id = world.enter(connect);
    deliver(&mut world, 50);
    assert_eq!(world.heard(1), ["welcome"], "it waits for the archive");
    (world, client_id)
}

fn found(texts: &[u64], is_whole: bool) -> Recollection {
    let of = |room: Option<RoomName>, texts: &[u64]| OfRoom {
        room,
        frames: texts.iter().copied().map(remembered).collect(),
        among: Vec::new(),
        is_whole,
        oldest_id: None,
    };
    Recollection {
        heard_at_unix_millis: None,
        rooms: vec![of(Some(name("a")), texts), of(None, &[])],
    }
}

fn heard_behind(found: Option<Recollection>) -> Vec<String> {
    let (mut world, client_id) = world();
    world.shard.handle_history(world.now(), MemberId(1), client_id, found);
    world.turn();
    let mut heard = world.heard(1);
    assert_eq!(heard.drain(..2).collect::<Vec<_>>(), ["welcome", "resume"]);
    heard
}

#[test]
fn what_an_archive_has_whole_goes_before_what_was_said_since() {
    assert_eq!(heard_behind(Some(found(&[20, 25, 30], true))), ["20", "25", "30", "50"]);
}

#[test]
fn what_an_archive_has_not_whole_goes_between_what_is_older_here_and_what_was_said_since() {
    assert_eq!(heard_behind(Some(found(&[20, 25, 30], false))), ["10", "20", "25", "30", "50"]);
    assert_eq!(heard_behind(Some(found(&[35, 40], false))), ["10", "20", "30", "35", "40", "50"]);
    assert_eq!(heard_behind(Some(found(&[], false))), ["10", "20", "30", "50"]);
    assert_eq!(heard_behind(Some(found(&[40, 50], false))), ["10", "20", "30", "40", "50"]);
}

#[test]
fn where_no_archive_answers_all_that_is_here_is_told() {
    assert_eq!(heard_behind(None), ["10", "20", "30", "50"]);
}

#[test]
fn an_answer_for_somebody_who_was_here_before_is_nothing() {
    let (mut world, client_id) = world();
    let other = Uuid::from_u128(client_id.as_u128() ^ 1);
    world.shard.handle_history(world.now(), MemberId(1), other, Some(found(&[40], true)));
    world.turn();
    assert_eq!(world.heard(1), ["welcome"]);
}

/// 1. Two pods do not hear each other, and a client says a message to the one and again to the other.
/// 2. Both put it into the stream of its room.
#[test]
fn what_stands_twice_in_an_archive_is_told_once() {
    assert_eq!(heard_behind(Some(found(&[20, 25, 20, 30], true))), ["20", "25", "30", "50"]);
}

/// 1. One says 10, 20 and 30. Redis has taken them, dies and has lost 20 when it begins anew.
/// 2. Somebody comes back and is told all that is kept: 20 came behind 30.
#[test]
fn what_an_archive_has_lost_is_told_where_it_was_said() {
    assert_eq!(heard_behind(Some(found(&[10, 30], false))), ["10", "20", "30", "50"]);
    assert_eq!(heard_behind(Some(found(&[30, 50], false))), ["10", "20", "30", "50"]);
}

/// 1. Redis has 40, 50 and 60 of another pod; the client has heard 40 and 50 for certain, elsewhere.
/// 2. When it comes to this pod, 50 is still on its way here, and comes before Redis has answered.
#[test]
fn what_came_since_is_told_where_the_archive_has_it() {
    let mut found = found(&[60], true);
    found.rooms[0].among = [40, 50, 60].map(remembered).into();
    assert_eq!(heard_behind(Some(found)), ["50", "60"]);
}

/// 1. Somebody comes back, and the archive is asked what it has missed of a room.
/// 2. It leaves the room, is told what it is owed of that, and joins it anew.
/// 3. The archive answers: what it had been told came a second time.
#[test]
fn who_joins_a_room_anew_is_told_nothing_of_before_by_an_answer_that_comes_late() {
    for found in [Some(found(&[40, 50], false)), Some(found(&[40, 50], true)), None] {
        let (mut world, client_id) = world();
        world.leave(1, "a");
        world.turn();
        world.join(1, "a");
        world.turn();
        assert!(world.heard(1).contains(&"50".to_owned()));
        world.shard.handle_history(world.now(), MemberId(1), client_id, found);
        world.turn();
        deliver(&mut world, 60);
        world.turn();
        let heard = world.heard(1);
        assert_eq!(heard.iter().filter(|one| *one == "50").count(), 1, "{heard:?}");
        assert_eq!(heard.last().map(String::as_str), Some("60"));
    }
}
