//! What messages are made of.

use serde_json::{Map, Value, json};
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;

use super::named;

/// A text without characters of Unicode's category Cc.
const NO_CONTROL_CHARACTERS: &str = r"^[^\u0000-\u001f\u007f-\u009f]*$";

pub(super) fn shapes() -> Map<String, Value> {
    named([
        ("RoomName", room_name()),
        (
            "RoomOrEverybody",
            json!({
                "type": ["string", "null"],
                "maxLength": RoomName::BYTES_MAX,
                "x-bytes-max": RoomName::BYTES_MAX,
                "pattern": NO_CONTROL_CHARACTERS,
                "description": "A room; null and the empty text are everybody on the server.",
            }),
        ),
        (
            "Id",
            json!({
                "type": "string",
                "format": "uuid",
                "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
                "description": "A UUID, version 7 where the server made it.",
            }),
        ),
        (
            "Timestamp",
            json!({
                "type": "string",
                "format": "date-time",
                "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
                "description": "RFC 3339, UTC, with milliseconds: when the server stamped it.",
            }),
        ),
        (
            "Sender",
            json!({
                "type": "string",
                "description": "The subject of the sender's token, else the id of its connection; \
                                server where the server itself speaks, or a backend that names \
                                nobody.",
            }),
        ),
        (
            "Type",
            json!({
                "enum": MessageType::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
                "description": "What a message is for.",
            }),
        ),
        ("Data", json!({ "description": "Any JSON value, byte for byte as it was sent." })),
    ])
}

fn room_name() -> Value {
    json!({
        "type": "string",
        "minLength": 1,
        "maxLength": RoomName::BYTES_MAX,
        "x-bytes-max": RoomName::BYTES_MAX,
        "pattern": NO_CONTROL_CHARACTERS,
        "description": "1 to 128 bytes of UTF-8 without control characters.",
    })
}
