//! Options of `churn`.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::{ReferenceArgs, RoomArgs, ServerArgs, SpanArgs};

/// How members come and go.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum By {
    /// With connections of their own, that are opened and closed
    Connection,
    /// With the messages `join` and `leave` on connections that stay (a Stentor server)
    Join,
}

/// Options of `churn`.
#[derive(Debug, Args)]
pub(crate) struct ChurnArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The floor beside it.
    #[command(flatten)]
    pub(crate) reference: ReferenceArgs,
    /// The rooms and their steady members.
    #[command(flatten)]
    pub(crate) rooms: RoomArgs,
    /// Messages a second, of all talkers together
    #[arg(long, default_value_t = 50.0)]
    pub(crate) rate: f64,
    /// How many come and go, beside the steady members; about half of them are in
    #[arg(
        long,
        default_value_t = 200,
        value_parser = clap::value_parser!(u32).range(2..=1_000_000)
    )]
    pub(crate) visitors: u32,
    /// Joins a second, and as many leaves
    #[arg(long, default_value_t = 100.0)]
    pub(crate) churn_rate: f64,
    /// How they come and go
    #[arg(long, value_enum, default_value_t = By::Connection)]
    pub(crate) by: By,
    /// How long to send and count before anybody comes or goes
    #[arg(long, default_value = "3s", value_parser = super::parse_span)]
    pub(crate) run_in: Duration,
    /// How long they come and go.
    #[command(flatten)]
    pub(crate) spans: SpanArgs,
}
