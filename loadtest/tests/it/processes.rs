//! Several processes make one load: the verdict is as exact as that of one.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;

use crate::relay::{self, Fault};
use crate::{PROGRAM, assert_verdict, fanout_with, figure, run, text};

#[test]
fn a_faithful_server_passes_and_every_delivery_is_counted_once() {
    for processes in ["--processes=2", "--processes=3"] {
        let output = fanout_with(relay::start(Fault::None), &[processes]);

        assert_verdict(&output, 0, "verdict: passed");
        let report = text(&output.stdout);
        // 400 messages a second for 0.3 s, each to the 4 members of a room.
        assert_eq!(figure(&report, "sent"), "120", "{report}");
        assert_eq!(figure(&report, "delivered"), "480", "{report}");
        assert!(output.stderr.is_empty(), "quiet in a pipe: {output:?}");
    }
}

#[test]
fn each_planted_fault_is_found_and_named() {
    let faults = [
        (Fault::Lose, "message 5 of talker 0 in r0 never came"),
        (Fault::Double, "message 5 of talker 0 in r0 came twice"),
        (Fault::Swap, "message 5 of talker 0 in r0 came after message 6"),
        (Fault::Close(1_013), "closed by the server with code 1013"),
    ];
    for processes in ["--processes=2", "--processes=3"] {
        for (fault, said) in faults {
            let output = fanout_with(relay::start(fault), &[processes]);

            assert_verdict(&output, 1, said);
        }
    }
}

#[test]
fn more_processes_than_connections_are_no_fault() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::None));
    let shape = ["--members=2", "--processes=5", "--rate=50"];
    let spans = ["--warmup=0ms", "--duration=200ms"];

    let output = run(&[&["fanout", "--dialect=plain", &url], &shape[..], &spans[..]].concat());

    assert_verdict(&output, 0, "verdict: passed");
}

#[test]
fn a_maximum_is_searched_by_all_processes_together() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::None));
    let shape = ["--members=4", "--rate-start=50", "--rate-ceiling=100", "--processes=3"];
    let spans = ["--warmup=50ms", "--duration=200ms", "--p99-max=10s", "--no-floor"];

    let output = run(&[&["max", "--dialect=plain", &url], &shape[..], &spans[..]].concat());

    assert_verdict(&output, 0, "max messages");
    assert_eq!(figure(&text(&output.stdout), "lost"), "0");
}

#[test]
fn a_process_that_cannot_go_on_is_no_measurement() {
    // The relay takes the first connections only: those of some process are refused.
    let output = fanout_with(relay::start_for(5), &["--processes=3"]);

    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(line.contains("refused") && line.lines().count() == 1, "{line}");
}

#[test]
fn a_process_that_dies_is_no_measurement() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::None));
    let shape = ["--members=6", "--rate=50", "--duration=1h", "--processes=2"];
    let mut first = Command::new(PROGRAM)
        .args(["fanout", "--dialect=plain", &url])
        .args(shape)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the harness starts");
    let child = loop {
        if let Some(child) = child_of(first.id()) {
            break child;
        }
        assert!(first.try_wait().expect("a child").is_none(), "it ended by itself");
        thread::yield_now();
    };

    let killed = Command::new("kill").args(["-9", &child.to_string()]).status();

    assert!(killed.expect("kill is there").success());
    let output = first.wait_with_output().expect("it ends");
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(line.contains("load process 2") && line.lines().count() == 1, "{line}");
}

/// The process whose parent this is.
fn child_of(parent: u32) -> Option<u32> {
    let pids = fs::read_dir("/proc").ok()?.flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).find(|pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let field = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1));
        field.and_then(|field| field.parse().ok()) == Some(parent)
    })
}
