//! Thousands who come and leave at one instant, here a few: what became of them is counted, the
//! others are audited, and the bound is held against every stage.

use std::net::SocketAddr;
use std::process::Output;

use crate::relay::{self, Fault};
use crate::{assert_verdict, figure, run, text};

/// A bound that a busy machine holds too.
const WIDE: &str = "--bound=1m";
const PLAIN: &str = "--dialect=plain";
/// The rooms of the crowd, behind the two of the steady members, and that of the new handshakes.
const CROWD: std::ops::Range<u32> = 2..12;
const PROBES: std::ops::Range<u32> = 12..13;

fn storm(server: SocketAddr, rest: &[&str]) -> Output {
    let url = format!("--url=ws://{server}/ws");
    let shape = ["--rooms=2", "--members=3", "--rate=200", "--count=40", "--crowd-rooms=10"];
    let shape = [&shape[..], &["--probe-every=10ms"]].concat();
    let spans = ["--warmup=20ms", "--calm=150ms", "--storm-max=1500ms"];
    run(&[&["storm", &url], &shape[..], &spans[..], rest].concat())
}

#[test]
fn a_crowd_of_a_faithful_server_comes_and_leaves_in_every_way() {
    let ways: [&[&str]; 5] =
        [&["--by=close"], &["--by=cut"], &["--by=reset"], &["--by=kill"], &["--connects-first"]];
    for by in ways {
        let output = storm(relay::start(Fault::None), &[&[PLAIN, WIDE], by].concat());

        assert_verdict(&output, 0, "verdict: passed");
        assert_eq!(figure(&text(&output.stdout), "opened"), "40", "{by:?}");
        assert_verdict(&output, 0, "note: nobody counted the crowd");
        for stage in ["calm", "they connect", "they leave"] {
            assert_verdict(&output, 0, stage);
        }
    }
}

#[test]
fn a_server_that_counts_says_when_they_were_in_and_gone() {
    let output = storm(relay::start_counting(), &[WIDE]);

    assert_verdict(&output, 0, "verdict: passed");
    for counted in ["counted in after", "counted out after"] {
        assert_eq!(figure(&text(&output.stdout), counted), "ms", "{output:?}");
    }
}

#[test]
fn who_is_told_when_to_come_again_does() {
    let shedding = |head| relay::start_refusing(CROWD, 10, head);
    for (head, told, other) in [
        ("503 Service Unavailable\r\nRetry-After: 0", "503", "429"),
        ("429 Too Many Requests\r\nRetry-After: 0", "429", "503"),
    ] {
        let output = storm(shedding(head), &[PLAIN, WIDE]);

        assert_verdict(&output, 0, "verdict: passed");
        assert_eq!(figure(&text(&output.stdout), "opened"), "40");
        let out = text(&output.stdout);
        assert_eq!(figure(&out, &format!("told to come again {told}")), "10");
        assert_eq!(figure(&out, &format!("told to come again {other}")), "0");
        assert_eq!(figure(&out, "attempts  "), "50");
    }
}

#[test]
fn who_is_refused_for_good_stays_away_and_fails_the_run() {
    let server = relay::start_refusing(CROWD, 10, "503 Service Unavailable");

    let output = storm(server, &[PLAIN, WIDE]);

    assert_verdict(&output, 1, "10 of the crowd never came in, the first failure: refused: HTTP");
}

#[test]
fn a_new_handshake_that_is_refused_is_a_fault_unless_it_may_be() {
    let server = || relay::start_refusing(PROBES, 5, "503 Busy\r\nRetry-After: 0");

    let fault = storm(server(), &[PLAIN, WIDE]);
    let allowed = storm(server(), &[PLAIN, WIDE, "--allow-refusals"]);

    assert_verdict(&fault, 1, "new handshakes were refused with 503 or 429");
    assert_verdict(&allowed, 0, "new handshakes were refused with 503 or 429");
}

#[test]
fn the_steady_members_are_audited_in_a_storm() {
    let output = storm(relay::start(Fault::Lose), &[PLAIN, WIDE, "--wait=200ms"]);

    assert_verdict(&output, 1, "message 5 of talker 0 in r0 never came");
}

#[test]
fn what_is_above_the_bound_fails_the_run_in_every_stage() {
    for judge in ["--judge=max", "--judge=p99"] {
        let output = storm(relay::start(Fault::None), &[PLAIN, "--bound=1ns", judge]);

        for stage in ["calm", "they connect", "they leave"] {
            for what in ["messages to steady members", "new handshakes"] {
                let judged = judge.trim_start_matches("--judge=");
                assert_verdict(&output, 1, &format!("{stage}: {judged} of {what}"));
            }
        }
    }
}

#[test]
fn the_storms_are_bands_over_the_latencies() {
    let folder = std::env::temp_dir().join(format!("stentor-storm-{}", std::process::id()));
    let svg = format!("--svg={}", folder.display());

    let output = storm(relay::start(Fault::None), &[PLAIN, WIDE, &svg]);

    assert_verdict(&output, 0, "verdict: passed");
    for (name, said) in [
        ("storm-latency-over-time.svg", ["40 connect", "40 leave", "handshakes, max"]),
        ("storm-percentiles.svg", ["calm", "they connect", "they leave"]),
        ("storm-handshake-percentiles.svg", ["calm", "they connect", "they leave"]),
    ] {
        let picture = std::fs::read_to_string(folder.join(name)).expect("a picture");
        assert!(roxmltree::Document::parse(&picture).is_ok(), "{picture}");
        for said in said {
            assert!(picture.contains(said), "no {said} in {name}");
        }
    }
    std::fs::remove_dir_all(folder).expect("it was made above");
}
