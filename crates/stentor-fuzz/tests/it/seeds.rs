//! The seeds: files of one input each, in a folder for each body.

use std::path::Path;

/// One input that says something on its own.
pub(crate) struct Seed {
    pub(crate) file: String,
    pub(crate) bytes: Vec<u8>,
}

/// The seeds of a body, always in the same order.
pub(crate) fn of(body: &str) -> Vec<Seed> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(body);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{folder:?}: {e}"));
    let mut seeds: Vec<Seed> = entries
        .map(|entry| {
            let entry = entry.expect("an entry of the folder");
            let file = entry.file_name().into_string().expect("a name is UTF-8");
            Seed { file, bytes: std::fs::read(entry.path()).expect("a seed can be read") }
        })
        .collect();
    seeds.sort_by(|a, b| a.file.cmp(&b.file));
    assert!(seeds.len() >= 5, "{body} has only {} seeds", seeds.len());
    seeds
}
