//! Runs the load harness: against a server that is started for it, or the floor.

#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::peers::{Kit, Peer};
use super::plan::{Plan, Step};
use crate::project::Project;
use crate::run::{self, Running};
use crate::steps::build::{Package, build_release};
use crate::tools;

const HARNESS: Package = Package { name: "stentor-loadtest", program: "stentor-loadtest" };
const LISTEN_DEADLINE: Duration = Duration::from_secs(20);
/// Longer than the longest search; the harness gives up by itself where nothing moves.
const MEASURE_DEADLINE: Duration = Duration::from_secs(600);
/// The server's core, and the harness's.
const CORES: [usize; 2] = [0, 1];

/// The harness, and the cores that it and the servers get.
#[derive(Debug)]
pub(super) struct Bench<'a> {
    project: &'a Project,
    /// What is measured.
    pub(super) plan: Plan,
    harness: PathBuf,
    /// Whether server and harness have a core each.
    pinned: bool,
    /// Logs of the servers, reports under way.
    folder: PathBuf,
}

impl<'a> Bench<'a> {
    /// Builds the harness.
    ///
    /// # Errors
    /// In words: it does not compile, or there is no folder to work in.
    pub(super) fn prepare(project: &'a Project, plan: Plan) -> Result<Self, String> {
        let harness = build_release(project, &HARNESS)?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let pinned = cores >= CORES.len() && tools::in_path("taskset").is_some();
        if !pinned {
            println!("server and harness share their cores: two cores and taskset are needed");
        }
        let folder = project.tools().join("compare");
        fs::create_dir_all(&folder)
            .map_err(|e| format!("cannot make {}: {e}", folder.display()))?;
        Ok(Self { project, plan, harness, pinned, folder })
    }

    /// Starts the server, measures and ends it; the harness's report.
    ///
    /// # Errors
    /// In words: it does not start, or nothing could be measured.
    pub(super) fn measure(&self, peer: Peer, kit: &Kit, step: Step) -> Result<Value, String> {
        let port = run::free_port()?;
        let start = kit.start(self.project, port, &self.folder)?;
        let mut command = start.command(self.project, self.pinned.then_some(CORES[0]));
        let log = self.folder.join(format!("{}.log", peer.name()));
        send_output_to(&mut command, &log)?;
        let server = Running::server(command, port, LISTEN_DEADLINE)
            .map_err(|fault| format!("{fault}; {}", last_line(&log)))?;

        let mut arguments = self.plan.arguments(step);
        arguments.extend(["--url".to_owned(), peer.url(port)]);
        arguments.extend(["--dialect".to_owned(), peer.dialect().to_owned()]);
        arguments.extend(["--pid".to_owned(), server.id().to_string()]);
        // The floors are measured apart, before and after the fan-out.
        arguments.push("--no-floor".to_owned());
        self.report(&arguments)
    }

    /// Measures the floor; the harness's report.
    ///
    /// # Errors
    /// In words, if it could not be measured.
    pub(super) fn floor(&self, arguments: &[String]) -> Result<Value, String> {
        let mut arguments = arguments.to_vec();
        if self.pinned {
            arguments.extend(["--server-core".to_owned(), CORES[0].to_string()]);
        }
        self.report(&arguments)
    }

    fn report(&self, arguments: &[String]) -> Result<Value, String> {
        let (json, said) = (self.folder.join("report.json"), self.folder.join("harness.log"));
        // The report of an earlier run must not be taken for the result of this one.
        let _ = fs::remove_file(&json);
        let mut command = self.project.command(&self.harness);
        command.args(arguments).arg("--json").arg(&json);
        if self.pinned {
            command.args(["--load-core", &CORES[1].to_string()]);
        }
        send_output_to(&mut command, &said)?;
        match run::exit_code(command, MEASURE_DEADLINE)? {
            // A verdict, be it good or bad.
            0 | 1 => {
                let bytes = fs::read(&json).map_err(|e| format!("no report: {e}"))?;
                serde_json::from_slice(&bytes).map_err(|e| format!("a bad report: {e}"))
            }
            _ => Err(last_line(&said)),
        }
    }
}

fn send_output_to(command: &mut Command, path: &Path) -> Result<(), String> {
    let wrong = |e| format!("cannot write {}: {e}", path.display());
    let out = File::create(path).map_err(wrong)?;
    command.stderr(out.try_clone().map_err(wrong)?).stdout(out);
    Ok(())
}

/// The last line that is not empty of a file that a program wrote.
fn last_line(path: &Path) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().rfind(|line| !line.trim().is_empty());
    line.map_or_else(|| "it said nothing".to_owned(), |line| line.trim().to_owned())
}
