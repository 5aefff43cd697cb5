//! The chat page in headless Chromium, against the server that users get.

use std::time::Duration;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::Outcome;
use crate::steps::build::{Target, build};
use crate::{run, tools};

const SCRIPT: &str = "crates/stentor-web/tests/chat.mjs";
const SERVER: Target = Target { kind: "bin", name: "stentor" };
const BROWSER_DEADLINE: Duration = Duration::from_secs(300);

/// Gets browser and driver, builds the server, runs the script; its closing line is the count.
pub(crate) fn run(project: &Project) -> Outcome {
    match attempt(project) {
        Ok((counts, result)) => Outcome { counts, fault: result.err() },
        Err(fault) => Outcome::failed(fault),
    }
}

fn attempt(project: &Project) -> Result<(Counts, Result<(), String>), String> {
    let chromium = tools::chromium(project)?;
    let folder = tools::playwright(project)?;
    let server = build(project, &SERVER)?;
    let mut command = project.command("node");
    command.arg(project.path(SCRIPT));
    command.env("CHROMIUM", chromium).env("TOOLS", folder).env("STENTOR_BIN", server);
    // A server of the caller's own would be talked to in place of the one just built.
    command.env_remove("STENTOR_URL");
    Ok(run::count(command, BROWSER_DEADLINE))
}
