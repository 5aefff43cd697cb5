//! The id of an audited message: a UUID that tells talker and sequence number, so that an `ack`, a
//! `gap` or a `last_id` needs no table to be understood.

use crate::verdict::stamp::RunId;

#[cfg(test)]
mod tests;

/// A UUID as text, in bytes.
const TEXT_BYTES: usize = 36;

/// Which message of which talker.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct MessageId {
    /// The talker, numbered through all rooms; below 2^28.
    pub(crate) talker: u32,
    /// The how-manieth message of that talker, from 1.
    pub(crate) sequence: u32,
}

impl MessageId {
    /// The id as a UUID of version 8 (RFC 9562 section 5.8: its bits are the sender's own).
    pub(crate) fn text(self, run: RunId) -> String {
        let Self { talker, sequence } = self;
        let (high, low) = (talker >> 16 & 0xfff, talker & 0xffff);
        format!("{run}-{low:04x}-8{high:03x}-8000-0000{sequence:08x}")
    }

    /// Reads an id of this run; `None` if it is another's.
    pub(crate) fn parse(text: &str, run: RunId) -> Option<Self> {
        let hex = |from: usize, to: usize| u32::from_str_radix(text.get(from..to)?, 16).ok();
        if text.len() != TEXT_BYTES {
            return None;
        }
        let id = Self { talker: hex(15, 18)? << 16 | hex(9, 13)?, sequence: hex(28, 36)? };
        (id.text(run) == text).then_some(id)
    }
}
