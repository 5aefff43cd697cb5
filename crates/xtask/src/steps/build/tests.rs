//! Cargo's messages are read for the one program that was asked for.

use std::path::PathBuf;

use super::executable;

const MESSAGES: &str = r#"{"reason":"compiler-artifact","target":{"name":"bytes"},"executable":null}
no message at all
{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/t/debug/other"}
{"reason":"compiler-artifact","target":{"name":"stentor"},"executable":"/t/debug/stentor"}
{"reason":"build-finished","success":true}"#;

#[test]
fn the_program_is_found_where_cargo_put_it() {
    assert_eq!(executable(MESSAGES, "stentor"), Some(PathBuf::from("/t/debug/stentor")));
}

#[test]
fn a_program_that_was_not_built_is_not_found() {
    assert_eq!(executable(MESSAGES, "ws_echo"), None);
    assert_eq!(executable(MESSAGES, "bytes"), None);
}
