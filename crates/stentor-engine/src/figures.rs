//! The engine's figures: what it counted, read without stopping a shard.

use std::time::Duration;

use stentor_bus::counters::Counters;
use stentor_shard::counters::BOUNDS_MICROS;
use stentor_wire::close::CloseCode;
use stentor_wire::presence::Person;
use stentor_wire::room_name::RoomName;

pub use stentor_shard::counters::Dropped;

/// A reading of all counters. Counters only grow; gauges say what is so now.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Time since the engine started.
    pub uptime: Duration,
    /// Rooms that have members, each counted once.
    pub rooms: u64,
    /// One entry a shard.
    pub shards: Vec<ShardFigures>,
    /// Connections closed by this side or the peer, by close code; [`CloseCode::ALL`]'s order.
    pub closed: Vec<(CloseCode, u64)>,
    /// Connections that ended without a close frame from either side.
    pub closed_abnormally: u64,
    /// Gauge: connections that hold one of the `connections_max` places: members, and those that
    /// were told to close and have not ended.
    pub places: u64,
    /// How many such places there are.
    pub connections_max: u64,
    /// Gauge: handshakes under way, of at most `handshakes_max`.
    pub handshakes: u64,
    /// Gauge: address blocks that have connections, where those are counted.
    pub addresses: u64,
    /// Deliveries of what was said in this pod: from when a shard took the first message of a flush
    /// to the end of that flush.
    pub delivery_local: Times,
    /// Deliveries of what was said elsewhere: from the stamp of the first such message of a flush,
    /// by the clock of whoever stamped it, to the end of that flush.
    pub delivery_remote: Times,
    /// Turns of the shards' loops: whoever comes in during one waits for its end.
    pub turns: Times,
    /// The bus, where the engine has one; at most half a second old.
    pub bus: Option<Counters>,
}

/// How long things took.
#[derive(Clone, Debug, PartialEq)]
pub struct Times {
    /// By upper bound in seconds, how many took no longer and are in no bucket before (not
    /// cumulated). The last bound is infinity.
    pub buckets: Vec<(f64, u64)>,
    /// The sum of all of them.
    pub sum: Duration,
}

impl Default for Times {
    fn default() -> Times {
        let bounds = BOUNDS_MICROS.iter().map(|micros| *micros as f64 / 1e6);
        let bounds = bounds.chain(std::iter::once(f64::INFINITY));
        Times { buckets: bounds.map(|bound| (bound, 0)).collect(), sum: Duration::ZERO }
    }
}

/// One shard's part.
#[derive(Clone, Copy, Debug, Default)]
pub struct ShardFigures {
    /// Gauge: connections that are members now.
    pub connections: u64,
    /// Gauge: rooms with members on this shard.
    pub rooms: u64,
    /// Gauge: frames waiting in rings.
    pub queued: u64,
    /// Counter: messages taken from clients and publications.
    pub messages_received: u64,
    /// Counter: deliveries, one for each connection that a message was written or queued to.
    pub messages_sent: u64,
    /// Counters: deliveries that were never made, by what became of them.
    pub dropped: Dropped,
    /// Counter: time in turns; the rest of the uptime the shard waited.
    pub busy: Duration,
    /// Gauge: how long the turn takes already that is not over; zero between turns.
    pub turn_age: Duration,
    /// Counter: messages answered with an error.
    pub messages_refused: u64,
    /// Counter: connections that ever became members.
    pub connections_opened: u64,
    /// Counter: members that were told that messages of other pods did not reach them.
    pub gaps_told: u64,
    /// Counter: members that were not told so, because they hear no events.
    pub gaps_untold: u64,
    /// Counter: batches of messages of other pods that this shard was too slow for.
    pub batches_missed: u64,
    /// Counter: clients that came back and missed nothing.
    pub resumes_recovered: u64,
    /// Counter: clients that came back and may have missed something.
    pub resumes_incomplete: u64,
    /// Counter: deliveries out of the history.
    pub messages_replayed: u64,
    /// Gauge: messages that are kept for who comes back; every shard keeps the same.
    pub history_messages: u64,
    /// Gauge: what they weigh, in bytes, with what all shards need to keep them.
    pub history_bytes: u64,
    /// Gauge: rooms of which this shard knows who is there.
    pub rosters: u64,
    /// Counter: words about who came, went or is away, one for each member that was told.
    pub presence_told: u64,
    /// Gauge: rooms of which others are told who of this shard is there.
    pub leases: u64,
    /// Counter: questions of others about a room more than this shard tells changes of.
    pub leases_refused: u64,
    /// Counter: sockets that the door refused.
    pub refused: u64,
    /// Counter: sockets for which there was no place at the door.
    pub crowded_out: u64,
    /// Counter: sockets that did not say within `door_timeout` what they want.
    pub timed_out: u64,
    /// Counter: sockets whose peer left the door before it said what it wants.
    pub gone_early: u64,
    /// Counter: sockets whose peer spoke no TLS where there is TLS, or not what is spoken here.
    pub no_tls: u64,
}

impl Figures {
    /// Connections that are members now, over all shards.
    pub fn connections(&self) -> u64 {
        self.shards.iter().map(|shard| shard.connections).sum()
    }

    /// Sockets that never became members, for whatever reason, over all shards.
    pub fn turned_away(&self) -> u64 {
        let of_shard = |of: &ShardFigures| {
            of.refused + of.crowded_out + of.timed_out + of.gone_early + of.no_tls
        };
        self.shards.iter().map(of_shard).sum()
    }

    /// Messages received, over all shards.
    pub fn messages_received(&self) -> u64 {
        self.shards.iter().map(|shard| shard.messages_received).sum()
    }

    /// Deliveries made, over all shards.
    pub fn messages_sent(&self) -> u64 {
        self.shards.iter().map(|shard| shard.messages_sent).sum()
    }

    /// What is kept for who comes back: messages, and the bytes that they weigh in all shards.
    pub fn kept(&self) -> (u64, u64) {
        let most = |of: fn(&ShardFigures) -> u64| self.shards.iter().map(of).max().unwrap_or(0);
        (most(|shard| shard.history_messages), most(|shard| shard.history_bytes))
    }

    /// Deliveries dropped, over all shards.
    pub fn messages_dropped(&self) -> u64 {
        self.shards.iter().map(|shard| shard.dropped.total()).sum()
    }
}

/// How many connections a room has on this pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomOccupancy {
    /// The room.
    pub room: RoomName,
    /// Its members here.
    pub connections: u64,
}

/// Who is in a room, in all pods, as far as this one knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// How many connections.
    pub connections: u64,
    /// Everybody, each once; `None` where they are too many.
    pub people: Option<Vec<Person>>,
}

/// A room, or everybody, and what is delivered to its members on this pod.
#[derive(Clone, Debug, PartialEq)]
pub struct BusyRoom {
    /// `None` is everybody.
    pub room: Option<RoomName>,
    /// Its members here.
    pub connections: u64,
    /// An average over about the last ten seconds.
    pub deliveries_per_second: f64,
}

/// The rooms of this pod, the fullest first.
#[derive(Clone, Debug, Default)]
pub struct RoomsReport {
    /// How many rooms there are.
    pub total: u64,
    /// The fullest of them, as many as were asked for.
    pub rooms: Vec<RoomOccupancy>,
}
