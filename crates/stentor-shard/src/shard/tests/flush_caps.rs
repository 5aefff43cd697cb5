use super::*;

#[test]
fn a_room_of_five_thousand_takes_several_flushes_and_all_hear_everything() {
    let mut world = World::new();
    for member in 0..5_000 {
        world.connect(member, &["big"]);
    }
    world.emit();
    world.say(0, "big", "0");
    world.say(1, "big", "1");
    world.flush_only();
    let written = (0..5_000).filter(|member| world.writes(*member) > 0).count();
    assert!((1_024..=2_048).contains(&written), "{written} writes in one flush");
    assert!(world.shard.poll_timeout(world.sockets.clock) == Some(world.now().instant));
    assert!(world.turn() >= 2);
    for member in 0..5_000 {
        assert_eq!(world.heard(member), ["0", "1"]);
        assert_eq!(world.writes(member), 1);
    }
    assert_eq!(world.shard.pending_bytes, 0);
    assert_eq!(world.shard.frames_queued(), 0);
}

#[test]
fn members_of_other_rooms_are_not_starved_by_a_large_room() {
    let mut world = World::new();
    for member in 0..5_000 {
        world.connect(member, &["big"]);
    }
    for member in 5_000..5_050 {
        world.connect(member, &["small"]);
    }
    world.emit();
    for turn in 0..20 {
        world.say(0, "big", &turn.to_string());
        world.say(5_000, "small", &turn.to_string());
        world.flush();
        let late = (5_000..5_050).filter(|member| world.heard(*member).len() < turn).count();
        assert_eq!(late, 0, "in turn {turn} the small room is at most one flush behind");
    }
    world.turn();
    assert!((0..5_050).all(|member| world.heard(member) == numbers(0..20)));
}

#[test]
fn under_a_steady_load_no_member_of_a_large_room_falls_far_behind() {
    let mut world = World::new();
    for member in 0..5_000 {
        world.connect(member, &["big"]);
    }
    world.emit();
    for turn in 0..30 {
        world.say(0, "big", &turn.to_string());
        world.flush();
    }
    let most = (0..5_000).map(|member| world.queued(member)).max().unwrap();
    assert!(most <= 6, "{most} frames wait for one member");
    world.turn();
    assert!((0..5_000).all(|member| world.heard(member) == numbers(0..30)));
}

#[test]
fn a_global_message_to_five_thousand_members_reaches_everybody() {
    let mut world = World::new();
    for member in 0..5_000 {
        world.connect(member, if member % 2 == 0 { &["a"] } else { &[] });
    }
    world.say(0, "", "hi");
    world.say(0, "a", "in a");
    world.turn();
    for member in 0..5_000 {
        let expected = if member % 2 == 0 { 2 } else { 1 };
        assert_eq!(world.heard(member).len(), expected);
        assert!(world.writes(member) <= expected);
    }
}

#[test]
fn many_small_rooms_take_several_flushes_in_the_order_in_which_they_spoke() {
    let mut world = World::new();
    for member in 0..3_000 {
        world.connect(member, &[&member.to_string()]);
    }
    world.emit();
    for member in 0..3_000 {
        world.say(member, &member.to_string(), "hi");
    }
    world.flush_only();
    assert!((0..1_000).all(|member| world.heard(member) == ["hi"]));
    assert_eq!(world.writes(2_999), 0);
    assert!(world.turn() >= 2);
    assert!((0..3_000).all(|member| world.heard(member) == ["hi"]));
}

#[test]
fn too_much_that_waits_is_congestion_until_it_is_flushed() {
    let mut world = World::new();
    world.connect(0, &["a"]);
    let long = "x".repeat(60_000);
    assert!(!world.shard.is_congested());
    while !world.shard.is_congested() {
        world.say(0, "a", &long);
    }
    let said = world.shard.counters().messages_received;
    assert!((500..600).contains(&said), "{said} messages of 60 kB");
    world.turn();
    assert!(!world.shard.is_congested());
    assert_eq!(world.shard.pending_bytes, 0);
    assert_eq!(world.frames(0).len() as u64, said);
}
