//! Lines as cargo and the browser test print them, and lines that only look alike.

use super::{Counts, failed_check};

#[test]
fn cargos_closing_line_is_counted() {
    let line = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out";
    assert_eq!(Counts::of_line(line), Counts { passed: 12, failed: 0 });
}

#[test]
fn cargos_failing_line_is_counted() {
    let line = "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out";
    assert_eq!(Counts::of_line(line), Counts { passed: 3, failed: 2 });
}

#[test]
fn the_browsers_closing_line_is_counted() {
    assert_eq!(Counts::of_line("27 passed, 4 failed"), Counts { passed: 27, failed: 4 });
}

#[test]
fn other_lines_count_nothing() {
    let lines = [
        "",
        "test a ... ok",
        "test result: ok",
        "test result: ok. many passed; 0 failed",
        "ok   7 passed, 0 failed in the middle",
        "seven passed, 0 failed",
        "-1 passed, 0 failed",
    ];
    for line in lines {
        assert_eq!(Counts::of_line(line), Counts::default(), "{line}");
    }
}

#[test]
fn a_failed_check_is_named_whoever_tells_of_it() {
    assert_eq!(failed_check("test folder::a_promise ... FAILED"), Some("folder::a_promise"));
    assert_eq!(
        failed_check("NOT OK   two pages hear each other"),
        Some("two pages hear each other")
    );
    for line in
        ["", "test folder::a_promise ... ok", "ok       a promise", "it is NOT OK", "FAILED"]
    {
        assert_eq!(failed_check(line), None, "{line}");
    }
}
