//! What a client may hear, but for the server's own events.

use serde_json::{Map, Value, json};
use stentor_wire::error_code::ErrorCode;
use stentor_wire::event::SERVER_NAME;
use stentor_wire::message_type::MessageType;

use super::{events, exact, exact_but, named, reference};

pub(super) fn shapes() -> Map<String, Value> {
    let mut messages = named([
        ("Message", stamped("A message as clients hear it.", reference("Type"), None)),
        ("ChatMessage", of_type(MessageType::Chat, "What somebody said.", None)),
        (
            "NotificationMessage",
            of_type(MessageType::Notification, "What a backend tells people.", None),
        ),
        (
            "PresenceMessage",
            of_type(
                MessageType::Presence,
                "Who came, went or is away, where presence=1 asked for it; a count in place of \
                 names in a room that is too large for them.",
                Some(json!({ "anyOf": [reference("PresenceOfOne"), reference("PresenceCount")] })),
            ),
        ),
        ("PongMessage", pong()),
        ("ErrorMessage", error()),
    ]);
    let of_events = events::shapes();
    let names: Vec<_> =
        messages.keys().chain(of_events.keys()).map(|name| reference(name)).collect();
    messages.extend(named([
        ("PresenceOfOne", presence_of_one()),
        ("PresenceCount", exact("How many are in the room.", json!({ "members": super::count() }))),
        ("HeardMessage", json!({ "description": "Whatever a client may hear.", "anyOf": names })),
    ]));
    messages
}

/// A message with the server's stamp; `data` is any where it is not named.
pub(super) fn stamped(description: &str, kind: Value, data: Option<Value>) -> Value {
    exact_but(
        description,
        &["room"],
        json!({
            "id": reference("Id"),
            "type": kind,
            "room": reference("RoomName"),
            "from": reference("Sender"),
            "data": data.unwrap_or_else(|| reference("Data")),
            "timestamp": reference("Timestamp"),
        }),
    )
}

fn of_type(kind: MessageType, description: &str, data: Option<Value>) -> Value {
    stamped(description, json!({ "const": kind.as_str() }), data)
}

fn presence_of_one() -> Value {
    exact(
        "What one connection's presence is now.",
        json!({
            "status": { "enum": ["online", "offline", "away"] },
            "user": { "type": ["string", "null"], "description": "The token's subject." },
            "client_id": reference("Id"),
        }),
    )
}

fn pong() -> Value {
    let mut shape =
        of_type(MessageType::Pong, "The answer to a ping; its data is the ping's.", None);
    shape["properties"]["from"] = json!({ "const": SERVER_NAME });
    shape
}

fn error() -> Value {
    let codes: Vec<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    let data = exact_but(
        "Why a message was refused.",
        &["ref"],
        json!({
            "code": { "enum": codes },
            "message": { "type": "string", "description": "What is wrong, for a person." },
            "ref": { "type": "string", "description": "The message's own id, where it had one." },
        }),
    );
    exact(
        "The answer to a bad message, to its sender alone. Nobody heard that message, and the \
         connection stays open.",
        json!({ "type": { "const": MessageType::Error.as_str() }, "data": data }),
    )
}
