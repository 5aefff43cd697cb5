//! Handed on: how far the shards have given their members what the bus heard.
//!
//! Shared by the bus and all shards; a number a shard, that of the last proof behind whose
//! arrivals it has flushed. Touched once a second.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// How far each shard is.
#[derive(Debug)]
pub struct Handed {
    shards: Box<[AtomicU64]>,
    /// A shard was too slow, and something passed it by.
    has_lagged: AtomicBool,
}

impl Handed {
    /// That of so many shards, none of which has been given anything.
    pub fn new(shards: usize) -> Handed {
        let shards = (0..shards).map(|_| AtomicU64::new(0)).collect();
        Handed { shards, has_lagged: AtomicBool::new(false) }
    }

    /// What came to a shard before the proof of this number is with its members.
    pub fn handle_flushed(&self, shard: usize, proof: u64) {
        if let Some(flushed) = self.shards.get(shard) {
            flushed.store(proof, Ordering::Release);
        }
    }

    /// A shard has ended, and its members with it: nothing is owed to them.
    pub fn handle_ended(&self, shard: usize) {
        self.handle_flushed(shard, u64::MAX);
    }

    /// A shard was too slow: something that came to the bus did not come to its members.
    pub fn handle_lag(&self) {
        self.has_lagged.store(true, Ordering::Release);
    }

    /// Whether a shard was too slow since this was asked last.
    pub fn take_lag(&self) -> bool {
        self.has_lagged.load(Ordering::Relaxed) && self.has_lagged.swap(false, Ordering::AcqRel)
    }

    /// The last proof that all shards are behind.
    pub fn by_all(&self) -> u64 {
        let flushed = self.shards.iter().map(|flushed| flushed.load(Ordering::Acquire));
        flushed.min().unwrap_or_default()
    }
}
