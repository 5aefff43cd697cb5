//! Handed on: how far the shards have given their members what the bus heard.
//!
//! Shared by the bus and all shards; a number a shard, that of the last proof behind whose
//! arrivals it has flushed. Touched once a second.

use std::sync::atomic::{AtomicU64, Ordering};

/// How far each shard is.
#[derive(Debug)]
pub struct Handed {
    shards: Box<[AtomicU64]>,
}

impl Handed {
    /// That of so many shards, none of which has been given anything.
    pub fn new(shards: usize) -> Handed {
        Handed { shards: (0..shards).map(|_| AtomicU64::new(0)).collect() }
    }

    /// What came to a shard before the proof of this number is with its members.
    pub fn handle_flushed(&self, shard: usize, proof: u64) {
        if let Some(flushed) = self.shards.get(shard) {
            flushed.store(proof, Ordering::Release);
        }
    }

    /// The last proof that all shards are behind.
    pub fn by_all(&self) -> u64 {
        let flushed = self.shards.iter().map(|flushed| flushed.load(Ordering::Acquire));
        flushed.min().unwrap_or_default()
    }
}
