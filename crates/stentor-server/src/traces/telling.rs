//! What a person hears of the exporting: a line for each change of state, and none for each batch.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How the exporting goes. Spans end on any thread, batches are sent by one.
#[derive(Debug, Default)]
pub(super) struct Telling {
    is_failing: AtomicBool,
    is_overfull: AtomicBool,
    /// Spans that no collector got, since that was told last.
    lost: AtomicU64,
    /// Why the last attempt got no answer: the SDK says no more than that it did not. Of the thread
    /// that sends alone.
    cause: Mutex<Option<String>>,
}

impl Telling {
    /// An attempt got no answer.
    pub(super) fn note_cause(&self, cause: String) {
        *self.cause.lock().unwrap_or_else(PoisonError::into_inner) = Some(cause);
    }

    /// A batch was taken.
    pub(super) fn exported(&self) {
        let was_failing = self.is_failing.swap(false, Ordering::Relaxed);
        let was_overfull = self.is_overfull.swap(false, Ordering::Relaxed);
        if was_failing || was_overfull {
            let lost = self.lost.swap(0, Ordering::Relaxed);
            tracing::info!(spans_lost = lost, "traces are exported again");
        }
    }

    /// A batch of so many spans was not.
    pub(super) fn failed(&self, spans: u64, why: &str) {
        self.lost.fetch_add(spans, Ordering::Relaxed);
        let cause = self.cause.lock().unwrap_or_else(PoisonError::into_inner).take();
        if !self.is_failing.swap(true, Ordering::Relaxed) {
            let why = cause.as_deref().unwrap_or(why);
            tracing::warn!(error = why, "traces cannot be exported: spans are lost until they can");
        }
    }

    /// A span had no place among those that wait.
    pub(super) fn dropped(&self) {
        self.lost.fetch_add(1, Ordering::Relaxed);
        if !self.is_overfull.swap(true, Ordering::Relaxed) {
            tracing::warn!("too many spans wait for the collector: some are lost");
        }
    }

    /// The process ends, with so many spans that wait still.
    pub(super) fn ended(&self, waiting: u64) {
        let lost = self.lost.swap(0, Ordering::Relaxed) + waiting;
        if lost > 0 {
            tracing::warn!(spans_lost = lost, "not all traces were exported");
        }
    }
}
