//! Where log lines go: standard error, as text or JSON.

use std::io::IsTerminal;

use stentor_engine::TRACE_TARGET;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, FilterFn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload::{Handle, Layer};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer as _, Registry, fmt};

use crate::settings::{LogFormat, Settings};
use crate::traces::Exporting;

/// The level up to which lines are written, to be changed while the process runs.
pub(crate) struct LogLevel(Handle<LevelFilter, Registry>);

/// Starts logging for the process, and has the spans of publications go to `exporting`, where there
/// is one: they are no lines. `None` where an embedding program has done so already: its way stays.
pub(crate) fn start(settings: &Settings, exporting: Option<&Exporting>) -> Option<LogLevel> {
    let (level, handle) = Layer::new(settings.log_level);
    let lines =
        fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal());
    let lines = match settings.log_format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    let no_spans_of_traces = FilterFn::new(|metadata| metadata.target() != TRACE_TARGET)
        .with_max_level_hint(LevelFilter::TRACE);
    let lines = lines.with_filter(level.and(no_spans_of_traces));
    let registry = tracing_subscriber::registry().with(lines);
    let outcome = match exporting {
        Some(exporting) => registry.with(exporting.layer()).try_init(),
        None => registry.try_init(),
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
