//! `stentor serve`, and `stentor` alone: serves until a signal ends it.

use std::process::ExitCode;
use std::sync::Arc;

use stentor_engine::hooks::NoHooks;

use super::failure::Failure;
use crate::settings::{Arguments, Settings};

/// Serves.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let settings = Settings::read(arguments)?;
    crate::serve(settings, Arc::new(NoHooks)).map_err(Failure::failed)?;
    Ok(ExitCode::SUCCESS)
}
