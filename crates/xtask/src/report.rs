//! What a run did: headings, times, which steps failed, and the sum at the end.

#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::time::Instant;

use crate::counts::Counts;

/// What a step comes to: its checks, and why it failed where it did.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) counts: Counts,
    pub(crate) fault: Option<String>,
}

impl Outcome {
    /// A step that could not do its work.
    pub(crate) fn failed(fault: impl Into<String>) -> Self {
        Self { counts: Counts::default(), fault: Some(fault.into()) }
    }
}

impl From<Result<Counts, String>> for Outcome {
    fn from(result: Result<Counts, String>) -> Self {
        match result {
            Ok(counts) => Self { counts, fault: None },
            Err(fault) => Self::failed(fault),
        }
    }
}

/// The sum of the steps so far.
pub(crate) struct Report {
    counts: Counts,
    faults: Vec<String>,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { counts: Counts::default(), faults: Vec::new() }
    }

    /// Runs a step under its heading. A step that failed without a failed check counts as one.
    pub(crate) fn step(&mut self, name: &str, body: impl FnOnce() -> Outcome) {
        println!("\n== {name}");
        let started = Instant::now();
        let outcome = body();
        let seconds = started.elapsed().as_secs_f64();
        self.counts += outcome.counts;
        let fault = match outcome.fault {
            Some(fault) => Some(fault),
            None if outcome.counts.failed > 0 => Some("checks failed".to_owned()),
            None if outcome.counts == Counts::default() => Some("nothing was checked".to_owned()),
            None => None,
        };
        let Some(fault) = fault else {
            println!("== {name}: ok, {} passed, {seconds:.1} s", outcome.counts.passed);
            return;
        };
        if outcome.counts.failed == 0 {
            self.counts.failed += 1;
        }
        println!("== {name}: FAILED, {seconds:.1} s: {fault}");
        self.faults.push(format!("{name}: {fault}"));
    }

    /// Prints what failed and the closing line; the process's exit code.
    pub(crate) fn close(self) -> ExitCode {
        println!();
        for fault in &self.faults {
            println!("failed: {fault}");
        }
        println!("{} passed, {} failed", self.counts.passed, self.counts.failed);
        if self.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn is_good(&self) -> bool {
        self.faults.is_empty() && self.counts.failed == 0
    }
}
