//! Station 1, its lowest part, `wire/frame` and `wire/mask`: one frame's head read, its payload
//! unmasked in place.
//!
//! The least that a client's bytes cost. What `assemble.rs` has above it is the way from frames to
//! messages: UTF-8, fragments, tails that a segment cut, and the copy that stands for the kernel's.
//!
//! Expect some ten nanoseconds for a chat message and two microseconds for 64 KiB (AMD EPYC, one
//! core): memory sets the pace, and the compiler makes the unmasking a vector XOR.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stentor_wire::frame::{FrameHead, OpCode};
use stentor_wire::mask::apply_mask;

const PAYLOADS: [(&str, usize); 5] = [
    ("head and 128 bytes", 128),
    ("head and 1 KiB", 1_024),
    ("head and 4 KiB", 4_096),
    ("head and 16 KiB", 16_384),
    ("head and 64 KiB", 65_536),
];

fn frame(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frame");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    group.throughput(Throughput::Elements(1));

    let short = masked_frame(128);
    group.bench_function("head alone", |bencher| {
        bencher.iter(|| FrameHead::parse(black_box(&short)));
    });
    for (name, payload_bytes) in PAYLOADS {
        let mut bytes = masked_frame(payload_bytes);
        assert_eq!(read(&mut bytes), payload_bytes, "what is measured is what the name says");
        // Unmasked and masked again in turns: the work is the same.
        group.bench_function(name, |bencher| bencher.iter(|| read(black_box(&mut bytes))));
    }
    group.finish();
}

/// Reads the head and unmasks what is behind it; returns the payload's bytes.
fn read(bytes: &mut [u8]) -> usize {
    let Ok(Some((head, head_bytes))) = FrameHead::parse(bytes) else { return 0 };
    let payload = &mut bytes[head_bytes..];
    if let Some(mask) = head.mask {
        apply_mask(payload, mask, 0);
    }
    payload.len()
}

fn masked_frame(payload_bytes: usize) -> Vec<u8> {
    let mask = Some([0x37, 0xfa, 0x21, 0x3d]);
    let head =
        FrameHead { fin: true, opcode: OpCode::Text, mask, payload_bytes: payload_bytes as u64 };
    let mut bytes = Vec::new();
    head.encode(&mut bytes);
    bytes.resize(bytes.len() + payload_bytes, b'x');
    bytes
}

criterion_group!(benches, frame);
criterion_main!(benches);
