//! The command line: one subcommand a scenario, and what they have in common.

use std::fs;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

pub(crate) use self::audit::AuditArgs;
pub(crate) use self::churn::{By, ChurnArgs};
pub(crate) use self::connect::ConnectArgs;
pub(crate) use self::echo::EchoArgs;
pub(crate) use self::fanout::FanoutArgs;
pub(crate) use self::floor::{
    EchoFloorArgs, EchoFloorServerArgs, FloorArgs, FloorDoorArgs, FloorSenderArgs, FloorSending,
    Pace,
};
pub(crate) use self::idle::IdleArgs;
pub(crate) use self::intake::{Feeding, FeedingBy, IntakeArgs, IntakeFeederArgs};
pub(crate) use self::max::MaxArgs;
pub(crate) use self::pods::PodsArgs;
pub(crate) use self::presence::{PresenceArgs, PresenceCrowdArgs};
pub(crate) use self::processes::{HandedTarget, LoadPartArgs, ProcessArgs};
pub(crate) use self::reference::ReferenceArgs;
pub(crate) use self::resume::ResumeArgs;
pub(crate) use self::rooms::RoomArgs;
pub(crate) use self::scale::{ScaleArgs, ScalePart};
pub(crate) use self::server::{ServerArgs, find_target};
pub(crate) use self::slow::{SlowArgs, Stall};
pub(crate) use self::spans::SpanArgs;
pub(crate) use self::storm::{LeavingBy, StormArgs, StormCrowdArgs};
use crate::failure::Failure;
use crate::verdict::stamp::STAMP_BYTES;

mod audit;
mod churn;
mod connect;
mod echo;
mod fanout;
mod floor;
mod idle;
mod intake;
mod max;
mod pods;
mod presence;
mod processes;
mod reference;
mod resume;
mod rooms;
mod scale;
mod server;
mod slow;
mod spans;
mod storm;

/// Load, latency and memory of a WebSocket server, every delivery audited.
///
/// Exit codes: 0 passed, 1 the server lost, doubled or reordered something, 2 no measurement.
#[derive(Debug, Parser)]
#[command(name = "stentor-loadtest", version, max_term_width = 100)]
pub(crate) struct Cli {
    /// What to measure.
    #[command(subcommand)]
    pub(crate) scenario: Scenario,
    /// Keep this process on one core, and give the server another; several, such as 1,2,3, are
    /// for several processes, in turn
    #[arg(long, global = true, value_name = "CORES", value_delimiter = ',')]
    pub(crate) load_core: Vec<usize>,
    /// Write the report as JSON too
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write the report as one HTML page too, with its plots
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Write each plot of the report as an SVG file too
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) svg: Option<PathBuf>,
}

impl Cli {
    /// Makes the folder for pictures, before minutes are spent on a measurement that could not be
    /// drawn.
    ///
    /// # Errors
    /// If it is not there and cannot be made.
    pub(crate) fn make_folder(&self) -> Result<(), Failure> {
        let Some(folder) = &self.svg else { return Ok(()) };
        fs::create_dir_all(folder)
            .map_err(Failure::while_doing(format!("no folder {}", folder.display())))
    }
}

impl Cli {
    /// Reads the command line. Help and version are shown; what is wrong is said in one line.
    ///
    /// # Errors
    /// Where there is nothing to run, with the exit code.
    pub(crate) fn from_command_line() -> Result<Self, ExitCode> {
        Self::try_parse().map_err(|error| {
            if !error.use_stderr() {
                // Help that nobody reads to its end is no failure.
                let _ = error.print();
                return ExitCode::SUCCESS;
            }
            let text = error.to_string();
            // Behind the first empty line come hints.
            let lines = text.lines().take_while(|line| !line.is_empty()).map(str::trim);
            let line = lines.collect::<Vec<_>>().join(" ");
            let line = match error.kind() {
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                    "say what is to be measured: --help lists the scenarios"
                }
                _ => line.trim_start_matches("error: "),
            };
            eprintln!("stentor-loadtest: {line}");
            ExitCode::from(2)
        })
    }
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
    /// Members who come and go all the time beside steady ones: joins/s, and what they cost
    Churn(ChurnArgs),
    /// A share of the readers stalls: do the others notice, and is every loss announced
    Slow(SlowArgs),
    /// Listeners who leave and return with `last_id`: is what they are told of it true
    Resume(ResumeArgs),
    /// Thousands come at one instant, and leave at one: do the others notice, and who comes then
    Storm(StormArgs),
    /// A crowd joins one room and asks who comes and goes: what it is told, and what that costs
    Presence(PresenceArgs),
    /// Talkers on one pod, listeners on others: what the way between pods adds
    Pods(PodsArgs),
    /// The unloaded round trip: one client alone in a room hears itself
    Echo(EchoArgs),
    /// Pods die, pause and return by a plan: a verdict on each promise of the contract
    Audit(AuditArgs),
    /// The bare limit: pre-built frames to N sockets with plain send(), no server needed
    Floor(FloorArgs),
    /// The unloaded round trip of a bare TCP echo, no server needed
    EchoFloor(EchoFloorArgs),
    /// The generator's own limit: how much the swarm takes in and audits, no server needed
    Intake(IntakeArgs),
    /// The sending half of `floor`
    #[command(hide = true)]
    FloorSender(FloorSenderArgs),
    /// The sending half of `intake`
    #[command(hide = true)]
    IntakeFeeder(IntakeFeederArgs),
    /// A further process of a load
    #[command(hide = true)]
    LoadPart(LoadPartArgs),
    /// Those who come and leave in `storm`
    #[command(hide = true)]
    StormCrowd(StormCrowdArgs),
    /// Those who come and leave in `presence`
    #[command(hide = true)]
    PresenceCrowd(PresenceCrowdArgs),
    /// The accepting half of the floors of `connect` and `idle`
    #[command(hide = true)]
    FloorDoor(FloorDoorArgs),
    /// The answering half of `echo-floor`
    #[command(hide = true)]
    EchoFloorServer(EchoFloorServerArgs),
}

impl Scenario {
    /// Whether another process of this program started it, and shows what goes wrong.
    pub(crate) fn is_second_process(&self) -> bool {
        matches!(
            self,
            Self::FloorSender(_)
                | Self::IntakeFeeder(_)
                | Self::LoadPart(_)
                | Self::StormCrowd(_)
                | Self::PresenceCrowd(_)
                | Self::FloorDoor(_)
                | Self::EchoFloorServer(_)
        )
    }
}

/// Rates that a schedule can be made of, a second.
const RATES: RangeInclusive<f64> = 1e-3..=1e9;
/// The most content of a message, in bytes: what stands around it fits below 65,536.
const CONTENT_BYTES_MAX: usize = 60_000;
/// The longest span that anything is measured for.
const SPAN_MAX: Duration = Duration::from_secs(30 * 24 * 3_600);

/// Refuses a rate that no schedule can be made of.
///
/// # Errors
/// If it is not above zero, not finite, or past all measure.
pub(crate) fn require_rate(name: &str, rate: f64) -> Result<(), Failure> {
    if RATES.contains(&rate) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "{name} must be above zero, from {} to {} a second: {rate}",
        RATES.start(),
        RATES.end()
    )))
}

/// Refuses a content that has no room for the stamp, or that no server takes.
///
/// # Errors
/// If it is not from 40 to 60,000 bytes.
pub(crate) fn require_content_bytes(content_bytes: usize) -> Result<(), Failure> {
    if (STAMP_BYTES..=CONTENT_BYTES_MAX).contains(&content_bytes) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "--content-bytes must be {STAMP_BYTES} to {CONTENT_BYTES_MAX}, the stamp is in it"
    )))
}

/// Refuses more rooms than connections: a room without a member is none.
///
/// # Errors
/// If there are more; `option` names the one that says how many connections there are.
pub(crate) fn require_rooms(rooms: usize, connections: usize, option: &str) -> Result<(), Failure> {
    if rooms <= connections {
        return Ok(());
    }
    Err(Failure::new(format!(
        "--rooms {rooms} are more than {connections} connections ({option}): a room would be empty"
    )))
}

/// Reads a span of time that is to be filled with something.
///
/// # Errors
/// If it is none, or zero, or longer than a month.
pub(crate) fn parse_span(text: &str) -> Result<Duration, String> {
    let span = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if span.is_zero() || span > SPAN_MAX {
        return Err("must be above zero and at most 30 days".to_owned());
    }
    Ok(span)
}
