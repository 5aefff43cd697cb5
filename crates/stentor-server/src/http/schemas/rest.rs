//! The shapes of what HTTP takes and answers.

use serde_json::{Map, Value, json};
use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::error_code::ErrorCode;

use super::{count, exact, exact_but, named, reference};
use crate::problem::Kind;

pub(super) fn shapes() -> Map<String, Value> {
    named([
        ("Publication", publication()),
        (
            "Stamp",
            exact(
                "How a message was stamped.",
                json!({ "id": reference("Id"), "timestamp": reference("Timestamp") }),
            ),
        ),
        (
            "Stamps",
            exact(
                "How each message of an array was stamped, in its order.",
                json!({ "messages": { "type": "array", "items": reference("Stamp") } }),
            ),
        ),
        (
            "Room",
            exact(
                "A room on this pod.",
                json!({ "room": reference("RoomName"), "connections": count() }),
            ),
        ),
        ("RoomWithMembers", room_with_members()),
        (
            "Rooms",
            exact(
                "How many rooms this pod has, and the fullest of them.",
                json!({
                    "total": count(),
                    "rooms": { "type": "array", "items": reference("Room") },
                }),
            ),
        ),
        ("Stats", stats()),
        (
            "Health",
            exact(
                "What a probe is told.",
                json!({ "status": { "enum": ["ok", "ready", "degraded", "draining"] } }),
            ),
        ),
        ("Problem", problem()),
    ])
}

fn room_with_members() -> Value {
    let member = exact(
        "Somebody in the room, who may have several connections.",
        json!({
            "user": { "type": ["string", "null"], "description": "The token's subject." },
            "client_id": { "type": "string", "format": "uuid" },
            "status": { "enum": ["online", "away"] },
        }),
    );
    exact_but(
        "A room on this pod. While a client of this pod asks to be told who comes and goes there, \
         also how many are in it in all pods, and who, where they are no more than \
         PRESENCE_MEMBERS_MAX.",
        &["connections_in_all_pods", "members"],
        json!({
            "room": reference("RoomName"),
            "connections": count(),
            "connections_in_all_pods": count(),
            "members": { "type": "array", "items": member },
        }),
    )
}

fn publication() -> Value {
    json!({
        "type": "object",
        "description": "A message as a backend sends it: at most 65,536 bytes.",
        "x-bytes-max": MESSAGE_BYTES_MAX_DEFAULT,
        "properties": {
            "id": { "description": "A UUID is kept; anything else is replaced by a new UUIDv7." },
            "type": reference("Type"),
            "room": reference("RoomOrEverybody"),
            "from": { "default": "server", "description": "A text is taken." },
            "data": reference("Data"),
        },
        "additionalProperties": { "description": "Dropped." },
    })
}

fn counts(names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), count())).collect::<serde_json::Map<_, _>>().into()
}

fn stats() -> Value {
    let shard = ["connections", "rooms", "queued"];
    let whole = [
        "uptime_seconds",
        "connections",
        "rooms",
        "messages_received",
        "messages_sent",
        "messages_dropped",
    ];
    let mut properties = counts(&whole);
    properties["pod"] = json!({ "type": "string" });
    properties["redis"] = json!({
        "type": "object",
        "required": ["enabled", "connected"],
        "properties": { "enabled": { "type": "boolean" }, "connected": { "type": "boolean" } },
    });
    properties["shards"] = json!({
        "type": "array",
        "items": { "type": "object", "required": shard, "properties": counts(&shard) },
    });
    properties["top"] = json!({
        "description": "What stands out, where it is asked for; the worst first.",
        "oneOf": [standout_connections(), standout_rooms()],
    });
    let required: Vec<&str> = ["pod"].into_iter().chain(whole).chain(["redis", "shards"]).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn standout_connections() -> Value {
    let counted = ["rooms", "queued", "queued_bytes"];
    let mut properties = counts(&counted);
    properties["client_id"] = reference("Id");
    properties["user"] = json!({ "type": ["string", "null"] });
    properties["lag_seconds"] = json!({
        "type": "number", "minimum": 0,
        "description": "How long ago the oldest message was stamped that waits.",
    });
    let required: Vec<&str> =
        ["client_id", "user"].into_iter().chain(counted).chain(["lag_seconds"]).collect();
    json!({
        "type": "object",
        "required": ["by", "connections"],
        "properties": {
            "by": { "enum": ["lag", "bytes"] },
            "connections": {
                "type": "array",
                "items": { "type": "object", "required": required, "properties": properties },
            },
        },
    })
}

fn standout_rooms() -> Value {
    let mut properties = counts(&["connections"]);
    properties["room"] = reference("RoomOrEverybody");
    properties["deliveries_per_second"] = json!({
        "type": "number", "minimum": 0,
        "description": "An average over about the last ten seconds.",
    });
    let required = ["room", "connections", "deliveries_per_second"];
    json!({
        "type": "object",
        "required": ["by", "rooms"],
        "properties": {
            "by": { "const": "rooms" },
            "rooms": {
                "type": "array",
                "items": { "type": "object", "required": required, "properties": properties },
            },
        },
    })
}

fn problem() -> Value {
    let mut codes: Vec<_> = Kind::ALL.iter().map(|kind| kind.code()).collect();
    codes.extend(ErrorCode::ALL.iter().map(|code| code.as_str()));
    codes.sort_unstable();
    codes.dedup();
    json!({
        "type": "object",
        "required": ["error"],
        "properties": { "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": { "enum": codes },
                "message": { "type": "string", "description": "What is wrong, for a person." },
                "index": { "type": "integer", "description": "Which message of a batch." },
            },
        } },
    })
}
