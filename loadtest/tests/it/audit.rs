//! The audit: each fault of a server is found, an honest one passes, and a plan is carried out.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use crate::{assert_verdict, relay, run, text};

use self::pod::Fault;

mod pod;

/// One talker in each room, so that its fifth message is the one that goes wrong.
fn audit(server: SocketAddr) -> Output {
    let url = format!("--url=ws://{server}/ws");
    let shape = ["--rooms=2", "--listeners=3", "--talkers=1", "--rate=200"];
    run(&[&["audit", "--no-floor", &url], &shape[..], &["--duration=600ms", "--settle=100ms"]]
        .concat())
}

/// A file of this name and text, apart from those of other processes.
fn plan(name: &str, text: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("stentor-{}-{name}.toml", std::process::id()));
    fs::write(&path, text).expect("a temporary file");
    path
}

#[test]
fn an_honest_server_passes_and_what_did_not_happen_is_not_tried() {
    let output = audit(pod::start(Fault::None));

    assert_verdict(&output, 0, "verdict: passed");
    assert_verdict(&output, 0, "what was acknowledged reached all who were there  passed");
    assert_verdict(&output, 0, "a gap tells exactly what is missing               not tried");
    assert!(output.stderr.is_empty(), "quiet in a pipe: {output:?}");
}

#[test]
fn the_healthy_span_stands_beside_the_bare_round_trip() {
    let (pid, url) = (std::process::id(), pod::start(Fault::None));
    let (pid, url) = (format!("--pid={pid}"), format!("--url=ws://{url}/ws"));
    let shape = ["audit", &url, "--rooms=1", "--listeners=2", "--rate=100", "--duration=500ms"];
    let rest = ["--settle=100ms", "--floor-duration=100ms"];

    let beside = run(&[&shape[..], &rest, &[&pid]].concat());
    let left_out = run(&[&shape[..], &rest, &["--no-floor"]].concat());

    for said in ["floor p50", "p99 of the floor", "server cpu a delivery", "floor cpu a delivery"] {
        assert_verdict(&beside, 0, said);
    }
    assert_verdict(&left_out, 0, "note: no floor: --no-floor");
}

#[test]
fn each_planted_fault_is_found_and_named() {
    let cases = [
        (Fault::Lose, "message 5 of talker 0 in room 0 never came"),
        (Fault::LoseTheRest, "what was acknowledged reached all who were there: broken"),
        (Fault::Double, "message 5 of talker 0 in room 0, twice on one connection"),
        (Fault::Swap, "message 5 of talker 0 in room 0, after message 6"),
        (Fault::LoseAndTell(2), "a gap told of 2 missed, and 1 are missing"),
        (Fault::Close, "no resume on connection 2"),
        (Fault::CloseAndLie, "recovered:true means that nothing is missing: broken"),
    ];
    for (fault, said) in cases {
        let output = audit(pod::start(fault));

        assert_verdict(&output, 1, said);
        assert_verdict(&output, 1, "verdict: FAILED");
    }
}

#[test]
fn a_loss_that_is_announced_passes() {
    for (fault, said) in [
        (Fault::LoseAndTell(1), "announced as missed"),
        (Fault::CloseAndAdmit, "answered with recovered:false"),
    ] {
        let output = audit(pod::start(fault));

        assert_verdict(&output, 0, said);
    }
}

#[test]
fn the_faults_of_a_plan_are_carried_out_and_told() {
    let server = pod::start(Fault::None);
    let text = format!(
        "[load]\nurls = [\"ws://{server}/ws\"]\nrooms = 1\nlisteners = 1\nrate = 100\n\
         duration = \"1s\"\nsettle = \"100ms\"\n\
         [[process]]\nname = \"sleeper\"\ncommand = [\"sleep\", \"60\"]\n\
         [[fault]]\nat = \"100ms\"\nprocess = \"sleeper\"\ndo = \"pause\"\nfor = \"100ms\"\n\
         [[fault]]\nat = \"300ms\"\nprocess = \"sleeper\"\ndo = \"kill\"\nfor = \"100ms\"\n\
         [[fault]]\nat = \"500ms\"\nprocess = \"sleeper\"\ndo = \"restart\"\n\
         [[fault]]\nat = \"700ms\"\nrun = [\"true\"]\n"
    );
    let plan = plan("carried-out", &text);

    let output = run(&["audit", "--plan", plan.to_str().unwrap()]);

    for said in ["pause sleeper for 100ms", "kill sleeper for 100ms", "restart sleeper", "true"] {
        assert_verdict(&output, 0, said);
    }
    fs::remove_file(plan).unwrap();
}

#[test]
fn a_process_that_ends_without_a_plan_is_a_fault() {
    let server = pod::start(Fault::None);
    let text = format!(
        "[load]\nurls = [\"ws://{server}/ws\"]\nrooms = 1\nlisteners = 1\nrate = 100\n\
         duration = \"500ms\"\nsettle = \"100ms\"\n\
         [[process]]\nname = \"brief\"\ncommand = [\"true\"]\n"
    );
    let plan = plan("unasked", &text);

    let output = run(&["audit", "--plan", plan.to_str().unwrap()]);

    assert_verdict(&output, 1, "process brief ended unasked");
    fs::remove_file(plan).unwrap();
}

#[test]
fn what_cannot_be_audited_is_one_line_and_exit_code_2() {
    let pod = format!("ws://{}/ws", pod::start(Fault::None));
    let typo = plan("typo", "[load]\nrooms = 1\n\n[[fault]]\nat = \"1s\"\nproces = \"a\"\n");
    let late = format!("[load]\nurls = [\"{pod}\"]\nduration = \"1s\"\n");
    let late = plan("late", &format!("{late}[[fault]]\nat = \"2s\"\nrun = [\"true\"]\n"));
    let failing = format!(
        "[load]\nurls = [\"{pod}\"]\nrooms = 1\nduration = \"1s\"\n\
         [[fault]]\nat = \"100ms\"\nrun = [\"false\"]\n"
    );
    let failing = plan("failing", &failing);
    let missing = "[[process]]\nname = \"a\"\ncommand = [\"/no/such/program\"]\n";
    let missing = plan("missing", &format!("{missing}url = \"{pod}\"\n"));
    let cases: [(&[&str], &str); 9] = [
        (&["--plan", typo.to_str().unwrap()], "typo.toml:6: unknown field `proces`"),
        (&["--plan", late.to_str().unwrap()], "not over before the end"),
        (&["--plan", failing.to_str().unwrap()], "the fault \"false\" failed: exit status: 1"),
        (&["--plan", missing.to_str().unwrap()], "process a: /no/such/program cannot be started"),
        (&["--plan", "/no/such/plan"], "cannot be read"),
        (&[], "audit needs a --url"),
        (&["--url", &pod, "--rate=0"], "the rate must be above zero"),
        (&["--url", &pod, "--rate=0.1", "--rooms=1", "--settle=1ms"], "settle must be 50ms to"),
        (&["--url", "ws://127.0.0.1:1/ws"], "no server answers at 127.0.0.1:1"),
    ];
    for (arguments, said) in cases {
        let output = run(&[&["audit"], arguments].concat());

        let line = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {line}");
        assert!(line.contains(said) && line.lines().count() == 1, "{arguments:?}: {line}");
    }
    for file in [typo, late, failing, missing] {
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn a_verdict_about_nothing_is_none() {
    let url = format!("--url=ws://{}/ws", pod::start(Fault::Mute));
    let spans = ["--duration=200ms", "--settle=100ms"];

    let output = run(&[&["audit", "--rooms=1", &url], &spans[..]].concat());

    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("a verdict about nothing"), "{output:?}");
}

#[test]
fn a_process_that_stands_already_is_reached_by_its_pid() {
    let server = pod::start(Fault::None);
    let mut sleeper = Command::new("sleep").arg("60").spawn().expect("sleep starts");
    let pid_file = plan("pid", &format!("{}\n", sleeper.id()));
    let text = format!(
        "[load]\nurls = [\"ws://{server}/ws\"]\nrooms = 1\nlisteners = 1\nrate = 100\n\
         duration = \"400ms\"\nsettle = \"100ms\"\n\
         [[process]]\nname = \"sleeper\"\npid_file = \"{}\"\n\
         [[fault]]\nat = \"100ms\"\nprocess = \"sleeper\"\ndo = \"pause\"\nfor = \"50ms\"\n\
         [[fault]]\nat = \"200ms\"\nprocess = \"sleeper\"\ndo = \"terminate\"\n",
        pid_file.display()
    );
    let plan = plan("standing", &text);

    let output = run(&["audit", "--plan", plan.to_str().unwrap()]);

    // Where the audit did not end it, the test does, by another signal.
    let _ = sleeper.kill();
    let status = sleeper.wait().expect("it has ended");
    assert_verdict(&output, 0, "terminate sleeper");
    assert_eq!(status.signal(), Some(15), "{status}");
    for file in [plan, pid_file] {
        fs::remove_file(file).unwrap();
    }
}

#[test]
fn a_server_that_acknowledges_nothing_is_audited_as_a_plain_one() {
    let url = format!("--url=ws://{}/ws", relay::start(relay::Fault::None));
    let spans = ["--duration=300ms", "--settle=100ms"];

    let output = run(&[&["audit", "--dialect=plain", "--rooms=1", &url], &spans[..]].concat());

    assert_verdict(&output, 0, "what was acknowledged reached all who were there  not tried");
}
