//! `stentor check-config`, and `--check-config`: whether a server would start with these settings.

use std::process::ExitCode;

use super::failure::{Failure, complain};
use super::output::print;
use crate::settings::{Arguments, Settings};

/// Says `ok`, or what is wrong with each setting.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let settings = Settings::read(arguments)?;
    settings.warnings.iter().for_each(complain);
    print("ok\n")?;
    Ok(ExitCode::SUCCESS)
}
