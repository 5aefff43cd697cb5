//! What the steady members' process and that of the crowd say to each other, a line of JSON each.

use std::time::Duration;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::cli::LeavingBy;
use crate::verdict::sparse_histogram;

/// What the crowd is told.
#[derive(Copy, Clone, Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Come, all at once.
    Come,
    /// Leave, all at once; those who are still on their way stay away.
    Leave(LeavingBy),
}

/// What it answers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    /// Its sockets are there and bound.
    Ready,
    /// All are in, or will never be.
    Came(Arrival),
    /// All are gone.
    Left(Departure),
}

/// How a crowd came in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Arrival {
    /// How many are in.
    pub(super) opened: u64,
    /// How often one of them tried.
    pub(super) tries: u64,
    /// How often one was told by a 503, or a 429, when to come again, and did.
    pub(super) told_503: u64,
    pub(super) told_429: u64,
    /// How often an attempt broke, without an answer, and was made again.
    pub(super) broken: u64,
    /// How many are not in.
    pub(super) given_up: u64,
    /// Why the first attempt that failed did.
    pub(super) first_failure: Option<String>,
    /// Within which time all first attempts were made: the call to connect and the request.
    pub(super) issued: Duration,
    /// How long it took until the last one was in, or was given up.
    pub(super) took: Duration,
    /// From the beginning of the storm until each was in.
    #[serde(with = "sparse_histogram")]
    pub(super) latency: Histogram<u64>,
    /// The share of its core that the crowd's process had meanwhile.
    pub(super) generator_share: f64,
}

/// How it went.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Departure {
    /// How many were in.
    pub(super) left: u64,
    /// How many had been thrown out before, and the first one's end in words.
    pub(super) thrown_out: u64,
    pub(super) first_end: Option<String>,
    /// Within which time all were told to go.
    pub(super) issued: Duration,
    /// How long it took until the last one was gone, as far as the crowd can tell.
    pub(super) took: Duration,
    /// How many did not hear the server's goodbye in time.
    pub(super) unanswered: u64,
}
