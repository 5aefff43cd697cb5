//! `POST {base}/messages`: what a backend says.

#[cfg(test)]
mod tests;

use std::fmt;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::body::Incoming;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stentor_engine::{Publication, Receipt, TRACE_TARGET};
use stentor_wire::MESSAGE_BYTES_MAX_DEFAULT;
use stentor_wire::draft::{Draft, RoomField};
use stentor_wire::error_code::ErrorCode;
use stentor_wire::parse::Parser;
use stentor_wire::room_name::RoomName;
use tracing::{Span, info_span};

use super::answer::{Answer, json};
use super::{App, body};
use crate::problem::{Kind, Problem};
use crate::traces::RequestTrace;

/// The largest body, in bytes; a larger one is answered 413.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// The most messages of a body; more are answered 413.
const MESSAGES_MAX: usize = 1_000;

/// Who says what a backend sends without a `from`.
const FROM_DEFAULT: &str = "server";

/// How one message was stamped.
#[derive(Serialize)]
struct Stamp {
    id: String,
    timestamp: String,
}

/// How several were.
#[derive(Serialize)]
struct Stamps {
    messages: Vec<Stamp>,
}

/// Publishes one message or an array of them, all or none, at this route.
pub(super) async fn publish(
    app: &App,
    route: &str,
    request: hyper::Request<Incoming>,
) -> Result<Answer, Problem> {
    let trace = if app.traces {
        RequestTrace::begin(route, request.headers())
    } else {
        RequestTrace::none()
    };
    let outcome = attempt(app, request, &trace).await;
    trace.end(match &outcome {
        Ok(answer) => answer.status(),
        Err(problem) => problem.kind.status(),
    });
    outcome
}

async fn attempt(
    app: &App,
    request: hyper::Request<Incoming>,
    trace: &RequestTrace,
) -> Result<Answer, Problem> {
    body::check_codings(request.headers())?;
    let body = body::read(request.into_body(), BODY_BYTES_MAX, app.patience.body).await?;
    let Request { publications, is_batch } = trace.part(validating, || Request::parse(&body))?;
    let messages = publications.len() as i64;
    let receipts = trace
        .part(
            |of| handing_over(of, messages),
            || app.engine.publish_as_part_of(trace.span(), publications),
        )
        .map_err(|overloaded| Problem::new(Kind::Overloaded, overloaded.to_string()))?;
    let mut stamps = receipts.iter().map(Stamp::of);
    Ok(match stamps.next() {
        Some(stamp) if !is_batch => json(StatusCode::ACCEPTED, &stamp),
        first => {
            let messages = first.into_iter().chain(stamps).collect();
            json(StatusCode::ACCEPTED, &Stamps { messages })
        }
    })
}

fn validating(of: &Span) -> Span {
    info_span!(target: TRACE_TARGET, parent: of, "validate")
}

fn handing_over(of: &Span, messages: i64) -> Span {
    info_span!(target: TRACE_TARGET, parent: of, "hand over", stentor.messages = messages)
}

impl Stamp {
    fn of(receipt: &Receipt) -> Stamp {
        Stamp { id: receipt.id.to_string(), timestamp: receipt.timestamp.to_string() }
    }
}

/// A body that is valid as a whole.
#[derive(Debug)]
struct Request {
    publications: Vec<Publication>,
    is_batch: bool,
}

impl Request {
    fn parse(body: &[u8]) -> Result<Request, Problem> {
        let text = body.trim_ascii();
        let mut parser = Parser::new();
        if !text.starts_with(b"[") {
            let publications = vec![publication(&mut parser, text, None)?];
            return Ok(Request { publications, is_batch: false });
        }
        let batch: Batch<'_> = serde_json::from_slice(text).map_err(|error| {
            let kind = Kind::BadMessage(ErrorCode::InvalidJson);
            Problem::new(kind, format!("the body is no JSON: {error}"))
        })?;
        if batch.is_too_long {
            let message = format!("a body holds at most {MESSAGES_MAX} messages");
            return Err(Problem::new(Kind::PayloadTooLarge, message));
        }
        let publications = batch
            .messages
            .iter()
            .enumerate()
            .map(|(index, message)| publication(&mut parser, message.get().as_bytes(), Some(index)))
            .collect::<Result<_, _>>()?;
        Ok(Request { publications, is_batch: true })
    }
}

/// `index` is the message's place in a batch.
fn publication(
    parser: &mut Parser,
    text: &[u8],
    index: Option<usize>,
) -> Result<Publication, Problem> {
    if text.len() > MESSAGE_BYTES_MAX_DEFAULT {
        let message = format!("a message has at most {MESSAGE_BYTES_MAX_DEFAULT} bytes");
        return Err(Problem { index, ..Problem::new(Kind::PayloadTooLarge, message) });
    }
    let draft = parser.parse_backend(text).map_err(|refusal| Problem {
        index,
        ..Problem::new(Kind::BadMessage(refusal.code), refusal.message)
    })?;
    of_draft(draft).map_err(|problem| Problem { index, ..problem })
}

fn of_draft(draft: Draft<'_>) -> Result<Publication, Problem> {
    let room = match draft.room {
        RoomField::Absent | RoomField::Global => None,
        RoomField::Named(name) => {
            let broken_rule = |broken: stentor_wire::room_name::BadRoomName| {
                Problem::new(Kind::BadMessage(ErrorCode::BadRoom), broken.as_str())
            };
            Some(RoomName::parse(&name).map_err(broken_rule)?)
        }
    };
    Ok(Publication {
        id: draft.id,
        kind: draft.kind,
        room,
        from: draft.from.map_or_else(|| FROM_DEFAULT.to_owned(), |from| from.into_owned()),
        data: Bytes::copy_from_slice(draft.data),
    })
}

/// An array cut into its elements, of which no more are kept than may be.
struct Batch<'a> {
    messages: Vec<&'a RawValue>,
    is_too_long: bool,
}

impl<'de: 'a, 'a> Deserialize<'de> for Batch<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Batch<'a>, D::Error> {
        struct Cutter;
        impl<'de> Visitor<'de> for Cutter {
            type Value = Batch<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array of messages")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<Batch<'de>, A::Error> {
                let mut batch = Batch { messages: Vec::new(), is_too_long: false };
                while batch.messages.len() < MESSAGES_MAX {
                    match array.next_element()? {
                        Some(message) => batch.messages.push(message),
                        None => return Ok(batch),
                    }
                }
                while array.next_element::<IgnoredAny>()?.is_some() {
                    batch.is_too_long = true;
                }
                Ok(batch)
            }
        }
        deserializer.deserialize_seq(Cutter)
    }
}
