//! The floor beside a server's figures, in every report that has one.

use std::process::Command;

use crate::relay::{self, Fault};
use crate::{PROGRAM, assert_verdict, run, text};

/// A process that does nothing, whose CPU time stands for a server's.
fn pid() -> String {
    format!("--pid={}", std::process::id())
}

#[test]
fn every_scenario_stands_beside_the_floor() {
    let relay = relay::start(Fault::None);
    let (url, pid) = (format!("--url=ws://{relay}/ws"), pid());
    let spans = ["--warmup=50ms", "--duration=200ms"];
    let away = ["--stay=50ms", "--away=20ms", "--listeners=2"];
    let cases: [(&[&str], &[&str]); 9] = [
        (&["fanout", "--members=4", spans[0], spans[1]], &["floor cpu a delivery"]),
        (
            &["max", "--members=4", "--rate-start=50", "--rate-ceiling=50", spans[0], spans[1]],
            &[
                "floor flat out 1 a send",
                "max of the floor 16 a send",
                "cpu of the floor 64 a send",
            ],
        ),
        (&["connect", "--count=30", "--in-flight=4"], &["floor cpu a handshake", "floor rate"]),
        (&["echo", "--count=50", "--warmup-count=5"], &["floor p50", "p99 of the floor"]),
        (
            &["churn", "--members=4", "--visitors=4", "--run-in=50ms", spans[0], spans[1]],
            &["floor cpu a delivery", "of the floor", "has that of the joins and leaves in it"],
        ),
        (
            &["slow", "--members=4", "--pause=50ms", "--run-in=50ms", spans[0], spans[1]],
            &["floor cpu a delivery", "of the floor"],
        ),
        (
            &["resume", "--members=4", away[0], away[1], away[2], spans[0], spans[1]],
            &["floor cpu a delivery", "of the floor", "has that of the returns in it"],
        ),
        (
            &["pods", &url, "--listeners=2", spans[0], spans[1]],
            &["server cpu a delivery", "of the floor"],
        ),
        (&["idle", "--connections=20", "--settle=10ms"], &["floor kernel slab a pair"]),
    ];
    for (arguments, said) in cases {
        let common = ["--dialect=plain", &url, &pid, "--floor-duration=100ms"];
        let output = run(&[arguments, &common[..]].concat());

        for said in said {
            assert_verdict(&output, 0, said);
        }
    }
}

#[test]
fn a_handshake_storm_that_holds_has_a_floor_that_holds() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::None));

    let output = run(&["connect", "--dialect=plain", &url, &pid(), "--count=30", "--hold"]);

    assert_verdict(&output, 0, "floor cpu a handshake");
}

#[test]
fn without_a_floor_the_report_says_why() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::None));
    let common =
        ["fanout", "--dialect=plain", &url, "--members=2", "--warmup=0ms", "--duration=50ms"];

    let left_out = run(&[&common[..], &["--no-floor", &pid()]].concat());
    let no_pid = run(&common);

    assert_verdict(&left_out, 0, "note: no floor: --no-floor");
    assert_verdict(&no_pid, 0, "note: no floor: without --pid");
}

#[test]
fn the_floor_is_on_the_core_that_the_server_is_kept_on() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::None));
    let spans = ["--warmup=0ms", "--duration=50ms", "--floor-duration=50ms"];
    let common = [&["fanout", "--dialect=plain", &url, "--members=2"], &spans[..]].concat();
    let remark = "was on no core of its own";

    // A process on one core: another run of the harness, which waits for a goodbye on its input.
    let mut pinned = Command::new(PROGRAM)
        .args(["floor-door", &format!("--core={}", a_core())])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the harness starts");
    let mut port = String::new();
    let mut lines = std::io::BufReader::new(pinned.stdout.take().expect("a pipe"));
    std::io::BufRead::read_line(&mut lines, &mut port).expect("its port, said once it is pinned");
    let of_pinned = format!("--pid={}", pinned.id());
    let output = run(&[&common[..], &[&of_pinned]].concat());
    drop(pinned.stdin.take());
    assert!(pinned.wait().expect("it ends with its input").success());

    assert_verdict(&output, 0, "verdict: passed");
    assert!(!text(&output.stdout).contains(remark), "{output:?}");
}

/// One of the cores that this process may use.
fn a_core() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    let first = list.and_then(|list| list.trim().split([',', '-']).next());
    first.and_then(|core| core.parse().ok()).expect("a list such as 0-3,7")
}
