//! What cannot be measured: one clear line, and exit code 2.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::relay::{self, Fault};
use crate::{PROGRAM, run, text};

#[track_caller]
fn assert_refused(arguments: &[&str], said: &str) {
    assert_one_line(&run(arguments), said, arguments);
}

#[track_caller]
fn assert_one_line(output: &Output, said: &str, arguments: &[&str]) {
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {line}");
    assert!(line.contains(said), "no {said:?} for {arguments:?} in {line}");
    assert_eq!(line.lines().count(), 1, "{arguments:?}: {line}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {output:?}");
}

/// Something that accepts, and is no Stentor.
fn listen(serve: fn(TcpStream)) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let address = listener.local_addr().expect("a bound socket has an address");
    thread::spawn(move || listener.incoming().flatten().for_each(serve));
    url_of(address)
}

fn url_of(address: SocketAddr) -> String {
    format!("--url=ws://{address}/ws")
}

#[test]
fn a_server_that_is_not_there_or_is_none_of_ours() {
    let http = listen(|mut stream| {
        // What it is asked does not matter to it.
        let _ = stream.read(&mut [0; 4_096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
    });
    let hangs_up = listen(drop);
    let relay = url_of(relay::start(Fault::None));
    assert_refused(&["fanout", "--url=ws://127.0.0.1:1/ws"], "no server answers at 127.0.0.1:1");
    assert_refused(&["fanout", "--url=http://127.0.0.1/"], "must begin with ws://");
    assert_refused(&["fanout", "--url=ws://127.0.0.1:no/ws"], "has no address");
    assert_refused(&["fanout", &relay], "no Stentor server at");
    assert_refused(&["fanout", &http], "no Stentor server at");
    assert_refused(
        &["fanout", "--dialect=plain", &http, "--members=2"],
        "refused: HTTP/1.1 200 OK",
    );
    assert_refused(&["fanout", &hangs_up], "hangs up without an answer");
    assert_refused(&["echo", "--dialect=plain", &hangs_up], "the server");
}

/// Regression: a report into a pipe whose reader was gone, such as `head`, or onto a full disk
/// ended in a panic, and the files asked for were not written.
#[test]
fn an_output_that_takes_no_report() {
    let folder = std::env::temp_dir().join(format!("stentor-output-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for temporary files");
    let json = folder.join("report.json");
    let measurement = [
        "floor",
        "--sockets=2",
        "--warmup=0ms",
        "--duration=20ms",
        &format!("--json={}", json.display()),
    ];
    let with_output = |output: Stdio| {
        let mut command = Command::new(PROGRAM);
        command.args(measurement).stdout(output).stderr(Stdio::piped());
        command.spawn().expect("the harness starts")
    };

    let mut unread = with_output(Stdio::piped());
    drop(unread.stdout.take());
    let unread = unread.wait_with_output().expect("it ends");
    assert_eq!(unread.status.code(), Some(0), "{unread:?}");
    assert!(unread.stderr.is_empty(), "{unread:?}");
    let written = std::fs::read_to_string(&json).expect("the report as JSON");
    assert!(written.contains("\"floor\""), "{written}");

    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").expect("a Linux");
    let full = with_output(full.into()).wait_with_output().expect("it ends");
    assert_one_line(&full, "the report cannot be printed: No space left", &measurement);
    std::fs::remove_dir_all(&folder).expect("the folder of this test");
}

#[test]
fn a_server_that_says_nothing() {
    // It keeps what it accepts, and reads none of it.
    let silent = listen(std::mem::forget);

    assert_refused(&["fanout", &silent], "accepts, but gives no answer in 3 s");
}

#[test]
fn a_process_that_is_gone_or_none() {
    let relay = url_of(relay::start(Fault::None));
    let refused = |pid: &str, said: &str| {
        assert_refused(&["fanout", "--dialect=plain", &relay, "--members=2", pid], said);
    };
    refused("--pid=4294967295", "process 4294967295 is gone");
    refused("--pid=0", "process 0 is gone");
    refused("--pid=server", "invalid value 'server' for '--pid <PID>'");
    refused("--pid=-1", "invalid value '-1' for '--pid <PID>'");
    assert_refused(&["scale", "--dialect=plain", &relay], "scale needs --pid");
    assert_refused(&["idle", "--dialect=plain", &relay], "idle needs --pid");

    // A process that has ended, and that nobody has asked for its exit code yet.
    let mut ended = Command::new(PROGRAM)
        .arg("--version")
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("the harness starts");
    // Its output ends a moment before it does itself: until then it is there, and measured.
    let mut out = ended.stdout.take().expect("a pipe");
    out.read_to_end(&mut Vec::new()).expect("its version");
    let pid = ended.id();
    while !is_zombie(pid) {
        thread::yield_now();
    }
    refused(&format!("--pid={pid}"), &format!("process {pid} has ended"));
    ended.wait().expect("it has ended");
}

fn is_zombie(pid: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('Z'))
}

#[test]
fn a_descriptor_limit_that_is_too_low() {
    let relay = url_of(relay::start(Fault::None));
    let limited = |limit: u32, arguments: &[&str]| {
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, PROGRAM]).args(arguments);
        shell.output().expect("a shell is there")
    };
    let fanout = ["fanout", "--dialect=plain", &relay, "--members=100"];
    let wanted = "100 connections need 164 descriptors, the limit is 128 (ulimit -n)";
    assert_one_line(&limited(128, &fanout), wanted, &fanout);
    let connect = ["connect", "--dialect=plain", &relay, "--hold", "--count=100"];
    assert_one_line(&limited(128, &connect), wanted, &connect);
    let floor = ["floor", "--sockets=100"];
    assert_one_line(&limited(128, &floor), wanted, &floor);
    // Two processes have room for what one has not.
    let spans = ["--processes=2", "--warmup=0ms", "--duration=50ms"];
    let halved = limited(128, &[&fanout[..], &spans[..]].concat());
    assert_eq!(halved.status.code(), Some(0), "{halved:?}");
}

#[test]
fn rooms_that_do_not_come_out_even() {
    let relay = url_of(relay::start(Fault::None));
    let rooms = ["--dialect=plain", &relay, "--rooms=20"];
    let idle = [&["idle", "--connections=10"], &rooms[..]].concat();
    assert_refused(&idle, "--rooms 20 are more than 10 connections (--connections)");
    let connect = [&["connect", "--count=10"], &rooms[..]].concat();
    assert_refused(&connect, "--rooms 20 are more than 10 connections (--count)");
    assert_refused(&["fanout", "--members=2", "--talkers=3"], "more than its 2 members");
    assert_refused(&["fanout", "--rooms=3", "--rooms-per-connection=2"], "3 rooms are no multiple");
    assert_refused(&["fanout", "--rooms=1000000"], "the limit is");
}

#[test]
fn rates_and_spans_that_nothing_can_be_made_of() {
    for rate in ["0", "-1", "nan", "inf", "1e-320", "1e300"] {
        let (rate, start) = (format!("--rate={rate}"), format!("--rate-start={rate}"));
        assert_refused(&["fanout", &rate], "--rate must be above zero");
        assert_refused(&["max", &start], "--rate-start must be above zero");
        assert_refused(&["floor", &rate], "invalid value");
        let deliveries = format!("--room-deliveries={rate}");
        assert_refused(&["scale", &deliveries], "invalid value");
    }
    for scenario in ["fanout", "max", "scale", "floor"] {
        assert_refused(&[scenario, "--duration=0s"], "must be above zero");
    }
    assert_refused(&["fanout", "--duration=5"], "invalid value '5' for '--duration");
    assert_refused(&["fanout", "--processes=17"], "17 is not in 1..=16");
    assert_refused(&["fanout", "--nothing-of-ours"], "unexpected argument '--nothing-of-ours'");
    assert_refused(&[], "what is to be measured");
}

#[test]
fn an_intake_that_cannot_be() {
    let cases = [
        (["--members=2", "--talkers=3"], "more than its 2 members"),
        (["--members=1000000", "--messages=1"], "the limit is"),
        (["--members=2", "--messages=100000000"], "take fewer --messages"),
        (["--content-bytes=39", "--members=2"], "--content-bytes must be"),
        (["--messages=5", "--leave-out=6"], "no message 6 to leave out"),
        (["--messages=5", "--leave-out=0"], "no message 0 to leave out"),
        (["--members=2", "--by=post"], "invalid value 'post' for '--by"),
        (["--members=0", "--messages=1"], "0 is not in"),
    ];
    for (options, said) in cases {
        assert_refused(&[&["intake"], &options[..]].concat(), said);
    }
}

#[test]
fn guests_whose_shape_makes_no_sense() {
    assert_refused(&["churn", "--churn-rate=0"], "--churn-rate must be above zero");
    assert_refused(&["slow", "--slow=1"], "--slow must be above 0 and below 1");
    assert_refused(&["slow", "--pause=20s"], "--pause must be shorter than --duration");
    assert_refused(&["slow", "--rate=1000000"], "more than 2,000,000 messages");
    assert_refused(&["pods", "--url=ws://127.0.0.1:1/ws"], "--url twice or more");
    for scenario in ["churn", "slow", "resume", "pods"] {
        assert_refused(&[scenario, "--duration=0s"], "must be above zero");
        assert_refused(&[scenario, "--processes=2"], "unexpected argument '--processes'");
    }
    for scenario in ["churn", "slow"] {
        assert_refused(&[scenario, "--run-in=0s"], "must be above zero");
    }
}

#[test]
fn a_storm_that_cannot_be() {
    assert_refused(&["storm", "--count=0"], "invalid value '0' for '--count");
    assert_refused(&["storm", "--by=fire"], "invalid value 'fire' for '--by");
    assert_refused(&["storm", "--rate=0"], "--rate must be above zero");
    assert_refused(&["storm", "--count=1000000"], "1000000 connections need");
    assert_refused(&["storm", "--members=2", "--talkers=3"], "more than its 2 members");
    for span in ["--calm=0s", "--storm-max=0s", "--bound=0ms", "--probe-every=0s"] {
        assert_refused(&["storm", span], "must be above zero");
    }
    assert_refused(&["storm", "--url=ws://127.0.0.1:1/ws"], "no server answers at 127.0.0.1:1");
}

#[test]
fn a_token_that_is_none() {
    let relay = url_of(relay::start(Fault::None));
    for scenario in ["fanout", "storm", "connect", "echo"] {
        assert_refused(&[scenario, "--dialect=plain", &relay, "--token="], "--token is empty");
    }
    assert_refused(&["audit", "--url=ws://127.0.0.1:1/ws", "--token="], "--token is empty");
}

#[test]
fn a_core_that_does_not_exist() {
    assert_refused(&["floor", "--load-core=1000"], "there is no core 1000");
    assert_refused(&["floor", "--load-core=0,1000000"], "there is no core 1000000");
    assert_refused(&["floor", "--load-core=one"], "invalid value 'one' for '--load-core");
    assert_refused(&["floor", "--server-core=1000"], "there is no core 1000");
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_the_run() {
    // No server is there: the path is looked at before it is asked for.
    let fanout = ["fanout", "--url=ws://127.0.0.1:1/ws"];
    for path in ["--json=/nowhere/at/all.json", "--json=/proc/none.json", "--json=/"] {
        assert_refused(&[&fanout[..], &[path]].concat(), "cannot be written");
    }
}

#[test]
fn a_page_or_pictures_that_cannot_be_written() {
    assert_refused(&["max", "--html=/nowhere/report.html"], "/nowhere/report.html");
    assert_refused(&["max", "--svg=/dev/null/pictures"], "no folder /dev/null/pictures");
}
