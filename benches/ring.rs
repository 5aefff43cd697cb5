//! Station 8, `shard/ring`: what a full socket leaves to a member's ring.
//!
//! A hundred members of one room; their sockets take nothing until they are drained. Elements are
//! frames pushed into rings, dropped from them, or written out of them.
//!
//! Expect ten to thirty nanoseconds a push, about five a frame on the way out, and fifty to sixty
//! for a push that drops the oldest, whose id is read for the gap (AMD EPYC, one core).

mod world;

use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use stentor_shard::{MemberId, MemberOptions, RING_SLOTS_MAX};

use world::{Appetite, World};

const MEMBERS: u32 = 100;

/// The same as a number of rings.
const RINGS: usize = MEMBERS as usize;

/// How many messages are pushed before the rings are drained; fewer than a ring has slots.
const MESSAGES: usize = 128;

/// Which half of filling and draining is timed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Timed {
    Push,
    Drain,
}

fn ring(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ring");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    group.throughput(Throughput::Elements((RINGS * MESSAGES) as u64));
    fill_and_drain(&mut group, "pushed, a message a turn", 1, Timed::Push);
    fill_and_drain(&mut group, "pushed, 64 messages a turn", 64, Timed::Push);
    fill_and_drain(&mut group, "drained, a message a turn", 1, Timed::Drain);
    fill_and_drain(&mut group, "drained, 64 messages a turn", 64, Timed::Drain);
    drop_oldest(&mut group);
    group.finish();
}

fn fill_and_drain(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    messages_a_turn: usize,
    timed: Timed,
) {
    let mut world = world();
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|cycles| {
            let mut spent = Duration::ZERO;
            for _ in 0..cycles {
                world.sockets.appetite = Appetite::Nothing;
                let began = Instant::now();
                fill(&mut world, messages_a_turn);
                let filled = Instant::now();
                assert_eq!(world.shard.frames_queued(), RINGS * MESSAGES, "all wait");
                let drains = Instant::now();
                empty_sockets(&mut world);
                world.turn();
                let drained = Instant::now();
                assert_eq!(world.shard.frames_queued(), 0, "none waits");
                spent += match timed {
                    Timed::Push => filled - began,
                    Timed::Drain => drained - drains,
                };
            }
            spent
        });
    });
}

fn drop_oldest(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mut world = world();
    world.sockets.appetite = Appetite::Nothing;
    for _ in 0..=RING_SLOTS_MAX {
        world.say(0, "general");
        world.turn();
    }
    assert_eq!(world.shard.frames_queued(), RINGS * RING_SLOTS_MAX, "every ring is full");
    group.throughput(Throughput::Elements(u64::from(MEMBERS)));
    group.bench_function("pushed and the oldest dropped", |bencher| {
        bencher.iter(|| {
            world.say(0, "general");
            world.turn();
        });
    });
}

fn fill(world: &mut World, messages_a_turn: usize) {
    for _ in 0..MESSAGES / messages_a_turn {
        (0..messages_a_turn).for_each(|_| world.say(0, "general"));
        world.turn();
    }
}

/// Every socket has room again, and the shard hears of it.
fn empty_sockets(world: &mut World) {
    world.sockets.appetite = Appetite::Everything;
    (0..MEMBERS).for_each(|member| world.shard.handle_writable(MemberId(member)));
}

fn world() -> World {
    let mut world = World::new();
    (0..MEMBERS).for_each(|_| {
        world.connect(&["general"], MemberOptions::default());
    });
    world
}

criterion_group!(benches, ring);
criterion_main!(benches);
