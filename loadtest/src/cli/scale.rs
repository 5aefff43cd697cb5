//! The options of `scale`, which measures a list of sizes in one go.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::ServerArgs;

/// Options of `scale`.
#[derive(Debug, Args)]
pub(crate) struct ScaleArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Keep the floor's sender on this core, the server's
    #[arg(long, value_name = "CORE")]
    pub(crate) server_core: Option<usize>,
    /// How many members the one room has, one row each
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "10,100,1000,5000,15000",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) connections: Vec<u32>,
    /// How many rooms of ten there are, one row each
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "1,10,100,1000,10000,100000",
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) rooms: Vec<u32>,
    /// Measure only one of the two
    #[arg(long)]
    pub(crate) only: Option<ScalePart>,
    /// Deliveries a second while the connections grow
    #[arg(long, default_value_t = 50_000.0, value_parser = parse_rate)]
    pub(crate) connection_deliveries: f64,
    /// Deliveries a second while the rooms grow
    #[arg(long, default_value_t = 20_000.0, value_parser = parse_rate)]
    pub(crate) room_deliveries: f64,
    /// Bytes of content in a message
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u32).range(40..=60_000))]
    pub(crate) content_bytes: u32,
    /// How long each measurement runs before it counts
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) warmup: Duration,
    /// How long each measurement runs and counts
    #[arg(long, default_value = "5s", value_parser = super::parse_span)]
    pub(crate) duration: Duration,
    /// How long to wait for what is outstanding after each measurement
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) wait: Duration,
    /// A quarter of a second before and one second that counts: a look, no figure
    #[arg(long, conflicts_with_all = ["warmup", "duration"])]
    pub(crate) quick: bool,
}

impl ScaleArgs {
    /// How long each measurement runs before it counts, and then.
    pub(crate) fn spans(&self) -> (Duration, Duration) {
        if self.quick {
            return (Duration::from_millis(250), Duration::from_secs(1));
        }
        (self.warmup, self.duration)
    }
}

/// The two things that `scale` lets grow.
#[derive(Copy, Clone, PartialEq, Eq, Debug, ValueEnum)]
pub(crate) enum ScalePart {
    /// One room of more and more connections.
    Connections,
    /// More and more rooms of ten.
    Rooms,
}

fn parse_rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if super::RATES.contains(&rate) => Ok(rate),
        _ => Err("a number above zero".to_owned()),
    }
}
