//! A record that is on its way out.

use bytes::Bytes;
use stentor_wire::time::Instant;

use crate::channel::Audience;
use crate::seq::Seq;

/// The order in which records were said on this pod, over all channels; larger is later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u64);

/// An encoded record, its number in it already: it stays the same however often it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutRecord {
    /// Whom it is for.
    pub audience: Audience,
    /// Its number on that channel.
    pub seq: Seq,
    /// Whether it is a mark: one that is lost is made anew, and not kept.
    pub is_mark: bool,
    /// Whether all that was said before it had been handed to all members here.
    pub is_settled: bool,
    /// Whether it has been counted among those that Redis did not take at once.
    pub has_failed: bool,
    /// The payload.
    pub payload: Bytes,
    /// When it was said.
    pub said_at: Instant,
}

impl OutRecord {
    /// What it counts against a bound in bytes: the payload and what the queue itself needs.
    pub(crate) fn weight(&self) -> usize {
        self.payload.len() + RECORD_WEIGHT
    }
}

/// What a record weighs beside its payload, in bytes, with its place in a map.
const RECORD_WEIGHT: usize = 128;
