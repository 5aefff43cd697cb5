//! The chat page and the dashboard in headless Chromium, and the client in Chromium and Node, against
//! the server that users get.

use std::time::Duration;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::Outcome;
use crate::steps::build::{Target, build};
use crate::{run, tools};

const SCRIPTS: [&str; 3] = [
    "crates/stentor-web/tests/client.mjs",
    "crates/stentor-web/tests/chat.mjs",
    "crates/stentor-web/tests/dashboard.mjs",
];
/// Node has a `WebSocket` for everybody from 22 on only.
const NODE_FLAGS: [&str; 2] = ["--experimental-websocket", "--no-warnings"];
const SERVER: Target = Target { kind: "bin", name: "stentor" };
const BROWSER_DEADLINE: Duration = Duration::from_secs(300);

/// Gets browser and driver, builds the server, runs the scripts; their closing lines are the count.
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
    let mut counts = Counts::default();
    let mut result = Ok(());
    for script in SCRIPTS {
        let mut command = project.command("node");
        command.args(NODE_FLAGS).arg(project.path(script));
        command.env("CHROMIUM", &chromium).env("TOOLS", &folder).env("STENTOR_BIN", &server);
        // A server of the caller's own would be talked to in place of the one just built.
        command.env_remove("STENTOR_URL");
        let (counted, ended) = run::count(command, BROWSER_DEADLINE);
        counts += counted;
        result = result.and(ended);
    }
    Ok((counts, result))
}
