//! The binary itself: exit codes and signals.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::client::Client;
use crate::pod::{DEADLINE, wait_until};

/// The binary without whatever the environment of the tests says.
fn stentor() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stentor"));
    command.env_clear();
    command
}

fn run(flags: &[&str], environment: &[(&str, &str)]) -> Output {
    stentor().args(flags).envs(environment.iter().copied()).output().expect("a binary that runs")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// The binary as a server on a port of its own.
struct Process {
    child: Child,
    address: SocketAddr,
    lines: BufReader<std::process::ChildStderr>,
}

impl Process {
    fn start(flags: &[&str]) -> Process {
        let mut child = stentor()
            .args(["--host=127.0.0.1", "--port=0", "--shards=1", "--log-format=json"])
            .args(flags)
            .stderr(Stdio::piped())
            .spawn()
            .expect("a binary that runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        while !line.contains("\"address\"") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).expect("a line"), 0, "it ended");
        }
        let line: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
        let address = line["address"].as_str().expect("an address").parse().expect("an address");
        Process { child, address, lines }
    }

    fn connect(&self, target: &str) -> Client {
        let socket = TcpStream::connect(self.address).expect("a server that accepts");
        socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
        Client::connect(socket, target, &[]).expect("an upgrade")
    }

    fn signal(&self, signal: Signal) {
        let id = Pid::from_child(&self.child);
        kill_process(id, signal).expect("a process that lives");
    }

    /// The exit code, and what else it wrote.
    fn end(mut self) -> (Option<i32>, String) {
        let mut code = None;
        wait_until("the process to end", || {
            code = self.child.try_wait().expect("a child");
            code.is_some()
        });
        let mut rest = String::new();
        self.lines.read_to_string(&mut rest).expect("UTF-8");
        (code.and_then(|code| code.code()), rest)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already where the test passed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_bad_setting_ends_with_2_and_one_line_that_names_it() {
    type Case = (&'static [&'static str], &'static [(&'static str, &'static str)], &'static str);
    let cases: [Case; 8] = [
        (&["--port=abc"], &[], "PORT"),
        (&[], &[("PORT", "abc")], "PORT"),
        (&[], &[("PING_INTERVAL", "25")], "PING_INTERVAL"),
        (&[], &[("PONG_TIMEOUT", "10s"), ("PING_INTERVAL", "20s")], "PONG_TIMEOUT"),
        (&[], &[("AUTH_ENABLED", "true")], "AUTH_ENABLED"),
        (&[], &[("REDIS_URL", "redis://127.0.0.1")], "REDIS_URL"),
        (&["--history=memory"], &[], "HISTORY"),
        (&["--no-such-flag"], &[], "--no-such-flag"),
    ];
    for (flags, environment, name) in cases {
        let output = run(flags, environment);
        let text = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{name}: {text}");
        assert!(text.contains(name) && text.lines().count() == 1, "{name}: {text}");
    }
}

#[test]
fn check_config_says_ok_or_what_is_wrong() {
    let good = run(&["--check-config"], &[("REDIS_URL", ""), ("PORT", ""), ("HISTORY", "off")]);
    assert_eq!((good.status.code(), good.stdout.as_slice()), (Some(0), &b"ok\n"[..]));
    let bad = run(&["--check-config", "--host=nowhere"], &[("LOG_LEVEL", "loud")]);
    assert_eq!(bad.status.code(), Some(2));
    assert!(stderr(&bad).contains("HOST") && stderr(&bad).contains("LOG_LEVEL"));
}

#[test]
fn a_flag_wins_over_the_environment() {
    let output = run(&["--check-config", "--port=8081"], &[("PORT", "abc")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn help_names_every_setting_and_shows_no_value() {
    let output = run(&["--help"], &[("API_KEY", "hunter2")]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0));
    let settings = [
        "HOST",
        "PORT",
        "SHARDS",
        "BASE_PATH",
        "REDIS_URL",
        "REDIS_PREFIX",
        "AUTH_ENABLED",
        "JWT_SECRET",
        "API_KEY",
        "ALLOWED_ORIGINS",
        "MAX_CONNECTIONS",
        "RATE_LIMIT",
        "SLOW_CONSUMER",
        "FLUSH_GAP_MAX",
        "PING_INTERVAL",
        "PONG_TIMEOUT",
        "HISTORY",
        "HISTORY_SIZE",
        "HISTORY_TTL",
        "HISTORY_BYTES",
        "PRESENCE_GRACE",
        "PRESENCE_MEMBERS_MAX",
        "READY_REQUIRES_BUS",
        "DRAIN_TIMEOUT",
        "LOG_LEVEL",
        "LOG_FORMAT",
    ];
    for setting in settings {
        assert!(text.contains(&format!("[env: {setting}]")), "{setting}");
    }
    assert!(!text.contains("hunter2"));
}

#[test]
fn an_address_in_use_ends_with_1_and_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let port = address.rsplit(':').next().expect("a port").to_owned();
    let output = run(&["--host=127.0.0.1", "--port", &port], &[]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains(&address), "{}", stderr(&output));
}

#[test]
fn sigterm_and_sigint_drain_and_end_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let process = Process::start(&["--drain-timeout=5s"]);
        let mut client = process.connect("/ws/general");
        process.signal(signal);
        assert_eq!(client.next_close().0, 1001);
        drop(client);
        let (code, rest) = process.end();
        assert_eq!(code, Some(0), "{rest}");
    }
}

#[test]
fn a_second_signal_ends_at_once_with_1() {
    let process = Process::start(&["--drain-timeout=1h"]);
    // A client that never answers a close keeps the drain waiting.
    let mut client = process.connect("/ws/general");
    process.signal(Signal::TERM);
    while client.next_frame().expect("a close").opcode != crate::client::CLOSE {}
    process.signal(Signal::TERM);
    let (code, rest) = process.end();
    assert_eq!(code, Some(1), "{rest}");
}

#[test]
fn a_token_in_a_query_is_never_logged() {
    let process = Process::start(&["--log-level=trace"]);
    drop(process.connect("/ws/general?token=very-secret"));
    process.signal(Signal::TERM);
    let (_, rest) = process.end();
    assert!(!rest.contains("very-secret"), "{rest}");
}
