//! `GET {base}/ws/stats`: the pod's figures as JSON.

use hyper::StatusCode;
use serde::Serialize;
use stentor_engine::bus::link::LinkState;

use super::App;
use super::answer::{Answer, json};
use super::standouts::{Standouts, standouts};
use crate::problem::Problem;

#[derive(Serialize)]
struct Stats<'a> {
    pod: &'a str,
    uptime_seconds: u64,
    connections: u64,
    rooms: u64,
    messages_received: u64,
    messages_sent: u64,
    messages_dropped: u64,
    redis: Redis,
    shards: Vec<Shard>,
    /// Only where it is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    top: Option<Standouts>,
}

#[derive(Serialize)]
struct Redis {
    enabled: bool,
    connected: bool,
}

#[derive(Serialize)]
struct Shard {
    connections: u64,
    rooms: u64,
    queued: u64,
}

/// Connections, rooms and queues are what is so now; messages are counted since the start.
pub(super) async fn stats(app: &App, query: Option<&str>) -> Result<Answer, Problem> {
    let top = standouts(app, query).await?;
    let figures = app.engine.inspect();
    let link = app.engine.bus_link();
    let stats = Stats {
        pod: &app.pod,
        uptime_seconds: figures.uptime.as_secs(),
        connections: figures.connections(),
        rooms: figures.rooms,
        messages_received: figures.messages_received(),
        messages_sent: figures.messages_sent(),
        messages_dropped: figures.messages_dropped(),
        redis: Redis { enabled: link.is_some(), connected: link == Some(LinkState::Up) },
        shards: figures
            .shards
            .iter()
            .map(|shard| Shard {
                connections: shard.connections,
                rooms: shard.rooms,
                queued: shard.queued,
            })
            .collect(),
        top,
    };
    Ok(json(StatusCode::OK, &stats))
}
