//! The command line: one subcommand a scenario, and what they have in common.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::scale::{ScaleArgs, ScalePart};
use crate::failure::Failure;
use crate::machine;
use crate::meter::ServerMeter;
use crate::seating::Seating;
use crate::stamp::STAMP_BYTES;
use crate::target::Target;

mod scale;

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

/// The server under load.
#[derive(Clone, Debug, Args)]
pub(crate) struct ServerArgs {
    /// Address of the WebSocket route; a room is asked for as its last path segment
    #[arg(long, default_value = "ws://127.0.0.1:8080/api/chat-api/ws")]
    pub(crate) url: String,
    /// The server's process: its CPU time and memory are read from /proc
    #[arg(long)]
    pub(crate) pid: Option<u32>,
    /// Do not ask whether it is a Stentor server: any that relays the text to the room will do
    #[arg(long)]
    pub(crate) any_server: bool,
}

impl ServerArgs {
    /// The server, after making sure that it is there.
    ///
    /// # Errors
    /// If the address is none, nothing answers, it is no Stentor server, or the pid is gone.
    pub(crate) fn find(&self) -> Result<(Target, Option<ServerMeter>), Failure> {
        let target = Target::parse(&self.url)?;
        if self.any_server {
            target.knock().map(drop)?
        } else {
            target.probe()?
        }
        let meter = self.pid.map(ServerMeter::new).transpose()?;
        Ok((target, meter))
    }
}

/// The rooms and who is in them.
#[derive(Clone, Debug, Args)]
pub(crate) struct RoomArgs {
    /// How many rooms
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rooms: u32,
    /// How many members each room has
    #[arg(
        long,
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) members: u32,
    /// How many of a room's members talk
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) talkers: u32,
    /// How many rooms each connection is in, joined as `?room=…&room=…` (a Stentor server)
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=128))]
    pub(crate) rooms_per_connection: u32,
    /// Bytes of content in a message
    #[arg(long, default_value_t = 128)]
    pub(crate) content_bytes: usize,
}

impl RoomArgs {
    /// The seats, checked against each other and against the descriptor limit.
    ///
    /// # Errors
    /// If the rooms do not come out even, or there are too many connections, or no place for a
    /// stamp.
    pub(crate) fn seating(&self) -> Result<Seating, Failure> {
        let Self { rooms, members, talkers, rooms_per_connection, content_bytes } = *self;
        if !(STAMP_BYTES..=60_000).contains(&content_bytes) {
            return Err(Failure::new(format!(
                "--content-bytes must be {STAMP_BYTES} to 60000, the stamp is in it"
            )));
        }
        let seating = Seating {
            rooms: rooms as usize,
            members: members as usize,
            talkers: talkers as usize,
            rooms_per_connection: rooms_per_connection as usize,
        }
        .check()?;
        machine::require_descriptors(seating.connections())?;
        Ok(seating)
    }
}

/// Options of `fanout`.
#[derive(Debug, Args)]
pub(crate) struct FanoutArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The rooms.
    #[command(flatten)]
    pub(crate) rooms: RoomArgs,
    /// Messages a second, of all talkers together
    #[arg(long, default_value_t = 50.0)]
    pub(crate) rate: f64,
    /// How long to send before it counts
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    pub(crate) warmup: Duration,
    /// How long to send and count
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) duration: Duration,
    /// How long to wait for what is outstanding at the end
    #[arg(long, default_value = "10s", value_parser = humantime::parse_duration)]
    pub(crate) wait: Duration,
}

/// Options of `max`.
#[derive(Debug, Args)]
pub(crate) struct MaxArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The rooms.
    #[command(flatten)]
    pub(crate) rooms: RoomArgs,
    /// Messages a second to begin with
    #[arg(long, default_value_t = 100.0)]
    pub(crate) rate_start: f64,
    /// Messages a second never to be passed
    #[arg(long, default_value_t = 1_000_000.0)]
    pub(crate) rate_ceiling: f64,
    /// A rate fails if its p99 is not under this
    #[arg(long, default_value = "100ms", value_parser = humantime::parse_duration)]
    pub(crate) p99_max: Duration,
    /// How often a rate is tried before it counts as failed
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10))]
    pub(crate) tries: u32,
    /// How long each rate is sent before it counts
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) warmup: Duration,
    /// How long each rate is sent and counts
    #[arg(long, default_value = "3s", value_parser = humantime::parse_duration)]
    pub(crate) duration: Duration,
    /// How long to wait for what is outstanding after each rate
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) wait: Duration,
}

/// Options of `idle`.
#[derive(Debug, Args)]
pub(crate) struct IdleArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// How many connections
    #[arg(long, default_value_t = 10_000)]
    pub(crate) connections: usize,
    /// How many rooms they share; 0 = they join none
    #[arg(long, default_value_t = 1)]
    pub(crate) rooms: usize,
    /// How often all of them come and go
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub(crate) cycles: u32,
    /// How long to let the server settle before its memory is read
    #[arg(long, default_value = "2s", value_parser = humantime::parse_duration)]
    pub(crate) settle: Duration,
}

/// Options of `connect`.
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// How many handshakes
    #[arg(long, default_value_t = 10_000)]
    pub(crate) count: usize,
    /// How many at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) in_flight: u32,
    /// How many rooms they share; 0 = they join none
    #[arg(long, default_value_t = 1)]
    pub(crate) rooms: usize,
    /// Stay until all are in, so that the figures hold no goodbye; else each leaves at once
    #[arg(long)]
    pub(crate) hold: bool,
}

/// Options of `echo`.
#[derive(Debug, Args)]
pub(crate) struct EchoArgs {
    /// The server.
    #[command(flatten)]
    pub(crate) server: ServerArgs,
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

/// Options of `floor`.
#[derive(Debug, Args)]
pub(crate) struct FloorArgs {
    /// Keep the sender on this core
    #[arg(long, value_name = "CORE")]
    pub(crate) server_core: Option<usize>,
    /// How the sender sends.
    #[command(flatten)]
    pub(crate) sending: FloorSending,
}

/// Options of the sender.
#[derive(Debug, Args)]
pub(crate) struct FloorSenderArgs {
    /// The core to be on
    #[arg(long)]
    pub(crate) core: Option<usize>,
    /// How to send.
    #[command(flatten)]
    pub(crate) sending: FloorSending,
}

/// What the sender of `floor` does; the receiver hands it on.
#[derive(Clone, Debug, Args)]
pub(crate) struct FloorSending {
    /// How many sockets
    #[arg(
        long,
        default_value_t = 1_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000)
    )]
    pub(crate) sockets: u32,
    /// Sockets that are sent to at once, in shuffled order, as a room's members are; all if not
    /// given. The rate stays that of whole rounds, and the bursts are equally spaced
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) sockets_per_burst: Option<u32>,
    /// How many frames one call of send() carries
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) frames_per_send: u32,
    /// Rounds over all sockets in a second, or `max` for flat out
    #[arg(long, default_value = "50", value_parser = parse_pace)]
    pub(crate) rate: Pace,
    /// Bytes of a frame, its head included
    #[arg(long, default_value_t = 188, value_parser = clap::value_parser!(u32).range(2..=65_000))]
    pub(crate) bytes: u32,
    /// How long to send before it counts
    #[arg(long, default_value = "1s", value_parser = humantime::parse_duration)]
    pub(crate) warmup: Duration,
    /// How long to send and count
    #[arg(long, default_value = "5s", value_parser = humantime::parse_duration)]
    pub(crate) duration: Duration,
}

/// How fast the sender of `floor` goes round.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(crate) enum Pace {
    /// So many rounds a second.
    Rounds(f64),
    /// Without a pause.
    FlatOut,
}

/// Options of `echo-floor`.
#[derive(Debug, Args)]
pub(crate) struct EchoFloorArgs {
    /// Keep the answering process on this core
    #[arg(long, value_name = "CORE")]
    pub(crate) server_core: Option<usize>,
    /// How many round trips
    #[arg(long, default_value_t = 10_000)]
    pub(crate) count: u32,
    /// How many round trips before they count
    #[arg(long, default_value_t = 500)]
    pub(crate) warmup_count: u32,
    /// Bytes there and back
    #[arg(long, default_value_t = 188, value_parser = clap::value_parser!(u32).range(1..=65_000))]
    pub(crate) bytes: u32,
}

/// Options of the answering process.
#[derive(Debug, Args)]
pub(crate) struct EchoFloorServerArgs {
    /// The core to be on
    #[arg(long)]
    pub(crate) core: Option<usize>,
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

fn parse_pace(text: &str) -> Result<Pace, String> {
    if text == "max" {
        return Ok(Pace::FlatOut);
    }
    match text.parse() {
        Ok(rounds) if f64::is_finite(rounds) && rounds > 0.0 => Ok(Pace::Rounds(rounds)),
        _ => Err("a number above zero, or `max`".to_owned()),
    }
}
