//! What each operation takes and answers.

use serde_json::{Map, Value, json};
use stentor_wire::error_code::ErrorCode;

use super::super::codes::close_codes;
use super::super::routes::{Audience, Operation, Route};
use super::super::schemas::reference;
use super::super::standouts;
use crate::problem::Kind;

/// What guarded routes may answer beside their own problems.
const GUARD_PROBLEMS: &[Kind] = &[Kind::Unauthorized, Kind::ForbiddenOrigin];

/// One operation's words and shapes.
struct Words {
    summary: &'static str,
    parameters: Vec<Value>,
    request: Option<Value>,
    /// Status, what it says, and its media types.
    answers: Vec<(u16, &'static str, Value)>,
    problems: &'static [Kind],
}

/// The operation object of a route.
pub(super) fn describe(route: &Route) -> Value {
    let words = words(route.operation);
    let mut responses = Map::new();
    for (status, text, content) in words.answers {
        let mut response = json!({ "description": text });
        if !content.is_null() {
            response["content"] = content;
        }
        responses.insert(status.to_string(), response);
    }
    let is_guarded = route.audience == Audience::KeyHolders;
    let guard_problems = if is_guarded { GUARD_PROBLEMS } else { &[] };
    add_problems(&mut responses, words.problems.iter().chain(guard_problems));
    let mut operation = json!({ "summary": words.summary, "responses": responses });
    if !words.parameters.is_empty() {
        operation["parameters"] = words.parameters.into();
    }
    if let Some(request) = words.request {
        operation["requestBody"] = json!({ "required": true, "content": { JSON: request } });
    }
    if route.audience == Audience::WebSocketClients {
        operation["x-close-codes"] = close_codes();
        operation["security"] =
            json!([{}, { "token": [] }, { "token_query": [] }, { "token_subprotocol": [] }]);
    }
    if is_guarded {
        operation["security"] = json!([{}, { "bearer_key": [] }, { "key": [] }]);
    }
    operation
}

/// Problems of one status are one answer, which names their codes.
fn add_problems<'a>(responses: &mut Map<String, Value>, problems: impl Iterator<Item = &'a Kind>) {
    let mut codes: Vec<(u16, Vec<&str>)> = Vec::new();
    for problem in problems {
        let status = problem.status().as_u16();
        match codes.iter_mut().find(|(known, _)| *known == status) {
            Some((_, codes)) => codes.push(problem.code()),
            None => codes.push((status, vec![problem.code()])),
        }
    }
    for (status, codes) in codes {
        let text = codes.join(", ");
        responses.insert(
            status.to_string(),
            json!({ "description": text, "content": content("Problem") }),
        );
    }
}

fn words(operation: Operation) -> Words {
    match operation {
        Operation::WebSocket => web_socket(false),
        Operation::WebSocketRoom => web_socket(true),
        Operation::Publish => publish(),
        Operation::Rooms => Words {
            summary: "The rooms of this pod, the fullest first",
            parameters: vec![parameter(
                "limit",
                "query",
                "How many rooms are listed.",
                json!({ "type": "integer", "minimum": 0, "maximum": 10_000, "default": 1_000 }),
            )],
            problems: &[Kind::BadParameter],
            ..plain("How many rooms there are, and the fullest of them.", content("Rooms"))
        },
        Operation::Room => Words {
            summary: "How many connections a room has on this pod",
            parameters: vec![room_in_path()],
            problems: &[Kind::BadRoom],
            ..plain("The room; nobody in it is an answer too.", content("RoomWithMembers"))
        },
        Operation::Stats => Words {
            summary: "The figures of this pod",
            parameters: vec![
                parameter(
                    "top",
                    "query",
                    "What stands out is told too: the connections that are the furthest behind, by \
                     the age of the oldest message that waits for them or by the bytes that wait, or \
                     the rooms with the most deliveries.",
                    json!({ "enum": standouts::ORDERS }),
                ),
                parameter(
                    "limit",
                    "query",
                    "How many of them.",
                    json!({
                        "type": "integer", "minimum": 0, "maximum": standouts::LIMIT_MAX,
                        "default": standouts::LIMIT_DEFAULT,
                    }),
                ),
            ],
            problems: &[Kind::BadParameter],
            ..plain("Gauges, and counters since the start.", content("Stats"))
        },
        Operation::Healthz => {
            Words { summary: "Whether the process lives", ..plain("It does.", content("Health")) }
        }
        Operation::Readyz => Words {
            summary: "Whether the pod wants traffic",
            answers: vec![
                (200, "It does; degraded: only for what it hears itself.", content("Health")),
                (503, "It is draining, or misses the Redis that it requires.", content("Health")),
            ],
            ..plain("", Value::Null)
        },
        Operation::Metrics => Words {
            summary: "The figures for Prometheus, text format 0.0.4",
            ..plain("Metrics.", media("text/plain"))
        },
        Operation::OpenApi => {
            Words { summary: "This description", ..plain("OpenAPI 3.1.", media(JSON)) }
        }
        Operation::AsyncApi => Words {
            summary: "The messages of an open WebSocket and of Redis, with their JSON Schemas",
            ..plain("AsyncAPI 3.0.", media(JSON))
        },
        Operation::Docs => Words {
            summary: "Both descriptions as a page",
            ..plain("A page without scripts.", media("text/html"))
        },
        Operation::DocsStyle => {
            Words { summary: "The style of that page", ..plain("A sheet.", media("text/css")) }
        }
        Operation::Chat => {
            Words { summary: "A chat to try it", ..plain("A page.", media("text/html")) }
        }
        Operation::Dashboard => Words {
            summary: "A page that shows this pod at work",
            ..plain("The page. What it shows it asks for with the API key.", media("text/html"))
        },
        Operation::Asset => Words {
            summary: "What the chat page loads",
            parameters: vec![parameter("file", "path", "A file.", json!({ "type": "string" }))],
            problems: &[Kind::NotFound],
            ..plain("The file.", media("*/*"))
        },
        Operation::Client => Words {
            summary: "The client for browsers and Node",
            ..plain(
                "A JavaScript module; pages of every origin may load it.",
                media("text/javascript"),
            )
        },
    }
}

/// An operation that takes nothing and answers 200.
fn plain(text: &'static str, content: Value) -> Words {
    Words {
        summary: "",
        parameters: Vec::new(),
        request: None,
        answers: vec![(200, text, content)],
        problems: &[],
    }
}

/// What the query of an upgrade may say.
pub(in crate::http) fn web_socket_query() -> Vec<Value> {
    let flag =
        |name, text| parameter(name, "query", text, json!({ "enum": ["0", "1", "true", "false"] }));
    vec![
        json!({
            "name": "room",
            "in": "query",
            "description": "A room to join; may be repeated, at most 128 rooms in all.",
            "schema": { "type": "array", "items": reference("RoomName"), "maxItems": 128 },
            "style": "form",
            "explode": true,
        }),
        flag("events", "Hear the server's own events."),
        flag("presence", "Hear who comes and goes."),
        flag("ack", "Have each publish acknowledged."),
        flag("echo", "Hear your own messages; 1 where it is not named."),
        parameter(
            "last_id",
            "query",
            "The id of the last message heard; implies events=1. What is no UUID counts as absent.",
            json!({ "type": "string" }),
        ),
        parameter(
            "token",
            "query",
            "A JSON Web Token, also taken from Authorization: Bearer and from the subprotocol \
             bearer.<token>. Needed where the server asks for one, and ignored where it has no key.",
            json!({ "type": "string" }),
        ),
    ]
}

fn web_socket(has_room: bool) -> Words {
    let mut parameters = web_socket_query();
    if has_room {
        parameters.insert(0, room_in_path());
    }
    Words {
        summary: if has_room {
            "Open a WebSocket as a member of this room"
        } else {
            "Open a WebSocket as a member of the named rooms, or of none"
        },
        parameters,
        request: None,
        answers: vec![(101, "From here on it is a WebSocket.", Value::Null)],
        problems: Kind::OF_UPGRADES,
    }
}

fn publish() -> Words {
    Words {
        summary: "Publish one message, or up to 1,000 of which all or none are published",
        parameters: Vec::new(),
        request: Some(json!({ "schema": { "oneOf": [
            reference("Publication"),
            { "type": "array", "items": reference("Publication"), "maxItems": 1_000 },
        ] } })),
        answers: vec![(
            202,
            "Published: the stamp of one message, or of each of an array.",
            json!({ JSON: { "schema": { "oneOf": [reference("Stamp"), reference("Stamps")] } } }),
        )],
        problems: &[
            Kind::BadRequest,
            Kind::BadMessage(ErrorCode::InvalidJson),
            Kind::BadMessage(ErrorCode::InvalidMessage),
            Kind::BadMessage(ErrorCode::UnknownType),
            Kind::BadMessage(ErrorCode::BadRoom),
            Kind::RequestTimeout,
            Kind::PayloadTooLarge,
            Kind::UnsupportedCoding,
            Kind::Overloaded,
        ],
    }
}

const JSON: &str = "application/json";

fn content(schema: &str) -> Value {
    json!({ JSON: { "schema": reference(schema) } })
}

fn media(media_type: &str) -> Value {
    json!({ media_type: { "schema": {} } })
}

fn room_in_path() -> Value {
    parameter("room", "path", "The room, percent-encoded.", reference("RoomName"))
}

fn parameter(name: &str, place: &str, text: &str, schema: Value) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": text,
        "schema": schema,
    })
}
