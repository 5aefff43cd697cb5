//! Where messages go: the WebSocket routes and the channels on Redis.

use serde_json::{Map, Value, json};

use super::super::codes::close_codes;
use super::super::openapi::web_socket_query;
use super::messages::{ANSWERS, HEARD, RELAYED, events, said};

/// The WebSocket channels.
pub(super) const WEB_SOCKETS: [&str; 2] = ["connection", "room"];

/// The channels on Redis.
pub(super) const BUS: [&str; 2] = ["bus_everybody", "bus_room"];

/// Every channel under its name; the WebSocket ones are on every server but Redis.
pub(super) fn channels(servers: &Value) -> Value {
    let on_servers: Vec<_> = servers
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .filter(|name| *name != "redis")
        .map(|name| json!({ "$ref": format!("#/servers/{name}") }))
        .collect();
    let room = json!({ "room": {
        "description": "The room, percent-encoded: 1 to 128 bytes of UTF-8 without control \
                        characters.",
        "examples": ["general"],
    } });
    let prefix = json!({
        "description": "REDIS_PREFIX of the pods.",
        "default": "realtime",
    });
    let mut bus_room = room.clone();
    bus_room["room"]["description"] = "The room, as it is called.".into();
    bus_room["prefix"] = prefix.clone();
    let mut channels = json!({
        "connection": web_socket(
            "/ws",
            "A connection in the rooms that its query names, or in none: then it hears what is \
             said to everybody.",
            &json!({}),
        ),
        "room": web_socket("/ws/{room}", "A connection that is a member of this room.", &room),
        "bus_everybody": bus(
            "{prefix}:global",
            "What is said to everybody on all pods.",
            &json!({ "prefix": prefix }),
        ),
        "bus_room": bus("{prefix}:room:{room}", "What is said in one room.", &bus_room),
    });
    for name in WEB_SOCKETS {
        channels[name]["servers"] = on_servers.clone().into();
    }
    channels
}

fn web_socket(address: &str, words: &str, parameters: &Value) -> Value {
    let names: Vec<_> = said().into_iter().chain(HEARD).chain(ANSWERS).chain(events()).collect();
    let mut channel = channel(address, words, parameters, &names);
    channel["bindings"] = json!({ "ws": {
        "method": "GET",
        "query": query(),
        "bindingVersion": "0.1.0",
    } });
    channel["x-close-codes"] = close_codes();
    channel
}

fn bus(address: &str, words: &str, parameters: &Value) -> Value {
    let mut channel = channel(address, words, parameters, &RELAYED);
    channel["servers"] = json!([{ "$ref": "#/servers/redis" }]);
    channel
}

fn channel(address: &str, words: &str, parameters: &Value, messages: &[&str]) -> Value {
    let messages: Map<_, _> = messages
        .iter()
        .map(|name| {
            ((*name).to_owned(), json!({ "$ref": format!("#/components/messages/{name}") }))
        })
        .collect();
    json!({
        "address": address,
        "description": words,
        "parameters": parameters,
        "messages": messages,
    })
}

/// The query of an upgrade as one object: the parameters of the HTTP description.
fn query() -> Value {
    let properties: Map<_, _> = web_socket_query()
        .into_iter()
        .filter_map(|parameter| {
            let name = parameter["name"].as_str()?.to_owned();
            let mut schema = parameter["schema"].clone();
            schema["description"] = parameter["description"].clone();
            Some((name, schema))
        })
        .collect();
    json!({ "type": "object", "properties": properties })
}
