//! The one line that moves while a measurement runs: on a terminal, nowhere else.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often the line changes.
const INTERVAL: Duration = Duration::from_millis(250);

/// The line, on standard error so that a report can be piped away from it.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
    drawn: Option<Instant>,
}

impl Progress {
    /// A line that stays empty unless standard error is a terminal.
    pub(crate) fn new() -> Self {
        Self { shown: io::stderr().is_terminal(), drawn: None }
    }

    /// A line that stays empty everywhere.
    pub(crate) fn silent() -> Self {
        Self { shown: false, drawn: None }
    }

    /// Draws what `line` says, if it is time to.
    pub(crate) fn show(&mut self, line: impl FnOnce() -> String) {
        if !self.shown || self.drawn.is_some_and(|drawn| drawn.elapsed() < INTERVAL) {
            return;
        }
        self.drawn = Some(Instant::now());
        let mut out = io::stderr().lock();
        // A terminal that went away takes nothing from the measurement.
        let _ = write!(out, "\r\x1b[2K{}", line());
        let _ = out.flush();
    }

    /// Says something that stays: above the moving line, or quietly nowhere.
    pub(crate) fn say(&mut self, line: &str) {
        if self.shown {
            self.clear();
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// Wipes the line, so that a report begins on a clean one.
    pub(crate) fn clear(&mut self) {
        if self.drawn.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}
