//! The command line of `stentor`: which word does what.
//!
//! [`run`] reads the words ([`line`]), does what they say, and makes an exit code of it: 0 clean,
//! 2 where the command line or a setting is at fault, 1 for anything else. Each command is a file;
//! none knows another.

mod asking;
mod check_config;
mod completions;
mod doctor;
mod failure;
mod help;
mod line;
mod output;
mod pod;
mod printable;
mod publish;
mod runtime;
mod serve;
mod signals;
mod tail;
mod token;
mod top;

use std::ffi::OsString;
use std::process::ExitCode;

use failure::Failure;
use line::{Command, CommandLine};

/// Does what these words say, the program's own name first.
pub fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = CommandLine::read(words).and_then(|line| dispatch(&line));
    match outcome {
        Ok(code) => code,
        Err(failure) => failure.end(),
    }
}

fn dispatch(line: &CommandLine) -> Result<ExitCode, Failure> {
    match &line.command {
        Command::Serve { .. } => serve::run(&line.settings),
        Command::CheckConfig => check_config::run(&line.settings),
        Command::Doctor => doctor::run(&line.settings),
        Command::Token(token) => token::run(token, &line.settings),
        Command::Publish(publish) => publish::run(publish),
        Command::Tail(tail) => tail::run(tail),
        Command::Top(top) => top::run(top),
        Command::Completions(completions) => completions::run(completions),
    }
}
