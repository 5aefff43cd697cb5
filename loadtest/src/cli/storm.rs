//! Options of `storm`, and of its second process.

use std::time::Duration;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::{HandedTarget, ServerArgs};

/// How the crowd leaves, all at the same instant.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum, Serialize, Deserialize)]
pub(crate) enum LeavingBy {
    /// With a close frame each
    Close,
    /// Each socket is closed without a word (FIN)
    Cut,
    /// Each socket is reset (RST)
    Reset,
    /// The process that has them is killed
    Kill,
}

/// What is held against the bound.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Judged {
    /// The slowest of all
    Max,
    /// What 99 of 100 stayed under
    P99,
}

impl Judged {
    /// The share of the latencies that must stay under the bound.
    pub(crate) fn quantile(self) -> f64 {
        match self {
            Self::Max => 1.0,
            Self::P99 => 0.99,
        }
    }

    /// How it is called in the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::P99 => "p99",
        }
    }
}

/// Options of `storm`.
#[derive(Debug, Args)]
pub(crate) struct StormArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// How many come at one instant, and later leave at one, beside the steady members
    #[arg(
        long,
        default_value_t = 10_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) count: u32,
    /// How they leave
    #[arg(long, value_enum, default_value_t = LeavingBy::Close)]
    pub(crate) by: LeavingBy,
    /// How many rooms of their own they are in, where nobody talks; 0 = they are in the steady
    /// members' rooms and hear everything
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    pub(crate) crowd_rooms: u32,
    /// How many of them come from one address, where the server is on this machine
    #[arg(
        long,
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=8_000)
    )]
    pub(crate) per_address: u32,
    /// All connections are begun before the first of them asks for its upgrade, as if the crowd
    /// were far away; else each asks as soon as its own stands
    #[arg(long)]
    pub(crate) connects_first: bool,
    /// How many rooms the steady members are in
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rooms: u32,
    /// How many of them each room has
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) members: u32,
    /// How many of a room's members talk
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) talkers: u32,
    /// Bytes of content in a message
    #[arg(long, default_value_t = 128)]
    pub(crate) content_bytes: usize,
    /// Messages a second, of all talkers together
    #[arg(long, default_value_t = 200.0)]
    pub(crate) rate: f64,
    /// How often one more client comes in, and leaves again, to time its handshake
    #[arg(long, default_value = "20ms", value_parser = super::parse_span)]
    pub(crate) probe_every: Duration,
    /// What a message to a steady member, and a handshake, must stay under in every stage
    #[arg(long, default_value = "100ms", value_parser = super::parse_span)]
    pub(crate) bound: Duration,
    /// What is held against it
    #[arg(long, value_enum, default_value_t = Judged::Max)]
    pub(crate) judge: Judged,
    /// A handshake that is answered within the bound with 503 or 429 is no fault
    #[arg(long)]
    pub(crate) allow_refusals: bool,
    /// How long to send before it counts
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) warmup: Duration,
    /// How long it is calm before each storm
    #[arg(long, default_value = "3s", value_parser = super::parse_span)]
    pub(crate) calm: Duration,
    /// Within which time a storm must be over: all are in, or the server counts them gone
    #[arg(long, default_value = "10s", value_parser = super::parse_span)]
    pub(crate) storm_max: Duration,
    /// How long to wait for what is outstanding at the end
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) wait: Duration,
}

/// Options of the process that has the crowd's connections.
#[derive(Debug, Args)]
pub(crate) struct StormCrowdArgs {
    /// The server that the first process has asked.
    #[command(flatten)]
    pub(crate) server: HandedTarget,
    /// How many there are
    #[arg(long)]
    pub(crate) count: u32,
    /// The number of their first room
    #[arg(long)]
    pub(crate) first_room: u32,
    /// How many rooms they are in
    #[arg(long)]
    pub(crate) rooms: u32,
    /// How many come from one address
    #[arg(long)]
    pub(crate) per_address: u32,
    /// All connect before the first one asks
    #[arg(long)]
    pub(crate) connects_first: bool,
}
