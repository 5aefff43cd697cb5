//! Programs that fail, hang or end too early are told in words, and none is left behind.

use std::process::Command;
use std::time::{Duration, Instant};

use super::{Running, count, exit_code, free_port, output, run};
use crate::counts::Counts;

const AMPLE: Duration = Duration::from_secs(60);

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

#[test]
fn a_program_that_succeeds_is_no_fault() {
    assert_eq!(run(command("true", &[]), AMPLE), Ok(()));
}

#[test]
fn a_program_that_fails_is_named() {
    let fault = run(command("false", &[]), AMPLE).expect_err("it fails");
    assert!(fault.starts_with("`false` ended with"), "{fault}");
}

#[test]
fn the_exit_code_of_a_program_is_told() {
    assert_eq!(exit_code(command("true", &[]), AMPLE), Ok(0));
    assert_eq!(exit_code(command("python3", &["-c", "raise SystemExit(99)"]), AMPLE), Ok(99));
}

#[test]
fn a_program_that_was_ended_by_a_signal_has_no_exit_code() {
    let script = "import os; os.abort()";
    assert!(exit_code(command("python3", &["-c", script]), AMPLE).is_err());
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let fault = run(command("no-such-program", &[]), AMPLE).expect_err("it is not there");
    assert!(fault.starts_with("cannot start `no-such-program`"), "{fault}");
}

#[test]
fn a_program_that_outlasts_its_deadline_is_ended() {
    let started = Instant::now();
    let deadline = Duration::from_millis(100);
    assert!(run(command("sleep", &["3600"]), deadline).is_err());
    assert!(output(command("sleep", &["3600"]), deadline).is_err());
    assert!(started.elapsed() < AMPLE);
}

#[test]
fn the_tests_in_the_output_are_summed_also_where_the_program_fails() {
    let script = "print('2 passed, 1 failed'); print('NOT OK   a promise'); \
        print('3 passed, 0 failed'); raise SystemExit(1)";
    let (counts, result) = count(command("python3", &["-c", script]), AMPLE);
    assert_eq!(counts, Counts { passed: 5, failed: 1 });
    assert!(result.expect_err("it fails").ends_with(": a promise"));
}

#[test]
fn a_server_that_ends_before_it_listens_is_a_fault() {
    let port = free_port().expect("a free port");
    let fault = Running::server(command("true", &[]), port, AMPLE).err().expect("it ends");
    assert!(fault.contains("before it listened"), "{fault}");
}
