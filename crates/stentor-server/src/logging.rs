//! Where log lines go: standard error, as text or JSON.

use std::io::IsTerminal;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{Handle, Layer};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt};

use crate::settings::{LogFormat, Settings};

/// The level up to which lines are written, to be changed while the process runs.
pub(crate) struct LogLevel(Handle<LevelFilter, Registry>);

/// Starts logging for the process. `None` where an embedding program has done so already: its way
/// stays.
pub(crate) fn start(settings: &Settings) -> Option<LogLevel> {
    let (level, handle) = Layer::new(settings.log_level);
    let lines =
        fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let registry = tracing_subscriber::registry().with(level);
    let outcome = match settings.log_format {
        LogFormat::Text => registry.with(lines).try_init(),
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
    };
    if outcome.is_err() {
        tracing::debug!("logging was started before");
        return None;
    }
    Some(LogLevel(handle))
}

impl LogLevel {
    /// Another level from now on.
    pub(crate) fn change(&self, level: LevelFilter) {
        // The handle fails only where logging is gone, and nobody is there to be told.
        let _ = self.0.reload(level);
    }
}
