//! Station 1, `wire/assemble`: bytes of a socket → one whole message.
//!
//! Each measurement reads a stream of masked frames in segments, as `read` would hand them out.
//! A segment is copied into the scratch first, because unmasking rewrites it; the copy is in the
//! figure, as the kernel's would be.
//!
//! Expect tens of nanoseconds a small frame (20 million frames/s a core of an AMD EPYC), ten times
//! less from frames that a segment cuts: what is kept of them takes memory, which is given back.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::assemble::{Assembler, Input};
use stentor_wire::frame::{FrameHead, OpCode};
use stentor_wire::mask::apply_mask;

/// A chat message of 128 bytes of content weighs about this much.
const SMALL_BYTES: usize = 180;

/// How many small frames make a stream of about 16 KiB.
const SMALL_FRAMES: usize = 88;

/// What one Ethernet packet carries of a TCP stream.
const PACKET_BYTES: usize = 1_448;

/// Frames as one client sends them, and how the socket hands them out.
struct Stream {
    name: &'static str,
    frames: usize,
    payload_bytes: usize,
    segment_bytes: usize,
}

const WHOLE: usize = usize::MAX;

const STREAMS: [Stream; 6] = [
    Stream {
        name: "a whole frame of 180 bytes",
        frames: 1,
        payload_bytes: SMALL_BYTES,
        segment_bytes: WHOLE,
    },
    Stream {
        name: "a whole frame of 4 KiB",
        frames: 1,
        payload_bytes: 4_096,
        segment_bytes: WHOLE,
    },
    Stream {
        name: "88 frames of 180 bytes in one segment",
        frames: SMALL_FRAMES,
        payload_bytes: SMALL_BYTES,
        segment_bytes: WHOLE,
    },
    Stream {
        name: "88 frames of 180 bytes in packets of 1,448",
        frames: SMALL_FRAMES,
        payload_bytes: SMALL_BYTES,
        segment_bytes: PACKET_BYTES,
    },
    Stream {
        name: "a frame of 180 bytes cut in two",
        frames: 1,
        payload_bytes: SMALL_BYTES,
        segment_bytes: SMALL_BYTES / 2,
    },
    Stream {
        name: "a frame of 64 KiB in packets of 1,448",
        frames: 1,
        payload_bytes: MESSAGE_BYTES_MAX_DEFAULT,
        segment_bytes: PACKET_BYTES,
    },
];

fn assemble(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("assemble");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    for stream in &STREAMS {
        let bytes = stream.bytes();
        let segment_bytes = stream.segment_bytes.min(bytes.len());
        let mut scratch = vec![0; segment_bytes];
        let mut assembler = Assembler::default();
        let mut read = || read_all(&mut assembler, &bytes, &mut scratch);
        assert_eq!(read(), stream.frames, "what is measured is no error");
        group.throughput(Throughput::Elements(stream.frames as u64));
        group.bench_function(stream.name, |bencher| bencher.iter(&mut read));
    }
    group.finish();
}

/// Reads a stream segment by segment; returns how many messages became whole.
fn read_all(assembler: &mut Assembler, stream: &[u8], scratch: &mut [u8]) -> usize {
    let mut messages = 0;
    for segment in stream.chunks(scratch.len()) {
        let received = &mut scratch[..segment.len()];
        received.copy_from_slice(segment);
        let mut input = Input::new(received);
        while let Ok(Some(_)) = assembler.poll(&mut input, MESSAGE_BYTES_MAX_DEFAULT) {
            messages += 1;
        }
    }
    messages
}

impl Stream {
    fn bytes(&self) -> Vec<u8> {
        let mask = [0x37, 0xfa, 0x21, 0x3d];
        let mut payload = vec![b'x'; self.payload_bytes];
        apply_mask(&mut payload, mask, 0);
        let payload_bytes = self.payload_bytes as u64;
        let head = FrameHead { fin: true, opcode: OpCode::Text, mask: Some(mask), payload_bytes };
        let mut bytes = Vec::new();
        for _ in 0..self.frames {
            head.encode(&mut bytes);
            bytes.extend_from_slice(&payload);
        }
        bytes
    }
}

criterion_group!(benches, assemble);
criterion_main!(benches);
