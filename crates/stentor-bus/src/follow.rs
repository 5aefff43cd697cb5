//! Following: what somebody who traces a publication learns of its way to the other pods.
//!
//! One span for all messages of a publication, from when the engine said them until nothing of them
//! waits for an answer of Redis any more. Knows no room and no message.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::Span;
use tracing::field::Empty;

/// The target of every span of a followed publication, by which a subscriber tells them from what
/// is logged.
pub const TRACE_TARGET: &str = "stentor::trace";

/// A publication on its way to the other pods. The span ends with the last holder, and says then
/// how many messages there were, how many Redis has taken at the first attempt and how many went
/// to the outage's buffer; what is missing in the sum was refused, dropped or still under way when
/// the bus ended.
#[derive(Debug)]
pub struct Follow {
    span: Span,
    messages: AtomicU64,
    published: AtomicU64,
    deferred: AtomicU64,
}

impl Follow {
    /// Begins the span, below `parent`.
    pub fn begin(parent: &Span) -> Follow {
        let span = tracing::info_span!(
            target: TRACE_TARGET,
            parent: parent,
            "publish to pods",
            stentor.messages = Empty,
            stentor.published = Empty,
            stentor.deferred = Empty,
        );
        let (messages, published, deferred) = Default::default();
        Follow { span, messages, published, deferred }
    }

    /// One more message is on its way.
    pub fn note_message(&self) {
        self.messages.fetch_add(1, Ordering::Relaxed);
    }

    /// Redis has taken one.
    pub(crate) fn note_published(&self) {
        self.published.fetch_add(1, Ordering::Relaxed);
    }

    /// One waits until Redis is there (again).
    pub(crate) fn note_deferred(&self) {
        self.deferred.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        let counts = [
            ("stentor.messages", &mut self.messages),
            ("stentor.published", &mut self.published),
            ("stentor.deferred", &mut self.deferred),
        ];
        for (field, count) in counts {
            // Signed: there are subscribers that take an unsigned number for a text.
            self.span.record(field, count.get_mut().cast_signed());
        }
    }
}

#[cfg(test)]
mod tests;
