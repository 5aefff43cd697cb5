//! No body is without a target, and no target without a body.

use std::path::Path;

use stentor_fuzz::BODIES;

fn file(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn names(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
    let mut names: Vec<String> = entries
        .map(|entry| {
            let path = entry.expect("an entry of the folder").path();
            path.file_stem().expect("a name").to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn every_body_has_a_target_and_seeds_and_there_are_no_others() {
    let bodies = BODIES.map(|(name, _)| name.to_owned());
    assert_eq!(names("fuzz/fuzz_targets"), bodies);
    assert_eq!(names("seeds"), bodies);
    let manifest: toml::Table = file("fuzz/Cargo.toml").parse().expect("a manifest is TOML");
    let programs = manifest["bin"].as_array().expect("programs");
    let programs: Vec<_> = programs.iter().filter_map(|program| program["name"].as_str()).collect();
    assert_eq!(programs, bodies);
}

#[test]
fn a_target_calls_the_body_of_its_name() {
    for (name, _) in BODIES {
        let call = format!("fuzz_target!(|input: &[u8]| stentor_fuzz::{name}::body(input));");
        let target = file(&format!("fuzz/fuzz_targets/{name}.rs"));
        assert!(target.lines().any(|line| line == call), "{name}:\n{target}");
    }
}
