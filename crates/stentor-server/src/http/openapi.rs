//! `GET /openapi.json`: the description of the HTTP API, OpenAPI 3.1.
//!
//! Paths and methods come from the [route table](super::routes), codes and statuses from the
//! [table of problems](crate::problem); what is written here is what neither knows: words, shapes.

mod operations;
#[cfg(test)]
mod tests;

pub(super) use operations::web_socket_query;
use serde_json::{Map, Value, json};

use super::routes::{Routes, Verb};
use super::schemas;

/// The whole description of these routes.
pub(super) fn document(routes: &Routes) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in routes.iter() {
        let verb = match route.verb {
            Verb::Get => "get",
            Verb::Post => "post",
        };
        paths.entry(route.path.clone()).or_insert_with(|| json!({}))[verb] =
            operations::describe(route);
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Stentor",
            "version": env!("CARGO_PKG_VERSION"),
            "description":
                "A sharded WebSocket broadcast server: what is said in a room reaches everyone in \
                 it. This document is about its HTTP side; /asyncapi.json is about the messages of \
                 an open WebSocket.",
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas::all(),
            "securitySchemes": security_schemes(),
        },
    })
}

/// How to say who one is. Of a route's schemes one is enough, and none where the server asks for
/// none.
pub(super) fn security_schemes() -> Value {
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "Who a client is, where AUTH_ENABLED asks for it: sub, exp, and the \
                            patterns of its rooms.",
        },
        "token_query": {
            "type": "apiKey",
            "in": "query",
            "name": "token",
            "description": "The same token, for clients that cannot set a header.",
        },
        "token_subprotocol": {
            "type": "apiKey",
            "in": "header",
            "name": "Sec-WebSocket-Protocol",
            "description": "The same token as an entry bearer.<token>, which pages in a browser \
                            can send. The answer names the first other entry, or this one.",
        },
        "bearer_key": {
            "type": "http",
            "scheme": "bearer",
            "description": "The API_KEY of the server, where it has one.",
        },
        "key": {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "The same key.",
        },
    })
}
