//! A message's text → [`Draft`].
//!
//! Knows no connection and no room: a draft is judged by its own words only. The way of a message:
//! its depth is bounded, simd-json reads it from a copy (it rewrites what it reads), and what
//! simd-json refuses is read by serde_json before the sender is told no, because simd-json also
//! refuses some valid JSON: `1e999`, integers beyond 64 bits, lone surrogates.

use simd_json::{Buffers, Tape};

use crate::draft::{Draft, Refusal};

mod depth;
mod members;
mod rules;
mod second_reading;
mod tape;
#[cfg(test)]
mod tests;

/// A text above this, in bytes, counts as large: the scratch that it needed is not kept for ever.
const LARGE_TEXT_BYTES: usize = 8_192;

/// After so many small texts in a row, the scratch of an earlier large one is given back.
const SMALL_TEXTS_MAX: u32 = 1_024;

/// Reads messages, one after the other, and keeps its scratch between them.
///
/// One serves a whole shard. In the steady state reading allocates nothing. The scratch grows to
/// about 30 times the largest text in the worst case (a long array of small numbers), and shrinks
/// after 1,024 texts in a row of at most 8 KiB. The length of a text is bounded by the caller.
pub struct Parser {
    /// The copy that simd-json rewrites.
    copy: Vec<u8>,
    buffers: Buffers,
    /// Empty between messages; kept for its room.
    tape: Tape<'static>,
    /// Whether a large text was read since the scratch was new.
    is_grown: bool,
    small_texts: u32,
}

impl Parser {
    /// A parser with a small scratch.
    pub fn new() -> Parser {
        Parser {
            copy: Vec::new(),
            buffers: Buffers::new(0),
            tape: Tape(Vec::new()),
            is_grown: false,
            small_texts: 0,
        }
    }

    /// Reads the message of a client: one JSON object with nothing but whitespace around it.
    ///
    /// Its `from` and `timestamp` are ignored, whatever they are. Of several members with one
    /// name the last counts, as in JavaScript.
    ///
    /// # Errors
    /// A [`Refusal`] with `invalid_json`, `invalid_message`, `unknown_type`, `forbidden_type` or
    /// `bad_room`, in this order of judgement. Always the sender's fault.
    pub fn parse_client<'a>(&'a mut self, text: &'a [u8]) -> Result<Draft<'a>, Refusal> {
        rules::client_draft(self.members(text)?)
    }

    /// Reads the message of a backend or of another program on the bus.
    ///
    /// As [`Parser::parse_client`], but every known type is allowed, `join` and `leave` need no
    /// room (a backend has no membership that they could change), and a `from` that is a string
    /// and a `timestamp` in RFC 3339 are taken; others are ignored.
    ///
    /// # Errors
    /// A [`Refusal`] as for a client, without `forbidden_type`.
    pub fn parse_backend<'a>(&'a mut self, text: &'a [u8]) -> Result<Draft<'a>, Refusal> {
        rules::backend_draft(self.members(text)?)
    }

    fn members<'a>(&'a mut self, text: &'a [u8]) -> Result<members::Members<'a>, Refusal> {
        depth::check(text)?;
        self.shrink_in_time(text.len());
        match tape::read(&mut self.copy, &mut self.buffers, &mut self.tape, text) {
            Some(reading) => reading,
            None => second_reading::read(text),
        }
    }

    fn shrink_in_time(&mut self, text_bytes: usize) {
        if text_bytes > LARGE_TEXT_BYTES {
            self.is_grown = true;
            self.small_texts = 0;
        } else if self.is_grown {
            self.small_texts += 1;
            if self.small_texts > SMALL_TEXTS_MAX {
                *self = Parser::new();
            }
        }
    }
}

impl Default for Parser {
    fn default() -> Parser {
        Parser::new()
    }
}

impl std::fmt::Debug for Parser {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Parser")
            .field("copy_bytes", &self.copy.capacity())
            .finish_non_exhaustive()
    }
}
