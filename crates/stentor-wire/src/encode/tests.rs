use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::*;
use crate::event::{Event, SERVER_NAME};
use crate::frame::FrameHead;
use crate::message_type::MessageType;
use crate::timestamp::Timestamp;

fn envelope<'a>(room: Option<&'a str>, from: &'a str, data: &'a [u8]) -> Envelope<'a> {
    Envelope {
        id: Uuid::from_u128(0x0190a5e0_7b4c_7cde_8f00_123456789abc),
        kind: MessageType::Chat,
        room,
        from,
        data,
        timestamp: Timestamp::from_unix_millis(1_770_249_600_000),
    }
}

/// The payload of a frame that holds nothing else, after a look at its head.
fn payload(frame: &[u8], opcode: OpCode) -> &[u8] {
    let (head, head_bytes) = FrameHead::parse(frame).unwrap().unwrap();
    assert!(head.fin && head.mask.is_none());
    assert_eq!(head.opcode, opcode);
    assert_eq!(head.payload_bytes as usize, frame.len() - head_bytes);
    assert_eq!(head_bytes, head.encoded_bytes(), "the head is of the shortest form");
    &frame[head_bytes..]
}

/// What `write` appends to an empty buffer.
fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

#[test]
fn members_stand_in_the_documented_order() {
    let json = written(|out| envelope_json(&envelope(Some("general"), "me", b"{ }"), out));
    let expected = concat!(
        r#"{"id":"0190a5e0-7b4c-7cde-8f00-123456789abc","type":"chat","room":"general","#,
        r#""from":"me","data":{ },"timestamp":"2026-02-05T00:00:00.000Z"}"#
    );
    assert_eq!(String::from_utf8(json).unwrap(), expected);
}

#[test]
fn a_global_message_has_no_room() {
    let json = written(|out| envelope_json(&envelope(None, "me", b"1"), out));
    let expected = concat!(
        r#"{"id":"0190a5e0-7b4c-7cde-8f00-123456789abc","type":"chat","#,
        r#""from":"me","data":1,"timestamp":"2026-02-05T00:00:00.000Z"}"#
    );
    assert_eq!(String::from_utf8(json).unwrap(), expected);
}

#[test]
fn a_frame_is_right_at_each_change_of_the_heads_form() {
    let json_bytes_before_data = {
        let json = written(|out| envelope_json(&envelope(None, "me", b""), out));
        json.len()
    };
    for json_bytes in [json_bytes_before_data + 1, 65_535, 65_536, 70_000] {
        let data = vec![b'1'; json_bytes - json_bytes_before_data];
        let envelope = envelope(None, "me", &data);
        let frame = written(|out| envelope_frame(&envelope, out));
        assert_eq!(payload(&frame, OpCode::Text).len(), json_bytes);
        assert_eq!(envelope_frame_bytes(&envelope), frame.len());
    }
}

#[test]
fn the_id_is_found_in_frames_of_every_head_form() {
    for data_bytes in [1, 1_000, 70_000] {
        let data = vec![b'1'; data_bytes];
        let frame = written(|out| envelope_frame(&envelope(None, "me", &data), out));
        assert_eq!(frame_id(&frame), Some("0190a5e0-7b4c-7cde-8f00-123456789abc"));
    }
}

#[test]
fn other_frames_have_no_id() {
    assert_eq!(frame_id(b""), None);
    assert_eq!(frame_id(&written(|out| ping_frame(b"{\"id\":\"", out))), None);
    assert_eq!(frame_id(&written(|out| error_frame("bad_room", "no", None, out))), None);
    assert_eq!(frame_id(&written(|out| text_frame(b"{\"id\":\"short\"}", out))), None);
}

#[test]
fn an_error_frame_names_the_message_where_it_had_an_id() {
    let with = written(|out| error_frame("bad_room", "a \"b\"", Some("m1"), out));
    let without = written(|out| error_frame("bad_room", "no", None, out));
    assert_eq!(
        payload(&with, OpCode::Text),
        br#"{"type":"error","data":{"code":"bad_room","message":"a \"b\"","ref":"m1"}}"#
    );
    assert_eq!(
        payload(&without, OpCode::Text),
        br#"{"type":"error","data":{"code":"bad_room","message":"no"}}"#
    );
}

#[test]
fn a_close_reason_is_cut_at_a_whole_character() {
    let frame = written(|out| close_frame(1013, &"é".repeat(100), out));
    let payload = payload(&frame, OpCode::Close);
    assert_eq!(payload[..2], 1013_u16.to_be_bytes());
    assert_eq!(std::str::from_utf8(&payload[2..]), Ok("é".repeat(61).as_str()));
}

#[test]
fn control_frames_take_at_most_125_bytes() {
    let long = [7; 200];
    assert_eq!(payload(&written(|out| ping_frame(&long, out)), OpCode::Ping), &long[..125]);
    assert_eq!(payload(&written(|out| pong_frame(&long, out)), OpCode::Pong), &long[..125]);
}

#[test]
fn data_frames_hold_their_payload() {
    assert_eq!(payload(&written(|out| text_frame(b"hi", out)), OpCode::Text), b"hi");
    let long = [7; 300];
    assert_eq!(payload(&written(|out| binary_frame(&long, out)), OpCode::Binary), &long);
}

#[test]
fn an_event_travels_as_a_system_message() {
    let data = written(|out| Event::Joined { members: 3 }.write_data(out));
    let envelope =
        Envelope { kind: MessageType::System, ..envelope(Some("a"), SERVER_NAME, &data) };
    let json = written(|out| envelope_json(&envelope, out));
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["type"], "system");
    assert_eq!(json["from"], "server");
    assert_eq!(json["data"]["event"], "joined");
}

proptest! {
    #[test]
    fn an_encoded_envelope_is_read_back_whole(
        id in any::<u128>(),
        room in proptest::option::of(any::<String>()),
        from in any::<String>(),
        content in any::<String>(),
        unix_millis in any::<u64>(),
        before in proptest::collection::vec(any::<u8>(), 0..4),
    ) {
        let data = serde_json::to_string(&content).unwrap();
        let envelope = Envelope {
            id: Uuid::from_u128(id),
            timestamp: Timestamp::from_unix_millis(unix_millis),
            ..envelope(room.as_deref(), &from, data.as_bytes())
        };
        let mut out = before.clone();
        envelope_frame(&envelope, &mut out);
        let frame = out.strip_prefix(before.as_slice()).expect("appended, not replaced");

        prop_assert_eq!(frame.len(), envelope_frame_bytes(&envelope));
        let id_text = envelope.id.to_string();
        prop_assert_eq!(frame_id(frame), Some(id_text.as_str()));
        let json: Value = serde_json::from_slice(payload(frame, OpCode::Text)).unwrap();
        prop_assert_eq!(json["id"].as_str(), Some(id_text.as_str()));
        prop_assert_eq!(json.get("room").and_then(Value::as_str), room.as_deref());
        prop_assert_eq!(json["from"].as_str(), Some(from.as_str()));
        prop_assert_eq!(json["data"].as_str(), Some(content.as_str()));
        prop_assert_eq!(json["timestamp"].as_str(), Some(envelope.timestamp.as_str()));
    }

    #[test]
    fn strings_and_numbers_are_written_as_serde_json_writes_them(
        text in any::<String>(),
        number in any::<u64>(),
    ) {
        let string = written(|out| json::string(&text, out));
        prop_assert_eq!(string.len(), json::string_bytes(&text));
        prop_assert_eq!(string, serde_json::to_vec(&text).unwrap());
        prop_assert_eq!(written(|out| json::number(number, out)), number.to_string().into_bytes());
    }

    #[test]
    fn any_bytes_may_be_asked_for_an_id(frame in proptest::collection::vec(any::<u8>(), 0..80)) {
        if let Some(id) = frame_id(&frame) {
            prop_assert_eq!(id.len(), 36);
        }
    }

    #[test]
    fn an_error_frame_is_json_whatever_it_repeats(
        message in any::<String>(),
        reference in proptest::option::of(any::<String>()),
    ) {
        let frame = written(|out| {
            error_frame("invalid_json", &message, reference.as_deref(), out);
        });
        let json: &RawValue = serde_json::from_slice(payload(&frame, OpCode::Text)).unwrap();
        let json: Value = serde_json::from_str(json.get()).unwrap();
        prop_assert_eq!(json["data"]["message"].as_str(), Some(message.as_str()));
        prop_assert_eq!(json["data"].get("ref").and_then(Value::as_str), reference.as_deref());
    }
}

#[test]
fn a_frame_tells_whom_it_is_from_whatever_is_said_in_it() {
    for room in [None, Some("general"), Some("a \"room\\")] {
        for from in ["me", "", "\"quoted\",\"from\":\"you\"", "\\"] {
            let frame =
                written(|out| envelope_frame(&envelope(room, from, br#"{"from":"you"}"#), out));
            let expected = serde_json::to_vec(from).unwrap();
            assert_eq!(frame_from(&frame), Some(&expected[..]), "{room:?}");
            assert!(frame_is_from(&frame, from) && !frame_is_from(&frame, "you"));
        }
    }
    assert_eq!(frame_from(b"\x81\x02{}"), None);
}
