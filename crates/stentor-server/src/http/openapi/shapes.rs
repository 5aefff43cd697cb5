//! The shapes of documents.

use serde_json::{Value, json};
use stentor_wire::error_code::ErrorCode;
use stentor_wire::message_type::MessageType;

use crate::problem::Kind;

/// A reference to one of [`schemas`].
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Every shape by its name.
pub(super) fn schemas() -> Value {
    let types: Vec<_> = MessageType::ALL.iter().map(|kind| kind.as_str()).collect();
    json!({
        "RoomName": {
            "type": "string",
            "minLength": 1,
            "description": "1 to 128 bytes of UTF-8 without control characters.",
        },
        "Message": {
            "type": "object",
            "description": "A message as clients hear it.",
            "required": ["id", "type", "from", "data", "timestamp"],
            "properties": {
                "id": { "type": "string", "format": "uuid" },
                "type": { "enum": types },
                "room": reference("RoomName"),
                "from": { "type": "string" },
                "data": { "description": "Any JSON value, byte for byte as it was sent." },
                "timestamp": { "type": "string", "format": "date-time" },
            },
        },
        "Publication": {
            "type": "object",
            "description": "A message as a backend sends it: at most 65,536 bytes.",
            "properties": {
                "id": {
                    "type": "string",
                    "description": "A UUID is kept; anything else is replaced by a new UUIDv7.",
                },
                "type": { "enum": types, "default": "chat" },
                "room": {
                    "type": ["string", "null"],
                    "description": "Absent, null or empty: everybody.",
                },
                "from": { "type": "string", "default": "server" },
                "data": { "description": "Any JSON value.", "default": {} },
            },
        },
        "Stamp": {
            "type": "object",
            "required": ["id", "timestamp"],
            "properties": {
                "id": { "type": "string", "format": "uuid" },
                "timestamp": { "type": "string", "format": "date-time" },
            },
        },
        "Stamps": {
            "type": "object",
            "required": ["messages"],
            "properties": { "messages": { "type": "array", "items": reference("Stamp") } },
        },
        "Room": {
            "type": "object",
            "required": ["room", "connections"],
            "properties": { "room": reference("RoomName"), "connections": count() },
        },
        "Rooms": {
            "type": "object",
            "required": ["total", "rooms"],
            "properties": {
                "total": count(),
                "rooms": { "type": "array", "items": reference("Room") },
            },
        },
        "Stats": stats(),
        "Health": {
            "type": "object",
            "required": ["status"],
            "properties": { "status": { "enum": ["ok", "ready", "degraded", "draining"] } },
        },
        "Problem": problem(),
    })
}

fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
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
    let required: Vec<&str> = ["pod"].into_iter().chain(whole).chain(["redis", "shards"]).collect();
    json!({ "type": "object", "required": required, "properties": properties })
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
