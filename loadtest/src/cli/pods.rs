//! Options of `pods`.

use clap::Args;

use super::{ReferenceArgs, SpanArgs};
use crate::load::dialect::Dialect;

/// Options of `pods`.
#[derive(Debug, Args)]
pub(crate) struct PodsArgs {
    /// Address of a pod's WebSocket route, twice or more: the talkers are on the first pod, and
    /// listeners on all; one pod is measured by its address given twice
    #[arg(long, required = true, num_args = 1)]
    pub(crate) url: Vec<String>,
    /// The pods' processes in the same order: their CPU time is read from /proc
    #[arg(long)]
    pub(crate) pid: Vec<u32>,
    /// The process of Redis
    #[arg(long)]
    pub(crate) redis_pid: Option<u32>,
    /// What the servers speak
    #[arg(long, value_enum, default_value_t)]
    pub(crate) dialect: Dialect,
    /// A token that lets the clients in, sent as `?token=`
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// The floor beside it.
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// How many rooms
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rooms: u32,
    /// How many talk in each room, all on the first pod; they hear each other too
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) talkers: u32,
    /// How many listen in each room on each pod
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) listeners: u32,
    /// Bytes of content in a message
    #[arg(long, default_value_t = 128)]
    pub(crate) content_bytes: usize,
    /// Messages a second, of all talkers together
    #[arg(long, default_value_t = 50.0)]
    pub(crate) rate: f64,
    /// How long it lasts.
    #[command(flatten)]
    pub(crate) spans: SpanArgs,
}
