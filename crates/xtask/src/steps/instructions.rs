//! Counted instructions against those stored: the gate against creeping cost.
//!
//! It knows how to count and to judge, not what is counted: that is `benches/instructions.rs`.

mod baseline;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::counts::Counts;
use crate::project::Project;
use crate::report::Outcome;
use crate::{run, tools};
use baseline::{Baseline, Toolchain};

const STORED: &str = "benches/instructions.toml";
/// A first optimised build of the benches with all that they stand on, on a slow machine too.
const COUNT_DEADLINE: Duration = Duration::from_secs(45 * 60);
const ASK_DEADLINE: Duration = Duration::from_secs(60);
/// The length of the path below which the counted program lies; see [`path_of_one_length`].
const TARGET_PATH_BYTES: usize = 160;
/// Settings of the caller that would change what is compiled or how it is counted.
const FOREIGN_SETTINGS: [&str; 4] =
    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_PROFILE_", "GUNGRAUN_"];

/// Instructions by case, `parse.small`.
type Instructions = BTreeMap<String, u64>;

/// Counts, and compares with what is stored; one check a case.
pub(crate) fn compare(project: &Project) -> Outcome {
    match attempt(project) {
        Ok(counts) => Outcome { counts, fault: None },
        Err(fault) => Outcome::failed(fault),
    }
}

/// Counts, and stores the result as what is compared with from now on.
pub(crate) fn store(project: &Project) -> Outcome {
    let stored = toolchain(project).and_then(|toolchain| {
        let instructions = count(project)?;
        let text = Baseline { toolchain, instructions }.to_toml();
        let file = project.path(STORED);
        std::fs::write(&file, text).map_err(|e| format!("cannot write {STORED}: {e}"))?;
        println!("stored in {STORED}");
        Ok(Counts::ONE_PASSED)
    });
    stored.into()
}

fn attempt(project: &Project) -> Result<Counts, String> {
    let text = std::fs::read_to_string(project.path(STORED))
        .map_err(|e| format!("cannot read {STORED}: {e}"))?;
    let stored = Baseline::parse(&text).map_err(|e| format!("{STORED}: {e}"))?;
    stored.toolchain.check(&toolchain(project)?)?;
    let (counts, table) = stored.judge(&count(project)?);
    print!("{table}");
    Ok(counts)
}

fn toolchain(project: &Project) -> Result<Toolchain, String> {
    // valgrind may have to be fetched before it can say which one it is.
    tools::valgrind(project)?;
    Toolchain::here(project)
}

/// Builds and runs the counted cases; valgrind has to be there.
fn count(project: &Project) -> Result<Instructions, String> {
    let runner = tools::gungraun_runner(project)?;
    let target = path_of_one_length(&project.tools(), &target_folder(project)?)?;
    let mut command = project.cargo(&["bench", "--package", "stentor-benches"]);
    command.args(["--bench", "instructions", "--", "--output-format=json"]);
    without_foreign_settings(&mut command);
    command.env("GUNGRAUN_RUNNER", runner).env("CARGO_TARGET_DIR", target);
    read_counts(&run::output(command, COUNT_DEADLINE)?)
}

fn without_foreign_settings(command: &mut Command) {
    for (name, _) in std::env::vars_os() {
        let bytes = name.as_bytes();
        if FOREIGN_SETTINGS.iter().any(|foreign| bytes.starts_with(foreign.as_bytes())) {
            command.env_remove(name);
        }
    }
}

/// Where cargo builds: its own `target`, or what the caller has set.
fn target_folder(project: &Project) -> Result<PathBuf, String> {
    let command = project.cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata = run::output(command, ASK_DEADLINE)?;
    serde_json::from_str::<Value>(&metadata)
        .ok()
        .and_then(|metadata| metadata["target_directory"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo metadata named no target folder".to_owned())
}

/// Another path of the same folder, through a link whose length is always the same.
///
/// A program has its own path on its stack and on its heap, so the length decides where all else
/// lies, and that moves a count by up to some percent: copies take another way, and the allocator
/// finds other neighbours.
fn path_of_one_length(tools: &Path, target: &Path) -> Result<PathBuf, String> {
    let digits = TARGET_PATH_BYTES
        .checked_sub(tools.join("target-").as_os_str().len())
        .filter(|digits| *digits > 0)
        .ok_or_else(|| format!("the project's path is over {TARGET_PATH_BYTES} bytes long"))?;
    let link = tools.join(format!("target-{:0digits$}", 0));
    if std::fs::read_link(&link).is_ok_and(|points_to| points_to == target) {
        return Ok(link);
    }
    let fault = |e| format!("cannot link {} to {}: {e}", link.display(), target.display());
    std::fs::create_dir_all(tools).map_err(fault)?;
    match std::fs::remove_file(&link) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(fault(e)),
        _ => std::os::unix::fs::symlink(target, &link).map_err(fault)?,
    }
    Ok(link)
}

/// Reads what gungraun prints: a JSON object a line and case.
fn read_counts(output: &str) -> Result<Instructions, String> {
    let mut instructions = Instructions::new();
    for line in output.lines().filter(|line| line.starts_with('{')) {
        let case: Value =
            serde_json::from_str(line).map_err(|e| format!("gungraun's output: {e}"))?;
        let (name, count) = read_case(&case).ok_or("gungraun's output lacks a count")?;
        if instructions.insert(name.clone(), count).is_some() {
            return Err(format!("there are two cases `{name}`"));
        }
    }
    Ok(instructions)
}

fn read_case(case: &Value) -> Option<(String, u64)> {
    let name = format!("{}.{}", case["function_name"].as_str()?, case["id"].as_str()?);
    let profile = case["profiles"].as_array()?.iter().find(|p| p["tool"] == "Callgrind")?;
    let count = profile["data"]["total"]["metrics"]["Ir"]["values"]["new"].as_u64()?;
    Some((name, count))
}
