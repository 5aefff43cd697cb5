//! The command line: one subcommand a scenario, and what they have in common.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub(crate) use self::connect::ConnectArgs;
pub(crate) use self::echo::EchoArgs;
pub(crate) use self::fanout::FanoutArgs;
pub(crate) use self::floor::{
    EchoFloorArgs, EchoFloorServerArgs, FloorArgs, FloorSenderArgs, FloorSending, Pace,
};
pub(crate) use self::idle::IdleArgs;
pub(crate) use self::max::MaxArgs;
pub(crate) use self::rooms::RoomArgs;
pub(crate) use self::scale::{ScaleArgs, ScalePart};
pub(crate) use self::server::ServerArgs;
use crate::failure::Failure;

mod connect;
mod echo;
mod fanout;
mod floor;
mod idle;
mod max;
mod rooms;
mod scale;
mod server;

/// Load, latency and memory of a WebSocket server, every delivery audited.
///
/// Exit codes: 0 passed, 1 the server lost, doubled or reordered something, 2 no measurement.
#[derive(Debug, Parser)]
#[command(name = "stentor-loadtest", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to measure.
    #[command(subcommand)]
    pub(crate) scenario: Scenario,
    /// Keep this process on one core; give the server another
    #[arg(long, global = true, value_name = "CORE")]
    pub(crate) load_core: Option<usize>,
    /// Write the report as JSON too
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

/// What can be measured.
#[derive(Debug, Subcommand)]
pub(crate) enum Scenario {
    /// Rooms at a fixed rate (open loop): latency, CPU a delivery, and the audit
    Fanout(FanoutArgs),
    /// The highest rate with nothing lost and p99 under a bound
    Max(MaxArgs),
    /// CPU a delivery as connections and rooms grow, beside the floor at each size
    Scale(ScaleArgs),
    /// Memory of idle connections, and whether it comes back when they leave
    Idle(IdleArgs),
    /// Handshakes: how many a second, how long, how much CPU
    Connect(ConnectArgs),
    /// The unloaded round trip: one client alone in a room hears itself
    Echo(EchoArgs),
    /// The bare limit: pre-built frames to N sockets with plain send(), no server needed
    Floor(FloorArgs),
    /// The unloaded round trip of a bare TCP echo, no server needed
    EchoFloor(EchoFloorArgs),
    /// The sending half of `floor`
    #[command(hide = true)]
    FloorSender(FloorSenderArgs),
    /// The answering half of `echo-floor`
    #[command(hide = true)]
    EchoFloorServer(EchoFloorServerArgs),
}

/// Refuses a rate that no schedule can be made of.
///
/// # Errors
/// If it is not above zero, or not finite.
pub(crate) fn require_rate(name: &str, rate: f64) -> Result<(), Failure> {
    if rate.is_finite() && rate > 0.0 {
        return Ok(());
    }
    Err(Failure::new(format!("{name} must be above zero: {rate}")))
}
