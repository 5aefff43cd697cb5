//! Refused upgrades, counted by what they were told.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::problem::Kind;

/// One counter for each kind of [`Kind::OF_UPGRADES`]. All shards count here, because who is refused
/// has no time to lose.
#[derive(Debug, Default)]
pub(crate) struct Refusals([AtomicU64; Kind::OF_UPGRADES.len()]);

impl Refusals {
    /// Counts a refusal; of kinds that no upgrade meets, nothing.
    pub(crate) fn count(&self, kind: Kind) {
        if let Some(position) = Kind::OF_UPGRADES.iter().position(|known| *known == kind) {
            self.0[position].fetch_add(1, Relaxed);
        }
    }

    /// Each kind's code with its count.
    pub(crate) fn read(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Kind::OF_UPGRADES
            .iter()
            .zip(&self.0)
            .map(|(kind, count)| (kind.code(), count.load(Relaxed)))
    }
}
