//! What is done on a channel: what you send, what you hear, and what answers what.

use serde_json::{Map, Value, json};

use super::channels::{BUS, WEB_SOCKETS};
use super::messages::{ANSWERS, HEARD, events};

/// One thing that a client does on a WebSocket.
struct Deed {
    name: &'static str,
    summary: &'static str,
    message: &'static str,
    /// Messages that answer it.
    answers: &'static [&'static str],
}

const DEEDS: &[Deed] = &[
    deed("say", "Say something", "ClientChat", &["AckEvent", "ErrorMessage"]),
    deed("tell_presence", "Tell that you are there, or away", "ClientPresence", &["ErrorMessage"]),
    deed("ping", "Ask for a sign of life", "ClientPing", &["PongMessage"]),
    deed("pong", "Give a sign of life", "ClientPong", &[]),
    deed("join", "Become a member of a room", "ClientJoin", &["JoinedEvent", "ErrorMessage"]),
    deed("leave", "Leave a room", "ClientLeave", &["LeftEvent", "ErrorMessage"]),
    deed(
        "authenticate",
        "Bring a new token",
        "ClientAuth",
        &["AuthenticatedEvent", "ErrorMessage"],
    ),
];

const fn deed(
    name: &'static str,
    summary: &'static str,
    message: &'static str,
    answers: &'static [&'static str],
) -> Deed {
    Deed { name, summary, message, answers }
}

/// Every operation under its name.
pub(super) fn operations() -> Map<String, Value> {
    let mut operations = Map::new();
    for channel in WEB_SOCKETS {
        let end = if channel == "room" { "_in_room" } else { "" };
        for deed in DEEDS {
            let mut operation = operation("send", channel, deed.summary, &[deed.message]);
            if !deed.answers.is_empty() {
                operation["reply"] = json!({
                    "channel": channel_reference(channel),
                    "messages": message_references(channel, deed.answers),
                });
            }
            operations.insert(format!("{}{end}", deed.name), operation);
        }
        for (name, summary, messages) in [
            ("hear", "Hear what others say", HEARD.to_vec()),
            ("hear_answers", "Hear what became of your messages", ANSWERS.to_vec()),
            ("hear_events", "Hear the server itself", events()),
        ] {
            let operation = operation("receive", channel, summary, &messages);
            operations.insert(format!("{name}{end}"), operation);
        }
    }
    for channel in BUS {
        let publish = operation("send", channel, "Publish from outside", &["BusPublication"]);
        let listen = operation(
            "receive",
            channel,
            "Listen to the pods",
            &["BusMessage", "BusMark", "BusPresence"],
        );
        operations.insert(format!("publish_on_{channel}"), publish);
        operations.insert(format!("listen_on_{channel}"), listen);
    }
    operations
}

fn operation(action: &str, channel: &str, summary: &str, messages: &[&str]) -> Value {
    json!({
        "action": action,
        "channel": channel_reference(channel),
        "summary": summary,
        "messages": message_references(channel, messages),
    })
}

fn channel_reference(channel: &str) -> Value {
    json!({ "$ref": format!("#/channels/{channel}") })
}

fn message_references(channel: &str, messages: &[&str]) -> Value {
    let reference = |name| json!({ "$ref": format!("#/channels/{channel}/messages/{name}") });
    messages.iter().map(reference).collect()
}
