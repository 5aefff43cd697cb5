//! Beside the way, `bus/relay`: a message between its frame and its record on the bus.
//!
//! Out: the bus's members are put in front of the JSON of an encoded frame, in a buffer of exactly
//! the record's size. In: a record is taken apart, and its message becomes the one frame that all
//! shards share. Redis, the queues around it and the sequence's books are not in the figure.
//!
//! Expect a hundred nanoseconds a record on the way out and some two hundred on the way in (AMD
//! EPYC, one core, shared): a message pays the first once and the second once a pod, however many hear it.

use std::hint::black_box;
use std::time::Duration;

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stentor_bus::pod_id::PodId;
use stentor_bus::relay::{self, Record};
use stentor_bus::seq::Seq;
use stentor_wire::encode::{envelope_frame, envelope_frame_bytes};
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

/// 2026-11-21T00:00:00Z.
const UNIX_MILLIS: u64 = 1_795_219_200_000;

/// A pod that has talked for a while: a number of as many digits as is usual.
const SEQ: Seq = Seq::first_of(1);

fn relay(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("relay");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    group.throughput(Throughput::Elements(1));

    let pod = PodId::new("chat-7d9f8b6c5-x2x4z", 0x0123_4567_89ab_cdef);
    for (name, content_bytes) in [("128 bytes", 128), ("4 KiB", 4_096)] {
        let frame = frame(content_bytes);
        let record = record(&pod, &frame);
        assert_eq!(received(&record), frame, "what comes in is what went out");

        group.bench_function(format!("{name} of content, frame to record"), |bencher| {
            bencher.iter(|| self::record(black_box(&pod), black_box(&frame)));
        });
        group.bench_function(format!("{name} of content, record to frame"), |bencher| {
            bencher.iter(|| received(black_box(&record)));
        });
        group.bench_function(format!("{name} of content, a record taken apart"), |bencher| {
            bencher.iter(|| black_box(relay::decode(black_box(&record)).is_ok()));
        });
    }
    group.finish();
}

/// The record of a frame that a shard encoded.
fn record(pod: &PodId, frame: &Bytes) -> Bytes {
    let message = relay::message_of_frame(frame).expect("the encoder wrote this frame");
    relay::encode(pod, SEQ, &message)
}

/// The frame that local members get of a record.
fn received(record: &Bytes) -> Bytes {
    match relay::decode(record) {
        Ok(Record::Message(relayed)) => relayed.frame(),
        other => panic!("the record of a message, and not {other:?}"),
    }
}

fn frame(content_bytes: usize) -> Bytes {
    let data = format!(r#"{{"content":"{}"}}"#, "x".repeat(content_bytes));
    let envelope = Envelope {
        id: Uuid::from_u128(0x019a_a0b0_0000_7000_8000_0000_0000_0001),
        kind: MessageType::Chat,
        room: Some("general"),
        from: "019aa0b0-0000-7000-8000-000000000002",
        data: data.as_bytes(),
        timestamp: Timestamp::from_unix_millis(UNIX_MILLIS),
    };
    let mut frame = Vec::with_capacity(envelope_frame_bytes(&envelope));
    envelope_frame(&envelope, &mut frame);
    Bytes::from(frame)
}

criterion_group!(benches, relay);
criterion_main!(benches);
