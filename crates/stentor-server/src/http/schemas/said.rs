//! What a client may send.

use serde_json::{Map, Value, json};
use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::message_type::MessageType;

use super::{named, reference};

pub(super) fn shapes() -> Map<String, Value> {
    let types = MessageType::ALL.into_iter().filter(|kind| kind.is_allowed_from_client());
    let messages: Vec<_> = types.map(|kind| (name(kind), message(kind))).collect();
    let names: Vec<_> = messages.iter().map(|(name, _)| reference(name)).collect();
    let mut shapes = named(messages);
    shapes.insert(
        "ClientMessage".to_owned(),
        json!({ "description": "Whatever a client may send.", "anyOf": names }),
    );
    shapes
}

/// The name of a client's message of this type.
pub(in crate::http) fn name(kind: MessageType) -> &'static str {
    match kind {
        MessageType::Chat => "ClientChat",
        MessageType::Presence => "ClientPresence",
        MessageType::Ping => "ClientPing",
        MessageType::Pong => "ClientPong",
        MessageType::Join => "ClientJoin",
        MessageType::Leave => "ClientLeave",
        MessageType::Auth => "ClientAuth",
        MessageType::System | MessageType::Notification | MessageType::Error => {
            "ForbiddenToClients"
        }
    }
}

fn message(kind: MessageType) -> Value {
    let needs_room = matches!(kind, MessageType::Join | MessageType::Leave);
    let mut required = Vec::new();
    if kind != MessageType::Chat {
        required.push("type");
    }
    if needs_room {
        required.push("room");
    }
    let data = data(kind);
    if data.get("type").is_some() || data.get("anyOf").is_some() {
        required.push("data");
    }
    let room = if needs_room { "RoomName" } else { "RoomOrEverybody" };
    json!({
        "type": "object",
        "description": words(kind),
        "x-bytes-max": MESSAGE_BYTES_MAX_DEFAULT,
        "required": required,
        "properties": {
            "id": {
                "description": "A UUID is kept, so that a resend is recognised. Anything else is \
                                replaced by a new UUIDv7; as a text of at most 128 bytes it is \
                                the ref of an error.",
            },
            "type": { "const": kind.as_str() },
            "room": reference(room),
            "data": data,
        },
        "additionalProperties": { "description": "Dropped: from and timestamp are the server's." },
    })
}

fn data(kind: MessageType) -> Value {
    match kind {
        MessageType::Presence => json!({
            "type": "object",
            "required": ["status"],
            "properties": { "status": { "enum": ["online", "away"] } },
        }),
        MessageType::Auth => json!({
            "anyOf": [
                {
                    "type": "object",
                    "required": ["token"],
                    "properties": { "token": { "type": "string" } },
                },
                { "type": "string" },
            ],
            "description": "The new token, as the member token or alone. A JSON Web Token.",
        }),
        MessageType::Ping => json!({ "description": "Any JSON value; the pong echoes it." }),
        MessageType::Chat => reference("Data"),
        _ => json!({ "description": "Not looked at." }),
    }
}

/// What a message of this type does, as one sentence.
pub(in crate::http) fn words(kind: MessageType) -> &'static str {
    match kind {
        MessageType::Chat => {
            "Tells a room, or everybody. Without a type it is chat; without a room it goes to the \
             connection's first room, or to everybody where it has none."
        }
        MessageType::Presence => "Tells the members of a room who asked for it: online, or away.",
        MessageType::Ping => "Asks for a pong, which the sender alone hears.",
        MessageType::Pong => "A sign of life; nobody hears it.",
        MessageType::Join => "Makes the connection a member of a room; answered by joined.",
        MessageType::Leave => "Ends the membership of a room; answered by left.",
        MessageType::Auth => {
            "Brings a new token of the same subject before the old one ends; answered by \
             authenticated."
        }
        MessageType::System | MessageType::Notification | MessageType::Error => {
            "Not for clients: forbidden_type."
        }
    }
}
