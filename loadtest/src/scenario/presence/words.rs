//! What the chatting members' process and that of the crowd say to each other, a line of JSON each.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What the crowd is told.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Come, spread evenly over this time.
    Come(Duration),
    /// Leave, all at once, but those who stay.
    Leave,
    /// Say what was heard since the last order, and what stands now.
    Tell,
}

/// What it answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// Its sockets are there and bound.
    Ready,
    /// All have come or failed, or all are gone who were to go.
    Done(Move),
    /// What was told of presence since the last order.
    Told(Told),
}

/// How all came, or went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Move {
    /// How many are in now.
    pub(super) inside: u64,
    /// How long it took.
    pub(super) took: Duration,
}

/// What the crowd was told of presence.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Told {
    /// Frames that say how many are there.
    pub(super) counts: u64,
    /// Frames about one person.
    pub(super) names: u64,
    /// Bytes of the payloads of both.
    pub(super) bytes: u64,
    /// Frames of any kind that came to those who did not ask.
    pub(super) unasked: u64,
    /// How many of those who asked, and are there, were never told a number of members.
    pub(super) untold: u64,
    /// How many of them know a wrong one.
    pub(super) wrong: u64,
    /// How long after the last had come, or gone, the last frame came.
    pub(super) last_after: Duration,
    /// Connections that failed or ended unasked, and the first one's end in words.
    pub(super) ended: u64,
    pub(super) first_end: Option<String>,
    /// The share of its core that the crowd's process had since the order.
    pub(super) generator_share: f64,
}
