//! What makes members a message: the rules that every reading answers to.

use std::borrow::Cow;

use uuid::Uuid;

use super::members::{Member, Members};
use crate::draft::{Draft, REFERENCE_BYTES_MAX, Refusal, RoomField};
use crate::error_code::ErrorCode;
use crate::message_type::MessageType;
use crate::room_name::RoomName;
use crate::timestamp::Timestamp;

/// The longest unknown type that is repeated to its sender, in bytes.
const REPEATED_TYPE_BYTES_MAX: usize = 64;

/// The bytes of a UUID's hyphenated text; the other texts of a UUID do not count as one here.
const UUID_TEXT_BYTES: usize = 36;

/// Judges what a client sent.
pub(super) fn client_draft(members: Members<'_>) -> Result<Draft<'_>, Refusal> {
    let draft = draft(members, |kind| kind.is_allowed_from_client())?;
    let needs_room = matches!(draft.kind, MessageType::Join | MessageType::Leave);
    if needs_room && !matches!(draft.room, RoomField::Named(_)) {
        let message = format!("{} needs a room", draft.kind.as_str());
        return Err(refusal(ErrorCode::BadRoom, message, draft.reference));
    }
    Ok(Draft { from: None, timestamp: None, ..draft })
}

/// Judges what a backend sent.
pub(super) fn backend_draft(members: Members<'_>) -> Result<Draft<'_>, Refusal> {
    draft(members, |_| true)
}

fn draft(members: Members<'_>, is_allowed: fn(MessageType) -> bool) -> Result<Draft<'_>, Refusal> {
    let Members { id, kind, room, from, timestamp, data } = members;
    let (id, reference) = id_and_reference(id);
    let judged = judge_kind(kind, is_allowed).and_then(|kind| Ok((kind, judge_room(room)?)));
    let (kind, room) = match judged {
        Ok(judged) => judged,
        Err((code, message)) => return Err(refusal(code, message, reference)),
    };
    let timestamp = match timestamp {
        Member::Text(text) => Timestamp::parse_rfc3339(&text),
        _ => None,
    };
    let from = match from {
        Member::Text(text) => Some(text),
        _ => None,
    };
    Ok(Draft { id, reference, kind, room, from, timestamp, data: data.unwrap_or(b"{}") })
}

fn id_and_reference(id: Member<'_>) -> (Option<Uuid>, Option<Cow<'_, str>>) {
    let Member::Text(text) = id else { return (None, None) };
    if text.len() > REFERENCE_BYTES_MAX {
        return (None, None);
    }
    let is_hyphenated = text.len() == UUID_TEXT_BYTES;
    let id = if is_hyphenated { Uuid::try_parse(&text).ok() } else { None };
    (id, Some(text))
}

type Complaint = (ErrorCode, Cow<'static, str>);

fn judge_kind(
    kind: Member<'_>,
    is_allowed: fn(MessageType) -> bool,
) -> Result<MessageType, Complaint> {
    let word = match kind {
        Member::Absent => return Ok(MessageType::Chat),
        Member::Text(word) => word,
        Member::BrokenText => return Err((ErrorCode::UnknownType, "unknown type".into())),
        Member::Null | Member::Other => {
            return Err((ErrorCode::InvalidMessage, "type must be a string".into()));
        }
    };
    match MessageType::parse(&word) {
        Some(kind) if is_allowed(kind) => Ok(kind),
        Some(kind) => {
            let message = format!("only the server sends type {}", kind.as_str());
            Err((ErrorCode::ForbiddenType, message.into()))
        }
        None if word.len() > REPEATED_TYPE_BYTES_MAX => {
            Err((ErrorCode::UnknownType, "unknown type".into()))
        }
        None => Err((ErrorCode::UnknownType, format!("unknown type {word:?}").into())),
    }
}

fn judge_room(room: Member<'_>) -> Result<RoomField<'_>, Complaint> {
    match room {
        Member::Absent => Ok(RoomField::Absent),
        Member::Null => Ok(RoomField::Global),
        Member::Text(name) if name.is_empty() => Ok(RoomField::Global),
        Member::Text(name) => match RoomName::check(&name) {
            Ok(()) => Ok(RoomField::Named(name)),
            Err(bad) => Err((ErrorCode::BadRoom, bad.as_str().into())),
        },
        Member::BrokenText => Err((ErrorCode::BadRoom, "a room name must be Unicode text".into())),
        Member::Other => Err((ErrorCode::InvalidMessage, "room must be a string or null".into())),
    }
}

fn refusal(
    code: ErrorCode,
    message: impl Into<Cow<'static, str>>,
    reference: Option<Cow<'_, str>>,
) -> Refusal {
    Refusal { code, message: message.into(), reference: reference.map(Cow::into_owned) }
}
