//! Options of `fanout`.

use clap::Args;

use super::{ProcessArgs, ReferenceArgs, RoomArgs, ServerArgs, SpanArgs};

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
    /// How long it lasts.
    #[command(flatten)]
    pub(crate) spans: SpanArgs,
}
