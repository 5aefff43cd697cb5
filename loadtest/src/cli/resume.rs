//! Options of `resume`.

use std::time::Duration;

use clap::Args;

use super::{ReferenceArgs, RoomArgs, ServerArgs, SpanArgs};

/// Options of `resume`.
#[derive(Debug, Args)]
pub(crate) struct ResumeArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The floor beside it.
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// The rooms and their steady members.
    #[command(flatten)]
    pub(crate) rooms: RoomArgs,
    /// Messages a second, of all talkers together
    #[arg(long, default_value_t = 50.0)]
    pub(crate) rate: f64,
    /// How many listeners leave and return, beside the steady members
    #[arg(
        long,
        default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) listeners: u32,
    /// About how long they are away
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) away: Duration,
    /// About how long they stay
    #[arg(long, default_value = "3s", value_parser = humantime::parse_duration)]
    pub(crate) stay: Duration,
    /// They cut the socket, without a close frame
    #[arg(long)]
    pub(crate) cut: bool,
    /// How long it lasts.
    #[command(flatten)]
    pub(crate) spans: SpanArgs,
}
