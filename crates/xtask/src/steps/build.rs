//! Building one program of the workspace and learning where cargo put it.

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::project::Project;
use crate::run;

/// A first build fetches and compiles every dependency, on a slow machine too.
const BUILD_DEADLINE: Duration = Duration::from_secs(45 * 60);

/// What cargo is to build: `--bin stentor`, `--example ws_echo`. Its name is unique in the workspace.
pub(crate) struct Target {
    pub(crate) kind: &'static str,
    pub(crate) name: &'static str,
}

/// A program that is measured, and the package that it is built of.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) program: &'static str,
}

/// Builds the package as its users do: alone, for release.
///
/// # Errors
/// As [`build`].
pub(crate) fn build_release(project: &Project, package: &Package) -> Result<PathBuf, String> {
    let arguments = ["--release", "--package", package.name, "--bin", package.program];
    build_with(project, &arguments, package.program)
}

/// Builds with the profile of the tests and the features of the whole workspace, so that what the
/// tests compiled is not compiled again.
///
/// # Errors
/// In words: it does not compile, or cargo named no program.
pub(crate) fn build(project: &Project, target: &Target) -> Result<PathBuf, String> {
    let kind = format!("--{}", target.kind);
    build_with(project, &["--workspace", &kind, target.name], target.name)
}

fn build_with(project: &Project, arguments: &[&str], name: &str) -> Result<PathBuf, String> {
    println!("building {name}");
    let mut command = project.cargo(&["build", "--quiet"]);
    command.args(["--message-format", "json-render-diagnostics"]).args(arguments);
    let messages = run::output(command, BUILD_DEADLINE)?;
    executable(&messages, name).ok_or_else(|| format!("cargo built no program for {name}"))
}

fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}
