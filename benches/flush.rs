//! Station 7, `shard/flush`: turn buffers → one write a member.
//!
//! Only the flush is timed; what was said before it is `room.rs`, and what rings do after it is
//! `ring.rs`. A room of 1,000 whose sockets take all that they are offered, half of it, or
//! nothing. Elements are deliveries: a message that a member was owed, written or kept.
//!
//! Expect a few nanoseconds a delivery where sockets take everything, because a member costs one
//! write of the buffer that all share; some tens where they do not, for the ring that the rest is
//! left to (AMD EPYC, one core). The kernel's 4 µs a write are in no figure.

mod world;

use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use stentor_shard::{MemberId, MemberOptions};

use world::{Appetite, World};

const MEMBERS: u32 = 1_000;

/// How many messages a busy turn has.
const MESSAGES: u64 = 64;

fn flush(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("flush");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    measure(&mut group, "a message, sockets take it", 1, Appetite::Everything);
    measure(&mut group, "a message, sockets take half", 1, Appetite::Half);
    measure(&mut group, "a message, sockets take nothing", 1, Appetite::Nothing);
    measure(&mut group, "64 messages, sockets take them", MESSAGES, Appetite::Everything);
    measure(&mut group, "64 messages, sockets take half", MESSAGES, Appetite::Half);
    measure(&mut group, "64 messages, sockets take nothing", MESSAGES, Appetite::Nothing);
    group.finish();
}

fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    messages: u64,
    appetite: Appetite,
) {
    let mut world = World::new();
    (0..MEMBERS).for_each(|_| {
        world.connect(&["general"], MemberOptions::default());
    });
    world.turn();
    flush_one_turn(&mut world, messages, appetite);
    assert_eq!(
        world.shard.counters().messages_sent,
        messages * u64::from(MEMBERS),
        "every member had every message"
    );
    group.throughput(Throughput::Elements(messages * u64::from(MEMBERS)));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|turns| {
            (0..turns).map(|_| flush_one_turn(&mut world, messages, appetite)).sum()
        });
    });
}

/// A turn whose flush is timed; afterwards, off the clock, the sockets take what was left.
fn flush_one_turn(world: &mut World, messages: u64, appetite: Appetite) -> Duration {
    (0..messages).for_each(|_| world.say(0, "general"));
    while world.shard.poll_event().is_some() {}
    world.sockets.appetite = appetite;
    let began = Instant::now();
    world.flush();
    let spent = began.elapsed();

    let is_left = world.shard.frames_queued() > 0;
    assert_eq!(is_left, appetite != Appetite::Everything, "what was not taken waits");
    world.sockets.appetite = Appetite::Everything;
    (0..MEMBERS).for_each(|member| world.shard.handle_writable(MemberId(member)));
    world.turn();
    assert_eq!(world.shard.frames_queued(), 0, "none waits");
    spent
}

criterion_group!(benches, flush);
criterion_main!(benches);
