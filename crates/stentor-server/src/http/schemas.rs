//! The shapes of all that is said, over HTTP, over a WebSocket and on Redis, as JSON Schemas.
//!
//! One set for both descriptions: it keeps to what draft-07 (AsyncAPI 3.0) and draft 2020-12
//! (OpenAPI 3.1) read alike, so nothing stands beside a `$ref`. JSON Schema counts characters and
//! no bytes: `x-bytes-max` tells a bound in bytes, and a `maxLength` beside it is the same number,
//! because a text has never more characters than bytes.

mod bus;
mod events;
mod heard;
mod parts;
mod rest;
pub(super) mod said;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

pub(super) use events::samples;

/// A reference to one of [`all`], in either description.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// Every shape by its name.
pub(super) fn all() -> Map<String, Value> {
    let mut all = Map::new();
    for shapes in [parts::shapes(), rest::shapes(), of_websockets(), bus::shapes()] {
        all.extend(shapes);
    }
    all
}

/// What is said over a WebSocket, and what that is made of.
fn of_websockets() -> Map<String, Value> {
    let mut shapes = said::shapes();
    shapes.extend(heard::shapes());
    shapes.extend(events::shapes());
    shapes
}

/// Shapes under their names.
fn named(shapes: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    shapes.into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect()
}

/// An object of these members and no others, all of which are there.
fn exact(description: &str, properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
    json!({
        "type": "object",
        "description": description,
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

/// An object of these members and no others, of which `absent` may be absent.
fn exact_but(description: &str, absent: &[&str], properties: Value) -> Value {
    let mut shape = exact(description, properties);
    if let Some(required) = shape["required"].as_array_mut() {
        required.retain(|name| !absent.iter().any(|absent| name == absent));
    }
    shape
}

/// A number of things.
fn count() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}
