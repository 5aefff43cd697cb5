//! From a peer's bytes to whole messages: the reading half of RFC 6455, without a socket.
//!
//! Who the peer is, is a type: [`Assembler`] reads what a client sends and is the server's,
//! [`ClientAssembler`] reads what a server sends and is a client's. They differ in the mask alone.
//!
//! The driver reads into one buffer that all its connections share, wraps what it read in an
//! [`Input`] and polls the connection's [`Assembler`] until nothing is left:
//!
//! ```
//! use stentor_wire::assemble::{Assembler, Incoming, Input};
//!
//! let mut assembler = Assembler::default();
//! let mut scratch = [0x81, 0x82, 0, 0, 0, 0, b'h', b'i', 0x89];
//! let mut input = Input::new(&mut scratch);
//! while let Some(incoming) = assembler.poll(&mut input, 65_536)? {
//!     assert_eq!(incoming, Incoming::Text("hi"));
//! }
//! assert_eq!(assembler.buffered_bytes(), 1); // the head of a ping that is still on its way
//! # Ok::<(), stentor_wire::assemble::ProtocolError>(())
//! ```
//!
//! Knows no connection and answers nothing: pongs and close frames are the driver's to send, and a
//! close does not stop it from reading on. Knows no extension: reserved bits must be zero.

mod error;
mod incoming;
mod partial;
mod peer;
#[cfg(test)]
mod tests;

pub use error::ProtocolError;
pub use incoming::{Incoming, PeerClose};
pub use peer::{FromClient, FromServer, Peer};

use crate::frame::{FrameHead, OpCode};
use crate::mask::apply_mask;
use partial::{OpenFrame, Partial};
use std::marker::PhantomData;
use std::ops::Range;

/// What a server reads with: the frames of a client, each of them masked.
pub type Assembler = AssemblerOf<FromClient>;

/// What a client reads with: the frames of a server, none of them masked.
pub type ClientAssembler = AssemblerOf<FromServer>;

/// Bytes that came from a peer, and how far they are used up.
///
/// It also takes over what was collected of a message that began in an earlier input, once that
/// message is whole, so that the [`Assembler`] is free from then on.
#[derive(Debug)]
pub struct Input<'b> {
    bytes: &'b mut [u8],
    used_bytes: usize,
    carried_over: Vec<u8>,
}

impl<'b> Input<'b> {
    /// An input of which nothing is used up. Payloads in it are unmasked in place.
    pub const fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, used_bytes: 0, carried_over: Vec::new() }
    }

    /// How many bytes are not used up yet.
    pub const fn remaining(&self) -> usize {
        self.bytes.len() - self.used_bytes
    }

    /// Whether all is used up.
    pub const fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.used_bytes..]
    }

    /// Uses up `bytes_max` bytes, or all if there are fewer, and says where they lie.
    fn take(&mut self, bytes_max: usize) -> Range<usize> {
        let begin = self.used_bytes;
        self.used_bytes += bytes_max.min(self.remaining());
        begin..self.used_bytes
    }

    fn payload(&self, place: Place) -> &[u8] {
        match place {
            Place::InInput(range) => &self.bytes[range],
            Place::CarriedOver => &self.carried_over,
        }
    }
}

/// What a connection keeps of a message that is not whole yet; one word while there is none.
///
/// `P` says who sends. It is a type, so that neither role pays for the other with a branch.
///
/// Memory: what is kept is what was received, in a vector that doubles as it grows, and at most
/// the `message_bytes_max` of [`Assembler::poll`] and a control frame. A length that is only
/// announced takes none.
#[derive(Debug, Default)]
pub struct AssemblerOf<P> {
    partial: Option<Box<Partial>>,
    peer: PhantomData<P>,
}

impl<P: Peer> AssemblerOf<P> {
    /// Takes from `input` until one message or control frame is whole; `None` once it is used up.
    ///
    /// `message_bytes_max` bounds a message after reassembly, in bytes: exactly that many pass. An
    /// unfragmented frame that lies in `input` as a whole is unmasked there and borrowed. Each
    /// call takes time linear in the bytes that it uses up, and in the message that it completes.
    ///
    /// # Errors
    /// The peer broke the protocol or the bound, told as soon as the bytes show it: a length by
    /// its head, bad UTF-8 by the first byte that no text can hold. Close the connection with
    /// [`ProtocolError::close_code`]; neither the assembler nor the input are of use after it.
    pub fn poll<'m>(
        &mut self,
        input: &'m mut Input<'_>,
        message_bytes_max: usize,
    ) -> Result<Option<Incoming<'m>>, ProtocolError> {
        let whole = self.poll_whole(input, message_bytes_max)?;
        if self.partial.as_ref().is_some_and(|partial| partial.is_empty()) {
            self.partial = None;
        }
        let Some(Whole { opcode, place }) = whole else { return Ok(None) };
        Incoming::from_payload(opcode, input.payload(place)).map(Some)
    }

    /// Whether nothing is incomplete, so that nothing is kept.
    pub const fn is_idle(&self) -> bool {
        self.partial.is_none()
    }

    /// How many received bytes are kept.
    pub fn buffered_bytes(&self) -> usize {
        self.partial.as_ref().map_or(0, |partial| partial.buffered_bytes())
    }

    fn poll_whole(
        &mut self,
        input: &mut Input<'_>,
        message_bytes_max: usize,
    ) -> Result<Option<Whole>, ProtocolError> {
        loop {
            let unfinished = self.partial.as_mut().and_then(|partial| partial.frame.take());
            let frame = match unfinished {
                Some(frame) => frame,
                None => match self.read_head(input, message_bytes_max)? {
                    Some(frame) => frame,
                    None => return Ok(None),
                },
            };
            match self.read_payload(frame, input)? {
                Payload::Whole(whole) => return Ok(Some(whole)),
                Payload::FragmentKept => {}
                Payload::Unfinished => return Ok(None),
            }
        }
    }

    /// Reads a head, begun in this input or an earlier one; an incomplete one is kept.
    fn read_head(
        &mut self,
        input: &mut Input<'_>,
        message_bytes_max: usize,
    ) -> Result<Option<OpenFrame>, ProtocolError> {
        if input.is_empty() {
            return Ok(None);
        }
        let kept_bytes = self.partial.as_ref().map_or(0, |partial| partial.head().len());
        if kept_bytes == 0
            && let Some((head, head_bytes)) = FrameHead::parse(input.rest())?
        {
            input.take(head_bytes);
            return self.admit(head, message_bytes_max).map(Some);
        }

        let partial = self.partial.get_or_insert_default();
        partial.extend_head(input.rest());
        if let Some((head, head_bytes)) = FrameHead::parse(partial.head())? {
            partial.clear_head();
            input.take(head_bytes - kept_bytes);
            return self.admit(head, message_bytes_max).map(Some);
        }
        input.take(usize::MAX);
        self.judge_incomplete_head(message_bytes_max)?;
        Ok(None)
    }

    /// Refuses a head whose length is known and whose mask key, if any, is still on its way.
    fn judge_incomplete_head(&self, message_bytes_max: usize) -> Result<(), ProtocolError> {
        let kept = self.partial.as_ref().map_or(&[][..], |partial| partial.head());
        if kept.len() < 2 {
            return Ok(());
        }
        // Four bytes in the mask key's place complete a head exactly if only the key is missing,
        // or if there is no mask. Of a client that is a fault whatever follows; of a server they
        // stand in the length's place, which cannot be less than with these zeros.
        const KEY: [u8; 4] = [0; 4];
        let mut completed = [0; FrameHead::BYTES_MAX + KEY.len()];
        completed[..kept.len()].copy_from_slice(kept);
        match FrameHead::parse(&completed[..kept.len() + KEY.len()])? {
            Some((head, _)) => self.admit(head, message_bytes_max).map(|_| ()),
            None => Ok(()),
        }
    }

    /// Checks a head against the role, the order of frames and the bound; no memory is taken.
    fn admit(&self, head: FrameHead, message_bytes_max: usize) -> Result<OpenFrame, ProtocolError> {
        let mask = P::admit_mask(head.mask)?;
        let message = self.partial.as_ref().and_then(|partial| partial.message.as_ref());
        let opcode = match (head.opcode, message) {
            (control, _) if control.is_control() => control,
            (OpCode::Continuation, Some(message)) => message.opcode,
            (OpCode::Continuation, None) => return Err(ProtocolError::LoneContinuation),
            (_, Some(_)) => return Err(ProtocolError::InterleavedMessage),
            (data, None) => data,
        };
        let payload_bytes =
            usize::try_from(head.payload_bytes).map_err(|_| ProtocolError::TooBig)?;
        let collected_bytes = message.map_or(0, |message| message.bytes.len());
        let may_weigh = message_bytes_max.saturating_sub(collected_bytes);
        if !opcode.is_control() && payload_bytes > may_weigh {
            return Err(ProtocolError::TooBig);
        }
        Ok(OpenFrame { opcode, fin: head.fin, mask, payload_bytes, received_bytes: 0 })
    }

    /// Unmasks what has come of a payload, and keeps it unless it is all of a message.
    fn read_payload(
        &mut self,
        mut frame: OpenFrame,
        input: &mut Input<'_>,
    ) -> Result<Payload, ProtocolError> {
        let range = input.take(frame.missing_bytes());
        let chunk = &mut input.bytes[range.clone()];
        if P::MASKS {
            apply_mask(chunk, frame.mask, frame.received_bytes);
        }
        let is_first_chunk = frame.received_bytes == 0;
        frame.received_bytes += chunk.len();
        let is_complete = frame.missing_bytes() == 0;

        let continues = self.partial.as_ref().is_some_and(|partial| partial.message.is_some());
        let is_alone = frame.opcode.is_control() || (frame.fin && !continues);
        if is_first_chunk && is_complete && is_alone {
            let place = Place::InInput(range);
            return Ok(Payload::Whole(Whole { opcode: frame.opcode, place }));
        }

        let partial = self.partial.get_or_insert_default();
        if !is_complete {
            // Nothing is opened for a payload of which nothing came: it may yet come as a whole.
            if !chunk.is_empty() {
                partial.append(&frame, chunk)?;
            }
            partial.frame = Some(frame);
            return Ok(Payload::Unfinished);
        }
        partial.append(&frame, chunk)?;
        if !frame.fin {
            return Ok(Payload::FragmentKept);
        }
        input.carried_over = partial.take_collected(frame.opcode);
        Ok(Payload::Whole(Whole { opcode: frame.opcode, place: Place::CarriedOver }))
    }
}

/// A message or control frame of which every byte is there, unmasked.
struct Whole {
    /// Text, binary or a control frame; a continuation has become what it continues.
    opcode: OpCode,
    place: Place,
}

/// Where a whole payload lies.
enum Place {
    InInput(Range<usize>),
    CarriedOver,
}

/// How far reading a payload got.
enum Payload {
    Whole(Whole),
    /// A fragment ended, its message did not.
    FragmentKept,
    /// The input ended before the frame.
    Unfinished,
}
