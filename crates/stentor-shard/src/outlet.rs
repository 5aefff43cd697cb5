//! The outlet: where a shard's flush puts bytes.

use std::io::IoSlice;

use crate::numbers::MemberId;
use crate::time::Instant;

/// The sockets of a shard, or what a test or a simulator puts in their place.
pub trait Outlet {
    /// Offers `bytes` to a member's socket and returns how many it took. Fewer than offered means
    /// that the socket is full: the driver calls [`crate::Shard::handle_writable`] when it has
    /// room again. A broken socket takes everything; the driver reports the loss of the member
    /// through [`crate::Shard::handle_disconnect`] after the flush.
    fn write(&mut self, member: MemberId, bytes: &[u8]) -> usize;

    /// The same for bytes that lie apart, in order.
    fn write_slices(&mut self, member: MemberId, slices: &[IoSlice<'_>]) -> usize;

    /// The time now. A flush is what takes long in a turn, so it looks at the clock as it goes.
    fn now(&mut self) -> Instant;
}
