//! What a pod says of itself at one moment.

use serde::Deserialize;

use super::super::asking::Asker;
use super::super::failure::Failure;
use super::metrics::Metrics;

/// By what the connections are ordered that are behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The time for which the oldest frame has waited.
    Lag,
    /// The bytes that wait.
    Bytes,
}

/// The whole of it.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    pub(super) stats: Stats,
    pub(super) behind: Vec<Behind>,
    pub(super) rooms: Vec<Busy>,
    pub(super) metrics: Metrics,
}

/// `GET {base}/ws/stats`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Stats {
    pub(super) pod: String,
    pub(super) uptime_seconds: u64,
    pub(super) connections: u64,
    pub(super) rooms: u64,
    pub(super) messages_received: u64,
    pub(super) messages_sent: u64,
    pub(super) messages_dropped: u64,
    pub(super) redis: Redis,
    pub(super) shards: Vec<Shard>,
    #[serde(default)]
    top: Top,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Redis {
    pub(super) enabled: bool,
    pub(super) connected: bool,
}

#[derive(Clone, Copy, Debug, Deserialize)]
pub(super) struct Shard {
    pub(super) connections: u64,
    pub(super) rooms: u64,
    pub(super) queued: u64,
}

/// Of the two lists, that which was asked for.
#[derive(Clone, Debug, Default, Deserialize)]
struct Top {
    #[serde(default)]
    connections: Vec<Behind>,
    #[serde(default)]
    rooms: Vec<Busy>,
}

/// A connection that something waits for.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Behind {
    pub(super) client_id: String,
    pub(super) user: Option<String>,
    pub(super) rooms: u64,
    pub(super) queued: u64,
    pub(super) queued_bytes: u64,
    pub(super) lag_seconds: f64,
}

/// A room that much is delivered in; without a name it is everybody.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Busy {
    pub(super) room: Option<String>,
    pub(super) connections: u64,
    pub(super) deliveries_per_second: f64,
}

impl Reading {
    /// Asks for it.
    ///
    /// # Errors
    /// Those of [`Asker::get`].
    pub(super) async fn take(asker: &Asker<'_>, order: Order) -> Result<Reading, Failure> {
        let by = match order {
            Order::Lag => "lag",
            Order::Bytes => "bytes",
        };
        let mut stats: Stats = asker.get(&format!("/ws/stats?top={by}")).await?;
        let busy: Stats = asker.get("/ws/stats?top=rooms").await?;
        let metrics = Metrics::parse(&asker.get_text("/metrics").await?);
        let behind = std::mem::take(&mut stats.top.connections);
        Ok(Reading { stats, behind, rooms: busy.top.rooms, metrics })
    }
}
