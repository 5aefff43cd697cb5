//! The plan of a rolling restart, as it stands, with servers of its own: two pods behind HAProxy,
//! history in Redis, clients of the SDK.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use stentor_testbed::Port;

use crate::{PROGRAM, figure, stentor, text};

/// The ports in the plan: of HAProxy, the pods and Redis.
const PORTS: [&str; 4] = ["18080", "18081", "18082", "18079"];

/// What a run says that lost something and told of it.
const MISSING: &str = "acknowledged deliveries are missing, told or not";

/// Carries the plan out on ports of its own, with one change.
fn carry_out(name: &str, (theirs, ours): (&str, &str)) -> Output {
    let server = stentor::build();
    let ports = [Port::lease(), Port::lease(), Port::lease(), Port::lease()];
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/rolling-restart.toml");
    let mut plan = fs::read_to_string(path).expect("the plan");
    for (theirs, ours) in PORTS.iter().zip(&ports) {
        plan = plan.replace(theirs, &ours.number().to_string());
    }
    let plan = plan.replace("target/release/stentor", server.to_str().expect("a path of text"));
    assert!(plan.contains(theirs), "the plan has no {theirs}");
    let plan = plan.replace(theirs, ours);
    let path = std::env::temp_dir().join(format!("stentor-{}-{name}.toml", std::process::id()));
    fs::write(&path, plan).expect("a temporary file");
    let mut command = Command::new(PROGRAM);
    command.args(["audit", "--no-floor", "--plan"]).arg(&path).current_dir(stentor::project());
    let output = command.output().expect("the harness starts");
    fs::remove_file(path).expect("it was written above");
    output
}

/// Whether both pods were restarted under clients that came back.
#[track_caller]
fn assert_restarted(report: &str) {
    assert!(report.contains("restart pod-a") && report.contains("restart pod-b"), "{report}");
    let reconnects: u64 = figure(report, "reconnects").replace(',', "").parse().expect("a count");
    assert!(reconnects >= 30, "each client was on one of the pods that went: {report}");
    assert!(!report.contains(": broken "), "no promise is broken in any case: {report}");
}

#[test]
fn a_rolling_restart_loses_nothing() {
    let whole = ("HISTORY = \"redis\"", "HISTORY = \"redis\"");
    let mut output = carry_out("rolling", whole);
    if text(&output.stdout).contains(MISSING) {
        // A machine that starves Redis or a pod for seconds costs messages, which is told. It does
        // not do so twice.
        assert_restarted(&text(&output.stdout));
        output = carry_out("rolling-again", whole);
    }

    let (report, errors) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{report}{errors}");
    assert_restarted(&report);
    assert_eq!(figure(&report, "missing"), "0");
    for promise in ["what was acknowledged reached all who were there", "nothing doubled"] {
        assert!(report.contains(&format!("{promise}  ")), "{promise}: {report}");
    }
}

#[test]
fn without_history_the_same_restart_loses_what_was_said_meanwhile_and_the_verdict_says_so() {
    let output = carry_out("forgetful", ("HISTORY = \"redis\"", "HISTORY = \"off\""));

    let (report, errors) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{report}{errors}");
    assert!(report.contains(MISSING), "{report}");
    assert_restarted(&report);
}
