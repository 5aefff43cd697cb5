//! The binary `stentor`: all that it does is one of [`stentor_server::commands`].

use std::process::ExitCode;

fn main() -> ExitCode {
    stentor_server::commands::run(std::env::args_os())
}
