//! The head of a WebSocket frame, read and written (RFC 6455 section 5.2).
//!
//! Knows one frame at a time and neither role: a mask is reported, not required. What a server
//! asks of the frames of a client, and of their order, is [`assemble`](crate::assemble)'s.

use std::error::Error;
use std::fmt;

use crate::mask::apply_mask;

#[cfg(test)]
mod tests;

const FIN: u8 = 0b1000_0000;
const RESERVED_BITS: u8 = 0b0111_0000;
const OPCODE_BITS: u8 = 0b0000_1111;
const MASKED: u8 = 0b1000_0000;
const LENGTH_BITS: u8 = 0b0111_1111;
/// The length field says: the length is the 16 bits that follow.
const LENGTH_IN_16_BITS: u8 = 126;
/// The length field says: the length is the 64 bits that follow.
const LENGTH_IN_64_BITS: u8 = 127;

/// What the payload of a control frame may weigh, in bytes (RFC 6455 section 5.5).
pub const CONTROL_BYTES_MAX: usize = 125;

/// What a frame is (RFC 6455 section 5.2).
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum OpCode {
    /// A further fragment of the message that a text or binary frame began.
    Continuation = 0,
    /// A text message, or its first fragment.
    Text = 1,
    /// A binary message, or its first fragment.
    Binary = 2,
    /// The end of the connection.
    Close = 8,
    /// A question for a sign of life.
    Ping = 9,
    /// A sign of life.
    Pong = 10,
}

impl OpCode {
    /// Whether this is close, ping or pong: small, never fragmented, allowed between fragments.
    pub const fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    /// The opcode of these four bits, `None` for one that RFC 6455 keeps for later.
    const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::Continuation),
            1 => Some(Self::Text),
            2 => Some(Self::Binary),
            8 => Some(Self::Close),
            9 => Some(Self::Ping),
            10 => Some(Self::Pong),
            _ => None,
        }
    }
}

/// The head of one frame: all but its payload.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct FrameHead {
    /// Whether this frame ends its message.
    pub fin: bool,
    /// What the frame is.
    pub opcode: OpCode,
    /// The key that the payload is masked with; `None` on frames of a server.
    pub mask: Option<[u8; 4]>,
    /// What the payload weighs, in bytes; below 2^63, and at most 125 for a control frame.
    pub payload_bytes: u64,
}

impl FrameHead {
    /// What a head may weigh, in bytes: two, a 64-bit length and a mask key.
    pub const BYTES_MAX: usize = 14;

    /// Reads the head that `bytes` begin with, and how many bytes it takes; `None` if incomplete.
    ///
    /// [`FrameHead::BYTES_MAX`] bytes are never incomplete. A length written in a longer form than
    /// it needs is accepted, as other implementations do: nothing can be gained by it.
    ///
    /// # Errors
    /// Says what is wrong at the first byte that shows it, though the head be incomplete.
    pub fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>, FrameError> {
        let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
        let (fin, opcode) = parse_first(first)?;

        let Some((&second, rest)) = rest.split_first() else { return Ok(None) };
        let short = second & LENGTH_BITS;
        if opcode.is_control() && usize::from(short) > CONTROL_BYTES_MAX {
            return Err(FrameError::ControlTooBig);
        }
        let Some((payload_bytes, rest)) = parse_length(short, rest)? else { return Ok(None) };

        let (mask, rest) = if second & MASKED == 0 {
            (None, rest)
        } else {
            let Some((&key, rest)) = rest.split_first_chunk() else { return Ok(None) };
            (Some(key), rest)
        };
        let head = Self { fin, opcode, mask, payload_bytes };
        Ok(Some((head, bytes.len() - rest.len())))
    }

    /// Appends the head to `out`, its length in the shortest form.
    ///
    /// The caller keeps what [`FrameHead::parse`] would refuse from being built: a control frame
    /// that is fragmented or over 125 bytes, a length of 2^63 and more.
    pub fn encode(&self, out: &mut Vec<u8>) {
        debug_assert!(!self.opcode.is_control() || (self.fin && self.payload_bytes <= 125));
        debug_assert!(self.payload_bytes >> 63 == 0);

        let masked = if self.mask.is_some() { MASKED } else { 0 };
        out.push(if self.fin { FIN } else { 0 } | self.opcode as u8);
        match self.payload_bytes {
            short @ 0..126 => out.push(masked | short as u8),
            medium @ 126..0x1_0000 => {
                out.push(masked | LENGTH_IN_16_BITS);
                out.extend_from_slice(&(medium as u16).to_be_bytes());
            }
            long => {
                out.push(masked | LENGTH_IN_64_BITS);
                out.extend_from_slice(&long.to_be_bytes());
            }
        }
        out.extend_from_slice(self.mask.as_ref().map_or(&[], |key| key.as_slice()));
    }

    /// What [`FrameHead::encode`] appends, in bytes; at most [`FrameHead::BYTES_MAX`].
    pub const fn encoded_bytes(&self) -> usize {
        let length_bytes = match self.payload_bytes {
            0..126 => 0,
            126..0x1_0000 => 2,
            _ => 8,
        };
        let mask_bytes = if self.mask.is_some() { 4 } else { 0 };
        2 + length_bytes + mask_bytes
    }
}

/// Appends a final frame as a client sends it: masked with `mask`.
///
/// A key is to be unpredictable for whoever chose the payload (RFC 6455 section 5.3); where it
/// comes from is the caller's business. The payload of a control frame is cut at
/// [`CONTROL_BYTES_MAX`] by the caller.
pub fn masked_frame(opcode: OpCode, payload: &[u8], mask: [u8; 4], out: &mut Vec<u8>) {
    let payload_bytes = payload.len() as u64;
    let head = FrameHead { fin: true, opcode, mask: Some(mask), payload_bytes };
    out.reserve(head.encoded_bytes() + payload.len());
    head.encode(out);
    let begin = out.len();
    out.extend_from_slice(payload);
    apply_mask(&mut out[begin..], mask, 0);
}

/// Why bytes are no frame head, whoever sent them.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum FrameError {
    /// A reserved bit is set, and no extension that gives it a meaning was agreed on.
    ReservedBits,
    /// The opcode is one that RFC 6455 keeps for later.
    UnknownOpCode,
    /// A control frame that is not final.
    ControlFragmented,
    /// A control frame with a payload of more than 125 bytes.
    ControlTooBig,
    /// A 64-bit length with its top bit set.
    LengthTopBit,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReservedBits => "reserved bit set",
            Self::UnknownOpCode => "unknown opcode",
            Self::ControlFragmented => "control frame fragmented",
            Self::ControlTooBig => "control frame over 125 bytes",
            Self::LengthTopBit => "top bit of the length set",
        })
    }
}

impl Error for FrameError {}

fn parse_first(first: u8) -> Result<(bool, OpCode), FrameError> {
    if first & RESERVED_BITS != 0 {
        return Err(FrameError::ReservedBits);
    }
    let Some(opcode) = OpCode::from_bits(first & OPCODE_BITS) else {
        return Err(FrameError::UnknownOpCode);
    };
    let fin = first & FIN != 0;
    if opcode.is_control() && !fin {
        return Err(FrameError::ControlFragmented);
    }
    Ok((fin, opcode))
}

/// The payload's length and the bytes behind it, `None` if it is incomplete.
fn parse_length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, FrameError> {
    Ok(match short {
        LENGTH_IN_16_BITS => rest
            .split_first_chunk()
            .map(|(length, rest)| (u64::from(u16::from_be_bytes(*length)), rest)),
        LENGTH_IN_64_BITS => {
            if rest.first().is_some_and(|byte| byte & 0b1000_0000 != 0) {
                return Err(FrameError::LengthTopBit);
            }
            rest.split_first_chunk().map(|(length, rest)| (u64::from_be_bytes(*length), rest))
        }
        short => Some((u64::from(short), rest)),
    })
}
