//! What libFuzzer says of a run, read from its words.

use std::fmt;

const EXECUTIONS: &str = "stat::number_of_executed_units:";
const EXECUTIONS_A_SECOND: &str = "stat::average_exec_per_sec:";
const WRITTEN: &str = "Test unit written to ";

/// The sum of a run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Statistics {
    pub(super) executions: u64,
    pub(super) executions_a_second: u64,
    /// Files with the inputs that broke a promise, took too long or too much memory.
    pub(super) found: Vec<String>,
}

impl Statistics {
    pub(super) fn read(words: &str) -> Statistics {
        let mut statistics = Statistics::default();
        for line in words.lines() {
            let number = |name: &str| line.strip_prefix(name)?.trim().parse().ok();
            if let Some(executions) = number(EXECUTIONS) {
                statistics.executions = executions;
            } else if let Some(rate) = number(EXECUTIONS_A_SECOND) {
                statistics.executions_a_second = rate;
            } else if let Some((_, file)) = line.split_once(WRITTEN) {
                statistics.found.push(file.trim().to_owned());
            }
        }
        statistics
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} executions, {} a second", self.executions, self.executions_a_second)
    }
}
