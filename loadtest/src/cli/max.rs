//! Options of `max`.

use std::time::Duration;

use clap::Args;

use super::{ProcessArgs, ReferenceArgs, RoomArgs, ServerArgs, SpanArgs};

/// Options of `max`; each of many rates is tried for less long than a load that is the only one.
#[derive(Debug, Args)]
#[command(
    mut_arg("warmup", |warmup| warmup.default_value("1s")),
    mut_arg("duration", |duration| duration.default_value("3s")),
    mut_arg("wait", |wait| wait.default_value("5s")),
)]
pub(crate) struct MaxArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The floor beside it.
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// The rooms.
    #[command(flatten)]
    pub(crate) rooms: RoomArgs,
    /// The processes.
    #[command(flatten)]
    pub(crate) processes: ProcessArgs,
    /// Messages a second to begin with
    #[arg(long, default_value_t = 100.0)]
    pub(crate) rate_start: f64,
    /// Messages a second never to be passed
    #[arg(long, default_value_t = 1_000_000.0)]
    pub(crate) rate_ceiling: f64,
    /// A rate fails if its p99 is not under this
    #[arg(long, default_value = "100ms", value_parser = super::parse_span)]
    pub(crate) p99_max: Duration,
    /// How often a rate is tried before it counts as failed
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
    pub(crate) tries: u32,
    /// How long each rate is tried.
    #[command(flatten)]
    pub(crate) spans: SpanArgs,
}
