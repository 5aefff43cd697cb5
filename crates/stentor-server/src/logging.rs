//! Where log lines go: standard error, as text or JSON.

use std::io::IsTerminal;

use crate::settings::{LogFormat, Settings};

/// Starts logging for the process. Where an embedding program has done so already, its way stays.
pub(crate) fn start(settings: &Settings) {
    let lines = tracing_subscriber::fmt()
        .with_max_level(settings.log_level)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let outcome = match settings.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    if outcome.is_err() {
        tracing::debug!("logging was started before");
    }
}
