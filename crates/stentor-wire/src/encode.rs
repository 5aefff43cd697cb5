//! [`Envelope`] → the bytes that every member shares, and the server's few other frames.
//!
//! Everything appends to a buffer of the caller and nothing allocates but that buffer. Frames are
//! those of a server: whole, final and unmasked (RFC 6455 section 5.1).

use uuid::fmt::Hyphenated;

use crate::envelope::Envelope;
use crate::frame::{FrameHead, OpCode};
use crate::message_type::MessageType;
use crate::timestamp::Timestamp;

mod frames;
pub(crate) mod json;
#[cfg(test)]
mod tests;

pub use frames::{binary_frame, close_frame, error_frame, ping_frame, pong_frame, text_frame};

/// What an envelope's JSON begins with; the id follows, at the same place in each.
const BEFORE_ID: &[u8] = br#"{"id":""#;
const BEFORE_TYPE: &[u8] = br#"","type":""#;
const BEFORE_ROOM: &[u8] = br#"","room":"#;
const BEFORE_FROM: &[u8] = br#","from":"#;
const BEFORE_DATA: &[u8] = br#","data":"#;
const BEFORE_TIMESTAMP: &[u8] = br#","timestamp":""#;
const AT_END: &[u8] = br#""}"#;

/// Bytes of a timestamp's text.
pub const TIMESTAMP_BYTES: usize = 24;

/// Appends the envelope's JSON: `id, type, room, from, data, timestamp`, in this order, without
/// `room` where there is none, `data` as it is.
pub fn envelope_json(envelope: &Envelope<'_>, out: &mut Vec<u8>) {
    let mut id_text = [0; Hyphenated::LENGTH];
    out.extend_from_slice(BEFORE_ID);
    out.extend_from_slice(envelope.id.hyphenated().encode_lower(&mut id_text).as_bytes());
    out.extend_from_slice(BEFORE_TYPE);
    out.extend_from_slice(envelope.kind.as_str().as_bytes());
    match envelope.room {
        Some(room) => {
            out.extend_from_slice(BEFORE_ROOM);
            json::string(room, out);
        }
        None => out.push(b'"'),
    }
    out.extend_from_slice(BEFORE_FROM);
    json::string(envelope.from, out);
    out.extend_from_slice(BEFORE_DATA);
    out.extend_from_slice(envelope.data);
    out.extend_from_slice(BEFORE_TIMESTAMP);
    out.extend_from_slice(envelope.timestamp.as_str().as_bytes());
    out.extend_from_slice(AT_END);
}

/// Appends the envelope as one text frame. Reserves what it needs at once.
pub fn envelope_frame(envelope: &Envelope<'_>, out: &mut Vec<u8>) {
    let json_bytes = envelope_json_bytes(envelope);
    let head = frames::head(OpCode::Text, json_bytes);
    out.reserve(head.encoded_bytes() + json_bytes);
    head.encode(out);
    let json_start = out.len();
    envelope_json(envelope, out);
    debug_assert_eq!(out.len() - json_start, json_bytes, "the head tells the true length");
}

/// What [`envelope_frame`] appends, in bytes, exactly.
pub fn envelope_frame_bytes(envelope: &Envelope<'_>) -> usize {
    let json_bytes = envelope_json_bytes(envelope);
    frames::head(OpCode::Text, json_bytes).encoded_bytes() + json_bytes
}

/// What [`envelope_json`] appends, in bytes, exactly.
fn envelope_json_bytes(envelope: &Envelope<'_>) -> usize {
    let room_bytes = match envelope.room {
        Some(room) => BEFORE_ROOM.len() + json::string_bytes(room),
        None => 1,
    };
    BEFORE_ID.len()
        + Hyphenated::LENGTH
        + BEFORE_TYPE.len()
        + envelope.kind.as_str().len()
        + room_bytes
        + BEFORE_FROM.len()
        + json::string_bytes(envelope.from)
        + BEFORE_DATA.len()
        + envelope.data.len()
        + BEFORE_TIMESTAMP.len()
        + envelope.timestamp.as_str().len()
        + AT_END.len()
}

/// The id's text in a frame that [`envelope_frame`] made; `None` for any other frame.
///
/// `frame` begins at the frame's head; what follows the frame does no harm.
pub fn frame_id(frame: &[u8]) -> Option<&str> {
    let (head, head_bytes) = FrameHead::parse(frame).ok()??;
    if head.opcode != OpCode::Text || head.mask.is_some() {
        return None;
    }
    let id = frame.get(head_bytes..)?.strip_prefix(BEFORE_ID)?;
    let (id, behind) = id.split_at_checked(Hyphenated::LENGTH)?;
    if !behind.starts_with(BEFORE_TYPE) {
        return None;
    }
    std::str::from_utf8(id).ok()
}

/// When a frame that [`envelope_frame`] made says that it was stamped; `None` for any other frame.
///
/// `frame` holds this one frame and nothing else.
pub fn frame_timestamp(frame: &[u8]) -> Option<Timestamp> {
    frame_id(frame)?;
    message_timestamp(frame)
}

/// When a message says that it was stamped whose JSON [`envelope_frame`] made; nothing of any other.
pub fn message_timestamp(json: &[u8]) -> Option<Timestamp> {
    read_timestamp(message_timestamp_text(json)?)
}

/// The text of [`message_timestamp`], to be read by [`read_timestamp`] once somebody asks: reading
/// costs more than all else that is done with most messages.
pub fn message_timestamp_text(json: &[u8]) -> Option<&[u8; TIMESTAMP_BYTES]> {
    let (before, text) = json.strip_suffix(AT_END)?.split_last_chunk()?;
    before.ends_with(BEFORE_TIMESTAMP).then_some(text)
}

/// What such a text says.
pub fn read_timestamp(text: &[u8; TIMESTAMP_BYTES]) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(std::str::from_utf8(text).ok()?)
}

/// The word of the type in a frame that [`envelope_frame`] made; `None` for any other frame.
///
/// `frame` begins at the frame's head; what follows the frame does no harm.
pub fn frame_type(frame: &[u8]) -> Option<MessageType> {
    let behind = behind_id(frame)?;
    let end = behind.iter().position(|byte| *byte == b'"')?;
    MessageType::parse(std::str::from_utf8(&behind[..end]).ok()?)
}

/// Whether a frame that [`envelope_frame`] made says that it is from `name`; `false` for any other
/// frame.
pub fn frame_is_from(frame: &[u8], name: &str) -> bool {
    let Some(from) = frame_from(frame) else { return false };
    let mut expected = Vec::with_capacity(json::string_bytes(name));
    json::string(name, &mut expected);
    from == expected
}

/// Whom a frame that [`envelope_frame`] made says that it is from, as it stands there: a JSON string
/// with its quotation marks. `None` for any other frame.
pub fn frame_from(frame: &[u8]) -> Option<&[u8]> {
    let behind = behind_id(frame)?;
    let end = behind.iter().position(|byte| *byte == b'"')?;
    let mut rest = &behind[end..];
    if let Some(room) = rest.strip_prefix(BEFORE_ROOM) {
        // What follows a room's name is what follows the type's word but for its quotation mark.
        rest = json::behind_string(room)?;
    } else {
        rest = &rest[1..];
    }
    let from = rest.strip_prefix(BEFORE_FROM)?;
    let behind = json::behind_string(from)?;
    Some(&from[..from.len() - behind.len()])
}

/// Whose presence in which room a frame that [`envelope_frame`] made tells of: the room's name as it
/// stands there, and the connection's id, which is empty where it tells how many there are. `None`
/// for any other frame.
///
/// `frame` holds this one frame and nothing else.
pub fn presence_of(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    const BEFORE_CLIENT: &[u8] = br#","client_id":""#;
    const BEHIND_CLIENT: &[u8] = br#""}"#;

    if frame_type(frame)? != MessageType::Presence {
        return None;
    }
    let room = behind_id(frame)?.strip_prefix(MessageType::Presence.as_str().as_bytes())?;
    let room = room.strip_prefix(BEFORE_ROOM)?;
    let room = &room[..room.len() - json::behind_string(room)?.len()];
    let data = frame.strip_suffix(AT_END)?;
    let data = data.get(..data.len().checked_sub(TIMESTAMP_BYTES)?)?;
    let data = data.strip_suffix(BEFORE_TIMESTAMP)?;
    let client = data.strip_suffix(BEHIND_CLIENT).and_then(|data| {
        let (before, id) = data.split_at_checked(data.len().checked_sub(Hyphenated::LENGTH)?)?;
        before.ends_with(BEFORE_CLIENT).then_some(id)
    });
    Some((room, client.unwrap_or_default()))
}

/// What follows the id in a frame of an envelope: the type's word, and the rest.
fn behind_id(frame: &[u8]) -> Option<&[u8]> {
    let (_, head_bytes) = FrameHead::parse(frame).ok()??;
    frame_id(frame)?;
    frame.get(head_bytes + BEFORE_ID.len() + Hyphenated::LENGTH + BEFORE_TYPE.len()..)
}
