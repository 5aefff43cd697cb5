//! Options of `slow`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{ReferenceArgs, ServerArgs, SpanArgs};

/// How a reader stalls.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum Stall {
    /// It reads nothing until all is said; then what is there is read and judged
    Never,
    /// It reads nothing for `--pause`
    Pause,
    /// It reads `--sip-bytes` at a time, `--sips` times a second
    Trickle,
}

/// Options of `slow`.
#[derive(Debug, Args)]
pub(crate) struct SlowArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The floor beside it.
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// How many rooms; each has one talker, so that the order of what is dropped is known
    #[arg(
        long,
        default_value_t = 1,
        value_parser = clap::value_parser!(u32).range(1..=100_000)
    )]
    pub(crate) rooms: u32,
    /// How many members each room has, the slow ones included
    #[arg(
        long,
        default_value_t = 200,
        value_parser = clap::value_parser!(u32).range(3..=100_000)
    )]
    pub(crate) members: u32,
    /// The share of them that stalls
    #[arg(long, default_value_t = 0.1)]
    pub(crate) slow: f64,
    /// How they stall
    #[arg(long, value_enum, default_value_t = Stall::Pause)]
    pub(crate) stall: Stall,
    /// How long a reader of `--stall pause` reads nothing
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) pause: Duration,
    /// How much a reader of `--stall trickle` reads at a time, in bytes
    #[arg(
        long,
        default_value_t = 1_024,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) sip_bytes: u32,
    /// How often it does so, a second
    #[arg(long, default_value_t = 20.0)]
    pub(crate) sips: f64,
    /// The slow ones ask for the server's events: they are owed a `gap`, the others a close
    #[arg(long)]
    pub(crate) events: bool,
    /// Size of a slow one's receive buffer in bytes; the system takes twice that
    #[arg(
        long,
        default_value_t = 4_096,
        value_parser = clap::value_parser!(u32).range(1_024..=1_000_000)
    )]
    pub(crate) receive_bytes: u32,
    /// Bytes of content in a message; with the rate and the pause it must pass what the system's
    /// buffers hold (4 MiB a socket), or nobody misses anything
    #[arg(long, default_value_t = 4_096)]
    pub(crate) content_bytes: usize,
    /// Messages a second, of all talkers together
    #[arg(long, default_value_t = 500.0)]
    pub(crate) rate: f64,
    /// How long to send and count before they stall
    #[arg(long, default_value = "3s", value_parser = super::parse_span)]
    pub(crate) run_in: Duration,
    /// How long they stall.
    #[command(flatten)]
    pub(crate) spans: SpanArgs,
}
