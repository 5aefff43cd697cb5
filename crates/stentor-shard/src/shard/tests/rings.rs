use serde_json::Value;
use stentor_wire::encode::frame_id;

use super::*;
use crate::RING_SLOTS_MAX;

/// Says `texts` in room `a`, a flush after each.
fn speak(world: &mut World, texts: impl IntoIterator<Item = usize>) {
    for text in texts {
        world.say(0, "a", &text.to_string());
        world.turn();
    }
}

/// A speaker, and a listener whose socket is full.
fn slow_listener(slow_consumer: SlowConsumer, options: MemberOptions) -> World {
    let mut world = World::with(|config| config.slow_consumer = slow_consumer);
    world.connect(0, &["a"]);
    world.connect_with(1, &["a"], options);
    world.turn();
    world.limit(1, 0);
    world
}

/// What was said with this text, as its speaker heard it.
fn id_of(world: &World, text: &str) -> Value {
    let said = world.frames(0).into_iter().find(|heard| heard.label() == text);
    said.expect("the speaker heard it").json()["id"].clone()
}

#[test]
fn a_socket_may_stop_at_any_byte_and_the_stream_goes_on_exactly_there() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    speak(&mut world, 0..1);
    let frame_bytes = world.sockets.bytes(MemberId(0)).len();
    for stop in 0..3 * frame_bytes + 2 {
        let mut world = World::new();
        world.connect(0, &["a"]);
        world.connect(1, &["a"]);
        world.limit(1, stop);
        (0..3).for_each(|number| world.say(0, "a", &number.to_string()));
        world.turn();
        speak(&mut world, 3..5);
        world.unblock(1, stop / 2 + 1);
        world.turn();
        speak(&mut world, 5..6);
        world.unblock(1, usize::MAX);
        world.turn();
        assert_eq!(world.sockets.bytes(MemberId(1)), world.sockets.bytes(MemberId(0)), "{stop}");
    }
}

#[test]
fn a_socket_that_takes_a_byte_at_a_time_gets_everything_in_order() {
    let mut world = slow_listener(SlowConsumer::Auto, MUTED);
    speak(&mut world, 0..20);
    world.shard.handle_ping(MemberId(1), b"x");
    while world.shard.frames_queued() > 0 {
        world.unblock(1, 1);
        world.turn();
    }
    let mut expected = numbers(0..20);
    expected.push("pong".to_owned());
    assert_eq!(world.heard(1), expected);
}

#[test]
fn what_waits_for_a_full_socket_asks_for_no_turn() {
    let mut world = slow_listener(SlowConsumer::Auto, PLAIN);
    speak(&mut world, 0..1);
    world.shard.handle_ping(MemberId(1), b"x");
    let now = world.now().instant;
    assert_ne!(world.shard.poll_timeout(now), Some(now), "nothing can be done for it");
    world.unblock(1, usize::MAX);
    assert_eq!(world.shard.poll_timeout(now), Some(now));
    world.turn();
    assert_eq!(world.heard(1), ["0", "pong"]);
}

#[test]
fn a_full_socket_is_not_asked_again_before_it_has_room() {
    let mut world = slow_listener(SlowConsumer::Auto, PLAIN);
    speak(&mut world, 0..1);
    let writes = world.writes(1);
    speak(&mut world, 1..50);
    assert_eq!(world.writes(1), writes);
    world.unblock(1, usize::MAX);
    world.turn();
    assert_eq!(world.heard(1), numbers(0..50));
    assert_eq!(world.writes(1), writes + 1, "all that waited goes in one write");
}

#[test]
fn as_many_messages_as_a_ring_holds_wait_without_a_loss() {
    let mut world = slow_listener(SlowConsumer::Auto, PLAIN);
    speak(&mut world, 0..RING_SLOTS_MAX);
    assert_eq!(world.queued(1), RING_SLOTS_MAX);
    world.unblock(1, usize::MAX);
    world.turn();
    assert_eq!(world.heard(1), numbers(0..RING_SLOTS_MAX));
    assert_eq!(world.shard.counters().dropped.total(), 0);
}

#[test]
fn a_full_ring_drops_the_oldest_and_announces_the_gap_in_its_place() {
    let mut world = slow_listener(SlowConsumer::Auto, EVENTS);
    speak(&mut world, 0..RING_SLOTS_MAX + 10);
    assert_eq!(world.queued(1), RING_SLOTS_MAX);
    world.unblock(1, usize::MAX);
    world.turn();
    let heard = world.heard(1);
    assert_eq!(heard[..2], ["welcome", "gap"]);
    assert_eq!(heard[2..], numbers(10..RING_SLOTS_MAX + 10));
    let gap = world.frames(1)[1].json()["data"].clone();
    assert_eq!(gap["missed"], 10);
    assert_eq!(gap["from_id"], id_of(&world, "0"));
    assert_eq!(gap["to_id"], id_of(&world, "9"));
    assert_eq!(world.shard.counters().dropped.total(), 10);
}

#[test]
fn a_half_sent_frame_is_finished_before_the_gap() {
    let mut world = slow_listener(SlowConsumer::Gap, PLAIN);
    world.limit(1, 10);
    speak(&mut world, 0..RING_SLOTS_MAX + 5);
    world.unblock(1, usize::MAX);
    world.turn();
    let heard = world.heard(1);
    assert_eq!(heard[..2], ["0", "gap"]);
    assert_eq!(heard[2..], numbers(6..RING_SLOTS_MAX + 5));
    assert_eq!(world.frames(1)[1].json()["data"]["missed"], 5);
}

#[test]
fn every_stretch_of_loss_has_a_gap_of_its_own() {
    let mut world = slow_listener(SlowConsumer::Gap, PLAIN);
    speak(&mut world, 0..RING_SLOTS_MAX + 3);
    world.unblock(1, 2_000);
    world.turn();
    let waiting = world.queued(1);
    assert!(waiting < RING_SLOTS_MAX - 2 && waiting > 0);
    speak(&mut world, 1_000..1_000 + RING_SLOTS_MAX);
    world.unblock(1, usize::MAX);
    world.turn();
    let gaps: Vec<u64> = world
        .frames(1)
        .iter()
        .filter(|heard| heard.label() == "gap")
        .map(|gap| gap.json()["data"]["missed"].as_u64().unwrap())
        .collect();
    assert_eq!(gaps.len(), 2);
    assert_eq!(gaps.iter().sum::<u64>(), world.shard.counters().dropped.total());
    let messages = world.heard(1).len() - gaps.len();
    assert_eq!(messages as u64 + gaps.iter().sum::<u64>(), 2 * RING_SLOTS_MAX as u64 + 3);
}

#[test]
fn a_full_ring_never_drops_a_notice() {
    let mut world = slow_listener(SlowConsumer::Auto, EVENTS);
    world.shard.handle_ping(MemberId(1), b"one");
    speak(&mut world, 0..5);
    world.shard.handle_ping(MemberId(1), b"two");
    speak(&mut world, 5..RING_SLOTS_MAX + 50);
    world.unblock(1, usize::MAX);
    world.turn();
    let heard = world.heard(1);
    assert_eq!(heard[..4], ["welcome", "pong", "gap", "pong"]);
    assert_eq!(heard.len(), RING_SLOTS_MAX + 2);
    assert_eq!(world.frames(1)[2].json()["data"]["missed"], 52);
}

#[test]
fn a_member_that_only_asks_and_never_reads_is_closed_when_its_ring_is_full_of_answers() {
    let mut world = slow_listener(SlowConsumer::Gap, EVENTS);
    for _ in 0..=RING_SLOTS_MAX {
        world.shard.handle_answer(MemberId(1), b"\x81\x01x".to_vec());
        world.turn();
    }
    assert!(!world.shard.is_open(MemberId(1)));
    assert_eq!(world.queued(1), 1, "the close frame alone waits");
}

#[test]
fn a_member_that_pings_and_never_reads_costs_no_more_than_a_ring() {
    let mut world = slow_listener(SlowConsumer::Gap, EVENTS);
    for _ in 0..100 * RING_SLOTS_MAX {
        world.shard.handle_ping(MemberId(1), b"");
    }
    world.turn();
    assert!(world.shard.is_open(MemberId(1)));
    assert!(world.queued(1) <= RING_SLOTS_MAX);
}

#[test]
fn without_events_a_slow_member_is_closed_after_the_frame_that_is_half_sent() {
    let mut world = slow_listener(SlowConsumer::Auto, PLAIN);
    world.limit(1, 10);
    speak(&mut world, 0..RING_SLOTS_MAX);
    assert!(world.shard.is_open(MemberId(1)));
    speak(&mut world, [RING_SLOTS_MAX]);
    assert!(!world.shard.is_open(MemberId(1)));
    assert_eq!(world.queued(1), 2);
    world.unblock(1, usize::MAX);
    world.turn();
    assert_eq!(world.heard(1), ["0", "close 1013"]);
    assert_eq!(world.finished, [MemberId(1)]);
    assert_eq!(world.shard.counters().dropped.total(), RING_SLOTS_MAX as u64);
}

#[test]
fn the_policy_close_closes_a_slow_member_that_hears_events_too() {
    let mut world = slow_listener(SlowConsumer::Close, EVENTS);
    speak(&mut world, 0..=RING_SLOTS_MAX);
    world.unblock(1, usize::MAX);
    world.turn();
    assert_eq!(world.heard(1), ["welcome", "close 1013"]);
}

/// 1. A member's room says much while its socket is full, and another room of its is held back.
/// 2. Its ring is over full, so it is emptied and the member closed with 1013.
/// 3. Leaving the held room filled the ring anew, in front of the close frame.
#[test]
fn a_slow_member_that_is_closed_is_handed_nothing_of_the_turn_that_was_too_much() {
    let mut world = World::new();
    world.connect(0, &[]);
    world.connect(1, &["a", "b"]);
    world.limit(1, 0);
    world.say(0, "a", "0");
    world.turn();
    // Room `b` is held back, so what it says stays in its turn buffer while `a` overflows.
    let b = world.shard.rooms.find("b").unwrap();
    world.shard.rooms[b].flush_after = at(Duration::from_secs(1));
    world.say(0, "b", "held");
    (1..=RING_SLOTS_MAX).for_each(|number| world.say(0, "a", &number.to_string()));
    world.turn();
    assert!(!world.shard.is_open(MemberId(1)));
    assert_eq!(world.queued(1), 1, "the close frame alone waits");
}

#[test]
fn one_flood_in_one_turn_is_cut_to_what_a_ring_holds() {
    let mut world = slow_listener(SlowConsumer::Auto, EVENTS);
    (0..1_000).for_each(|number| world.say(0, "a", &number.to_string()));
    world.turn();
    assert_eq!(world.queued(1), RING_SLOTS_MAX);
    world.unblock(1, usize::MAX);
    world.turn();
    assert_eq!(world.heard(1)[2..], numbers(1_000 - RING_SLOTS_MAX..1_000));
    assert_eq!(world.heard(0), numbers(0..1_000), "a quick reader gets it all");
}

#[test]
fn a_ring_is_freed_when_it_is_drained() {
    let mut world = slow_listener(SlowConsumer::Auto, PLAIN);
    speak(&mut world, 0..100);
    assert_eq!(world.shard.frames_queued(), 100);
    world.unblock(1, usize::MAX);
    world.turn();
    assert_eq!(world.shard.frames_queued(), 0);
    assert!(world.shard.members.iter().flatten().all(|member| member.ring.is_none()));
    speak(&mut world, 100..101);
    assert_eq!(world.heard(1), numbers(0..101));
}

#[test]
fn spare_rings_and_buffers_are_bounded() {
    let mut world = World::new();
    for member in 0..200 {
        world.connect(member, &[&format!("room {member}")]);
        world.limit(member, 3);
        world.say(member, &format!("room {member}"), "hi");
    }
    world.turn();
    (0..200).for_each(|member| world.unblock(member, usize::MAX));
    world.turn();
    assert!(world.shard.spare_rings.len() <= super::super::SPARES_MAX);
    assert!(world.shard.spare_turns.len() <= super::super::SPARES_MAX);
    assert!((0..200).all(|member| world.heard(member) == ["hi"]));
}

#[test]
fn a_message_of_64_kibibytes_passes_whole_through_a_full_socket() {
    let mut world = slow_listener(SlowConsumer::Auto, PLAIN);
    let long = "x".repeat(65_000);
    world.say(0, "a", &long);
    world.turn();
    for _ in 0..70 {
        world.unblock(1, 1_000);
        world.turn();
    }
    assert_eq!(world.heard(1), [long]);
    assert!(frame_id(world.sockets.bytes(MemberId(1))).is_some());
}
