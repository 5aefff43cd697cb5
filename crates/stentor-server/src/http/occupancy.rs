//! `GET {base}/rooms` and `GET {base}/rooms/{room}`: who is where, in numbers, and by name where
//! presence is known.

use hyper::StatusCode;
use serde::Serialize;
use stentor_engine::People;
use stentor_engine::wire::presence::{Person, Status};

use super::App;
use super::answer::{Answer, json};
use super::query;
use crate::problem::Problem;
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

/// A room of which it is known who is in it, in all pods.
#[derive(Serialize)]
struct KnownRoom<'a> {
    #[serde(flatten)]
    room: Room<'a>,
    connections_in_all_pods: u64,
    /// Left out where they are too many for names.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<Member<'a>>>,
}

#[derive(Serialize)]
struct Member<'a> {
    user: Option<&'a str>,
    client_id: String,
    status: Status,
}

impl<'a> Member<'a> {
    fn of(person: &'a Person) -> Member<'a> {
        Member {
            user: person.user.as_deref(),
            client_id: person.client_id.to_string(),
            status: person.status,
        }
    }
}

/// The fullest rooms; `?limit=` says how many, at most 10,000.
pub(super) fn rooms(app: &App, query: Option<&str>) -> Result<Answer, Problem> {
    let limit = query::limit(query, LIMIT_DEFAULT, LIMIT_MAX)?;
    let report = app.engine.rooms(limit);
    let rooms = report
        .rooms
        .iter()
        .map(|room| Room { room: room.room.as_str(), connections: room.connections })
        .collect();
    Ok(json(StatusCode::OK, &Rooms { total: report.total, rooms }))
}

/// One room; nobody in it is an answer too. Who is in it is known while a client of this pod asks
/// to be told who comes and goes.
pub(super) async fn room(app: &App, segment: &str) -> Result<Answer, Problem> {
    let name = room_name(segment)?;
    let room = Room { room: name.as_str(), connections: app.engine.room_connections(&name) };
    let Some(People { connections, people }) = app.engine.people_in(&name).await else {
        return Ok(json(StatusCode::OK, &room));
    };
    let members = people.as_ref().map(|people| people.iter().map(Member::of).collect());
    let known = KnownRoom { room, connections_in_all_pods: connections, members };
    Ok(json(StatusCode::OK, &known))
}
