//! The program: what it takes, what it says, how it exits.

use std::process::{Command, Output};

fn sim(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_stentor-sim");
    Command::new(program).args(arguments).output().expect("the program runs")
}

#[test]
fn bad_arguments_are_exit_code_2() {
    for arguments in [
        &["--fault", "rain"][..],
        &["--seeds", "0"],
        &["--seeds", "many"],
        &["--trace"],
        &["--seed", "1", "--seeds", "2"],
    ] {
        assert_eq!(sim(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn kept_promises_are_exit_code_0_and_what_was_told_is_counted() {
    let output = sim(&["--seeds", "2", "--fault", "clock-skew"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("Gaps told to members"), "{told}");
}

#[test]
fn a_broken_promise_is_exit_code_1_with_seed_commit_and_a_smaller_plan() {
    let output = sim(&["--seeds", "60", "--mutation", "forget-to-leave"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    for word in ["seed ", " at commit ", "Empty at ", "made smaller in "] {
        assert!(told.contains(word), "{word} is missing in\n{told}");
    }
}

#[test]
fn a_trace_tells_what_happened() {
    let output = sim(&["--seed", "1", "--trace"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains(" starts in place ") && told.contains(" hears "), "{told}");
}
