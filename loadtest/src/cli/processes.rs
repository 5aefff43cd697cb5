//! The options that spread the load over several processes.

use std::path::PathBuf;

use clap::Args;

use super::RoomArgs;
use crate::failure::Failure;
use crate::load::crew::Processes;
use crate::load::dialect::Dialect;
use crate::load::target::Target;

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

/// A target that one process hands to another on its command line.
#[derive(Debug, Args)]
pub(crate) struct HandedTarget {
    /// Address of the WebSocket route
    #[arg(long)]
    url: String,
    /// What the server speaks
    #[arg(long, value_enum)]
    dialect: Dialect,
    /// A token that lets the clients in
    #[arg(long)]
    token: Option<String>,
    /// The authorities that the clients trust
    #[arg(long)]
    cacert: Option<PathBuf>,
}

impl HandedTarget {
    /// The options that name `target` to the other process.
    pub(crate) fn options_for(target: &Target) -> Vec<String> {
        let mut options = vec![
            format!("--url={}", target.url()),
            format!("--dialect={}", target.dialect().name()),
        ];
        options.extend(target.tls().map(|tls| format!("--cacert={}", tls.cacert().display())));
        options.extend(target.token().map(|token| format!("--token={token}")));
        options
    }

    /// The target that was handed over.
    ///
    /// # Errors
    /// As [`Target::parse_trusting`] and [`Target::carrying`].
    pub(crate) fn target(&self) -> Result<Target, Failure> {
        let target = Target::parse_trusting(&self.url, self.cacert.as_deref())?;
        target.speaking(self.dialect).carrying(self.token.as_deref())
    }
}

/// Options of a further load process.
#[derive(Debug, Args)]
pub(crate) struct LoadPartArgs {
    /// The server that the first process has asked.
    #[command(flatten)]
    pub(crate) server: HandedTarget,
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
