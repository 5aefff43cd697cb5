//! `stentor-loadtest`: what a WebSocket server does under load, measured by one thread.
//!
//! Table of contents, from the command line inwards.

mod audit;
mod cli;
mod failure;
mod floor;
mod intake;
mod load;
mod measure;
mod process;
mod report;
mod scenario;
mod verdict;

use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use crate::cli::{Cli, Scenario};
use crate::failure::Failure;
use crate::floor::{door, echo_floor, sender};
use crate::intake::feeder;
use crate::load::part_process;
use crate::measure::machine;
use crate::process::child;
use crate::report::Report;
use crate::scenario::{
    audit as audit_scenario, churn, connect, echo, fanout, idle, max, pods, presence, resume,
    scale, slow, storm,
};

fn main() -> ExitCode {
    let cli = match Cli::from_command_line() {
        Ok(cli) => cli,
        Err(exit_code) => return exit_code,
    };
    match run(&cli) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) if cli.scenario.is_second_process() => {
            println!("{}{failure}", child::FAILED);
            ExitCode::from(2)
        }
        Err(failure) => {
            eprintln!("stentor-loadtest: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Runs a scenario and shows its report; whether it passed.
fn run(cli: &Cli) -> Result<bool, Failure> {
    cli.make_folder()?;
    machine::raise_descriptor_limit()?;
    for path in cli.json.iter().chain(&cli.html) {
        report::require_writable(path)?;
    }
    // Each is tried, the first one last: on that this process stays.
    for &core in cli.load_core.iter().rev() {
        machine::pin_to_core(core)?;
    }
    let report: Report = match &cli.scenario {
        Scenario::Fanout(args) => fanout::run(args, &cli.load_core)?,
        Scenario::Max(args) => max::run(args, &cli.load_core)?,
        Scenario::Scale(args) => scale::run(args)?,
        Scenario::Idle(args) => idle::run(args)?,
        Scenario::Connect(args) => connect::run(args)?,
        Scenario::Churn(args) => churn::run(args)?,
        Scenario::Slow(args) => slow::run(args)?,
        Scenario::Resume(args) => resume::run(args)?,
        Scenario::Storm(args) => storm::run(args, &cli.load_core)?,
        Scenario::Presence(args) => presence::run(args, &cli.load_core)?,
        Scenario::Pods(args) => pods::run(args)?,
        Scenario::Echo(args) => echo::run(args)?,
        Scenario::Audit(args) => audit_scenario::run(args)?,
        Scenario::Floor(args) => floor::run(args)?,
        Scenario::EchoFloor(args) => echo_floor::run(args)?,
        Scenario::Intake(args) => intake::run(args)?,
        Scenario::FloorSender(args) => return sender::run(args).map(|()| true),
        Scenario::IntakeFeeder(args) => return feeder::run(args).map(|()| true),
        Scenario::LoadPart(args) => return part_process::serve(args).map(|()| true),
        Scenario::StormCrowd(args) => return storm::crowd::serve(args).map(|()| true),
        Scenario::PresenceCrowd(args) => return presence::crowd::serve(args).map(|()| true),
        Scenario::FloorDoor(args) => return door::serve(args).map(|()| true),
        Scenario::EchoFloorServer(args) => return echo_floor::serve(args).map(|()| true),
    };
    // Files first: they are there whatever becomes of the output.
    if let Some(path) = &cli.json {
        report.write_json(path)?;
    }
    if let Some(path) = &cli.html {
        report.write_html(path)?;
    }
    if let Some(folder) = &cli.svg {
        report.write_svgs(folder)?;
    }
    print(&report)?;
    Ok(report.has_passed())
}

/// Shows the report. A reader that went away before the end of it is no failure.
fn print(report: &Report) -> Result<(), Failure> {
    let printed = writeln!(io::stdout(), "{report}");
    printed
        .or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
        .map_err(Failure::while_doing("the report cannot be printed"))
}
