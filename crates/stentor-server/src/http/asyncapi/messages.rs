//! The messages, each with its shape and an example.

use serde_json::{Map, Value, json};
use stentor_wire::event::SERVER_NAME;
use stentor_wire::message_type::MessageType;

use super::super::codes::error_codes;
use super::super::schemas::{reference, said, samples};

const CLIENT_ID: &str = "01987a00-0000-7000-8000-000000000001";
const MESSAGE_ID: &str = "01987a00-0000-7000-8000-000000000002";
const TIMESTAMP: &str = "2026-02-05T00:00:00.000Z";

/// One message: its name is its schema's as well.
struct Message {
    name: &'static str,
    /// What it is called in a list.
    title: &'static str,
    summary: &'static str,
    example: Value,
}

/// What a client may send.
pub(super) fn said() -> Vec<&'static str> {
    client_types().map(said::name).collect()
}

/// What a client hears of others.
pub(super) const HEARD: [&str; 3] = ["ChatMessage", "NotificationMessage", "PresenceMessage"];

/// What answers a message of the client, beside events.
pub(super) const ANSWERS: [&str; 2] = ["PongMessage", "ErrorMessage"];

/// What goes over Redis.
pub(super) const RELAYED: [&str; 4] = ["BusPublication", "BusMessage", "BusMark", "BusPresence"];

/// The server's own events.
pub(super) fn events() -> Vec<&'static str> {
    samples().iter().map(|sample| sample.name).collect()
}

/// Every message under its name.
pub(super) fn messages() -> Map<String, Value> {
    let mut messages: Map<_, _> = client_types()
        .map(|kind| Message {
            name: said::name(kind),
            title: kind.as_str(),
            summary: said::words(kind),
            example: said_example(kind),
        })
        .chain(heard())
        .chain(relayed())
        .chain(samples().into_iter().map(|sample| Message {
            name: sample.name,
            title: sample.event,
            summary: sample.words,
            example: stamped("system", sample.has_room, SERVER_NAME, &sample.data),
        }))
        .map(|message| (message.name.to_owned(), described(message)))
        .collect();
    messages["ErrorMessage"]["x-error-codes"] = error_codes();
    messages
}

fn client_types() -> impl Iterator<Item = MessageType> {
    MessageType::ALL.into_iter().filter(|kind| kind.is_allowed_from_client())
}

fn described(message: Message) -> Value {
    json!({
        "name": message.name,
        "title": message.title,
        "summary": message.summary,
        "contentType": "application/json",
        "payload": reference(message.name),
        "examples": [{ "name": message.name, "payload": message.example }],
    })
}

fn said_example(kind: MessageType) -> Value {
    let word = kind.as_str();
    match kind {
        MessageType::Chat => json!({ "room": "general", "data": { "content": "hi" } }),
        MessageType::Presence => json!({ "type": word, "data": { "status": "away" } }),
        MessageType::Ping => json!({ "type": word, "data": 7 }),
        MessageType::Join | MessageType::Leave => json!({ "type": word, "room": "general" }),
        MessageType::Auth => json!({ "type": word, "data": { "token": "eyJhbGciOi…" } }),
        _ => json!({ "type": word }),
    }
}

fn heard() -> [Message; 5] {
    let content = json!({ "content": "hi" });
    let presence = json!({ "status": "online", "user": "alice", "client_id": CLIENT_ID });
    [
        Message {
            name: "ChatMessage",
            title: "chat",
            summary: "What somebody said in a room, or to everybody.",
            example: stamped("chat", true, "alice", &content),
        },
        Message {
            name: "NotificationMessage",
            title: "notification",
            summary: "What a backend tells people.",
            example: stamped("notification", true, SERVER_NAME, &content),
        },
        Message {
            name: "PresenceMessage",
            title: "presence",
            summary: "Who came, went or is away in a room of the connection, where presence=1 \
                      asked for it; in a large room only how many are there.",
            example: stamped("presence", true, SERVER_NAME, &presence),
        },
        Message {
            name: "PongMessage",
            title: "pong",
            summary: "The answer to a ping, with the ping's data.",
            example: stamped("pong", false, SERVER_NAME, &json!(7)),
        },
        Message {
            name: "ErrorMessage",
            title: "error",
            summary: "The answer to a bad message, to its sender alone. Nobody heard that \
                      message, and the connection stays open.",
            example: json!({ "type": "error", "data": {
                "code": "unknown_type",
                "message": "unknown type \"shout\"",
                "ref": "7",
            } }),
        },
    ]
}

fn relayed() -> [Message; 4] {
    let (pod, seq) = (json!("web-1-6f1c"), json!(7));
    let mut message = stamped("chat", true, "alice", &json!({ "content": "hi" }));
    message["pod"] = pod.clone();
    message["seq"] = seq.clone();
    [
        Message {
            name: "BusPublication",
            title: "publication",
            summary: "What any other program may publish on a channel; pods stamp and deliver it.",
            example: json!({ "type": "notification", "data": { "content": "hi" } }),
        },
        Message {
            name: "BusMessage",
            title: "message of a pod",
            summary: "A stamped message with the pod that said it and its place in what that pod \
                      says on this channel.",
            example: message,
        },
        Message {
            name: "BusMark",
            title: "mark of a pod",
            summary: "A pod has said everything up to seq, so that others notice what they missed.",
            example: json!({ "pod": pod.clone(), "seq": seq }),
        },
        Message {
            name: "BusPresence",
            title: "presence of a pod",
            summary: "What a pod tells others of who is in the room; other listeners pass it over.",
            example: json!({ "pod": pod, "presence": { "tale": "ask" } }),
        },
    ]
}

fn stamped(kind: &str, has_room: bool, from: &str, data: &Value) -> Value {
    let mut message = json!({
        "id": MESSAGE_ID,
        "type": kind,
        "from": from,
        "data": data,
        "timestamp": TIMESTAMP,
    });
    if has_room {
        message["room"] = "general".into();
    }
    message
}
