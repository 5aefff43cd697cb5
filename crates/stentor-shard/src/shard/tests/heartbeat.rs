use super::*;
use crate::wheel::TICK;

const PING_INTERVAL: Duration = Duration::from_secs(25);
const PONG_TIMEOUT: Duration = Duration::from_secs(60);

#[test]
fn a_silent_member_is_pinged_after_the_interval_and_closed_after_the_timeout() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.pass(PING_INTERVAL - Duration::from_millis(1));
    world.turn();
    assert_eq!(world.heard(0), [""; 0]);
    world.pass(TICK);
    world.turn();
    assert_eq!(world.heard(0), ["ping"]);
    while world.sockets.clock < at(PONG_TIMEOUT - Duration::from_millis(1)) {
        world.pass(Duration::from_millis(100));
        world.turn();
        assert!(world.shard.is_open(MemberId(0)) || world.sockets.clock >= at(PONG_TIMEOUT));
    }
    world.pass(TICK);
    world.turn();
    assert_eq!(world.heard(0), ["ping", "ping", "close 4408"]);
    assert_eq!(world.shard.rooms_open(), 0);
}

#[test]
fn a_member_that_is_heard_is_neither_pinged_nor_closed() {
    let mut world = World::new();
    world.connect(0, &[]);
    for _ in 0..100 {
        world.pass(Duration::from_secs(20));
        world.shard.handle_heard(world.now(), MemberId(0));
        world.turn();
    }
    assert_eq!(world.heard(0), [""; 0]);
    assert!(world.shard.is_open(MemberId(0)));
}

#[test]
fn a_member_that_answers_pings_lives_for_ever() {
    let mut world = World::new();
    world.connect(0, &[]);
    for _ in 0..100 {
        world.pass(Duration::from_secs(26));
        world.turn();
        world.shard.handle_heard(world.now(), MemberId(0));
    }
    assert!(world.shard.is_open(MemberId(0)));
    assert!(world.heard(0).iter().all(|heard| heard == "ping"));
}

#[test]
fn the_timeout_says_when_the_next_look_is_due() {
    let mut world = World::new();
    assert_eq!(world.shard.poll_timeout(world.sockets.clock), None);
    world.connect(0, &[]);
    world.turn();
    let due = world.shard.poll_timeout(world.sockets.clock).unwrap();
    assert!(due >= at(PING_INTERVAL) && due <= at(PING_INTERVAL) + TICK);
    world.disconnect(0);
    world.turn();
    assert_eq!(world.shard.poll_timeout(world.sockets.clock), None);
}

#[test]
fn a_dead_member_with_a_full_socket_is_closed_and_not_pinged() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.connect(1, &["a"]);
    world.limit(0, 5);
    world.say(1, "a", "hi");
    world.turn();
    world.pass(PONG_TIMEOUT / 2);
    world.turn();
    assert_eq!(world.queued(0), 1);
    world.pass(PONG_TIMEOUT / 2 + TICK);
    world.unblock(0, usize::MAX);
    world.turn();
    assert_eq!(world.heard(0), ["hi", "close 4408"]);
}

#[test]
fn many_members_that_fall_silent_together_are_looked_after_over_several_turns() {
    let mut world = World::new();
    (0..3_000).for_each(|member| {
        world.connect(member, &[]);
    });
    world.pass(PING_INTERVAL + TICK);
    let mut turns = 1;
    while world
        .shard
        .poll_timeout(world.sockets.clock)
        .is_some_and(|due| due <= world.now().instant)
    {
        world.turn();
        world.pass(Duration::ZERO);
        turns += 1;
        assert!(turns < 10);
    }
    world.turn();
    assert!(turns >= 3);
    assert!((0..3_000).all(|member| world.heard(member) == ["ping"]));
}
