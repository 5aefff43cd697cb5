//! How many checks passed and failed, read from what test programs print.

#[cfg(test)]
mod tests;

use std::ops::AddAssign;

/// A sum of checks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
}

impl Counts {
    /// One step that has no checks of its own and succeeded.
    pub(crate) const ONE_PASSED: Self = Self { passed: 1, failed: 0 };

    /// Reads one line of output; zero where it is no closing line of tests.
    ///
    /// Known are cargo's `test result: ok. 3 passed; 0 failed; …` and `3 passed, 0 failed` alone.
    pub(crate) fn of_line(line: &str) -> Self {
        let (passed, rest) = match line.strip_prefix("test result: ") {
            Some(rest) => {
                let Some((_verdict, numbers)) = rest.split_once(". ") else {
                    return Self::default();
                };
                match numbers.split_once(" passed; ") {
                    Some(halves) => halves,
                    None => return Self::default(),
                }
            }
            None => match line.trim_end().split_once(" passed, ") {
                Some(halves) if halves.1.ends_with(" failed") => halves,
                _ => return Self::default(),
            },
        };
        let failed = rest.split_once(" failed").map(|(failed, _)| failed);
        match (passed.parse(), failed.map(str::parse)) {
            (Ok(passed), Some(Ok(failed))) => Self { passed, failed },
            _ => Self::default(),
        }
    }
}

/// The name of the check that failed, where a line of output tells of one.
///
/// Known are cargo's `test name ... FAILED` and `NOT OK   name`.
pub(crate) fn failed_check(line: &str) -> Option<&str> {
    let of_cargo =
        || line.strip_prefix("test ").and_then(|rest| rest.trim_end().strip_suffix(" ... FAILED"));
    line.strip_prefix("NOT OK").map(str::trim).or_else(of_cargo)
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}
