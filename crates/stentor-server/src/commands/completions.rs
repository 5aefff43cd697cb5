//! `stentor completions`: what a shell needs to complete commands and flags.

use std::process::ExitCode;

use clap_complete::{Shell, generate};

use super::failure::Failure;
use super::line::tree;
use super::output::print;

/// What `stentor completions` is told.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct CompletionsArguments {
    /// bash, elvish, fish, powershell or zsh
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(arguments: &CompletionsArguments) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    generate(arguments.shell, &mut tree(), "stentor", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
