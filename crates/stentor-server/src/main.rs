//! The binary `stentor`: settings, then [`stentor_server::serve()`] or [`token_command`], then an
//! exit code.

use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use clap::error::ErrorKind;
use stentor_engine::hooks::NoHooks;
use stentor_server::settings::Command;
use stentor_server::{Arguments, Settings, token_command};

/// The exit code of a bad setting.
const EXIT_BAD_SETTING: u8 = 2;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return refuse_arguments(&error),
    };
    if let Some(Command::Token(token)) = &arguments.command {
        return token_command::run(token, &arguments);
    }
    let settings = match Settings::read(&arguments) {
        Ok(settings) => settings,
        Err(faults) => {
            faults.iter().for_each(|fault| eprintln!("stentor: {fault}"));
            return ExitCode::from(EXIT_BAD_SETTING);
        }
    };
    if arguments.check_config {
        settings.warnings.iter().for_each(|warning| eprintln!("stentor: {warning}"));
        println!("ok");
        return ExitCode::SUCCESS;
    }
    match stentor_server::serve(settings, Arc::new(NoHooks)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stentor: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Help and version are no faults; anything else is told in one line.
fn refuse_arguments(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // Whoever reads only the first lines closes the pipe early, which is no fault.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    eprintln!("stentor: {}", line.trim_start_matches("error: "));
    ExitCode::from(EXIT_BAD_SETTING)
}
