//! Beside the way, `shard/wheel`: when a member is to be looked at.
//!
//! Ten thousand members whose deadlines lie spread over the next 25 s, the default ping interval.
//! A message does not touch the wheel; a turn asks it twice (`poll`, `poll_timeout`).
//!
//! Expect ten nanoseconds an entry and two a question (AMD EPYC, one core). The one question that
//! is not free: the next deadline of a shard with few members, which walks over empty slots.

use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use stentor_shard::time::Instant;
use stentor_shard::wheel::{TICK, Wheel};

const MEMBERS: u32 = 10_000;

const PING_INTERVAL: Duration = Duration::from_secs(25);

const START: Instant = Instant::from_micros(0);

fn heartbeat(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("heartbeat");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    entries(&mut group);
    questions(&mut group);
    group.finish();
}

/// What an entry costs.
fn entries(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.throughput(Throughput::Elements(u64::from(MEMBERS)));
    let mut wheel = full_wheel();
    group.bench_function("moved", |bencher| {
        bencher.iter(|| (0..MEMBERS).for_each(|member| wheel.schedule(member, START, due(member))));
    });
    group.bench_function("taken out and put in again", |bencher| {
        bencher.iter(|| {
            (0..MEMBERS).for_each(|member| wheel.cancel(member));
            assert!(wheel.is_empty(), "all are out");
            (0..MEMBERS).for_each(|member| wheel.schedule(member, START, due(member)));
        });
    });

    let mut wheel = full_wheel();
    let mut now = START;
    group.bench_function("come due and put in again", |bencher| {
        bencher.iter(|| {
            let mut came_due = 0;
            while came_due < MEMBERS {
                now = now + TICK;
                while let Some(member) = wheel.poll(now) {
                    wheel.schedule(member, now, now + PING_INTERVAL);
                    came_due += 1;
                }
            }
        });
    });
}

/// What a turn in which nothing is due costs.
fn questions(group: &mut BenchmarkGroup<'_, WallTime>) {
    group.throughput(Throughput::Elements(1));
    let mut wheel = full_wheel();
    let now = START;
    while wheel.poll(now).is_some() {}
    group.bench_function("poll, nothing due", |bencher| bencher.iter(|| wheel.poll(now)));
    group.bench_function("poll_timeout, 10,000 members", |bencher| {
        bencher.iter(|| wheel.poll_timeout());
    });
    let mut wheel = Wheel::default();
    wheel.schedule(0, now, now + PING_INTERVAL);
    group.bench_function("poll_timeout, 1 member, due in 25 s", |bencher| {
        bencher.iter(|| wheel.poll_timeout());
    });
}

fn full_wheel() -> Wheel {
    let mut wheel = Wheel::default();
    (0..MEMBERS).for_each(|member| wheel.schedule(member, START, due(member)));
    wheel
}

/// The members' deadlines, spread evenly and in no order.
fn due(member: u32) -> Instant {
    let spread = u64::from(member) * 7_919 % u64::from(MEMBERS);
    START + PING_INTERVAL / MEMBERS * spread as u32
}

criterion_group!(benches, heartbeat);
criterion_main!(benches);
