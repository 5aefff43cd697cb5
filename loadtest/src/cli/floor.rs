//! Options of `floor` and `echo-floor`, and of their second processes.

use std::ops::RangeInclusive;
use std::time::Duration;

use clap::Args;

/// Options of `floor`.
#[derive(Debug, Args)]
pub(crate) struct FloorArgs {
    /// Keep the sender on this core
    #[arg(long, value_name = "CORE")]
    pub(crate) server_core: Option<usize>,
    /// How the sender sends.
    #[command(flatten)]
    pub(crate) sending: FloorSending,
}

/// Options of the sender.
#[derive(Debug, Args)]
pub(crate) struct FloorSenderArgs {
    /// The core to be on
    #[arg(long)]
    pub(crate) core: Option<usize>,
    /// How to send.
    #[command(flatten)]
    pub(crate) sending: FloorSending,
}

/// What the sender of `floor` does; the receiver hands it on.
#[derive(Clone, Debug, Args)]
pub(crate) struct FloorSending {
    /// How many sockets
    #[arg(
        long,
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) sockets: u32,
    /// Sockets that are sent to at once, in shuffled order, as a room's members are; all if not
    /// given. The rate stays that of whole rounds, and the bursts are equally spaced
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) sockets_per_burst: Option<u32>,
    /// How many frames one call of send() carries
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) frames_per_send: u32,
    /// Rounds over all sockets in a second, or `max` for flat out
    #[arg(long, default_value = "50", value_parser = parse_pace)]
    pub(crate) rate: Pace,
    /// Bytes of a frame, its head included
    #[arg(long, default_value_t = 188, value_parser = clap::value_parser!(u32).range(2..=65_000))]
    pub(crate) bytes: u32,
    /// How long to send before it counts
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) warmup: Duration,
    /// How long to send and count
    #[arg(long, default_value = "5s", value_parser = super::parse_span)]
    pub(crate) duration: Duration,
}

/// How fast the sender of `floor` goes round.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(crate) enum Pace {
    /// So many rounds a second.
    Rounds(f64),
    /// Without a pause.
    FlatOut,
}

/// Options of `echo-floor`.
#[derive(Debug, Args)]
pub(crate) struct EchoFloorArgs {
    /// Keep the answering process on this core
    #[arg(long, value_name = "CORE")]
    pub(crate) server_core: Option<usize>,
    /// How many round trips
    #[arg(long, default_value_t = 10_000)]
    pub(crate) count: u32,
    /// How many round trips before they count
    #[arg(long, default_value_t = 500)]
    pub(crate) warmup_count: u32,
    /// Bytes there and back
    #[arg(long, default_value_t = 188, value_parser = clap::value_parser!(u32).range(1..=65_000))]
    pub(crate) bytes: u32,
}

/// Options of the accepting process.
#[derive(Debug, Args)]
pub(crate) struct FloorDoorArgs {
    /// The core to be on
    #[arg(long)]
    pub(crate) core: Option<usize>,
    /// Answer a request with so many bytes; if not given, only hold what is accepted
    #[arg(long)]
    pub(crate) answer_bytes: Option<usize>,
}

/// Options of the answering process.
#[derive(Debug, Args)]
pub(crate) struct EchoFloorServerArgs {
    /// The core to be on
    #[arg(long)]
    pub(crate) core: Option<usize>,
}

/// Rounds a second that can be timed.
const ROUNDS: RangeInclusive<f64> = 1e-9..=1e9;

fn parse_pace(text: &str) -> Result<Pace, String> {
    if text == "max" {
        return Ok(Pace::FlatOut);
    }
    match text.parse() {
        Ok(rounds) if ROUNDS.contains(&rounds) => Ok(Pace::Rounds(rounds)),
        _ => Err("a number above zero, or `max`".to_owned()),
    }
}
