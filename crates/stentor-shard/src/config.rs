//! What a shard may be told.

use std::sync::Arc;
use std::time::Duration;

use crate::traffic::Traffic;

/// A shard's settings.
#[derive(Clone, Debug)]
pub struct ShardConfig {
    /// The pod's name, told in `welcome`.
    pub pod: Arc<str>,
    /// The number of this shard in its pod.
    pub index: u16,
    /// Seed of the random bits in message ids; a driver takes it from the operating system.
    pub seed: u64,
    /// What happens to a member whose ring is full.
    pub slow_consumer: SlowConsumer,
    /// The longest pause between two flushes of a room that is costly to flush; zero = none.
    pub flush_gap_max: Duration,
    /// A member silent for this long is pinged.
    pub ping_interval: Duration,
    /// A member of which nothing came for this long, not even part of a frame, is closed with 4408.
    pub pong_timeout: Duration,
    /// Messages a second that a member may send, in bursts of twice that; 0 = no limit.
    pub rate_limit: u32,
    /// Whether clients may speak to everybody, instead of to rooms only.
    pub client_global: bool,
    /// What is kept for those who come back; `None` = nothing.
    pub history: Option<HistoryConfig>,
    /// How members are told who comes and goes.
    pub presence: PresenceConfig,
}

/// How members are told who comes and goes.
#[derive(Clone, Debug)]
pub struct PresenceConfig {
    /// Who is back within this time never went.
    pub grace: Duration,
    /// Up to so many members, in all pods together, each is told by name; past it, how many they
    /// are.
    pub members_max: usize,
    /// A pod that gave no sign of life for so long is dead.
    pub pod_timeout: Duration,
}

impl Default for PresenceConfig {
    /// Five seconds, 256 names, nine seconds.
    fn default() -> PresenceConfig {
        PresenceConfig {
            grace: Duration::from_secs(5),
            members_max: 256,
            pod_timeout: Duration::from_secs(9),
        }
    }
}

impl Default for ShardConfig {
    /// What a pod's first shard is told where nobody says otherwise, but for the seed; nothing is kept.
    fn default() -> ShardConfig {
        ShardConfig {
            pod: "pod".into(),
            index: 0,
            seed: 1,
            slow_consumer: SlowConsumer::Auto,
            flush_gap_max: Duration::from_millis(5),
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(60),
            rate_limit: 0,
            client_global: true,
            history: None,
            presence: PresenceConfig::default(),
        }
    }
}

/// What is kept of what is said.
#[derive(Clone, Debug)]
pub struct HistoryConfig {
    /// Messages that a room keeps, at least 1.
    pub size: usize,
    /// How long.
    pub ttl: Duration,
    /// What all rooms of the pod keep together, in bytes, with all that it takes to keep them: each
    /// shard keeps to this bound, and they share the frames.
    pub bytes_max: usize,
    /// Other pods have members of the same rooms.
    pub is_shared: bool,
    /// Somebody else keeps what is said too, and is asked where this shard cannot say for sure what
    /// a client has missed: [`crate::Event::HistoryWanted`].
    pub has_archive: bool,
    /// The pod's traffic, the same for all of its shards.
    pub traffic: Arc<Traffic>,
}

/// What happens to a member whose ring is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlowConsumer {
    /// One that hears events loses the oldest messages and is told by a `gap`; any other is closed
    /// with 1013.
    #[default]
    Auto,
    /// Closed with 1013, whoever it is.
    Close,
    /// Loses the oldest messages, whoever it is, and is told by a `gap`.
    Gap,
}

/// What a client opted into when it connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberOptions {
    /// Hears the server's own events.
    pub events: bool,
    /// Hears who comes and goes.
    pub presence: bool,
    /// Hears an `ack` of each of its messages.
    pub ack: bool,
    /// Hears its own messages too.
    pub echo: bool,
}

impl Default for MemberOptions {
    fn default() -> MemberOptions {
        MemberOptions { events: false, presence: false, ack: false, echo: true }
    }
}
