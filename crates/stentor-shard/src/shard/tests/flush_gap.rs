use super::*;
use crate::shard::flush::TIMER_GRAIN;

/// Room `a` has just had a flush of 3 ms; room `b` was cheap.
fn after_a_costly_flush(flush_gap_max: Duration) -> World {
    let mut world = World::with(|config| config.flush_gap_max = flush_gap_max);
    for member in 0..30 {
        world.connect(member, &["a"]);
    }
    world.connect(30, &["b"]);
    world.turn();
    world.sockets.write_time = Duration::from_micros(100);
    world.say(0, "a", "first");
    world.turn();
    world.sockets.write_time = Duration::ZERO;
    world
}

#[test]
fn a_costly_flush_holds_the_same_room_for_as_long_as_it_took_less_a_timers_grain() {
    let mut world = after_a_costly_flush(Duration::from_millis(5));
    let ended = world.sockets.clock;
    world.say(0, "a", "second");
    world.turn();
    assert_eq!(world.heard(1), ["first"]);
    let due = world.shard.poll_timeout(world.sockets.clock).unwrap();
    assert_eq!(due + TIMER_GRAIN, ended + Duration::from_millis(3));
    world.pass(Duration::from_micros(1_999));
    world.turn();
    assert_eq!(world.heard(1), ["first"]);
    world.pass(Duration::from_micros(1));
    world.say(0, "a", "third");
    world.turn();
    assert_eq!(world.heard(1), ["first", "second", "third"]);
    assert_eq!(world.writes(1), 2);
}

#[test]
fn a_costly_flush_holds_no_other_room() {
    let mut world = after_a_costly_flush(Duration::from_millis(5));
    world.say(0, "b", "hi");
    world.say(0, "", "to all");
    world.turn();
    let mut heard = world.heard(30);
    heard.sort();
    assert_eq!(heard, ["hi", "to all"]);
}

#[test]
fn the_pause_has_a_bound() {
    let mut world = after_a_costly_flush(Duration::from_millis(2));
    let ended = world.sockets.clock;
    world.say(0, "a", "second");
    world.turn();
    let due = world.shard.poll_timeout(world.sockets.clock).unwrap();
    assert_eq!(due + TIMER_GRAIN, ended + Duration::from_millis(2));
}

#[test]
fn a_bound_of_zero_never_holds() {
    let mut world = after_a_costly_flush(Duration::ZERO);
    world.say(0, "a", "second");
    world.turn();
    assert_eq!(world.heard(1), ["first", "second"]);
}

#[test]
fn a_held_room_is_released_early_by_256_frames() {
    let mut world = after_a_costly_flush(Duration::from_millis(5));
    for number in 0..255 {
        world.say(0, "a", &number.to_string());
        world.turn();
    }
    assert_eq!(world.heard(1), ["first"]);
    world.say(0, "a", "255");
    world.turn();
    assert_eq!(world.heard(1).len(), 257);
}

#[test]
fn a_held_room_is_released_early_by_64_kibibytes() {
    let mut world = after_a_costly_flush(Duration::from_millis(5));
    let long = "x".repeat(30_000);
    world.say(0, "a", &long);
    world.say(0, "a", &long);
    world.turn();
    assert_eq!(world.heard(1).len(), 1);
    world.say(0, "a", &long);
    world.turn();
    assert_eq!(world.heard(1).len(), 4);
}

#[test]
fn a_cheap_flush_is_followed_by_no_pause() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.sockets.write_time = Duration::from_millis(1);
    world.say(0, "a", "first");
    world.turn();
    world.say(0, "a", "second");
    world.turn();
    assert_eq!(world.heard(0), ["first", "second"]);
}

#[test]
fn who_joins_a_held_room_hears_only_what_comes_after() {
    let mut world = after_a_costly_flush(Duration::from_millis(5));
    world.say(0, "a", "before");
    world.turn();
    world.join(30, "a");
    world.turn();
    world.say(0, "a", "after");
    world.pass(Duration::from_millis(5));
    world.turn();
    assert_eq!(world.heard(30), ["joined", "after"]);
    assert_eq!(world.heard(1), ["first", "before", "after"]);
}

// 1. A room of 1,000 takes 4 ms to flush and hears something every 10 ms.
// 2. The pause of 4 ms ended up to 2 ms late, because timers count in milliseconds.
// 3. Once a message had come into a pause, so did each one after it: p50 6 ms instead of 2.
#[test]
fn a_room_that_speaks_slower_than_its_pauses_does_not_stay_behind() {
    let mut world = after_a_costly_flush(Duration::from_millis(5));
    world.sockets.write_time = Duration::from_micros(100);
    world.say(0, "a", "into the pause");
    let due = world.shard.poll_timeout(world.sockets.clock).unwrap();
    let late = due.since(world.sockets.clock) + TIMER_GRAIN;
    world.pass(late);
    world.turn();
    let pause = Duration::from_millis(3);
    world.pass(pause);
    world.say(0, "a", "behind the pause");
    world.turn();
    assert_eq!(world.heard(1), ["first", "into the pause", "behind the pause"]);
}
