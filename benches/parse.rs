//! Station 2, `wire/parse`: a client's message → draft.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stentor_wire::parse::Parser;

fn parse(criterion: &mut Criterion) {
    let content = "x".repeat(128);
    let message = format!(r#"{{"type":"chat","room":"general","data":{{"content":"{content}"}}}}"#);
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Elements(1));
    group.bench_function("client, 128-byte content", |bencher| {
        let mut parser = Parser::new();
        bencher.iter(|| parser.parse_client(message.as_bytes()).is_ok());
    });
    group.finish();
}

criterion_group!(benches, parse);
criterion_main!(benches);
