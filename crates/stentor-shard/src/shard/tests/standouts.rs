use super::*;
use crate::{Backlog, Laggard};

/// Rooms `a` with members 1 and 2, whose sockets are full, and `b` with member 3; 0 is in both.
fn world() -> World {
    let mut world = World::new();
    world.pass(Duration::from_secs(5));
    world.connect(0, &["a", "b"]);
    world.connect(1, &["a"]);
    world.connect(2, &["a"]);
    world.connect(3, &["b"]);
    world
}

fn clients(world: &World, by: Backlog, limit: usize) -> Vec<Uuid> {
    let laggards = world.shard.laggards(world.now(), by, limit);
    laggards.iter().map(|laggard| laggard.client_id).collect()
}

fn client(world: &World, member: u32) -> Uuid {
    world.shard.identity(MemberId(member)).expect("it is there").0
}

#[test]
fn who_waits_the_longest_and_for_the_most_comes_first() {
    let mut world = world();
    world.limit(1, 0);
    world.say(0, "a", "x");
    world.turn();
    world.pass(Duration::from_secs(3));
    world.limit(2, 0);
    world.join(3, "a");
    world.turn();
    world.limit(3, 0);
    world.say(0, "a", &"y".repeat(100));
    world.turn();
    world.say_as(0, "a", "more", None);
    world.turn();
    let [one, two] = [client(&world, 1), client(&world, 2)];
    assert_eq!(clients(&world, Backlog::Lag, 1), [one]);
    assert_eq!(clients(&world, Backlog::Bytes, 1), [one]);
    assert_eq!(clients(&world, Backlog::Bytes, 10).len(), 3);
    assert_eq!(clients(&world, Backlog::Lag, 0).len(), 0);
    let laggards = world.shard.laggards(world.now(), Backlog::Lag, 3);
    let of = |client_id| -> Laggard {
        laggards.iter().find(|laggard| laggard.client_id == client_id).cloned().expect("behind")
    };
    assert_eq!((of(one).frames, of(one).lag), (3, Duration::from_secs(3)));
    assert_eq!((of(two).frames, of(two).lag), (2, Duration::ZERO));
    assert!(of(one).bytes > of(two).bytes && of(two).bytes > 100);
    for member in 1..4 {
        world.unblock(member, usize::MAX);
    }
    world.turn();
    assert_eq!(clients(&world, Backlog::Lag, 10).len(), 0, "nobody is behind any more");
}

#[test]
fn part_of_a_message_that_is_sent_does_not_wait() {
    let mut world = world();
    world.limit(1, 10);
    world.say(0, "a", "x");
    world.turn();
    let whole = world.frames(0)[0].json().to_string().len();
    let [laggard] = &world.shard.laggards(world.now(), Backlog::Bytes, 5)[..] else {
        panic!("one is behind");
    };
    assert!(laggard.bytes < whole && laggard.bytes > 10, "{} of {whole}", laggard.bytes);
    assert_eq!((laggard.rooms, laggard.user.as_deref()), (1, None));
}

#[test]
fn the_room_with_the_most_deliveries_comes_first_and_a_quiet_one_not_at_all() {
    let mut world = world();
    for text in 0..10 {
        world.say(0, "b", &text.to_string());
        world.say(0, "a", &text.to_string());
        world.turn();
    }
    world.say(0, "", "to everybody");
    world.turn();
    let rooms = world.shard.busiest_rooms(world.now(), 10);
    let told: Vec<_> = rooms
        .iter()
        .map(|room| (room.room.as_ref().map(RoomName::as_str), room.connections))
        .collect();
    assert_eq!(told, [(Some("a"), 3), (Some("b"), 2), (None, 4)]);
    // 30 deliveries, as an average over ten seconds.
    assert!((rooms[0].deliveries_per_second - 3.0).abs() < 0.01);
    assert_eq!(world.shard.busiest_rooms(world.now(), 1).len(), 1);
    world.pass(Duration::from_secs(200));
    assert_eq!(world.shard.busiest_rooms(world.now(), 10), []);
}

#[test]
fn what_came_from_another_pod_is_timed_from_its_stamp_and_apart() {
    let mut world = world();
    let frame = sockets::chat_frame("a", "from afar", None);
    let stamp = stentor_wire::encode::frame_timestamp(&frame).expect("a stamp").unix_millis();
    world.calendar_set = (stamp + 70) as i64 - world.now().unix_millis as i64;
    let delivery =
        Delivery { room: Some(name("a")), frame, chosen_id: None, passage: Passage::UNKNOWN };
    world.shard.handle_arrival(world.now(), &delivery);
    world.say(0, "a", "from here");
    world.turn();
    let counters = world.shard.counters();
    let (local, remote) = (counters.delivery_local, counters.delivery_remote);
    assert_eq!(local.buckets.iter().sum::<u64>(), 3);
    assert_eq!(remote.buckets.iter().sum::<u64>(), 3);
    assert_eq!(local.sum_micros, 0);
    assert_eq!(remote.sum_micros, 3 * 70_000);
    // The buffer's next turn begins anew.
    world.say(0, "a", "again");
    world.turn();
    assert_eq!(world.shard.counters().delivery_remote.buckets.iter().sum::<u64>(), 3);
}
