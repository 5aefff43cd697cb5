//! Options of `audit`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::ReferenceArgs;
use crate::audit::plan::Kind;
use crate::load::dialect::Dialect;

/// Options of `audit`; what is said here goes before the plan.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// What goes wrong when: processes and faults (see loadtest/README.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Address of a WebSocket route; repeat it for more, clients are spread over all
    #[arg(long = "url", value_name = "URL")]
    pub(crate) urls: Vec<String>,
    /// What the servers speak; plain ones acknowledge nothing
    #[arg(long, value_enum, default_value_t)]
    pub(crate) dialect: Dialect,
    /// Whose clients they are [default: raw]
    #[arg(long, value_enum)]
    pub(crate) clients: Option<Kind>,
    /// Whatever was acknowledged and is missing somewhere is a fault, also where it was told of
    #[arg(long)]
    pub(crate) nothing_lost: bool,
    /// A token that lets the clients in, sent as `?token=`
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// The process of a pod that lives through the run: its CPU time is read from /proc
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// The floor beside it.
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// How many rooms [default: 20]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub(crate) rooms: Option<u32>,
    /// How many listeners each room has, beside those who talk [default: 5]
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=20_000))]
    pub(crate) listeners: Option<u32>,
    /// How many talk in each room [default: 1]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) talkers: Option<u32>,
    /// Messages a second, of all talkers together [default: 50]
    #[arg(long)]
    pub(crate) rate: Option<f64>,
    /// How long they talk [default: 3m]
    #[arg(long, value_parser = humantime::parse_duration)]
    pub(crate) duration: Option<Duration>,
    /// Within which time a delivery is not late [default: 2s]
    #[arg(long, value_parser = humantime::parse_duration)]
    pub(crate) settle: Option<Duration>,
}
