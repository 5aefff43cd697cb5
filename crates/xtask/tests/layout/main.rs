//! The layout of the workspace as a test: who may depend on whom, and what is absent where.
//!
//! Each rule is a function over text that is also tried on a broken sample, because a check that
//! cannot fail is a defect.

mod manifests;
mod sources;
mod tree;

use std::path::{Path, PathBuf};

use manifests::Manifest;
use sources::Source;

/// The root of the workspace.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The folders of all members: `crates/*` and those that stand elsewhere.
fn members() -> Vec<PathBuf> {
    let mut folders =
        ["benches", "loadtest", "loadtest/peers/axum"].map(|folder| root().join(folder)).to_vec();
    for entry in std::fs::read_dir(root().join("crates")).expect("the folder of the crates") {
        folders.push(entry.expect("an entry of the folder").path());
    }
    folders.retain(|folder| folder.join("Cargo.toml").is_file());
    folders.sort();
    assert!(folders.len() >= 7, "only {} members were found", folders.len());
    folders
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()))
}

fn workspace_manifest() -> String {
    read(&root().join("Cargo.toml"))
}

fn member_manifests() -> Vec<Manifest> {
    let folders = members();
    folders.iter().map(|folder| Manifest::parse(&read(&folder.join("Cargo.toml")))).collect()
}

/// Every Rust file of the workspace below a `src`, `tests`, `benches` or `examples` folder.
fn all_sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for member in members() {
        let name = Manifest::parse(&read(&member.join("Cargo.toml"))).name;
        for part in ["src", "tests", "benches", "examples"] {
            sources.extend(sources::below(&member, part, &name));
        }
    }
    assert!(sources.len() >= 20, "only {} source files were found", sources.len());
    sources
}

fn assert_none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn crates_depend_only_on_the_crates_below_them() {
    assert_none(member_manifests().iter().flat_map(Manifest::direction_faults).collect());
}

#[test]
fn tests_of_the_pure_crates_do_not_reach_upward() {
    assert_none(member_manifests().iter().flat_map(Manifest::dev_direction_faults).collect());
}

#[test]
fn what_is_to_be_absent_is_no_dependency() {
    assert_none(member_manifests().iter().flat_map(Manifest::absence_faults).collect());
}

#[test]
fn crates_of_the_project_itself_are_not_published() {
    assert_none(member_manifests().iter().flat_map(Manifest::publish_faults).collect());
}

#[test]
fn every_crate_takes_lints_and_dependencies_from_the_workspace() {
    assert_none(member_manifests().iter().flat_map(Manifest::inheritance_faults).collect());
}

#[test]
fn the_workspace_forbids_unsafe_code() {
    assert_none(manifests::unsafe_faults(&workspace_manifest()));
}

#[test]
fn every_dependency_of_the_workspace_has_its_reason() {
    assert_none(manifests::reason_faults(&workspace_manifest()));
}

#[test]
fn pure_crates_name_no_clock_socket_thread_or_entropy() {
    assert_none(all_sources().iter().flat_map(Source::absence_faults).collect());
}

#[test]
fn files_are_short_and_named_for_what_they_hold() {
    assert_none(all_sources().iter().flat_map(Source::shape_faults).collect());
}

#[test]
fn what_is_to_be_absent_does_not_come_in_through_others() {
    for name in ["stentor-wire", "stentor-shard", "stentor-engine"] {
        assert_none(tree::absence_faults(name, &tree::of(&root(), name)));
    }
}
