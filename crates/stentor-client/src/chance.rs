//! Unpredictable numbers: masks, handshake keys, jitter.
//!
//! A mask must not be guessed by whoever chose the payload (RFC 6455 section 5.3). The standard
//! library's hasher is keyed by the system's entropy, and its output is a keyed pseudo-random
//! function of what it hashes: a counter, here.

use std::hash::{BuildHasher, RandomState};

use stentor_wire::uuid_v7;
use uuid::Uuid;

/// A stream of numbers that nobody outside can tell beforehand. Not for long-lived secrets.
#[derive(Debug, Default)]
pub(crate) struct Chance {
    keyed: RandomState,
    drawn: u64,
}

impl Chance {
    /// The next number, of all 2^64.
    pub(crate) fn next(&mut self) -> u64 {
        self.drawn += 1;
        self.keyed.hash_one(self.drawn)
    }

    /// A key to mask one frame with.
    pub(crate) fn mask(&mut self) -> [u8; 4] {
        (self.next() as u32).to_ne_bytes()
    }

    /// The id of a message that is made now (UUIDv7; RFC 9562 section 5.7).
    pub(crate) fn id(&mut self, unix_millis: u64) -> Uuid {
        uuid_v7::made_at(unix_millis, self.key())
    }

    /// Sixteen bytes for `Sec-WebSocket-Key`.
    pub(crate) fn key(&mut self) -> [u8; 16] {
        let (high, low) = (u128::from(self.next()), u128::from(self.next()));
        (high << 64 | low).to_ne_bytes()
    }
}
