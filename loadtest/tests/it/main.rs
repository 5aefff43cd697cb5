//! The harness against a small server with a fault of choice: a verdict that cannot fail is none.

mod audit;
mod bad_input;
mod floor;
mod guests;
mod intake;
mod presence;
mod processes;
mod relay;
mod rolling_restart;
mod server_side;
mod stentor;
mod storm;
mod tls;

use std::net::SocketAddr;
use std::process::{Command, Output};

use stentor_wire::frame::OpCode;

use crate::relay::Fault;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stentor-loadtest");

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the harness starts")
}

fn fanout(server: SocketAddr) -> Output {
    fanout_in_rooms(server, "--rooms-per-connection=1")
}

fn fanout_in_rooms(server: SocketAddr, rooms_per_connection: &str) -> Output {
    fanout_with(server, &[rooms_per_connection])
}

fn fanout_with(server: SocketAddr, options: &[&str]) -> Output {
    let url = format!("--url=ws://{server}/ws");
    let shape = ["--rooms=2", "--members=4", "--talkers=2", "--rate=400"];
    let spans = ["--warmup=50ms", "--duration=250ms", "--wait=2s"];
    run(&[&["fanout", "--dialect=plain", &url], options, &shape[..], &spans[..]].concat())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the report says of a figure, the last word of it.
fn figure(report: &str, name: &str) -> String {
    let line = report.lines().find(|line| line.trim_start().starts_with(name));
    line.and_then(|line| line.split_whitespace().last()).unwrap_or_default().to_owned()
}

#[track_caller]
fn assert_verdict(output: &Output, code: i32, said: &str) {
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    assert!(out.contains(said), "no {said:?} in\n{out}{err}");
}

#[test]
fn a_faithful_server_passes() {
    let output = fanout(relay::start(Fault::None));

    assert_verdict(&output, 0, "verdict: passed");
    assert!(text(&output.stdout).contains("  lost "), "{output:?}");
    assert!(output.stderr.is_empty(), "quiet in a pipe: {output:?}");
}

#[test]
fn a_lost_delivery_fails_the_run_and_is_named() {
    let output = fanout(relay::start(Fault::Lose));

    assert_verdict(&output, 1, "message 5 of talker 0 in r0 never came");
}

#[test]
fn a_doubled_delivery_fails_the_run_and_is_named() {
    let output = fanout(relay::start(Fault::Double));

    assert_verdict(&output, 1, "message 5 of talker 0 in r0 came twice");
}

#[test]
fn two_swapped_deliveries_fail_the_run_and_are_named() {
    let output = fanout(relay::start(Fault::Swap));

    assert_verdict(&output, 1, "message 5 of talker 0 in r0 came after message 6");
}

#[test]
fn a_connection_in_two_rooms_is_audited_in_both() {
    let faithful = fanout_in_rooms(relay::start(Fault::None), "--rooms-per-connection=2");
    let lossy = fanout_in_rooms(relay::start(Fault::Lose), "--rooms-per-connection=2");

    assert_verdict(&faithful, 0, "4 connections in 2 rooms each");
    for room in ["r0", "r1"] {
        let lost = format!("message 5 of talker 1 in {room} never came");
        assert_verdict(&lossy, 1, &lost);
    }
}

#[test]
fn every_size_of_a_scale_stands_beside_its_floor() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::None));
    let pid = format!("--pid={}", std::process::id());
    let sizes = ["--connections=3,20", "--rooms=1,2", "--warmup=20ms", "--duration=100ms"];
    let rates = ["--connection-deliveries=2000", "--room-deliveries=2000"];

    let output = run(&[&["scale", "--dialect=plain", &url, &pid], &sizes[..], &rates[..]].concat());

    assert_verdict(&output, 0, "verdict: passed");
    // The ratios themselves need a server process of its own: the threads of this one come and go
    // with the other tests, and its CPU time is a matter of luck. They have unit tests.
    for said in ["connections\n", "rooms\n", "of the floor", "against first"] {
        assert_verdict(&output, 0, said);
    }
}

#[test]
fn a_lost_delivery_fails_a_scale_with_its_size() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::Lose));
    let pid = format!("--pid={}", std::process::id());
    // The sample at the beginning is not judged: it only shows the size of a frame.
    let sizes = ["--only=rooms", "--rooms=2", "--wait=200ms", "--warmup=20ms", "--duration=100ms"];

    let output = run(&[&["scale", "--dialect=plain", &url, &pid], &sizes[..]].concat());

    assert_verdict(&output, 1, "fault: 2 × 10 members, 1 talking");
}

#[test]
fn a_closed_connection_fails_the_run_with_its_code() {
    let output = fanout(relay::start(Fault::Close(1_013)));

    assert_verdict(&output, 1, "closed by the server with code 1013");
}

#[test]
fn a_handshake_storm_opens_and_closes_all() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::None));

    let output = run(&["connect", "--dialect=plain", &url, "--count=200", "--in-flight=8"]);

    assert_verdict(&output, 0, "verdict: passed");
    assert!(text(&output.stdout).contains("200"), "{output:?}");
}

#[test]
fn a_client_of_another_dialect_is_in_when_the_server_says_so() {
    let socket_io: &[&[u8]] = &[b"0{}", b"40{}", b"2", b"430[]"];
    let nats: &[&[u8]] = &[b"INFO {}\r", b"\nPO", b"NG\r\nPING\r\n"];
    let cases = [("socket.io", OpCode::Text, socket_io), ("nats", OpCode::Binary, nats)];
    for (dialect, opcode, payloads) in cases {
        let url = format!("--url=ws://{}", relay::start_saying(opcode, payloads));

        let output = run(&["connect", "--dialect", dialect, &url, "--count=20", "--in-flight=4"]);

        assert_verdict(&output, 0, "verdict: passed");
    }
}

#[test]
fn a_client_that_another_dialect_refuses_is_no_member() {
    let refusal: &[&[u8]] = &[b"0{}", b"44{\"message\":\"full\"}"];
    let url = format!("--url=ws://{}", relay::start_saying(OpCode::Text, refusal));

    let storm = run(&["connect", "--dialect=socket.io", &url, "--count=3", "--in-flight=1"]);
    let crowd = run(&["fanout", "--dialect=socket.io", &url, "--members=2"]);

    assert_verdict(&storm, 1, "3 connections failed");
    let line = text(&crowd.stderr);
    assert_eq!(crowd.status.code(), Some(2), "{line}");
    assert!(
        line.contains("refused: the server refuses the client: {\"message\":\"full\"}"),
        "{line}"
    );
}

#[test]
fn an_unloaded_round_trip_is_timed() {
    let url = format!("--url=ws://{}/ws", relay::start(Fault::None));

    let output = run(&["echo", "--dialect=plain", &url, "--count=50", "--warmup-count=5"]);

    assert_verdict(&output, 0, "p50");
}

#[test]
fn the_floor_counts_every_frame() {
    let spans = ["--warmup=50ms", "--duration=200ms"];
    let shape = ["floor", "--sockets=20", "--frames-per-send=3"];
    // The last is past every machine, and takes no longer.
    for rate in ["--rate=100", "--rate=max", "--rate=1000000000"] {
        let output = run(&[&shape[..], &spans[..], &[rate]].concat());

        assert_verdict(&output, 0, "verdict: passed");
    }
    assert_verdict(&run(&["echo-floor", "--count=50", "--warmup-count=5"]), 0, "p50");
}

#[test]
fn a_report_is_written_as_a_page_and_as_pictures() {
    let folder = std::env::temp_dir().join(format!("stentor-loadtest-{}", std::process::id()));
    let page = folder.join("report.html");
    std::fs::create_dir_all(&folder).expect("a folder");
    let (html, svg) = (format!("--html={}", page.display()), folder.join("pictures"));
    let svg_option = format!("--svg={}", svg.display());
    let url = format!("--url=ws://{}/ws", relay::start(Fault::Lose));
    let spans = ["--warmup=50ms", "--duration=250ms", "--wait=200ms"];
    let shape = ["--members=4", "--rate=400", &html, &svg_option];

    let output = run(&[&["fanout", "--dialect=plain", &url][..], &spans, &shape].concat());

    assert_verdict(&output, 1, "never came");
    let page = std::fs::read_to_string(page).expect("a page, for a run that failed too");
    for said in ["FAILED", "never came", "Latency over time", "Latency by percentile"] {
        assert!(page.contains(said), "no {said} in\n{page}");
    }
    assert!(!page.contains("<script"), "{page}");
    for name in ["fanout-latency-over-time.svg", "fanout-percentiles.svg"] {
        let picture = std::fs::read_to_string(svg.join(name)).expect("a picture");
        assert!(roxmltree::Document::parse(&picture).is_ok(), "{picture}");
    }
    std::fs::remove_dir_all(folder).expect("it was made above");
}
