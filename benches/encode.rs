//! Station 4, `wire/encode`: a stamped message → its frame, once.
//!
//! A frame is written into a buffer of exactly its size, as a shard does it; taking that buffer
//! from the allocator and giving it back is in the figure.
//!
//! Expect a hundred nanoseconds a frame (8 million frames/s a core of an AMD EPYC), hardly more for
//! 4 KiB: a message pays it once, however many hear it.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stentor_wire::encode::{envelope_frame, envelope_frame_bytes, frame_id};
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

/// 2026-11-21T00:00:00Z.
const UNIX_MILLIS: u64 = 1_795_219_200_000;

fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    group.throughput(Throughput::Elements(1));

    let small = data(128);
    let large = data(4_096);
    let envelopes = [
        ("128 bytes of content", envelope(Some("general"), &small)),
        ("128 bytes of content, to everybody", envelope(None, &small)),
        ("128 bytes of content, a room with quotes", envelope(Some("the \"general\""), &small)),
        ("4 KiB of content", envelope(Some("general"), &large)),
    ];
    for (name, envelope) in &envelopes {
        group.bench_function(*name, |bencher| bencher.iter(|| frame(envelope)));
    }

    let encoded = frame(&envelope(Some("general"), &small));
    group.bench_function("the id of a frame, read for a gap", |bencher| {
        bencher.iter(|| frame_id(&encoded).and_then(|id| Uuid::try_parse(id).ok()));
    });
    group.finish();
}

fn frame(envelope: &Envelope<'_>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(envelope_frame_bytes(envelope));
    envelope_frame(envelope, &mut frame);
    frame
}

fn data(content_bytes: usize) -> Vec<u8> {
    format!(r#"{{"content":"{}"}}"#, "x".repeat(content_bytes)).into_bytes()
}

fn envelope<'a>(room: Option<&'a str>, data: &'a [u8]) -> Envelope<'a> {
    Envelope {
        id: Uuid::from_u128(0x019a_a0b0_0000_7000_8000_0000_0000_0001),
        kind: MessageType::Chat,
        room,
        from: "019aa0b0-0000-7000-8000-000000000002",
        data,
        timestamp: Timestamp::from_unix_millis(UNIX_MILLIS),
    }
}

criterion_group!(benches, encode);
criterion_main!(benches);
