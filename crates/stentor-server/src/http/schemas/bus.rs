//! What pods and their neighbours say to each other on Redis.

use serde_json::{Map, Value, json};
use stentor_engine::bus::seq::Seq;

use super::{exact, heard, named, reference};

pub(super) fn shapes() -> Map<String, Value> {
    named([
        ("BusMessage", message()),
        (
            "BusMark",
            exact(
                "A pod has said everything on this channel up to seq; no message.",
                json!({ "pod": pod(), "seq": seq() }),
            ),
        ),
        ("BusPresence", presence()),
        (
            "BusPublication",
            json!({
                "type": "object",
                "description": "What any other program may publish; it is stamped where it lacks \
                                an id or a timestamp, and delivered. The channel says the room.",
                "properties": {
                    "id": { "description": "A UUID is kept." },
                    "type": reference("Type"),
                    "from": { "type": "string", "default": "server" },
                    "data": reference("Data"),
                    "timestamp": { "description": "RFC 3339 is kept." },
                },
                "additionalProperties": { "description": "Dropped." },
            }),
        ),
    ])
}

/// A stamped message with the bus's own members in front.
fn message() -> Value {
    let mut shape = heard::stamped("A message of a pod.", reference("Type"), None);
    shape["properties"]["pod"] = pod();
    shape["properties"]["seq"] = seq();
    shape["properties"]["chosen"] = json!({
        "const": true,
        "description": "There where the sender chose the id itself.",
    });
    if let Some(required) = shape["required"].as_array_mut() {
        required.extend(["pod".into(), "seq".into()]);
    }
    shape
}

/// What a pod tells others of who is in the room, and of itself; no message either.
fn presence() -> Value {
    let word = |tale: &str| json!({ "tale": { "const": tale } });
    let person = exact(
        "A connection.",
        json!({
            "client_id": { "type": "string", "format": "uuid" },
            "user": { "type": ["string", "null"] },
            "status": { "enum": ["online", "away"] },
        }),
    );
    let here = exact(
        "All of one shard's people in the room; no list where they are too many.",
        json!({
            "tale": { "const": "here" },
            "shard": { "type": "integer", "minimum": 0, "maximum": u16::MAX },
            "answer": { "type": "boolean" },
            "count": super::count(),
            "people": { "anyOf": [{ "type": "array", "items": person }, { "type": "null" }] },
        }),
    );
    let tales = [
        exact(
            "A pod wants to know who is in the room, now and whenever that changes.",
            word("ask"),
        ),
        exact("The pod has its first member of the room.", word("hello")),
        exact("The pod lives; on the channel of what is for everybody.", word("alive")),
        exact(
            "How far the pod had heard the others, in milliseconds since 1970; on the channel of what \
             is for everybody, each second and as the last that it says.",
            json!({
                "tale": { "const": "heard" },
                "at": super::count(),
                "until": super::count(),
                "is_last": { "type": "boolean" },
            }),
        ),
        exact(
            "A word of the pod to itself, with `HISTORY=redis`: it comes back behind what Redis passed on to \
             the room before.",
            json!({ "tale": { "const": "echo" }, "number": super::count() }),
        ),
        here,
    ];
    exact(
        "What a pod tells others of who is in the room, and of itself; no message.",
        json!({ "pod": pod(), "presence": { "anyOf": tales } }),
    )
}

fn pod() -> Value {
    json!({ "type": "string", "description": "The pod that said it, which ignores its own echo." })
}

fn seq() -> Value {
    json!({
        "type": "integer",
        "minimum": 0,
        "maximum": Seq::MAX.value(),
        "description": "Its place in what this pod says on this channel.",
    })
}
