//! What every message says of itself: whose run, which talker, the how-manieth, when it was due.
//!
//! Fixed width, so that reading it costs a few nanoseconds, and plain hexadecimal digits, so that
//! no JSON encoder has a reason to change a byte of it.

use std::fmt::{self, Write as _};

use crate::measure::moment::Moment;

#[cfg(test)]
mod tests;

/// How much of the content the stamp takes, in bytes: run 8, talker 8, sequence 8, due 16.
pub(crate) const STAMP_BYTES: usize = 40;
/// Run and talker, in bytes.
pub(crate) const AUTHOR_BYTES: usize = 16;
/// Sequence and due time, in bytes.
const REST_BYTES: usize = STAMP_BYTES - AUTHOR_BYTES;

/// The eight digits that tell this process's messages from another's in the same room.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct RunId([u8; 8]);

impl RunId {
    /// The id with these 32 bits.
    pub(crate) fn new(bits: u32) -> Self {
        Self(digits(bits))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| out.write_char(char::from(*digit)))
    }
}

/// What stands at the head of a message's content.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stamp {
    /// The run that sent it.
    pub(crate) run: RunId,
    /// The talker, numbered through all rooms.
    pub(crate) talker: u32,
    /// The how-manieth message of that talker, from 1.
    pub(crate) sequence: u32,
    /// When it was due to be sent, whenever it was sent: a stall shows as latency.
    pub(crate) due: Moment,
}

impl Stamp {
    /// The stamp as digits.
    pub(crate) fn encode(self) -> [u8; STAMP_BYTES] {
        let mut out = [0; STAMP_BYTES];
        out[..8].copy_from_slice(&self.run.0);
        out[8..16].copy_from_slice(&digits(self.talker));
        out[16..24].copy_from_slice(&digits(self.sequence));
        out[24..32].copy_from_slice(&digits((self.due.0 >> 32) as u32));
        out[32..].copy_from_slice(&digits(self.due.0 as u32));
        out
    }

    /// Reads a stamp; digits are taken on trust, the auditor sees what does not fit.
    #[inline]
    pub(crate) fn decode(bytes: &[u8; STAMP_BYTES]) -> Self {
        let (author, rest) = split(bytes);
        let (Author { run, talker }, (sequence, due)) = (Author::decode(author), decode_rest(rest));
        Self { run, talker, sequence, due }
    }
}

/// Whose message it is: what is the same in all messages of a talker.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Author {
    /// The run that sent it.
    pub(crate) run: RunId,
    /// The talker, numbered through all rooms.
    pub(crate) talker: u32,
}

impl Author {
    /// Reads it from the first part of a stamp.
    #[inline]
    pub(crate) fn decode(digits: &[u8; AUTHOR_BYTES]) -> Self {
        let (words, _) = digits.as_chunks::<8>();
        Self { run: RunId(words[0]), talker: value(words[1]) }
    }
}

/// A stamp's two parts: whose it is, and the rest.
#[inline]
pub(crate) fn split(stamp: &[u8; STAMP_BYTES]) -> (&[u8; AUTHOR_BYTES], &[u8; REST_BYTES]) {
    let (author, rest) = stamp.split_first_chunk().expect("40 bytes begin with 16");
    (author, rest.first_chunk().expect("40 bytes less 16 are 24"))
}

/// Sequence number and due time, from the second part of a stamp.
#[inline]
pub(crate) fn decode_rest(digits: &[u8; REST_BYTES]) -> (u32, Moment) {
    let (words, _) = digits.as_chunks::<8>();
    let due = u64::from(value(words[1])) << 32 | u64::from(value(words[2]));
    (value(words[0]), Moment(due))
}

/// Eight hexadecimal digits, highest first.
fn digits(value: u32) -> [u8; 8] {
    let mut out = [0; 8];
    for (place, digit) in out.iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(value >> (28 - 4 * place)) as usize & 15];
    }
    out
}

/// The value of eight hexadecimal digits, all at once in one register.
#[inline]
fn value(digits: [u8; 8]) -> u32 {
    const LOW_NIBBLES: u64 = 0x0f0f_0f0f_0f0f_0f0f;
    const ONES: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_be_bytes(digits);
    // A letter has bit 6 set and its low nibble counts from 1, so it stands for 9 more.
    let nibbles = (word & LOW_NIBBLES) + 9 * ((word >> 6) & ONES);
    let bytes = (nibbles | nibbles >> 4) & 0x00ff_00ff_00ff_00ff;
    let pairs = (bytes | bytes >> 8) & 0x0000_ffff_0000_ffff;
    (pairs | pairs >> 16) as u32
}
