use super::*;

const WINDOW: Duration = Duration::from_secs(10);

#[test]
fn a_drain_spreads_the_closes_over_its_window() {
    let mut world = World::new();
    for member in 0..100 {
        world.connect(member, &["a"]);
    }
    world.shard.handle_drain(world.now(), WINDOW);
    for second in 1..10 {
        for _ in 0..100 {
            world.pass(Duration::from_millis(10));
            world.turn();
        }
        let open = world.shard.members_open();
        assert!(open.abs_diff(100 - second * 10) <= 1, "{open} are open after {second} s");
    }
    world.pass(Duration::from_secs(1));
    world.turn();
    assert_eq!(world.shard.members_open(), 0);
    assert!((0..100).all(|member| world.heard(member) == ["close 1001"]));
    assert_eq!(world.finished.len(), 100);
}

#[test]
fn a_drain_tells_those_that_hear_events_first_when_to_come_back() {
    let mut world = World::new();
    for member in 0..20 {
        world.connect_with(member, &[], if member < 10 { EVENTS } else { PLAIN });
    }
    world.turn();
    world.shard.handle_drain(world.now(), WINDOW);
    world.turn();
    assert!((0..10).all(|member| world.heard(member) == ["welcome", "drain"]));
    world.pass(WINDOW);
    world.turn();
    assert!((0..10).all(|member| world.heard(member) == ["welcome", "drain", "close 1001"]));
    assert!((10..20).all(|member| world.heard(member) == ["close 1001"]));
    let mut moments: Vec<u64> = (0..10)
        .map(|member| {
            world.frames(member)[1].json()["data"]["reconnect_after_ms"].as_u64().unwrap()
        })
        .collect();
    moments.sort_unstable();
    moments.dedup();
    assert!(moments.len() > 5, "they come back at different moments: {moments:?}");
}

#[test]
fn a_drain_without_a_window_closes_all_at_most_a_thousand_a_turn() {
    let mut world = World::new();
    for member in 0..2_500 {
        world.connect(member, &[]);
    }
    world.shard.handle_drain(world.now(), Duration::ZERO);
    assert_eq!(world.shard.members_open(), 2_500 - 1_024);
    world.turn();
    while let Some(due) = world.shard.poll_timeout(world.sockets.clock) {
        world.pass(due.since(world.sockets.clock));
        world.turn();
        assert!(world.sockets.clock < at(Duration::from_secs(1)));
    }
    assert_eq!(world.finished.len(), 2_500);
}

#[test]
fn what_was_said_before_a_close_is_still_delivered() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    world.say(0, "a", "last words");
    world.shard.handle_drain(world.now(), Duration::ZERO);
    world.turn();
    assert_eq!(world.heard(0), ["last words", "close 1001"]);
}

#[test]
fn a_second_drain_changes_nothing() {
    let mut world = World::new();
    world.connect_with(0, &[], EVENTS);
    world.shard.handle_drain(world.now(), WINDOW);
    world.shard.handle_drain(world.now(), Duration::ZERO);
    world.turn();
    assert_eq!(world.heard(0), ["welcome", "drain"]);
}

#[test]
fn a_drain_of_nobody_is_done_at_once() {
    let mut world = World::new();
    world.shard.handle_drain(world.now(), WINDOW);
    assert_eq!(world.shard.poll_timeout(world.sockets.clock), None);
}
