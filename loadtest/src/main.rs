//! `stentor-loadtest`: what a WebSocket server does under load, measured by one thread.
//!
//! Table of contents, from the command line inwards.

mod cli;
mod failure;
mod floor;
mod load;
mod measure;
mod report;
mod scenario;
mod verdict;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Scenario};
use crate::failure::Failure;
use crate::floor::{echo_floor, sender};
use crate::measure::machine;
use crate::report::Report;
use crate::scenario::{connect, echo, fanout, idle, max, scale};

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("stentor-loadtest: {failure}");
            ExitCode::from(2)
        }
    }
}

/// Runs a scenario and shows its report; whether it passed.
fn run(cli: &Cli) -> Result<bool, Failure> {
    machine::raise_descriptor_limit()?;
    if let Some(core) = cli.load_core {
        machine::pin_to_core(core)?;
    }
    let report: Report = match &cli.scenario {
        Scenario::Fanout(args) => fanout::run(args)?,
        Scenario::Max(args) => max::run(args)?,
        Scenario::Scale(args) => scale::run(args)?,
        Scenario::Idle(args) => idle::run(args)?,
        Scenario::Connect(args) => connect::run(args)?,
        Scenario::Echo(args) => echo::run(args)?,
        Scenario::Floor(args) => floor::run(args)?,
        Scenario::EchoFloor(args) => echo_floor::run(args)?,
        Scenario::FloorSender(args) => return sender::run(args).map(|()| true),
        Scenario::EchoFloorServer(args) => return echo_floor::serve(args).map(|()| true),
    };
    println!("{report}");
    if let Some(path) = &cli.json {
        report.write_json(path)?;
    }
    Ok(report.has_passed())
}
