//! Where the program redis-server is.

use std::path::PathBuf;

/// `REDIS_SERVER`, else `redis-server` of the search path.
///
/// # Panics
/// Where there is none: a test that needs Redis fails then and is not skipped.
pub(crate) fn redis_server() -> PathBuf {
    if let Some(path) = std::env::var_os("REDIS_SERVER").map(PathBuf::from) {
        assert!(path.is_file(), "REDIS_SERVER is {}, which is no file", path.display());
        // Servers run in folders of their own.
        return std::path::absolute(path).expect("a path that leads to a file");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("redis-server"))
        .find(|file| file.is_file())
        .expect(
            "this test needs redis-server 7 or newer: `cargo xtask test` gets it and runs all \
             tests; else install it, or set REDIS_SERVER to its path",
        )
}
