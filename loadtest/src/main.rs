//! `stentor-loadtest`: what a WebSocket server does under load, measured by one thread.
//!
//! Table of contents, from the command line inwards.

// What can be asked for, one file a scenario.
mod child;
mod cli;
mod connect;
mod echo;
mod echo_floor;
mod fanout;
mod floor;
mod floor_sender;
mod idle;
mod max;
mod ping_pong;
mod rate_search;
mod scale;

// The load: rooms, an open-loop schedule, connections and their event loop.
mod client_frame;
mod connection;
mod handshake;
mod schedule;
mod seating;
mod source_addresses;
mod swarm;
mod target;
mod wake_timer;
mod world;

// The judgement: what was heard, and whether it is what was sent.
mod auditor;
mod hall;
mod locator;
mod stamp;

// The figures: clocks, meters, and how they are shown.
mod failure;
mod figure;
mod machine;
mod meter;
mod moment;
mod progress;
mod report;
mod table;

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Scenario};
use crate::failure::Failure;
use crate::report::Report;

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
        Scenario::FloorSender(args) => return floor_sender::run(args).map(|()| true),
        Scenario::EchoFloorServer(args) => return echo_floor::serve(args).map(|()| true),
    };
    println!("{report}");
    if let Some(path) = &cli.json {
        report.write_json(path)?;
    }
    Ok(report.has_passed())
}
