//! Options of `fanout`.

use std::time::Duration;

use clap::Args;

use super::{ProcessArgs, ReferenceArgs, RoomArgs, ServerArgs};

/// Options of `fanout`.
#[derive(Debug, Args)]
pub(crate) struct FanoutArgs {
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
    /// Messages a second, of all talkers together
    #[arg(long, default_value_t = 50.0)]
    pub(crate) rate: f64,
    /// How long to send before it counts
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    pub(crate) warmup: Duration,
    /// How long to send and count
    #[arg(long, default_value = "10s", value_parser = super::parse_span)]
    pub(crate) duration: Duration,
    /// How long to wait for what is outstanding at the end
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) wait: Duration,
}
