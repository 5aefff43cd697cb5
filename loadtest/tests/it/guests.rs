//! Those who come and go, stall, return or listen elsewhere: every kind of fault is found.

use std::net::SocketAddr;
use std::process::Output;

use crate::relay::{self, Fault};
use crate::{assert_verdict, run, text};

/// Two steady members in one room, one of them talking; guests have the places from 2 on.
const ROOM: [&str; 3] = ["--members=2", "--talkers=1", "--rate=400"];
const SPANS: [&str; 2] = ["--warmup=20ms", "--duration=500ms"];
const GUEST: usize = 2;

fn play(scenario: &str, server: SocketAddr, fault: Fault, rest: &[&str]) -> Output {
    let url = format!("--url=ws://{server}/ws");
    // What a faithful server owes comes, on a busy machine later; what is lost is waited for.
    let wait = if fault == Fault::None { "--wait=5s" } else { "--wait=500ms" };
    run(&[&[scenario, "--dialect=plain", &url, wait], &SPANS[..], rest].concat())
}

fn churn(fault: Fault, by: &str) -> Output {
    let how = ["--visitors=8", "--churn-rate=40", "--run-in=50ms", by];
    play("churn", relay::start_failing(fault, GUEST), fault, &[&ROOM[..], &how[..]].concat())
}

fn resume(fault: Fault, rest: &[&str]) -> Output {
    let how = ["--listeners=4", "--stay=100ms", "--away=50ms"];
    play("resume", relay::start_failing(fault, GUEST), fault, &[&ROOM[..], &how[..], rest].concat())
}

/// Two steady members, the witness, and one slow reader in place 3.
fn slow(fault: Fault, rest: &[&str]) -> Output {
    let room = ["--members=4", "--slow=0.25", "--rate=200", "--content-bytes=64"];
    let how = ["--run-in=50ms", "--pause=50ms"];
    play("slow", relay::start_failing(fault, 3), fault, &[&room[..], &how[..], rest].concat())
}

/// A talker and two listeners on the first pod, two listeners on the second from place 3 on.
fn pods(fault: Fault) -> Output {
    let server = relay::start_failing(fault, 3);
    let other = format!("--url=ws://{server}/ws");
    play("pods", server, fault, &[&other, "--listeners=2", "--rate=400"])
}

#[test]
fn visitors_of_a_faithful_server_pass() {
    for by in ["--by=connection", "--by=join"] {
        let output = churn(Fault::None, by);

        assert_verdict(&output, 0, "verdict: passed");
        assert!(text(&output.stdout).contains("join p99"), "{output:?}");
    }
}

#[test]
fn each_scenario_draws_what_its_guests_and_the_others_met() {
    let folder = std::env::temp_dir().join(format!("stentor-guests-{}", std::process::id()));
    let svg = format!("--svg={}", folder.display());
    let faithful = Fault::None;
    let server = || relay::start(faithful);
    let other = server();
    let second_pod = format!("--url=ws://{other}/ws");
    let how = ["--stay=100ms", "--away=50ms", "--listeners=4"];
    play("churn", server(), faithful, &["--members=2", "--run-in=50ms", "--churn-rate=40", &svg]);
    play("slow", server(), faithful, &["--members=4", "--run-in=50ms", "--pause=50ms", &svg]);
    play("resume", server(), faithful, &["--members=2", how[0], how[1], how[2], &svg]);
    play("pods", other, faithful, &[&second_pod, "--listeners=2", &svg]);

    let cases = [
        ("churn-latency-over-time.svg", ["p99 of the joins", "they come and go"]),
        ("churn-percentiles.svg", ["before", "while they come and go"]),
        ("slow-latency-over-time.svg", ["p99", "the slow ones stall"]),
        ("slow-percentiles.svg", ["before", "while they stall"]),
        ("resume-latency-over-time.svg", ["p50", "p99"]),
        ("resume-percentiles.svg", ["recovery", "delivery"]),
        ("pods-latency-over-time.svg", ["local p99", "remote p99"]),
        ("pods-percentiles.svg", ["local", "remote"]),
    ];
    for (name, said) in cases {
        let picture = std::fs::read_to_string(folder.join(name)).expect("a picture");
        for said in said {
            assert!(picture.contains(said), "no {said} in {name}");
        }
    }
    std::fs::remove_dir_all(folder).expect("it was made above");
}

#[test]
fn every_fault_towards_a_visitor_is_found() {
    let cases = [
        (Fault::Lose, "--by=connection", "never came"),
        (Fault::Lose, "--by=join", "never came"),
        (Fault::Double, "--by=connection", "came twice"),
        (Fault::Swap, "--by=join", "came after a later one"),
        (Fault::Close(1_013), "--by=connection", "closed by the server with code 1013"),
        (Fault::IgnoreJoin, "--by=join", "asked to join, and was not answered"),
        (Fault::StayIn, "--by=join", "after it had left"),
    ];
    for (fault, by, said) in cases {
        let output = churn(fault, by);

        assert_verdict(&output, 1, said);
        assert_verdict(&output, 1, "fault: visitor ");
    }
}

#[test]
fn a_replay_that_keeps_its_word_passes_with_a_goodbye_and_with_a_cut() {
    for rest in [&[][..], &["--cut"][..]] {
        let output = resume(Fault::None, rest);

        assert_verdict(&output, 0, "verdict: passed");
        assert!(text(&output.stdout).contains("recovery p99"), "{output:?}");
    }
}

#[test]
fn a_replay_that_begins_early_and_an_announced_loss_are_no_faults() {
    assert_verdict(&resume(Fault::ReplayEarly, &[]), 0, "verdict: passed");
    assert_verdict(&resume(Fault::Forget, &[]), 0, "verdict: passed");
}

#[test]
fn every_lie_about_a_replay_is_found() {
    let cases = [
        (Fault::ReplayHole, "which was told that all is recovered"),
        (Fault::ReplayDouble, "came twice"),
        (Fault::ReplayNothing, "which was told that all is recovered"),
        (Fault::ReplayOvercount, "is counted as replayed"),
        (Fault::NoResume, "before the event resume"),
        (Fault::Lose, "never came"),
    ];
    for (fault, said) in cases {
        let output = resume(fault, &[]);

        assert_verdict(&output, 1, said);
        assert_verdict(&output, 1, "fault: listener");
    }
}

#[test]
fn a_slow_reader_that_is_told_the_truth_passes() {
    assert_verdict(&slow(Fault::None, &["--stall=never"]), 0, "nobody missed anything");
    assert_verdict(&slow(Fault::None, &["--stall=trickle"]), 0, "verdict: passed");
    assert_verdict(&slow(Fault::Gap, &["--events"]), 0, "verdict: passed");
    assert_verdict(&slow(Fault::Close(1_013), &[]), 0, "verdict: passed");
}

#[test]
fn a_slow_reader_that_is_not_told_the_truth_fails_the_run() {
    let cases = [
        (Fault::Lose, "never came, and no gap tells of them"),
        (Fault::GapMiscounted, "a gap of 2 from"),
        (Fault::GapMisnamed, "a gap of 3 from"),
        (Fault::Close(1_011), "and not closed with 1013"),
        (Fault::Double, "came twice"),
    ];
    for (fault, said) in cases {
        let output = slow(fault, &["--events"]);

        assert_verdict(&output, 1, said);
        assert_verdict(&output, 1, "fault: slow reader 0 in r0");
    }
}

#[test]
fn a_listener_on_another_pod_is_audited_as_the_others() {
    let output = pods(Fault::None);
    assert_verdict(&output, 0, "verdict: passed");
    assert!(text(&output.stdout).contains("remote p50"), "{output:?}");

    let cases = [
        (Fault::Lose, "never came"),
        (Fault::Double, "came twice"),
        (Fault::Swap, "came after a later one"),
        (Fault::Close(1_013), "closed by the server with code 1013"),
    ];
    for (fault, said) in cases {
        let output = pods(fault);

        assert_verdict(&output, 1, said);
        assert_verdict(&output, 1, "on pod 1 in r0");
    }
}
