//! The rules that only the whole tree of a crate's dependencies can break.

use std::path::Path;
use std::process::Command;

use super::manifests::absent_from;

/// The names of all crates that are compiled into `package`, one a line with its version.
/// What the lockfile names and this machine lacks, cargo fetches as for a build.
pub(crate) fn of(root: &Path, package: &str) -> String {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .current_dir(root)
        .args(["tree", "--edges", "normal", "--prefix", "none", "--package", package])
        .output()
        .expect("cargo can be started");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo tree failed for {package}: {errors}");
    let tree = String::from_utf8(output.stdout).expect("names are UTF-8");
    assert!(tree.starts_with(package), "the tree of {package} begins with: {tree}");
    tree
}

/// A crate somewhere below that `package` is to do without.
pub(crate) fn absence_faults(package: &str, tree: &str) -> Vec<String> {
    let absent = absent_from(package);
    let names = tree.lines().skip(1).filter_map(|line| line.split(' ').next());
    let mut faults: Vec<String> = names
        .filter(|name| absent.contains(name))
        .map(|name| format!("{package} must not have {name} below it"))
        .collect();
    faults.dedup();
    faults
}

#[test]
fn a_crate_that_comes_in_through_another_is_a_fault() {
    let tree = "stentor-wire v0.1.0\nbytes v1.12.0\nuuid v1.29.0\ngetrandom v0.3.0\n";
    assert_eq!(
        absence_faults("stentor-wire", tree),
        ["stentor-wire must not have getrandom below it"]
    );
    assert!(absence_faults("stentor-wire", "stentor-wire v0.1.0\nbytes v1.12.0\n").is_empty());
    assert!(absence_faults("stentor-engine", tree).is_empty());
}
