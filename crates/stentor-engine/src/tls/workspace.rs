//! What sessions work with, one at a time.

use std::io::IoSlice;

use super::session::RECORD_BYTES;

/// What one read takes from a socket at the most.
pub(super) const RECEIVED_BYTES: usize = 64 * 1024;

/// What a record of [`RECORD_BYTES`] has room in: RFC 5246 section 6.2.3 allows 2,048 bytes and a
/// head of five more, and what else may have to be said before it, a key update, takes less.
pub(super) const SENDING_BYTES: usize = RECORD_BYTES + 4 * 1024;

/// Memory for the records that one session of many is at, about 100 KiB once it is used. Nothing is
/// kept in it between two calls.
#[derive(Debug, Default)]
pub struct Workspace {
    received: Vec<u8>,
    sending: Vec<u8>,
    gathered: Vec<u8>,
}

impl Workspace {
    /// Room for records that come.
    pub(super) fn received(&mut self) -> &mut [u8] {
        self.received.resize(RECEIVED_BYTES, 0);
        &mut self.received
    }

    /// At most a record's worth of what lies apart, from an offset on, in one piece; and room for
    /// that record.
    pub(super) fn gather<'a>(
        &'a mut self,
        slices: &'a [IoSlice<'_>],
        offset: usize,
    ) -> (&'a [u8], &'a mut [u8]) {
        self.sending.resize(SENDING_BYTES, 0);
        if let [one] = slices {
            let end = one.len().min(offset + RECORD_BYTES);
            return (&one[offset..end], &mut self.sending);
        }
        self.gathered.clear();
        let mut offset = offset;
        for slice in slices {
            let left = slice.get(offset..).unwrap_or_default();
            offset = offset.saturating_sub(slice.len());
            let room = RECORD_BYTES - self.gathered.len();
            self.gathered.extend_from_slice(&left[..left.len().min(room)]);
        }
        (&self.gathered, &mut self.sending)
    }
}
