//! Station 5, `engine/fan_out`: a published frame → the mailboxes of the shards that have members
//! of its room.
//!
//! A pod of 64 shards, without their threads: the room's shards are looked up in the one shared
//! map, and each but the speaker's own gets the frame by a hand-over. Elements are shards that
//! have members. The mailboxes are emptied between measurements, off the clock; a neighbour on
//! another core, which takes out at the same time, is not in the figure.
//!
//! Expect tens of nanoseconds for the look-up and about as much for each hand-over (AMD EPYC, one
//! core): a message pays it by shards, not by members.

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stentor_engine::bench::FanOutWorld;

/// How many messages are said before the mailboxes are emptied: a busy turn, and far below what a
/// mailbox holds.
const MESSAGES: u32 = 64;

/// A chat message of 128 bytes of content weighs about this much as a frame.
const FRAME_BYTES: usize = 310;

fn fan_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fan_out");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    for shards in [1, 2, 4, 8, 16, 32, 64] {
        let mut world = FanOutWorld::new(shards, vec![b'x'; FRAME_BYTES]);
        world.publish();
        assert_eq!(world.drain(), shards - 1, "every shard but the speaker's own");
        group.throughput(Throughput::Elements(shards as u64));
        group.bench_function(format!("a frame to {shards} shards"), |bencher| {
            bencher.iter_custom(|messages| publish(&mut world, messages));
        });
    }
    group.finish();
}

/// How long so many messages take, in turns of [`MESSAGES`].
fn publish(world: &mut FanOutWorld, messages: u64) -> Duration {
    let mut spent = Duration::ZERO;
    let mut left = messages;
    while left > 0 {
        let turn = left.min(u64::from(MESSAGES));
        left -= turn;
        let began = Instant::now();
        (0..turn).for_each(|_| world.publish());
        spent += began.elapsed();
        world.drain();
    }
    spent
}

criterion_group!(benches, fan_out);
criterion_main!(benches);
