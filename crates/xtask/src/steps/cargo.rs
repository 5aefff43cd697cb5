//! What cargo does by itself: tests, format, clippy.

use std::process::Command;
use std::time::Duration;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::Outcome;
use crate::run;
use crate::tools;

/// A first build of everything with its tests, on a slow machine too.
const CARGO_DEADLINE: Duration = Duration::from_secs(60 * 60);

/// Unit, property, integration and doc tests of every crate; all of them, even where one fails.
/// The examples are built along. Tests that start a Redis or a balancer are told where its program
/// is; where there is none they fail, and the others run all the same.
pub(crate) fn tests(project: &Project) -> Outcome {
    with_programs(project, project.cargo(&["test", "--workspace", "--no-fail-fast"]))
}

/// The tests of the feature `otel`, which no other build has.
pub(crate) fn traces(project: &Project) -> Outcome {
    let server = ["test", "-p", "stentor-server", "--features", "otel", "--no-fail-fast"];
    let mut command = project.cargo(&server);
    command.args(["--lib", "--test", "otel", "traces"]);
    with_programs(project, command)
}

fn with_programs(project: &Project, mut command: Command) -> Outcome {
    let programs = [
        ("REDIS_SERVER", tools::redis_server(project)),
        ("NGINX", tools::nginx(project)),
        ("HAPROXY", tools::haproxy(project)),
    ];
    for (variable, found) in programs {
        match found {
            Ok(path) => {
                command.env(variable, path);
            }
            Err(fault) => eprintln!("xtask: {fault}"),
        }
    }
    let (counts, result) = run::count(command, CARGO_DEADLINE);
    Outcome { counts, fault: result.err() }
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

/// What is only in a build with the feature `otel`.
pub(crate) fn clippy_traces(project: &Project) -> Outcome {
    let server = ["clippy", "-p", "stentor-server", "--features", "otel", "--all-targets"];
    let mut command = project.cargo(&server);
    command.args(["--", "-D", "warnings"]);
    single(command)
}

fn single(command: Command) -> Outcome {
    run::run(command, CARGO_DEADLINE).map(|()| Counts::ONE_PASSED).into()
}
