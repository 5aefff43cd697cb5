use super::*;

fn gaps(world: &World, member: u32) -> Vec<(String, Option<u64>)> {
    let frames = world.frames(member);
    let gaps = frames.iter().filter(|frame| frame.label() == "gap");
    gaps.map(|gap| {
        let json = gap.json();
        (json["room"].as_str().unwrap_or_default().to_owned(), json["data"]["missed"].as_u64())
    })
    .collect()
}

#[test]
fn a_gap_from_elsewhere_stands_between_what_was_said_before_and_after_it() {
    let mut world = World::new();
    world.connect_with(0, &["a"], EVENTS);
    world.connect(1, &["a"]);
    world.connect_with(2, &["b"], EVENTS);
    world.turn();
    world.deliver("a", "before", None);
    world.shard.handle_gap(world.now(), Some(&name("a")), Some(3));
    world.deliver("a", "after", None);
    world.turn();
    assert_eq!(world.heard(0), ["welcome", "before", "gap", "after"]);
    assert_eq!(gaps(&world, 0), [("a".to_owned(), Some(3))]);
    assert_eq!(world.heard(1), ["before", "after"], "who hears no events is not told");
    assert_eq!(world.heard(2), ["welcome"]);
    let counters = world.shard.counters();
    assert_eq!((counters.gaps_told, counters.gaps_untold), (1, 1));
    assert_eq!(counters.messages_sent, 4);
}

#[test]
fn a_gap_spares_a_sender_its_own_message_and_a_newcomer_what_was_said_before_it() {
    let mut world = World::new();
    world.connect_with(0, &["a"], MUTED);
    world.turn();
    world.say(0, "a", "own");
    world.connect_with(1, &["a"], EVENTS);
    world.shard.handle_gap(world.now(), Some(&name("a")), None);
    world.deliver("a", "after", None);
    world.turn();
    assert_eq!(world.heard(0), ["after"]);
    assert_eq!(world.heard(1), ["welcome", "gap", "after"]);
    assert_eq!(gaps(&world, 1), [("a".to_owned(), None)]);
}

#[test]
fn a_room_speaks_on_after_a_gap_behind_which_nothing_was_said() {
    let mut world = World::new();
    world.connect_with(0, &["a"], EVENTS);
    world.turn();
    world.deliver("a", "1", None);
    world.shard.handle_gap(world.now(), Some(&name("a")), Some(1));
    world.turn();
    world.deliver("a", "2", None);
    world.turn();
    assert_eq!(world.heard(0), ["welcome", "1", "gap", "2"]);
}

#[test]
fn a_gap_of_everybody_is_told_to_everybody_and_of_an_unknown_room_to_nobody() {
    let mut world = World::new();
    world.connect_with(0, &["a"], EVENTS);
    world.connect_with(1, &[], EVENTS);
    world.turn();
    world.deliver("", "before", None);
    world.shard.handle_gap(world.now(), None, Some(2));
    world.shard.handle_gap(world.now(), Some(&name("nobody")), Some(2));
    world.turn();
    for member in [0, 1] {
        assert_eq!(world.heard(member), ["welcome", "before", "gap"]);
        assert_eq!(gaps(&world, member), [(String::new(), Some(2))]);
    }
}

#[test]
fn a_lag_is_told_once_to_each_member_behind_what_all_its_rooms_said() {
    let mut world = World::new();
    world.connect_with(0, &["a", "b"], EVENTS);
    world.connect_with(1, &["b"], PLAIN);
    world.turn();
    world.deliver("a", "1", None);
    world.deliver("b", "2", None);
    world.deliver("", "3", None);
    world.shard.handle_lag(world.now());
    world.deliver("b", "4", None);
    world.turn();
    assert_eq!(world.heard(0), ["welcome", "1", "2", "3", "gap", "4"]);
    assert_eq!(gaps(&world, 0), [(String::new(), None)]);
    assert_eq!(world.heard(1), ["2", "3", "4"]);
}

#[test]
fn a_held_room_gives_out_what_it_holds_before_a_gap() {
    let mut world = World::new();
    world.connect_with(0, &["a"], EVENTS);
    world.turn();
    world.sockets.write_time = Duration::from_millis(3);
    world.deliver("a", "costly", None);
    world.turn();
    world.sockets.write_time = Duration::ZERO;
    world.deliver("a", "held", None);
    world.shard.handle_lag(world.now());
    world.turn();
    assert_eq!(world.heard(0), ["welcome", "costly", "held", "gap"]);
    world.pass(Duration::from_millis(10));
    world.deliver("a", "later", None);
    world.turn();
    assert_eq!(world.heard(0).last().unwrap(), "later");
}

#[test]
fn a_full_ring_keeps_the_gap_that_came_from_elsewhere() {
    let mut world = World::new();
    world.connect_with(0, &["a"], EVENTS);
    world.turn();
    world.limit(0, 0);
    world.shard.handle_gap(world.now(), Some(&name("a")), Some(7));
    for number in 0..600 {
        world.deliver("a", &number.to_string(), None);
        world.turn();
    }
    world.unblock(0, usize::MAX);
    world.turn();
    let told: u64 = gaps(&world, 0).iter().filter_map(|(_, missed)| *missed).sum();
    let heard = world.heard(0).iter().filter(|label| label.parse::<u32>().is_ok()).count();
    assert_eq!(told, 7 + 600 - heard as u64);
}
