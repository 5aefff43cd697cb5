//! Station 3, `wire/envelope`: draft → envelope, the server's stamp.
//!
//! What a shard does for each message before it is encoded: a new id, or the sender's own; the
//! sender's id as text; the time, whose text is made once a millisecond and copied after that.
//!
//! Expect some ten nanoseconds (AMD EPYC, one core), and thirty for the first message of a
//! millisecond.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use stentor_shard::ids::IdSource;
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

/// 2026-11-21T00:00:00Z.
const UNIX_MILLIS: u64 = 1_795_219_200_000;

const OWN_ID: Uuid = Uuid::from_u128(0x019a_a0b0_0000_7000_8000_0000_0000_0001);

const DATA: &[u8] = br#"{"content":"hello"}"#;

/// What a shard has at hand when a message comes.
struct Stamper {
    ids: IdSource,
    client_id: Uuid,
    timestamp: Timestamp,
}

fn envelope(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("envelope");
    group.sample_size(30).measurement_time(Duration::from_secs(2));
    group.warm_up_time(Duration::from_millis(500));
    group.throughput(Throughput::Elements(1));

    let mut stamper = Stamper::new();
    group.bench_function("stamped, a new id", |bencher| bencher.iter(|| stamper.stamp(None)));
    group.bench_function("stamped, its sender's id", |bencher| {
        bencher.iter(|| stamper.stamp(Some(OWN_ID)));
    });
    group.bench_function("stamped, the first of a millisecond", |bencher| {
        let mut unix_millis = UNIX_MILLIS;
        bencher.iter(|| {
            unix_millis += 1;
            stamper.timestamp = Timestamp::from_unix_millis(unix_millis);
            stamper.stamp(None);
        });
    });
    group.bench_function("the stamp's text, once a millisecond", |bencher| {
        let mut unix_millis = UNIX_MILLIS;
        bencher.iter(|| {
            unix_millis += 1;
            Timestamp::from_unix_millis(unix_millis)
        });
    });
    group.finish();
}

impl Stamper {
    fn new() -> Stamper {
        Stamper {
            ids: IdSource::new(1),
            client_id: Uuid::from_u128(0x019a_a0b0_0000_7000_8000_0000_0000_0002),
            timestamp: Timestamp::from_unix_millis(UNIX_MILLIS),
        }
    }

    /// The same steps as `shard/speech`, with nothing behind them.
    fn stamp(&mut self, chosen_id: Option<Uuid>) {
        let id = chosen_id.unwrap_or_else(|| self.ids.next(self.timestamp.unix_millis()));
        let mut text = Uuid::encode_buffer();
        let from = &*self.client_id.hyphenated().encode_lower(&mut text);
        black_box(Envelope {
            id,
            kind: MessageType::Chat,
            room: Some("general"),
            from,
            data: DATA,
            timestamp: self.timestamp,
        });
    }
}

criterion_group!(benches, envelope);
criterion_main!(benches);
