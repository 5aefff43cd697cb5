//! The server's own events, `type: "system"`, told apart by `data.event`.
//!
//! Names and examples come from the code that writes events, so a description cannot say a word
//! that the server does not.

use serde_json::{Map, Value, json};
use stentor_wire::event::{Event, SERVER_NAME};
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use super::heard::stamped;
use super::{count, exact, reference};

/// One event as an example, with what a reader should know of it.
pub(in crate::http) struct SampleEvent {
    /// The word in `data.event`.
    pub(in crate::http) event: &'static str,
    /// The name of its message.
    pub(in crate::http) name: &'static str,
    /// When it comes and what it tells, as a sentence or two.
    pub(in crate::http) words: &'static str,
    /// Its `data`, as the server writes it.
    pub(in crate::http) data: Value,
    /// Whether it is about a room, which its message then names.
    pub(in crate::http) has_room: bool,
}

/// The message of every event.
pub(super) fn shapes() -> Map<String, Value> {
    samples()
        .iter()
        .map(|sample| {
            let mut properties = properties(sample.event);
            properties["event"] = json!({ "const": sample.event });
            let data = exact(sample.words, properties);
            let kind = json!({ "const": MessageType::System.as_str() });
            let mut shape = stamped(sample.words, kind, Some(data));
            shape["properties"]["from"] = json!({ "const": SERVER_NAME });
            (sample.name.to_owned(), shape)
        })
        .collect()
}

/// An example of every event, in the order in which a reader meets them.
pub(in crate::http) fn samples() -> Vec<SampleEvent> {
    let client_id = Uuid::from_u128(0x0198_7a00_0000_7000_8000_0000_0000_0001);
    let id = Uuid::from_u128(0x0198_7a00_0000_7000_8000_0000_0000_0002);
    let id_text = id.to_string();
    let rooms: Vec<_> = RoomName::parse("general").into_iter().collect();
    [
        Event::Welcome {
            client_id: &client_id,
            user: Some("alice"),
            rooms: &rooms,
            pod: "web-1",
            ping_interval_ms: 25_000,
        },
        Event::Joined { members: 3 },
        Event::Left { members: 2 },
        Event::Ack { id, duplicate: false },
        Event::Resume { recovered: true, replayed: 7, oldest_id: Some(&id_text) },
        Event::Gap { missed: Some(12), from_id: Some(&id_text), to_id: Some(&id_text) },
        Event::Drain { reconnect_after_ms: 1_500 },
        Event::TokenExpiring { expires_in_ms: 30_000 },
        Event::Authenticated { expires_in_ms: Some(3_600_000) },
    ]
    .iter()
    .map(sample)
    .collect()
}

fn sample(event: &Event<'_>) -> SampleEvent {
    let (name, words, has_room) = match event {
        Event::Welcome { .. } => (
            "WelcomeEvent",
            "The first frame of a connection that asked for events=1: who it is, where it is, and \
             after which silence the server pings.",
            false,
        ),
        Event::Joined { .. } => {
            ("JoinedEvent", "The answer to join: members counts those on this pod.", true)
        }
        Event::Left { .. } => {
            ("LeftEvent", "The answer to leave: members counts those left on this pod.", true)
        }
        Event::Ack { .. } => (
            "AckEvent",
            "With ack=1, the answer to each of the connection's own publishes. A duplicate was \
             there already and is delivered no second time.",
            true,
        ),
        Event::Gap { .. } => (
            "GapEvent",
            "With events=1: messages that the connection did not hear, because it read too slowly \
             or because they were lost between pods. What is not known is null.",
            true,
        ),
        Event::Resume { .. } => (
            "ResumeEvent",
            "The answer to last_id, before the messages that were missed. recovered tells that \
             nothing is missing; otherwise all that is kept follows.",
            true,
        ),
        Event::Drain { .. } => (
            "DrainEvent",
            "With events=1: the pod is going away. Connect anew after so many milliseconds.",
            false,
        ),
        Event::TokenExpiring { .. } => (
            "TokenExpiringEvent",
            "With events=1: the token ends in so many milliseconds, and the connection with it \
             unless an auth message brings a new one.",
            false,
        ),
        Event::Authenticated { .. } => (
            "AuthenticatedEvent",
            "The answer to auth: the new token counts. It ends in so many milliseconds, or never.",
            false,
        ),
    };
    let mut data = Vec::new();
    event.write_data(&mut data);
    let data = serde_json::from_slice(&data).expect("an event is JSON");
    SampleEvent { event: event.name(), name, words, data, has_room }
}

/// The members of an event's data beside its name; nothing for an event that is not known.
fn properties(event: &str) -> Value {
    let count_or_null = json!({ "type": ["integer", "null"], "minimum": 0 });
    let id_or_null = json!({ "anyOf": [reference("Id"), { "type": "null" }] });
    match event {
        "welcome" => json!({
            "client_id": reference("Id"),
            "user": { "type": ["string", "null"], "description": "The token's subject." },
            "rooms": { "type": "array", "items": reference("RoomName"), "maxItems": 128 },
            "pod": { "type": "string" },
            "ping_interval_ms": count(),
        }),
        "joined" | "left" => json!({ "members": count() }),
        "ack" => json!({ "id": reference("Id"), "duplicate": { "type": "boolean" } }),
        "gap" => json!({ "missed": count_or_null, "from_id": id_or_null, "to_id": id_or_null }),
        "resume" => json!({
            "recovered": { "type": "boolean" },
            "replayed": count(),
            "oldest_id": id_or_null,
        }),
        "drain" => json!({ "reconnect_after_ms": count() }),
        "token_expiring" => json!({ "expires_in_ms": count() }),
        "authenticated" => json!({ "expires_in_ms": count_or_null }),
        _ => json!({}),
    }
}
