//! Reloads: how often settings were read again, and what became of it, for the metrics.

use std::cell::Cell;

/// What became of settings that were read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reloaded {
    /// Something that may change has.
    Taken,
    /// Nothing that may change has, or there was nothing to read.
    Unchanged,
    /// There was a fault, and everything stays as it is.
    Failed,
}

/// The counts of the main thread, which alone reads again and shows them.
#[derive(Debug, Default)]
pub(crate) struct Reloads {
    taken: Cell<u64>,
    unchanged: Cell<u64>,
    failed: Cell<u64>,
    is_failing: Cell<bool>,
}

impl Reloads {
    /// One more.
    pub(crate) fn note(&self, reloaded: Reloaded) {
        let count = match reloaded {
            Reloaded::Taken => &self.taken,
            Reloaded::Unchanged => &self.unchanged,
            Reloaded::Failed => &self.failed,
        };
        count.set(count.get() + 1);
        self.is_failing.set(reloaded == Reloaded::Failed);
    }

    /// How often each came, by its word.
    pub(crate) fn counts(&self) -> [(&'static str, u64); 3] {
        [("ok", &self.taken), ("unchanged", &self.unchanged), ("failed", &self.failed)]
            .map(|(word, count)| (word, count.get()))
    }

    /// Whether what the files say now was refused when it was read last.
    pub(crate) fn is_failing(&self) -> bool {
        self.is_failing.get()
    }
}
