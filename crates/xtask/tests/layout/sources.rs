//! The rules that a source file can break.

use std::path::{Path, PathBuf};

/// No file of a crate is longer.
const LINES_MAX: usize = 600;

/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 8] =
    ["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"];

/// Ways to a clock, a socket, a thread or the system's entropy.
const IMPURE: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "Utc::now",
    "Local::now",
    "std::net",
    "std::thread",
    "std::env",
    "std::fs",
    "thread_local!",
    "Rng::new()",
    "Rng::default()",
    "fastrand::bool",
    "fastrand::fill",
    "fastrand::shuffle",
    "fastrand::u32",
    "fastrand::u64",
    "fastrand::u128",
    "fastrand::usize",
];

/// The engine's settings come from its caller.
const WORLDLY: &[&str] = &["std::env"];

/// What of the bus touches the world; everything else there is as pure as a shard.
const THIN: [&str; 8] =
    ["address", "bus", "driver", "follow", "histories", "publisher", "session", "survey"];

/// What the bus's own runtime is reached through, beside [`IMPURE`].
const DRIVEN: &[&str] = &["tokio::", "fred::", "tracing::"];

/// What would let a run of the simulator differ from the same run before it, beside [`IMPURE`].
const UNREPEATABLE: &[&str] = &["HashMap", "HashSet", "tokio::", "fred::"];

/// One Rust file.
pub(crate) struct Source {
    crate_name: String,
    /// Below the crate's folder: `src/ring.rs`.
    path: PathBuf,
    text: String,
}

/// The Rust files below one part of a crate; none where the part does not exist.
pub(crate) fn below(member: &Path, part: &str, crate_name: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![member.join(part)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("an entry of the folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = super::read(&path);
                let path = path.strip_prefix(member).expect("below its crate").to_owned();
                sources.push(Source { crate_name: crate_name.to_owned(), path, text });
            }
        }
    }
    sources
}

impl Source {
    /// Something that the crate's code is to do without; comments and unit tests may name it.
    pub(crate) fn absence_faults(&self) -> Vec<String> {
        let absent = match self.crate_name.as_str() {
            "stentor-wire" | "stentor-shard" => IMPURE.to_vec(),
            "stentor-bus" if !self.is_thin() => [IMPURE, DRIVEN].concat(),
            "stentor-sim" => [IMPURE, UNREPEATABLE].concat(),
            "stentor-engine" => WORLDLY.to_vec(),
            _ => return Vec::new(),
        };
        if !self.path.starts_with("src") || self.is_test() {
            return Vec::new();
        }
        let code = flat_code(&self.text);
        absent
            .iter()
            .filter(|word| code.contains(&word.replace(' ', "")))
            .map(|word| format!("{}: {} names {word}", self.crate_name, self.path.display()))
            .collect()
    }

    /// A file that is too long, or a name that says nothing.
    pub(crate) fn shape_faults(&self) -> Vec<String> {
        let place = format!("{}: {}", self.crate_name, self.path.display());
        let mut faults = Vec::new();
        let lines = self.text.lines().count();
        if self.path.starts_with("src") && lines > LINES_MAX {
            faults.push(format!("{place} has {lines} lines, at most {LINES_MAX} are allowed"));
        }
        if self.path.file_name().is_some_and(|name| name == "mod.rs") {
            faults.push(format!("{place}: use `name.rs` beside `name/`, not `mod.rs`"));
        }
        let parts = self.path.with_extension("");
        for part in parts.iter().filter_map(|part| part.to_str()) {
            if is_empty_name(part) {
                faults.push(format!("{place}: `{part}` names nothing"));
            }
        }
        for name in self.text.lines().filter_map(declared_module).filter(|name| is_empty_name(name))
        {
            faults.push(format!("{place}: module `{name}` names nothing"));
        }
        faults
    }

    /// Whether it is one of the files of [`THIN`], or lies below one.
    fn is_thin(&self) -> bool {
        let path = self.path.with_extension("");
        THIN.iter().any(|thin| path.starts_with(Path::new("src").join(thin)))
    }

    /// Unit tests live in `foo/tests.rs` or below `foo/tests/`.
    fn is_test(&self) -> bool {
        self.path.with_extension("").iter().any(|part| part == "tests")
    }
}

/// `message_util` says as little as `util`.
fn is_empty_name(name: &str) -> bool {
    name.split('_').any(|word| EMPTY_NAMES.contains(&word))
}

/// The name in a line such as `pub(crate) mod ring;` or `mod ring {`.
fn declared_module(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) => rest.trim_start_matches(|c| c != ' ').trim_start(),
        None => line,
    };
    let name = line.strip_prefix("mod ")?;
    Some(name.split([';', ' ', '{']).next().unwrap_or(name))
}

/// The code without line comments and white space, each `std::{a, b::c}` also written out as
/// `std::a std::b::c`, so that a group cannot hide a name.
fn flat_code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.split_once("//").map_or(line, |(before, _)| before);
        code.extend(line.chars().filter(|c| !c.is_whitespace()));
    }
    let mut written_out = String::new();
    for (start, _) in code.match_indices("std::{") {
        let mut depth = 0_u32;
        let mut name = String::new();
        for c in code[start + "std::{".len()..].chars() {
            match c {
                ',' | '}' if depth == 0 => {
                    written_out.push_str(" std::");
                    written_out.push_str(&name);
                    name.clear();
                    if c == '}' {
                        break;
                    }
                    continue;
                }
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            name.push(c);
        }
    }
    code + &written_out
}

fn source(crate_name: &str, path: &str, text: &str) -> Source {
    Source { crate_name: crate_name.to_owned(), path: path.into(), text: text.to_owned() }
}

#[test]
fn a_clock_in_a_pure_crate_is_a_fault() {
    for text in [
        "let now = std::time::Instant::now();",
        "let now = Instant\n    ::now();",
        "use std::net::TcpStream;",
        "use std::{collections::HashMap, thread};",
        "use std::{\n    collections::{HashMap, HashSet},\n    net::IpAddr,\n};",
        "let chance = fastrand::Rng::new();",
    ] {
        assert_eq!(source("stentor-wire", "src/a.rs", text).absence_faults().len(), 1, "{text}");
        assert!(source("stentor-server", "src/a.rs", text).absence_faults().is_empty(), "{text}");
    }
}

#[test]
fn comments_and_tests_of_a_pure_crate_may_name_a_clock() {
    let comment = "// unlike Instant::now\n/// not std::net\nlet x = 1; // std::thread";
    assert!(source("stentor-shard", "src/a.rs", comment).absence_faults().is_empty());
    let text = "std::thread::spawn(f);";
    assert!(source("stentor-shard", "src/a/tests.rs", text).absence_faults().is_empty());
    assert!(source("stentor-shard", "tests/a.rs", text).absence_faults().is_empty());
    assert_eq!(source("stentor-shard", "src/a.rs", text).absence_faults().len(), 1);
}

#[test]
fn the_deciding_part_of_the_bus_is_pure_and_the_thin_part_need_not_be() {
    for text in ["let now = Instant::now();", "use tokio::sync::watch;", "use fred::types::Value;"]
    {
        assert_eq!(source("stentor-bus", "src/inbox.rs", text).absence_faults().len(), 1, "{text}");
        for thin in ["src/session.rs", "src/driver/clock.rs"] {
            assert!(
                source("stentor-bus", thin, text).absence_faults().is_empty(),
                "{thin}: {text}"
            );
        }
    }
}

#[test]
fn a_simulator_that_cannot_repeat_itself_is_a_fault() {
    for text in
        ["let now = Instant::now();", "use std::collections::HashMap;", "std::thread::spawn(f)"]
    {
        assert_eq!(source("stentor-sim", "src/a.rs", text).absence_faults().len(), 1, "{text}");
    }
    let sorted = "use std::collections::BTreeMap;";
    assert!(source("stentor-sim", "src/a.rs", sorted).absence_faults().is_empty());
}

#[test]
fn an_engine_that_reads_the_environment_is_a_fault() {
    let text = "let port = std::env::var(\"PORT\");";
    assert_eq!(source("stentor-engine", "src/a.rs", text).absence_faults().len(), 1);
    let macro_only = "let name = env!(\"CARGO_PKG_NAME\");";
    assert!(source("stentor-engine", "src/a.rs", macro_only).absence_faults().is_empty());
}

#[test]
fn a_file_of_more_than_600_lines_is_a_fault() {
    let most = "x\n".repeat(LINES_MAX);
    assert!(source("stentor-web", "src/a.rs", &most).shape_faults().is_empty());
    let more = "x\n".repeat(LINES_MAX + 1);
    assert_eq!(source("stentor-web", "src/a.rs", &more).shape_faults().len(), 1);
}

#[test]
fn names_that_say_nothing_are_faults() {
    for path in ["src/util.rs", "src/room_helpers.rs", "src/common/ring.rs", "src/ring/mod.rs"] {
        assert_eq!(source("stentor-web", path, "").shape_faults().len(), 1, "{path}");
    }
    for text in ["mod utils;", "pub(crate) mod misc {", "    pub mod room_manager;"] {
        assert_eq!(source("stentor-web", "src/a.rs", text).shape_faults().len(), 1, "{text}");
    }
    for (path, text) in [("src/utility.rs", "mod ring;"), ("src/a.rs", "let common = 1;")] {
        assert!(source("stentor-web", path, text).shape_faults().is_empty(), "{path}");
    }
}
