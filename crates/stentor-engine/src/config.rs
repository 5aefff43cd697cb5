//! What the engine may be told, with the defaults of a pod.

use std::sync::Arc;
use std::time::Duration;

pub use stentor_shard::SlowConsumer;

/// Everything that the engine wants to know before it starts.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// The name under which this process is known, told to clients in `welcome`.
    pub pod: String,
    /// How many shards, each with a thread of its own; at least 1, at most
    /// [`EngineConfig::SHARDS_MAX`].
    pub shards: usize,
    /// Whether another process may listen on the same address, which takes over when this one drains.
    /// Then a drain gives up the port first, and nobody who comes meanwhile is refused.
    pub shares_port: bool,
    /// How many connections the pod holds at once, all shards together.
    pub connections_max: usize,
    /// How many handshakes are under way at once: sockets at the door, and connections whose response
    /// waits for the bus. An eighth is kept for those who resume; a socket past it is told so unread.
    pub handshakes_max: usize,
    /// Connections that come in a second, in bursts of a second's worth, twice that for those who
    /// resume; 0 = no limit.
    pub accept_rate: u32,
    /// Connections of one [`crate::AddressBlock`] at once; 0 = no limit, and they are not counted.
    pub connections_per_address_max: usize,
    /// The most bytes of one message after reassembly; one more closes with 1009.
    pub message_bytes_max: usize,
    /// What happens to a client that does not read: see [`SlowConsumer`].
    pub slow_consumer: SlowConsumer,
    /// The longest pause between two flushes of a room that is costly to flush; zero = none.
    pub flush_gap_max: Duration,
    /// A connection silent for this long is pinged.
    pub ping_interval: Duration,
    /// A connection from which nothing came for this long, not even part of a frame, is closed with
    /// 4408.
    pub pong_timeout: Duration,
    /// Messages a second that a connection may send, in bursts of twice that; 0 = no limit.
    pub rate_limit: u32,
    /// Messages a second that all connections of one proven identity may send together, in bursts of
    /// twice that; 0 = no limit.
    pub rate_limit_user: u32,
    /// Whether clients may speak to everybody, instead of to rooms only.
    pub client_global: bool,
    /// Over how long [`crate::Engine::drain`] may spread its closes, and how long it waits.
    pub drain_timeout: Duration,
    /// How long a new socket may take until its door has let it in.
    pub door_timeout: Duration,
    /// What is kept of what is said, for those who come back; `None` = nothing.
    pub history: Option<History>,
    /// How members are told who comes and goes.
    pub presence: Presence,
    /// What the sockets speak that the engine's own listener accepts: TLS by this configuration, or,
    /// without it, plain TCP. Who is in stays in, whatever its resolver says later.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// How other pods are heard; without it the pod is on its own, and pays nothing for the rest.
    pub bus: Option<stentor_bus::bus::Settings>,
}

/// What rooms keep of what is said in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Messages that a room keeps, at least 1.
    pub size: usize,
    /// How long.
    pub ttl: Duration,
    /// What all rooms of the pod keep together, in bytes; past it the oldest goes first.
    pub bytes_max: usize,
    /// Whether Redis keeps it too, for all pods; of no effect without a bus.
    pub at_redis: bool,
}

/// How members are told who comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presence {
    /// Who is back within this time never went.
    pub grace: Duration,
    /// Up to so many members of a room are told by name; past it, how many they are.
    pub members_max: usize,
}

impl Default for Presence {
    /// Five seconds, 256 members.
    fn default() -> Presence {
        Presence { grace: Duration::from_secs(5), members_max: 256 }
    }
}

impl Default for History {
    /// 256 messages, a minute, 64 MiB, in memory alone.
    fn default() -> History {
        let (size, ttl, bytes_max) = (256, Duration::from_secs(60), 64 * 1024 * 1024);
        History { size, ttl, bytes_max, at_redis: false }
    }
}

impl EngineConfig {
    /// The most shards that one engine runs: one bit each in a room's shard set.
    pub const SHARDS_MAX: usize = 64;
}

impl Default for EngineConfig {
    fn default() -> EngineConfig {
        EngineConfig {
            pod: "pod".to_owned(),
            shards: 1,
            shares_port: false,
            connections_max: 10_000,
            handshakes_max: 4_096,
            accept_rate: 0,
            connections_per_address_max: 0,
            message_bytes_max: stentor_wire::MESSAGE_BYTES_MAX_DEFAULT,
            slow_consumer: SlowConsumer::Auto,
            flush_gap_max: Duration::from_millis(5),
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(60),
            rate_limit: 100,
            rate_limit_user: 0,
            client_global: true,
            drain_timeout: Duration::from_secs(10),
            door_timeout: Duration::from_secs(10),
            history: Some(History::default()),
            presence: Presence::default(),
            tls: None,
            bus: None,
        }
    }
}
