//! Options of `connect`.

use clap::Args;

use super::{ReferenceArgs, ServerArgs};

/// Options of `connect`.
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The floor beside it.
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// How many handshakes
    #[arg(long, default_value_t = 10_000)]
    pub(crate) count: usize,
    /// How many at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) in_flight: u32,
    /// How many rooms they share; 0 = they join none
    #[arg(long, default_value_t = 1)]
    pub(crate) rooms: usize,
    /// Stay until all are in, so that the figures hold no goodbye; else each leaves at once
    #[arg(long)]
    pub(crate) hold: bool,
}
