//! The members of a message that mean something, as both readings hand them to the rules.

use std::borrow::Cow;

use crate::draft::Refusal;
use crate::error_code::ErrorCode;

/// A message's members before they are judged; any other member is dropped while reading.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Members<'a> {
    pub(super) id: Member<'a>,
    pub(super) kind: Member<'a>,
    pub(super) room: Member<'a>,
    pub(super) from: Member<'a>,
    pub(super) timestamp: Member<'a>,
    /// The exact bytes of the value, without the whitespace around it.
    pub(super) data: Option<&'a [u8]>,
}

impl<'a> Members<'a> {
    /// The place for the member called `key`, but for `data`; `None` if it means nothing.
    pub(super) fn place(&mut self, key: &str) -> Option<&mut Member<'a>> {
        Some(match key {
            "type" => &mut self.kind,
            "room" => &mut self.room,
            "id" => &mut self.id,
            "from" => &mut self.from,
            "timestamp" => &mut self.timestamp,
            _ => return None,
        })
    }
}

/// The value of a member, as far as the rules ask.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Member<'a> {
    /// There is none.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// A string, unescaped.
    Text(Cow<'a, str>),
    /// A string that is no Unicode text: it has a lone surrogate.
    BrokenText,
    /// Anything else.
    Other,
}

/// The refusal of JSON that is no object.
pub(super) fn no_object() -> Refusal {
    Refusal::without_reference(ErrorCode::InvalidMessage, "a message is a JSON object")
}

/// Whitespace between the tokens of JSON (RFC 8259 section 2).
pub(super) const fn is_whitespace(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
