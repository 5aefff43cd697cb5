//! Where the programs are that tests start.

use std::path::PathBuf;

/// A program, the variable that may say where it is, and what to say where it is not.
#[derive(Debug)]
pub(crate) struct Program {
    name: &'static str,
    variable: &'static str,
    wanted: &'static str,
}

pub(crate) const REDIS_SERVER: Program =
    Program { name: "redis-server", variable: "REDIS_SERVER", wanted: "redis-server 7 or newer" };

pub(crate) const NGINX: Program = Program { name: "nginx", variable: "NGINX", wanted: "nginx" };

pub(crate) const HAPROXY: Program =
    Program { name: "haproxy", variable: "HAPROXY", wanted: "HAProxy 2.4 or newer" };

impl Program {
    /// Its variable, else the search path and where servers stand that only root's path leads to.
    ///
    /// # Panics
    /// Where there is none: a test that needs it fails then and is not skipped.
    pub(crate) fn path(&self) -> PathBuf {
        let Program { name, variable, wanted } = self;
        if let Some(path) = std::env::var_os(variable).map(PathBuf::from) {
            assert!(path.is_file(), "{variable} is {}, which is no file", path.display());
            // Servers run in folders of their own.
            return std::path::absolute(path).expect("a path that leads to a file");
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .chain(["/usr/sbin".into(), "/usr/local/sbin".into()])
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
            .unwrap_or_else(|| {
                panic!(
                    "this test needs {wanted}: `cargo xtask test` gets it and runs all tests; else \
                     install it, or set {variable} to its path"
                )
            })
    }
}
