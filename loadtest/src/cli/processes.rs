//! The options that spread the load over several processes.

use clap::Args;

use super::RoomArgs;
use crate::load::crew::Processes;
use crate::load::dialect::Dialect;

/// The processes that make the load together.
#[derive(Clone, Debug, Args)]
pub(crate) struct ProcessArgs {
    /// How many processes share the connections; --load-core 1,2,3 gives each a core, in turn
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub(crate) processes: u32,
}

impl ProcessArgs {
    /// How many, and where.
    pub(crate) fn on<'a>(&self, cores: &'a [usize]) -> Processes<'a> {
        Processes { count: self.processes as usize, cores }
    }
}

/// Options of a further load process.
#[derive(Debug, Args)]
pub(crate) struct LoadPartArgs {
    /// Address of the WebSocket route
    #[arg(long)]
    pub(crate) url: String,
    /// What the server speaks
    #[arg(long, value_enum)]
    pub(crate) dialect: Dialect,
    /// A token that lets the clients in
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// The rooms of all processes.
    #[command(flatten)]
    pub(crate) rooms: RoomArgs,
    /// The run that it is a part of
    #[arg(long)]
    pub(crate) run: u32,
    /// Which part it is, from 0
    #[arg(long)]
    pub(crate) part: u32,
    /// How many parts there are
    #[arg(long)]
    pub(crate) parts: u32,
}
