//! Station 6, `shard/room`, with 3, 4 and 7 around it: a draft → the room's turn buffer → one write
//! a member. The flush alone is `flush.rs`.
//!
//! The sockets take everything and cost nothing, so a figure is what a delivery costs without the
//! kernel, where one write is about 4 µs. A measurement is a whole turn: messages are taken,
//! stamped, encoded and appended, events are drained, rooms are flushed. Elements are deliveries.
//!
//! Expect a few nanoseconds a delivery in a room of 1,000 (hundreds of millions of deliveries/s a
//! core of an AMD EPYC), tens in small rooms and where rooms share their members: there a message's
//! own half microsecond, or the members' rings, are most of it.

mod world;

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use stentor_shard::MemberOptions;
use uuid::Uuid;

use world::World;

/// How many messages a busy turn has.
const MESSAGES: u64 = 64;

fn room(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("room");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    one_message(&mut group);
    many_messages(&mut group);
    many_rooms(&mut group);
    group.finish();
}

fn one_message(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut alone = world_of(1, &["general"]);
    measure(group, "a message to a room of 1", 1, || turn_of(&mut alone, 1));

    let mut next_id = 0_u128;
    measure(group, "a message with its sender's id to a room of 1", 1, || {
        next_id += 1;
        let before = deliveries(&alone);
        alone.say_with_id(0, "general", Some(Uuid::from_u128(next_id)));
        alone.turn();
        deliveries(&alone) - before
    });

    let mut thousand = world_of(1_000, &["general"]);
    measure(group, "a message to a room of 1,000", 1_000, || turn_of(&mut thousand, 1));
}

fn many_messages(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut world = world_of(1_000, &["general"]);
    let all = MESSAGES * 1_000;
    measure(group, "64 messages to a room of 1,000", all, || turn_of(&mut world, MESSAGES));

    let mut world = World::new();
    world.connect(&["general"], MemberOptions { echo: false, ..MemberOptions::default() });
    (1..1_000).for_each(|_| {
        world.connect(&["general"], MemberOptions::default());
    });
    let name = "64 messages to a room of 1,000, their sender spared";
    measure(group, name, MESSAGES * 999, || turn_of(&mut world, MESSAGES));
}

fn many_rooms(group: &mut BenchmarkGroup<'_, WallTime>) {
    let rooms: Vec<String> = (0..1_000).map(|room| format!("room-{room}")).collect();
    let mut world = World::new();
    for member in 0..10_000 {
        world.connect(&[&rooms[member % rooms.len()]], MemberOptions::default());
    }
    measure(group, "a message to each of 1,000 rooms of 10", 10_000, || {
        let before = deliveries(&world);
        (0..).zip(&rooms).for_each(|(member, room)| world.say(member, room));
        world.turn();
        deliveries(&world) - before
    });

    let names = [
        (500, "a message to each of two rooms of the same 500"),
        (1_000, "a message to each of two rooms of the same 1,000"),
    ];
    for (members, name) in names {
        let mut world = world_of(members, &["general", "random"]);
        measure(group, name, 2 * u64::from(members), || {
            let before = deliveries(&world);
            world.say(0, "general");
            world.say(1, "random");
            world.turn();
            deliveries(&world) - before
        });
    }
}

fn world_of(members: u32, rooms: &[&str]) -> World {
    let mut world = World::new();
    (0..members).for_each(|_| {
        world.connect(rooms, MemberOptions::default());
    });
    world
}

/// One turn in which the first member says so much; returns the deliveries.
fn turn_of(world: &mut World, messages: u64) -> u64 {
    let before = deliveries(world);
    (0..messages).for_each(|_| world.say(0, "general"));
    world.turn();
    deliveries(world) - before
}

/// Deliveries since the world began.
fn deliveries(world: &World) -> u64 {
    world.shard.counters().messages_sent
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    elements: u64,
    mut turn: impl FnMut() -> u64,
) {
    assert_eq!(turn(), elements, "what is measured is what the name says");
    group.throughput(Throughput::Elements(elements));
    group.bench_function(name, |bencher| bencher.iter(&mut turn));
}

criterion_group!(benches, room);
criterion_main!(benches);
