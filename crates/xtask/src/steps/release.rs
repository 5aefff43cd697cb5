//! What a release needs: documentation without warnings, crates that package and build by themselves,
//! and dependencies that do with the Rust and the licences that are stated.
//!
//! That the sources do with that Rust is clippy's business, which knows since when what exists.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use spdx::{Expression, ParseMode};

use crate::checks;
use crate::project::Project;
use crate::report::Outcome;
use crate::run;

const DEADLINE: Duration = Duration::from_secs(30 * 60);
const METADATA_DEADLINE: Duration = Duration::from_secs(60);

/// Crates for people to use, each before those that need it.
const PACKAGES: [&str; 7] = [
    "stentor-wire",
    "stentor-shard",
    "stentor-bus",
    "stentor-engine",
    "stentor-web",
    "stentor-client",
    "stentor-server",
];

/// Licences that ask for no more than to be named.
const LICENCES: [&str; 10] = [
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

pub(crate) fn run(project: &Project) -> Outcome {
    match metadata(project) {
        Ok(metadata) => checks::outcome([
            ("documentation", documentation(project)),
            ("packages", packages(project)),
            ("minimum Rust of dependencies", minimum_rust(&metadata)),
            ("licences of dependencies", licences(&metadata)),
        ]),
        Err(fault) => Outcome::failed(fault),
    }
}

fn documentation(project: &Project) -> Result<(), String> {
    let mut command = project.cargo(&["doc", "--workspace", "--no-deps", "--locked"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    run::run(command, DEADLINE)
}

/// Builds each from what is in its package alone.
fn packages(project: &Project) -> Result<(), String> {
    forget_unpacked(project);
    let mut command = project.cargo(&["package", "--locked", "--allow-dirty"]);
    command.args(PACKAGES.iter().flat_map(|name| ["--package", name]));
    run::run(command, DEADLINE)
}

/// Removes what an earlier run has unpacked and built: cargo knows both by version, which does not change
/// between two releases, and would build against the sources of that run.
fn forget_unpacked(project: &Project) {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")));
    let sources = home.map(|home| home.join("registry/src")).unwrap_or_default();
    // Registries that are folders have no host in front of the hyphen.
    let registries = std::fs::read_dir(sources).into_iter().flatten().flatten();
    let of_folders = registries.filter(|of| of.file_name().to_string_lossy().starts_with('-'));
    let mut folders: Vec<PathBuf> = of_folders.map(|of| of.path()).collect();
    folders.push(project.path("target/debug/.fingerprint"));
    let inside = folders.iter().flat_map(std::fs::read_dir).flatten().flatten();
    for of_ours in inside.filter(|of| of.file_name().to_string_lossy().starts_with("stentor-")) {
        // What cannot be removed shows in what is built.
        let _ = std::fs::remove_dir_all(of_ours.path());
    }
}

fn metadata(project: &Project) -> Result<Value, String> {
    let command = project.cargo(&["metadata", "--format-version=1", "--locked"]);
    let said = run::output(command, METADATA_DEADLINE)?;
    serde_json::from_str(&said).map_err(|e| format!("cargo metadata: {e}"))
}

fn minimum_rust(metadata: &Value) -> Result<(), String> {
    let (own, others) = by_origin(metadata)?;
    let stated = own.iter().find_map(|package| package["rust_version"].as_str());
    let stated = stated.ok_or("no crate states its Rust")?;
    let wants_newer = |package: &&Value| {
        package["rust_version"].as_str().is_some_and(|wanted| number(wanted) > number(stated))
    };
    let newer = others
        .into_iter()
        .filter(wants_newer)
        .map(|package| format!("{} wants Rust {}", name(package), package["rust_version"]));
    none_of(newer.collect())
}

fn licences(metadata: &Value) -> Result<(), String> {
    let (_, others) = by_origin(metadata)?;
    let refused = others.into_iter().filter_map(|package| {
        let text = package["license"].as_str().unwrap_or_default();
        let fault = match Expression::parse_mode(text, ParseMode::LAX) {
            Ok(licence) => {
                let is_good = licence.evaluate(|needed| {
                    needed.license.id().is_some_and(|id| LICENCES.contains(&id.name))
                });
                (!is_good).then(|| text.to_owned())?
            }
            Err(error) => error.to_string(),
        };
        Some(format!("{}: {fault}", name(package)))
    });
    none_of(refused.collect())
}

/// The packages of the workspace, and all that they depend on.
fn by_origin(metadata: &Value) -> Result<(Vec<&Value>, Vec<&Value>), String> {
    let packages = metadata["packages"].as_array().ok_or("cargo metadata without packages")?;
    let own = metadata["workspace_members"].as_array().ok_or("cargo metadata without members")?;
    let parts: (Vec<&Value>, Vec<&Value>) =
        packages.iter().partition(|package| own.contains(&package["id"]));
    if parts.0.is_empty() || parts.1.is_empty() {
        return Err("cargo metadata with nothing to judge".to_owned());
    }
    Ok(parts)
}

fn name(package: &Value) -> String {
    let part = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    format!("{} {}", part("name"), part("version"))
}

/// Major, minor and patch; what is left out is 0.
fn number(version: &str) -> [u64; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    std::array::from_fn(|_| parts.next().unwrap_or(0))
}

fn none_of(faults: Vec<String>) -> Result<(), String> {
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}

#[cfg(test)]
mod tests;
