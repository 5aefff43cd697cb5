//! What costs more fails, what cannot be compared is told, and gungraun's output is understood.

use std::path::Path;

use super::baseline::{Baseline, Toolchain};
use super::{Instructions, STORED, path_of_one_length, read_counts};
use crate::counts::Counts;

const FILE: &str = "\
rustc = \"1.95.0\"
target = \"x86_64-unknown-linux-gnu\"
libc = \"glibc 2.36\"
valgrind = \"valgrind-3.19.0\"

[instructions]
\"encode.small\" = 2000
\"parse.small\" = 10000
";

fn stored() -> Baseline {
    Baseline::parse(FILE).expect("a stored file")
}

fn counted(parse: u64, encode: u64) -> Instructions {
    [("parse.small".to_owned(), parse), ("encode.small".to_owned(), encode)].into()
}

fn toolchain_of(file: &str) -> Toolchain {
    Baseline::parse(file).expect("a stored file").toolchain
}

#[test]
fn more_than_a_percent_more_fails() {
    let (counts, table) = stored().judge(&counted(10_101, 2_020));
    assert_eq!(counts, Counts { passed: 1, failed: 1 });
    assert!(table.contains("+1.01%  FAILED: it costs more"), "{table}");
    let (counts, _) = stored().judge(&counted(10_100, 2_000));
    assert_eq!(counts, Counts { passed: 2, failed: 0 });
}

#[test]
fn more_than_a_percent_less_passes_and_asks_to_be_stored() {
    let (counts, table) = stored().judge(&counted(9_899, 2_000));
    assert_eq!(counts, Counts { passed: 2, failed: 0 });
    assert!(table.contains("-1.01%  cheaper"), "{table}");
    assert!(table.contains("--store"), "{table}");
    let (_, table) = stored().judge(&counted(9_900, 2_000));
    assert!(!table.contains("cheaper"), "{table}");
}

#[test]
fn a_case_that_only_one_side_has_fails() {
    let mut now = counted(10_000, 2_000);
    now.remove("parse.small");
    now.insert("fan_out.shards_8".to_owned(), 1);
    let (counts, table) = stored().judge(&now);
    assert_eq!(counts, Counts { passed: 1, failed: 2 });
    assert!(table.contains("it is not counted") && table.contains("it is not stored"), "{table}");
}

#[test]
fn another_toolchain_is_refused_with_what_to_do() {
    let here = toolchain_of(&FILE.replace("1.95.0", "1.96.0"));
    let fault = stored().toolchain.check(&here).expect_err("another compiler");
    assert!(fault.starts_with("rustc is `1.96.0`, stored is `1.95.0`. "), "{fault}");
    assert!(fault.contains("cargo xtask instructions --store"), "{fault}");
    assert_eq!(stored().toolchain.check(&stored().toolchain), Ok(()));
}

#[test]
fn what_is_written_is_read_again() {
    assert_eq!(Baseline::parse(&stored().to_toml()), Ok(stored()));
}

#[test]
fn a_file_that_makes_no_sense_is_told_in_words() {
    let fault = |text: &str| Baseline::parse(text).expect_err(text);
    assert_eq!(fault(&FILE.replace("libc", "lib")), "`libc` is missing");
    assert_eq!(fault(&FILE.replace("2000", "0")), "`encode.small` is no count");
    assert_eq!(fault(&FILE.replace("[instructions]", "[counts]")), "`[instructions]` is missing");
}

#[test]
fn the_file_in_the_project_can_be_read() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(STORED);
    let text = std::fs::read_to_string(file).expect("the stored counts");
    let stations = ["encode.", "fan_out.", "parse.", "ring_"];
    let stored = Baseline::parse(&text).expect("the stored counts");
    for station in stations {
        assert!(stored.instructions.keys().any(|name| name.starts_with(station)), "{station}");
    }
}

#[test]
fn the_runner_has_the_version_of_the_crate() {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).expect("the workspace's manifest");
    let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
    let version = manifest["workspace"]["dependencies"]["gungraun"].as_str();
    assert_eq!(version, Some(&*format!("={}", crate::tools::GUNGRAUN)));
}

#[test]
fn counts_are_read_from_gungrauns_lines() {
    let line = |function: &str, values: &str| {
        format!(
            r#"{{"function_name":"{function}","id":"small","profiles":[{{"tool":"Callgrind","data":
            {{"total":{{"metrics":{{"Ir":{{"values":{values}}}}}}}}}}}]}}"#
        )
        .replace('\n', "")
    };
    let first = line("parse", r#"{"new":10000}"#);
    let second = line("encode", r#"{"new":2000,"old":1999}"#);
    assert_eq!(read_counts(&format!("{first}\n{second}\n")), Ok(counted(10_000, 2_000)));
    assert!(read_counts(&format!("{first}\n{first}")).is_err(), "a case that comes twice");
    assert!(read_counts(&line("parse", r#"{"new":null}"#)).is_err(), "a case without a count");
}

#[test]
fn the_counted_program_lies_behind_a_path_of_one_length() {
    let folder = std::env::temp_dir().join(format!("stentor-link-{}", std::process::id()));
    for below in ["a", "a-longer-one"] {
        let tools = folder.join(below);
        let link = path_of_one_length(&tools, Path::new("/target")).expect("a link");
        assert_eq!(link.as_os_str().len(), super::TARGET_PATH_BYTES);
        assert_eq!(path_of_one_length(&tools, Path::new("/other")).as_ref(), Ok(&link));
        assert_eq!(std::fs::read_link(&link).expect("a link"), Path::new("/other"));
    }
    let too_long = folder.join("x".repeat(super::TARGET_PATH_BYTES));
    assert!(path_of_one_length(&too_long, Path::new("/target")).is_err());
    std::fs::remove_dir_all(&folder).expect("the folder of this test");
}
