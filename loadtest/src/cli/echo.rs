//! Options of `echo`.

use clap::Args;

use super::{ReferenceArgs, ServerArgs};

/// Options of `echo`.
#[derive(Debug, Args)]
pub(crate) struct EchoArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The floor beside it.
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// How many round trips
    #[arg(long, default_value_t = 10_000)]
    pub(crate) count: u32,
    /// How many round trips before they count
    #[arg(long, default_value_t = 500)]
    pub(crate) warmup_count: u32,
    /// Bytes of content in a message
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(40..=60_000))]
    pub(crate) content_bytes: u32,
}
