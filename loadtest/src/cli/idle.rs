//! Options of `idle`.

use std::time::Duration;

use clap::Args;

use super::{ReferenceArgs, ServerArgs};

/// Options of `idle`.
#[derive(Debug, Args)]
pub(crate) struct IdleArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The floor beside it.
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// How many connections
    #[arg(long, default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// How many rooms they share; 0 = they join none
    #[arg(long, default_value_t = 1)]
    pub(crate) rooms: usize,
    /// How often all of them come and go
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) cycles: u32,
    /// How long to let the server settle before its memory is read
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    pub(crate) settle: Duration,
}
