//! `GET {base}/ws/stats?top=`: who is the furthest behind, and which rooms are the busiest.
//!
//! The shards are asked, each answers between two of its turns; one that has too much to do is
//! left out rather than waited for.

use serde::Serialize;
use stentor_engine::{Backlog, Laggard};

use super::App;
use super::query;
use crate::problem::{Kind, Problem};

/// Lines where the client does not say how many.
pub(super) const LIMIT_DEFAULT: usize = 10;

/// Lines at most.
pub(super) const LIMIT_MAX: usize = 100;

/// What may be asked for.
pub(super) const ORDERS: [&str; 3] = ["lag", "bytes", "rooms"];

/// The answer's member `top`.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Standouts {
    Connections { by: &'static str, connections: Vec<Behind> },
    Rooms { by: &'static str, rooms: Vec<Busy> },
}

/// A connection that something waits for.
#[derive(Serialize)]
pub(super) struct Behind {
    client_id: String,
    user: Option<String>,
    rooms: usize,
    queued: usize,
    queued_bytes: usize,
    lag_seconds: f64,
}

/// A room and what is delivered to its members; `null` is everybody.
#[derive(Serialize)]
pub(super) struct Busy {
    room: Option<String>,
    connections: u64,
    deliveries_per_second: f64,
}

impl Behind {
    fn of(laggard: &Laggard) -> Behind {
        Behind {
            client_id: laggard.client_id.to_string(),
            user: laggard.user.as_deref().map(str::to_owned),
            rooms: laggard.rooms,
            queued: laggard.frames,
            queued_bytes: laggard.bytes,
            lag_seconds: laggard.lag.as_secs_f64(),
        }
    }
}

/// What the query asks for; `None` where it does not ask.
pub(super) async fn standouts(
    app: &App,
    query: Option<&str>,
) -> Result<Option<Standouts>, Problem> {
    let Some(order) = query::value(query, "top") else { return Ok(None) };
    let limit = query::limit(query, LIMIT_DEFAULT, LIMIT_MAX)?;
    let [lag, bytes, rooms] = ORDERS;
    let found = match order {
        _ if order == lag => behind(app, lag, Backlog::Lag, limit).await,
        _ if order == bytes => behind(app, bytes, Backlog::Bytes, limit).await,
        _ if order == rooms => {
            let busy = app.engine.busiest_rooms(limit).await.into_iter().map(|of| Busy {
                room: of.room.map(|room| room.as_str().to_owned()),
                connections: of.connections,
                deliveries_per_second: tenths(of.deliveries_per_second),
            });
            Standouts::Rooms { by: rooms, rooms: busy.collect() }
        }
        _ => {
            let message = format!("the parameter top is {}", ORDERS.join(", "));
            return Err(Problem::new(Kind::BadParameter, message));
        }
    };
    Ok(Some(found))
}

async fn behind(app: &App, by: &'static str, order: Backlog, limit: usize) -> Standouts {
    let laggards = app.engine.laggards(order, limit).await;
    Standouts::Connections { by, connections: laggards.iter().map(Behind::of).collect() }
}

fn tenths(rate: f64) -> f64 {
    (rate * 10.0).round() / 10.0
}
