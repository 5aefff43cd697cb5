//! Messages: any text is what serde_json takes it for, and `data` is the sender's own bytes.
//!
//! An input is texts with NUL bytes between them, read by one parser after the other and each by
//! a new one too; NUL stands in no JSON.

mod expected;

pub(crate) use expected::is_room;

use std::borrow::Cow;

use expected::{Expected, Sender};
use serde_json::Value;
use serde_json::value::RawValue;
use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::draft::{Draft, REFERENCE_BYTES_MAX, Refusal, RoomField};
use stentor_wire::encode::{envelope_frame, envelope_frame_bytes, error_frame, frame_id};
use stentor_wire::envelope::Envelope;
use stentor_wire::frame::{FrameHead, OpCode};
use stentor_wire::parse::Parser;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

use crate::json;

/// The id and the moment of a message that has none of its own.
const STAMPED_ID: Uuid = Uuid::from_u128(0x0198_0000_0000_7000_8000_0000_0000_0001);
const STAMPED_AT: u64 = 1_770_249_600_000;

/// Panics where a promise about messages is broken.
pub fn body(input: &[u8]) {
    let mut kept = Parser::new();
    for text in input.split(|byte| *byte == 0) {
        // The length of a text is bounded before it is parsed.
        if text.len() <= MESSAGE_BYTES_MAX_DEFAULT {
            check(&mut kept, text);
        }
    }
}

fn check(kept: &mut Parser, text: &[u8]) {
    let mut fresh = Parser::new();
    let client = fresh.parse_client(text);
    assert_eq!(kept.parse_client(text), client, "a parser carries nothing on");
    judge(text, Sender::Client, client);

    let backend = fresh.parse_backend(text);
    assert_eq!(kept.parse_backend(text), backend, "a parser carries nothing on");
    judge(text, Sender::Backend, backend);
}

fn judge(text: &[u8], sender: Sender, verdict: Result<Draft<'_>, Refusal>) {
    match (expected::of(text, sender), verdict) {
        (Expected::Refused(code), Err(refusal)) => {
            assert_eq!(refusal.code, code, "{}", refusal.message);
            answer_is_read(&refusal);
        }
        (Expected::Message(message), Ok(draft)) => {
            message.check(&draft);
            frame_is_read(&draft);
        }
        (Expected::Refused(code), Ok(draft)) => panic!("{code:?} was taken: {draft:?}"),
        (Expected::Message(_), Err(refusal)) => panic!("a message was refused: {refusal:?}"),
    }
}

/// The error frame is JSON that says what the refusal says.
fn answer_is_read(refusal: &Refusal) {
    let reference = refusal.reference.as_deref();
    assert!(reference.is_none_or(|text| text.len() <= REFERENCE_BYTES_MAX), "{reference:?}");
    let mut frame = Vec::new();
    error_frame(refusal.code.as_str(), &refusal.message, reference, &mut frame);
    let answer: Value = serde_json::from_slice(payload(&frame)).expect("an error is JSON");
    assert_eq!(answer["type"], "error");
    assert_eq!(answer["data"]["code"], refusal.code.as_str());
    assert_eq!(answer["data"]["message"], refusal.message.as_ref());
    assert_eq!(answer["data"].get("ref").and_then(Value::as_str), reference);
}

/// Stamped and encoded it is JSON with the contract's members in their order, and `data` as it was.
fn frame_is_read(draft: &Draft<'_>) {
    let room = match &draft.room {
        RoomField::Named(name) => Some(name.as_ref()),
        RoomField::Absent | RoomField::Global => None,
    };
    let envelope = Envelope {
        id: draft.id.unwrap_or(STAMPED_ID),
        kind: draft.kind,
        room,
        from: draft.from.as_deref().unwrap_or("somebody"),
        data: draft.data,
        timestamp: draft.timestamp.unwrap_or_else(|| Timestamp::from_unix_millis(STAMPED_AT)),
    };
    let mut frame = Vec::new();
    envelope_frame(&envelope, &mut frame);
    assert_eq!(frame.len(), envelope_frame_bytes(&envelope), "the length is told beforehand");
    let id = envelope.id.hyphenated().to_string();
    assert_eq!(frame_id(&frame), Some(id.as_str()));

    let whole = json::value(payload(&frame)).expect("a frame is JSON");
    let members = json::object(whole).expect("an object");
    let names: &[&str] = match room {
        Some(_) => &["id", "type", "room", "from", "data", "timestamp"],
        None => &["id", "type", "from", "data", "timestamp"],
    };
    assert_eq!(members.names(), names);
    let text = |name| members.last(name).and_then(json::text);
    assert_eq!(text("id"), Some(id));
    assert_eq!(text("type").as_deref(), Some(envelope.kind.as_str()));
    assert_eq!(text("room").as_deref(), room);
    assert_eq!(text("from").as_deref(), Some(envelope.from));
    assert_eq!(text("timestamp").as_deref(), Some(envelope.timestamp.as_str()));
    let data = members.last("data").map(RawValue::get);
    assert_eq!(data.map(str::as_bytes), Some(draft.data), "data is untouched");
}

/// The payload of a frame that is alone in `frame`.
fn payload(frame: &[u8]) -> &[u8] {
    let (head, head_bytes) = FrameHead::parse(frame).expect("a head").expect("a whole head");
    let payload = &frame[head_bytes..];
    assert_eq!(head.payload_bytes, payload.len() as u64, "the head tells the true length");
    assert!(head.fin && head.opcode == OpCode::Text && head.mask.is_none(), "{head:?}");
    payload
}

/// What a draft says of its room, in one word.
fn room_of<'a>(draft: &'a Draft<'_>) -> Cow<'a, str> {
    match &draft.room {
        RoomField::Absent => "absent".into(),
        RoomField::Global => "global".into(),
        RoomField::Named(name) => format!("room {name}").into(),
    }
}
