//! The options of the floor that stands beside a server's figures.

use std::time::Duration;

use clap::Args;

/// The floor beside the server's figures.
#[derive(Clone, Debug, Args)]
pub(crate) struct ReferenceArgs {
    /// Keep the floor's process on this core, the server's; if not given, the one core that the
    /// process of --pid may use
    #[arg(long, value_name = "CORE")]
    pub(crate) server_core: Option<usize>,
    /// Leave out the floor, and with it every ratio
    #[arg(long)]
    pub(crate) no_floor: bool,
    /// How long each measurement of the floor counts, after a quarter of that which does not
    #[arg(long, default_value = "2s", value_parser = super::parse_span)]
    pub(crate) floor_duration: Duration,
}
