//! `GET {base}/rooms` and `GET {base}/rooms/{room}`: who is where, in numbers.

use hyper::StatusCode;
use serde::Serialize;

use super::App;
use super::answer::{Answer, json};
use crate::problem::{Kind, Problem};
use crate::room_text::room_name;

/// Rooms in a list where the client does not say.
const LIMIT_DEFAULT: usize = 1_000;

/// Rooms in a list at most.
const LIMIT_MAX: usize = 10_000;

#[derive(Serialize)]
struct Rooms<'a> {
    total: u64,
    rooms: Vec<Room<'a>>,
}

#[derive(Serialize)]
struct Room<'a> {
    room: &'a str,
    connections: u64,
}

/// The fullest rooms; `?limit=` says how many, at most 10,000.
pub(super) fn rooms(app: &App, query: Option<&str>) -> Result<Answer, Problem> {
    let limit = limit(query.unwrap_or(""))?;
    let report = app.engine.rooms(limit);
    let rooms = report
        .rooms
        .iter()
        .map(|room| Room { room: room.room.as_str(), connections: room.connections })
        .collect();
    Ok(json(StatusCode::OK, &Rooms { total: report.total, rooms }))
}

/// One room; nobody in it is an answer too.
pub(super) fn room(app: &App, segment: &str) -> Result<Answer, Problem> {
    let room = room_name(segment)?;
    let connections = app.engine.room_connections(&room);
    Ok(json(StatusCode::OK, &Room { room: room.as_str(), connections }))
}

fn limit(query: &str) -> Result<usize, Problem> {
    let mut limit = LIMIT_DEFAULT;
    for parameter in query.split('&') {
        if let Some(value) = parameter.strip_prefix("limit=") {
            limit = match value.parse() {
                Ok(number @ 0..=LIMIT_MAX) => number,
                _ => {
                    let message = format!("the parameter limit is 0 to {LIMIT_MAX}");
                    return Err(Problem::new(Kind::BadParameter, message));
                }
            };
        }
    }
    Ok(limit)
}
