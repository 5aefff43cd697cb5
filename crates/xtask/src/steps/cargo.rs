//! What cargo does by itself: tests, doc tests, format, clippy.

use std::process::Command;
use std::time::Duration;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::Outcome;
use crate::run;

/// A first build of everything with its tests, on a slow machine too.
const CARGO_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// Unit, property and integration tests of every crate; all of them, even where one fails.
pub(crate) fn tests(project: &Project) -> Outcome {
    count(project.cargo(&[
        "test",
        "--workspace",
        "--no-fail-fast",
        "--lib",
        "--bins",
        "--tests",
        "--examples",
    ]))
}

/// The examples in the documentation, apart: `--doc` cannot be asked for beside other targets.
pub(crate) fn doc_tests(project: &Project) -> Outcome {
    let outcome = count(project.cargo(&["test", "--workspace", "--no-fail-fast", "--doc"]));
    // Crates without an example pass with zero tests; that the step ran is its check then.
    if outcome.fault.is_none() && outcome.counts == Counts::default() {
        return Outcome { counts: Counts::ONE_PASSED, fault: None };
    }
    outcome
}

/// Formats every crate in place.
pub(crate) fn format(project: &Project) -> Outcome {
    single(project.cargo(&["fmt", "--all"]))
}

/// Fails where a file is not formatted.
pub(crate) fn format_check(project: &Project) -> Outcome {
    single(project.cargo(&["fmt", "--all", "--check"]))
}

/// Every target of every crate, warnings denied.
pub(crate) fn clippy(project: &Project) -> Outcome {
    single(project.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

fn count(command: Command) -> Outcome {
    let (counts, result) = run::count(command, CARGO_DEADLINE);
    Outcome { counts, fault: result.err() }
}

fn single(command: Command) -> Outcome {
    run::run(command, CARGO_DEADLINE).map(|()| Counts::ONE_PASSED).into()
}
