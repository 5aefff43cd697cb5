//! Any bytes against what the server promises of them: libFuzzer on the bodies of `stentor-fuzz`.
//!
//! It knows how to run a target and to read what libFuzzer says of it, not what a body promises.

mod order;
mod statistics;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::{Outcome, Report};
use crate::{run, tools};
use order::Order;
use statistics::Statistics;

const CRATE: &str = "crates/stentor-fuzz";
/// A first build of all that the bodies stand on, instrumented, on a slow machine too.
const BUILD_DEADLINE: Duration = Duration::from_secs(60 * 60);
/// What a run may take beyond its time: to read its corpus, to write down what it found.
const RUN_SPARE: Duration = Duration::from_secs(300);
/// One input that takes longer counts as found, in seconds.
const INPUT_SECONDS_MAX: u32 = 10;
/// The largest input, in bytes: a head of 16 KiB and more, a message of 64 KiB.
const INPUT_BYTES_MAX: u32 = 70_000;
/// How much of a failed run's words is shown.
const SHOWN_LINES_MAX: usize = 40;

/// `cargo xtask fuzz SECONDS [TARGET...]`: exit code 1 where a target found something.
pub(crate) fn run(project: &Project, arguments: &[String]) -> ExitCode {
    let order = targets(project).and_then(|targets| Order::parse(arguments, &targets));
    let order = match order {
        Ok(order) => order,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            return ExitCode::from(2);
        }
    };
    let cargo_fuzz = match tools::cargo_fuzz(project) {
        Ok(program) => program,
        Err(fault) => {
            eprintln!("xtask: {fault}");
            return ExitCode::FAILURE;
        }
    };
    if let Err(fault) = take_lockfile(project) {
        eprintln!("xtask: {fault}");
        return ExitCode::FAILURE;
    }
    let mut report = Report::new();
    for target in &order.targets {
        let bench = Bench { project, cargo_fuzz: &cargo_fuzz, target };
        report.step(target, || bench.attempt(order.seconds));
    }
    report.close()
}

/// What is tried is what is shipped: the workspace's own versions of everything. Cargo adds to the
/// copy what only the targets have.
fn take_lockfile(project: &Project) -> Result<(), String> {
    let copy = project.path(CRATE).join("fuzz/Cargo.lock");
    let copied = std::fs::copy(project.path("Cargo.lock"), &copy);
    copied.map(|_| ()).map_err(|e| format!("cannot write {}: {e}", copy.display()))
}

/// The targets of the fuzz crate, in the order of its manifest.
fn targets(project: &Project) -> Result<Vec<String>, String> {
    let file = project.path(CRATE).join("fuzz/Cargo.toml");
    let fault = |what: &dyn std::fmt::Display| format!("{}: {what}", file.display());
    let text = std::fs::read_to_string(&file).map_err(|e| fault(&e))?;
    let manifest: toml::Table = text.parse().map_err(|e| fault(&e))?;
    let programs = manifest.get("bin").and_then(toml::Value::as_array);
    let names = programs.into_iter().flatten().filter_map(|program| program.get("name")?.as_str());
    let names: Vec<String> = names.map(str::to_owned).collect();
    if names.is_empty() { Err(fault(&"there is no target")) } else { Ok(names) }
}

/// One target with what it is run by.
struct Bench<'a> {
    project: &'a Project,
    cargo_fuzz: &'a Path,
    target: &'a str,
}

impl Bench<'_> {
    fn attempt(&self, seconds: u32) -> Outcome {
        let run = self.build().and_then(|()| self.fuzz(seconds));
        let found = match run {
            Ok(statistics) if statistics.found.is_empty() => {
                println!("{}: {statistics}, nothing found", self.target);
                return Ok(Counts::ONE_PASSED).into();
            }
            Ok(statistics) => statistics,
            Err(fault) => return Outcome::failed(fault),
        };
        println!("{}: {found}, found:", self.target);
        found.found.iter().for_each(|file| println!("  {file}"));
        println!("copied into {CRATE}/seeds/{} it is tried by `cargo test`", self.target);
        Outcome::failed(format!("{} inputs break a promise", found.found.len()))
    }

    fn build(&self) -> Result<(), String> {
        run::run(self.command("build"), BUILD_DEADLINE)
    }

    /// Runs the target with its words in a file, and reads them.
    fn fuzz(&self, seconds: u32) -> Result<Statistics, String> {
        let corpus = self.folder("fuzz/corpus");
        let reports = self.project.tools().join("reports");
        let log = reports.join(format!("fuzz-{}.log", self.target));
        let fault = |e| format!("cannot make {}: {e}", log.display());
        std::fs::create_dir_all(&corpus).map_err(fault)?;
        std::fs::create_dir_all(&reports).map_err(fault)?;
        let out = File::create(&log).map_err(fault)?;

        let mut command = self.command("run");
        // New inputs go to the first folder; the seeds are only read.
        command.args([&corpus, &self.folder("seeds")]);
        command.args(["--", "-print_final_stats=1"]);
        command.arg(format!("-max_total_time={seconds}"));
        command.arg(format!("-timeout={INPUT_SECONDS_MAX}"));
        command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
        command.stdout(out.try_clone().map_err(fault)?).stderr(out);
        println!("{} for {seconds} s, its words in {}", self.target, log.display());
        let ended = run::run(command, Duration::from_secs(seconds.into()) + RUN_SPARE);

        let bytes = std::fs::read(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let words = String::from_utf8_lossy(&bytes);
        let statistics = Statistics::read(&words);
        if ended.is_err() {
            let lines: Vec<&str> = words.lines().collect();
            let shown = &lines[lines.len().saturating_sub(SHOWN_LINES_MAX)..];
            shown.iter().for_each(|line| println!("{line}"));
        }
        match ended {
            // A run that found something fails, and that is told by what it found.
            Err(fault) if statistics.found.is_empty() => Err(fault),
            _ if statistics.executions == 0 => Err("libFuzzer counted no execution".to_owned()),
            _ => Ok(statistics),
        }
    }

    /// A command of cargo-fuzz on this target. libFuzzer's flags are not stable ones.
    fn command(&self, word: &str) -> Command {
        let mut command = self.project.command(self.cargo_fuzz);
        command.env("RUSTC_BOOTSTRAP", "1").args([word, "--fuzz-dir"]);
        command.arg(self.project.path(CRATE).join("fuzz")).arg(self.target);
        command
    }

    fn folder(&self, inside: &str) -> PathBuf {
        self.project.path(CRATE).join(inside).join(self.target)
    }
}
