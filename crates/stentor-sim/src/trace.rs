//! The trace: what happened, in words, where somebody wants to read it.

use crate::queue::Micros;

/// The most lines that are kept; what comes later is counted alone.
const LINES_MAX: usize = 200_000;

/// Lines in the order of what they tell; nothing is written where it is off.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    is_on: bool,
    lines: Vec<String>,
}

impl Trace {
    pub(crate) fn new(is_on: bool) -> Trace {
        Trace { is_on, lines: Vec::new() }
    }

    /// Notes what `line` says.
    pub(crate) fn note(&mut self, now: Micros, line: impl FnOnce() -> String) {
        if self.is_on && self.lines.len() < LINES_MAX {
            let (seconds, micros) = (now / 1_000_000, now % 1_000_000);
            self.lines.push(format!("{seconds:3}.{micros:06} {}", line()));
        }
    }

    pub(crate) fn into_lines(self) -> Vec<String> {
        self.lines
    }
}
