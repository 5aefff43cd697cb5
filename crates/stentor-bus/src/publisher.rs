//! The publisher: how a shard hands a message to the bus without waiting.
//!
//! A bounded queue in front of the bus thread. Where it is full the message is lost to the other
//! pods, and that is counted for its channel, so that the number it would have had is left out and
//! they see the hole.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::channel::Audience;
use crate::follow::Follow;

/// The most messages that wait for the bus thread.
pub const QUEUE_MESSAGES_MAX: usize = 16_384;

/// The most bytes that wait for it.
pub const QUEUE_BYTES_MAX: usize = 32 * 1024 * 1024;

/// The most channels whose overflow is counted one by one; what overflows beyond them leaves no
/// hole at the other pods.
const OVERFLOWN_CHANNELS_MAX: usize = 4_096;

/// Hands messages to the bus; a clone hands them to the same.
#[derive(Clone, Debug)]
pub struct Publisher {
    messages: mpsc::Sender<Outgoing>,
    shared: Arc<Shared>,
}

/// The bus thread's end of it.
#[derive(Debug)]
pub(crate) struct Outgoings {
    messages: mpsc::Receiver<Outgoing>,
    shared: Arc<Shared>,
}

/// A message on its way to the bus thread.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Whom it is for.
    pub audience: Audience,
    /// Its JSON, as the envelope's encoder wrote it.
    pub message: Bytes,
    /// Whether its sender chose the id, so that a resend carries it again.
    pub is_id_chosen: bool,
    /// Whether all that this pod had said before to this audience had been handed to all of its
    /// members here when this was said. A history then knows who heard this to have heard that.
    pub is_settled: bool,
    /// Who follows it; `None` for all but what somebody traces.
    pub follow: Option<Arc<Follow>>,
}

#[derive(Debug, Default)]
struct Shared {
    bytes: AtomicUsize,
    has_overflown: AtomicBool,
    /// Touched only where the queue is full, never on the way of a message that fits.
    overflow: Mutex<HashMap<Audience, u64>>,
}

/// The queue is full, or the bus has ended: the other pods do not hear this message, and are told
/// that they missed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Overflow;

pub(crate) fn queue() -> (Publisher, Outgoings) {
    let (tx, rx) = mpsc::channel(QUEUE_MESSAGES_MAX);
    let shared = Arc::<Shared>::default();
    (Publisher { messages: tx, shared: shared.clone() }, Outgoings { messages: rx, shared })
}

impl Publisher {
    /// Hands over a message's JSON, as the envelope's encoder wrote it. Never waits.
    ///
    /// # Errors
    /// [`Overflow`]: nothing is to be done about it, it is counted.
    pub fn try_publish(&self, audience: Audience, message: Bytes) -> Result<(), Overflow> {
        self.try_publish_outgoing(Outgoing::untold(audience, message, false))
    }

    /// The same for a message whose id its sender chose, so that a resend carries it again.
    ///
    /// # Errors
    /// As [`Publisher::try_publish`].
    pub fn try_publish_with_chosen_id(
        &self,
        audience: Audience,
        message: Bytes,
    ) -> Result<(), Overflow> {
        self.try_publish_outgoing(Outgoing::untold(audience, message, true))
    }

    /// The same for a message of which all of this is known.
    ///
    /// # Errors
    /// As [`Publisher::try_publish`].
    pub fn try_publish_outgoing(&self, outgoing: Outgoing) -> Result<(), Overflow> {
        let bytes = outgoing.message.len();
        let before = self.shared.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > QUEUE_BYTES_MAX {
            self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return self.overflow(outgoing.audience);
        }
        self.messages.try_send(outgoing).or_else(|error| {
            self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.overflow(error.into_inner().audience)
        })
    }

    fn overflow(&self, audience: Audience) -> Result<(), Overflow> {
        let mut overflow = self.shared.overflow.lock().unwrap_or_else(PoisonError::into_inner);
        if overflow.len() < OVERFLOWN_CHANNELS_MAX || overflow.contains_key(&audience) {
            *overflow.entry(audience).or_default() += 1;
        }
        self.shared.has_overflown.store(true, Ordering::Release);
        Err(Overflow)
    }
}

impl Outgoing {
    /// A message of which no more is known.
    fn untold(audience: Audience, message: Bytes, is_id_chosen: bool) -> Outgoing {
        Outgoing { audience, message, is_id_chosen, is_settled: false, follow: None }
    }
}

impl Outgoings {
    /// Waits for messages and appends at most `max` of them; 0 where nobody is left who could
    /// publish.
    ///
    /// # Cancel safety
    /// Where it is dropped, no message has been taken.
    pub(crate) async fn recv_many(&mut self, out: &mut Vec<Outgoing>, max: usize) -> usize {
        let start = out.len();
        let count = self.messages.recv_many(out, max).await;
        let bytes = out[start..].iter().map(|outgoing| outgoing.message.len()).sum();
        self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
        count
    }

    /// Appends whatever waits by now.
    pub(crate) fn take_all(&mut self, out: &mut impl Extend<Outgoing>) {
        let (messages, mut bytes) = (&mut self.messages, 0);
        // Who says something meanwhile does not keep this going.
        let waiting = std::iter::from_fn(|| messages.try_recv().ok()).take(QUEUE_MESSAGES_MAX);
        out.extend(waiting.inspect(|outgoing| bytes += outgoing.message.len()));
        self.shared.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Takes nothing new; what waits can still be received.
    pub(crate) fn close(&mut self) {
        self.messages.close();
    }

    /// What overflowed since this was asked last.
    pub(crate) fn take_overflow(&self) -> HashMap<Audience, u64> {
        if !self.shared.has_overflown.swap(false, Ordering::Acquire) {
            return HashMap::new();
        }
        let mut overflow = self.shared.overflow.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *overflow)
    }
}

#[cfg(test)]
mod tests;
