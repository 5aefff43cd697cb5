//! `GET /asyncapi.json`: the description of the messages, AsyncAPI 3.0.
//!
//! It is written from the side of who talks to the server: `send` is what a client sends, and
//! what a neighbour publishes on Redis; `receive` is what they hear. Shapes, codes, parameters and
//! security schemes are those of the HTTP description.

mod channels;
mod messages;
mod operations;
#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use super::{openapi, schemas};
use crate::settings::BasePath;

/// The whole description of a server below this base path.
pub(super) fn document(base_path: &BasePath) -> Value {
    let servers = servers(base_path);
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stentor",
            "version": env!("CARGO_PKG_VERSION"),
            "description":
                "What is said on an open WebSocket and, between pods and their neighbours, on \
                 Redis. It is written from the side of who talks to the server: send is what you \
                 send, receive is what you hear. A message is one JSON object in a text or binary \
                 frame, at most 65,536 bytes. Schemas are draft-07. The HTTP side is in \
                 /openapi.json.",
        },
        "defaultContentType": "application/json",
        "channels": channels::channels(&servers),
        "servers": servers,
        "operations": operations::operations(),
        "components": {
            "messages": messages::messages(),
            "schemas": schemas::all(),
            "securitySchemes": security_schemes(),
        },
    })
}

/// WebSockets below the base path and at the root, and Redis. Where a server stands and what its
/// Redis is called it does not tell: those are variables.
fn servers(base_path: &BasePath) -> Value {
    let mut servers = json!({
        "ws": web_socket("ws", base_path.as_str(), "WebSockets"),
        "wss": web_socket("wss", base_path.as_str(), "WebSockets behind TLS"),
        "redis": {
            "host": "{redis}",
            "protocol": "redis",
            "description": "The Redis of REDIS_URL, through which pods hear each other and \
                            neighbours publish. Without one there are no such channels.",
            "variables": { "redis": {
                "default": "localhost:6379",
                "description": "Host and port of Redis.",
            } },
        },
    });
    if !base_path.as_str().is_empty() {
        servers["ws_at_root"] = web_socket("ws", "", "The same WebSockets at the root");
        servers["wss_at_root"] = web_socket("wss", "", "The same at the root, behind TLS");
    }
    servers
}

fn web_socket(protocol: &str, path: &str, words: &str) -> Value {
    let security: Vec<_> = security_schemes()
        .as_object()
        .into_iter()
        .flat_map(|schemes| schemes.keys())
        .map(|name| json!({ "$ref": format!("#/components/securitySchemes/{name}") }))
        .collect();
    let mut server = json!({
        "host": "{host}",
        "protocol": protocol,
        "protocolVersion": "13",
        "description": format!("{words}. One of the schemes is enough, and none where the server \
                                does not ask for a token (AUTH_ENABLED=false)."),
        "variables": { "host": {
            "default": "localhost:8080",
            "description": "Host and port of the server.",
        } },
        "security": security,
    });
    if !path.is_empty() {
        server["pathname"] = path.into();
    }
    server
}

/// The schemes of an upgrade, in AsyncAPI's words.
fn security_schemes() -> Value {
    let mut schemes = openapi::security_schemes();
    if let Some(schemes) = schemes.as_object_mut() {
        schemes.retain(|name, _| name.starts_with("token"));
        for scheme in schemes.values_mut().filter(|scheme| scheme["type"] == "apiKey") {
            scheme["type"] = "httpApiKey".into();
        }
    }
    schemes
}
