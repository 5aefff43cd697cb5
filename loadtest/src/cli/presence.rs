//! Options of `presence`, and of its second process.

use std::time::Duration;

use clap::Args;

use super::HandedTarget;
use crate::load::dialect::Dialect;

/// Options of `presence`.
#[derive(Debug, Args)]
pub(crate) struct PresenceArgs {
    /// Address of a pod's WebSocket route; repeat it for more pods, the crowd is dealt to all
    #[arg(long, default_value = "ws://127.0.0.1:8080/api/chat-api/ws", num_args = 1)]
    pub(crate) url: Vec<String>,
    /// The pods' processes: their CPU time is read from /proc, and added up
    #[arg(long)]
    pub(crate) pid: Vec<u32>,
    /// What the servers speak
    #[arg(long, value_enum, default_value_t)]
    pub(crate) dialect: Dialect,
    /// A token that lets the clients in, sent as `?token=`
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// How many come to one room, one size after the other
    #[arg(
        long,
        value_delimiter = ',',
        default_values_t = [1_250, 2_500, 5_000, 10_000],
        value_parser = clap::value_parser!(u32).range(2..=100_000)
    )]
    pub(crate) sizes: Vec<u32>,
    /// Over which time they come, evenly; several are measured one after the other, 0s = at once
    #[arg(
        long,
        value_delimiter = ',',
        default_values = ["0s"],
        value_parser = humantime::parse_duration
    )]
    pub(crate) spread: Vec<Duration>,
    /// How many of them stay, and are told that the others go
    #[arg(long, default_value_t = 100)]
    pub(crate) stay: u32,
    /// How many more come who do not ask, and must be told nothing
    #[arg(long, default_value_t = 50)]
    pub(crate) bystanders: u32,
    /// Up to how many members the server tells names (PRESENCE_MEMBERS_MAX): the bound of what may
    /// be told is made of it
    #[arg(long, default_value_t = 256)]
    pub(crate) names_max: u32,
    /// How long the server waits before it tells that somebody went (PRESENCE_GRACE)
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) grace: Duration,
    /// How many rooms the others are in, who chat, and are on the first pod
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) rooms: u32,
    /// How many of them each room has; one of them talks
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) members: u32,
    /// Messages a second, of all talkers together
    #[arg(long, default_value_t = 200.0)]
    pub(crate) rate: f64,
    /// Leave out the crowds of which nobody asks, beside which the others stand
    #[arg(long)]
    pub(crate) only_asking: bool,
}

/// Options of the process that has the crowd's connections.
#[derive(Debug, Args)]
pub(crate) struct PresenceCrowdArgs {
    /// The first pod.
    #[command(flatten)]
    pub(crate) server: HandedTarget,
    /// The other pods
    #[arg(long)]
    pub(crate) other: Vec<String>,
    /// The number of their room
    #[arg(long)]
    pub(crate) room: u32,
    /// How many there are
    #[arg(long)]
    pub(crate) count: u32,
    /// How many of them, the first ones, neither ask nor go
    #[arg(long)]
    pub(crate) bystanders: u32,
    /// The others ask who comes and goes
    #[arg(long)]
    pub(crate) asking: bool,
    /// How many of the others stay when all go
    #[arg(long)]
    pub(crate) stay: u32,
}
