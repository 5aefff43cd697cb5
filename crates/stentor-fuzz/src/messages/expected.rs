//! What the contract makes of a text, read by serde_json alone.

use serde_json::value::RawValue;
use stentor_wire::JSON_DEPTH_MAX;
use stentor_wire::draft::{Draft, REFERENCE_BYTES_MAX};
use stentor_wire::error_code::ErrorCode;
use uuid::Uuid;

use super::room_of;
use crate::json::{self, Object};

/// The types of messages, and whether a client may send them.
const KINDS: [(&str, bool); 10] = [
    ("chat", true),
    ("presence", true),
    ("ping", true),
    ("pong", true),
    ("join", true),
    ("leave", true),
    ("auth", true),
    ("system", false),
    ("notification", false),
    ("error", false),
];

/// The most bytes of a room's name.
const ROOM_BYTES_MAX: usize = 128;

/// Who speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sender {
    Client,
    Backend,
}

/// What is to become of a text.
pub(super) enum Expected<'a> {
    Refused(ErrorCode),
    Message(Message<'a>),
}

/// The members of a message that mean something.
pub(super) struct Message<'a> {
    id: Option<String>,
    kind: String,
    /// `absent`, `global` or `room` and its name.
    room: String,
    from: Option<String>,
    /// `None` where the member is absent: `{}` is meant then.
    data: Option<&'a RawValue>,
}

/// A member as far as the rules ask.
enum Member {
    Absent,
    Null,
    Text(String),
    /// A string with a lone surrogate.
    Broken,
    Other,
}

/// Judges `text` in the order of the contract: JSON, object, type, room.
pub(super) fn of(text: &[u8], sender: Sender) -> Expected<'_> {
    match judge(text, sender) {
        Ok(message) => Expected::Message(message),
        Err(code) => Expected::Refused(code),
    }
}

fn judge(text: &[u8], sender: Sender) -> Result<Message<'_>, ErrorCode> {
    let whole = json::value(text).ok_or(ErrorCode::InvalidJson)?;
    if json::is_deeper_than(JSON_DEPTH_MAX, whole) {
        return Err(ErrorCode::InvalidJson);
    }
    let members = json::object(whole).ok_or(ErrorCode::InvalidMessage)?;
    let kind = kind(member(&members, "type"), sender)?;
    let room = room(member(&members, "room"))?;
    let needs_room = sender == Sender::Client && ["join", "leave"].contains(&kind.as_str());
    if needs_room && !room.starts_with("room ") {
        return Err(ErrorCode::BadRoom);
    }
    let id = match member(&members, "id") {
        Member::Text(id) if id.len() <= REFERENCE_BYTES_MAX => Some(id),
        _ => None,
    };
    let from = match member(&members, "from") {
        Member::Text(from) if sender == Sender::Backend => Some(from),
        _ => None,
    };
    Ok(Message { id, kind, room, from, data: members.last("data") })
}

fn kind(member: Member, sender: Sender) -> Result<String, ErrorCode> {
    let word = match member {
        Member::Absent => return Ok("chat".to_owned()),
        Member::Text(word) => word,
        Member::Broken => return Err(ErrorCode::UnknownType),
        Member::Null | Member::Other => return Err(ErrorCode::InvalidMessage),
    };
    match KINDS.iter().find(|(known, _)| *known == word) {
        None => Err(ErrorCode::UnknownType),
        Some((_, false)) if sender == Sender::Client => Err(ErrorCode::ForbiddenType),
        Some(_) => Ok(word),
    }
}

fn room(member: Member) -> Result<String, ErrorCode> {
    match member {
        Member::Absent => Ok("absent".to_owned()),
        Member::Null => Ok("global".to_owned()),
        Member::Text(name) if name.is_empty() => Ok("global".to_owned()),
        Member::Text(name) if is_room(&name) => Ok(format!("room {name}")),
        Member::Text(_) | Member::Broken => Err(ErrorCode::BadRoom),
        Member::Other => Err(ErrorCode::InvalidMessage),
    }
}

/// 1 to 128 bytes without control characters: C0, DEL and C1.
pub(crate) fn is_room(name: &str) -> bool {
    let is_control = |c: char| matches!(c, '\0'..='\x1f' | '\x7f'..='\u{9f}');
    (1..=ROOM_BYTES_MAX).contains(&name.len()) && !name.chars().any(is_control)
}

fn member(members: &Object<'_>, name: &str) -> Member {
    let Some(json) = members.last(name) else { return Member::Absent };
    match (json.get(), json::text(json)) {
        ("null", _) => Member::Null,
        (_, Some(text)) => Member::Text(text),
        (json, None) if json.starts_with('"') => Member::Broken,
        _ => Member::Other,
    }
}

impl Message<'_> {
    /// Panics where the draft is another message than this one.
    pub(super) fn check(&self, draft: &Draft<'_>) {
        assert_eq!(draft.kind.as_str(), self.kind);
        assert_eq!(room_of(draft), self.room);
        assert_eq!(draft.reference.as_deref(), self.id.as_deref());
        assert_eq!(draft.id, self.id.as_deref().and_then(uuid));
        assert_eq!(draft.from.as_deref(), self.from.as_deref());
        match self.data {
            None => assert_eq!(draft.data, b"{}", "absent data is an empty object"),
            Some(data) => {
                assert_eq!(draft.data, data.get().as_bytes());
                assert_eq!(draft.data.as_ptr(), data.get().as_ptr(), "data is not copied");
            }
        }
    }
}

/// A UUID in the form of 36 characters, in either case of its letters.
fn uuid(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    uuid.hyphenated().to_string().eq_ignore_ascii_case(text).then_some(uuid)
}
