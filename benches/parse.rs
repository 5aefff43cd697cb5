//! Station 2, `wire/parse`: a client's message → draft.
//!
//! Expect hundreds of nanoseconds for a chat message (3 million messages/s a core of an AMD EPYC),
//! a few microseconds for 4 KiB, and two to three times as much for what simd-json refuses: that is
//! read again by serde_json before its sender is told no.

use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stentor_wire::parse::Parser;

fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    group.throughput(Throughput::Elements(1));
    let small = content(128);
    let texts = [
        ("128 bytes of content", message(&small), true),
        ("4 KiB of content", message(&content(4_096)), true),
        // simd-json refuses the number; serde_json has the last word and takes it.
        ("128 bytes of content, read twice", message(&format!("{small},\"n\":1e999")), true),
        ("128 bytes of content, no JSON", message(&format!("{small},")), false),
    ];
    for (name, text, is_valid) in &texts {
        let mut parser = Parser::new();
        let parsed = parser.parse_client(text.as_bytes());
        assert_eq!(parsed.is_ok(), *is_valid, "what is measured is what the name says");
        group.bench_function(*name, |bencher| {
            bencher.iter(|| parser.parse_client(text.as_bytes()).is_ok());
        });
    }
    group.finish();
}

fn content(bytes: usize) -> String {
    format!(r#""content":"{}""#, "x".repeat(bytes))
}

fn message(data: &str) -> String {
    format!(r#"{{"type":"chat","room":"general","data":{{{data}}}}}"#)
}

criterion_group!(benches, parse);
criterion_main!(benches);
