//! What is kept between two inputs: a head, a frame, a message that are not complete.
//!
//! Checks no rule but UTF-8; what gets here was admitted.

use super::error::ProtocolError;
use crate::frame::{FrameHead, OpCode};
use std::str;

/// All that a connection keeps of what is incomplete.
#[derive(Debug, Default)]
pub(super) struct Partial {
    head: [u8; FrameHead::BYTES_MAX],
    head_bytes: usize,
    /// The frame whose payload has not all come.
    pub(super) frame: Option<OpenFrame>,
    /// What has come of a control frame; apart, as it may stand between fragments of a message.
    control: Vec<u8>,
    /// The message of which the last byte has not come.
    pub(super) message: Option<OpenMessage>,
}

/// A frame whose head is complete.
#[derive(Debug)]
pub(super) struct OpenFrame {
    /// Text, binary or a control frame; a continuation has become what it continues.
    pub(super) opcode: OpCode,
    pub(super) fin: bool,
    pub(super) mask: [u8; 4],
    pub(super) payload_bytes: usize,
    pub(super) received_bytes: usize,
}

impl OpenFrame {
    pub(super) const fn missing_bytes(&self) -> usize {
        self.payload_bytes - self.received_bytes
    }
}

/// A message whose first byte or first fragment has come.
#[derive(Debug)]
pub(super) struct OpenMessage {
    /// Text or binary.
    pub(super) opcode: OpCode,
    pub(super) bytes: Vec<u8>,
    /// How many of the bytes are known to be whole code points.
    valid_bytes: usize,
}

impl Partial {
    pub(super) const fn is_empty(&self) -> bool {
        self.head_bytes == 0 && self.frame.is_none() && self.message.is_none()
    }

    pub(super) fn buffered_bytes(&self) -> usize {
        let message_bytes = self.message.as_ref().map_or(0, |message| message.bytes.len());
        self.head_bytes + self.control.len() + message_bytes
    }

    pub(super) fn head(&self) -> &[u8] {
        &self.head[..self.head_bytes]
    }

    /// Adds as many bytes as the longest head can still want.
    pub(super) fn extend_head(&mut self, bytes: &[u8]) {
        for (slot, byte) in self.head[self.head_bytes..].iter_mut().zip(bytes) {
            *slot = *byte;
            self.head_bytes += 1;
        }
    }

    pub(super) const fn clear_head(&mut self) {
        self.head_bytes = 0;
    }

    /// Keeps a piece of the frame's payload.
    ///
    /// # Errors
    /// The piece makes its text message one that is not UTF-8, however it goes on.
    pub(super) fn append(&mut self, frame: &OpenFrame, chunk: &[u8]) -> Result<(), ProtocolError> {
        if frame.opcode.is_control() {
            self.control.extend_from_slice(chunk);
            return Ok(());
        }
        let message = self.message.get_or_insert_with(|| OpenMessage {
            opcode: frame.opcode,
            bytes: Vec::new(),
            valid_bytes: 0,
        });
        message.bytes.extend_from_slice(chunk);
        if message.opcode == OpCode::Text { message.validate() } else { Ok(()) }
    }

    /// Gives away what was collected of the message or control frame, which is whole now.
    pub(super) fn take_collected(&mut self, opcode: OpCode) -> Vec<u8> {
        if opcode.is_control() {
            return std::mem::take(&mut self.control);
        }
        self.message.take().map(|message| message.bytes).unwrap_or_default()
    }
}

impl OpenMessage {
    /// Checks what has come since the last time, so that a message is gone through once.
    fn validate(&mut self) -> Result<(), ProtocolError> {
        match str::from_utf8(&self.bytes[self.valid_bytes..]) {
            Ok(text) => self.valid_bytes += text.len(),
            Err(error) if error.error_len().is_some() => return Err(ProtocolError::BadUtf8),
            // The last code point, of up to four bytes, is only begun.
            Err(error) => self.valid_bytes += error.valid_up_to(),
        }
        Ok(())
    }
}
