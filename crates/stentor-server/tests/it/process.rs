//! The binary itself: exit codes and signals.

use std::net::TcpListener;
use std::process::Output;

use rustix::process::Signal;

use crate::binary::{self, Process, stderr, stentor};

fn run(flags: &[&str], environment: &[(&str, &str)]) -> Output {
    binary::run(stentor().args(flags).envs(environment.iter().copied()))
}

#[test]
fn a_bad_setting_ends_with_2_and_one_line_that_names_it() {
    type Case = (&'static [&'static str], &'static [(&'static str, &'static str)], &'static str);
    let cases: [Case; 14] = [
        (&["--port=abc"], &[], "PORT"),
        (&[], &[("PORT", "abc")], "PORT"),
        (&[], &[("PING_INTERVAL", "25")], "PING_INTERVAL"),
        (&[], &[("PONG_TIMEOUT", "10s"), ("PING_INTERVAL", "20s")], "PONG_TIMEOUT"),
        (&[], &[("AUTH_ENABLED", "true")], "AUTH_ENABLED"),
        (&[], &[("JWT_PUBLIC_KEY", "/nowhere.pem")], "JWT_PUBLIC_KEY"),
        (&[], &[("JWT_JWKS_FILE", "/nowhere.json")], "JWT_JWKS_FILE"),
        (&[], &[("REDIS_URL", "127.0.0.1:6379")], "REDIS_URL"),
        (&[], &[("REDIS_URL", "rediss://h"), ("REDIS_CA_FILE", "/nowhere.pem")], "REDIS_CA_FILE"),
        (&[], &[("REDIS_URL", "redis://h"), ("REDIS_SHARDED", "true")], "REDIS_SHARDED"),
        (&[], &[("READY_REQUIRES_BUS", "true")], "READY_REQUIRES_BUS"),
        (&["--history=disk"], &[], "HISTORY"),
        (&[], &[("OTEL_EXPORTER_OTLP_ENDPOINT", "h:4318")], "OTEL_EXPORTER_OTLP_ENDPOINT"),
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
fn check_config_shows_no_password_whether_it_likes_the_url_or_not() {
    for (url, code) in [
        ("redis://u:n33dle@127.0.0.1", 0),
        ("redis://u:n33dle@127.0.0.1/x", 2),
        ("redis-cluster://u:n33dle@h:1?node=:n33dle@i:2", 2),
        ("u:n33dle@127.0.0.1", 2),
    ] {
        let output = run(&["--check-config"], &[("REDIS_URL", url)]);
        let shown = [output.stdout.as_slice(), b" ", &output.stderr].concat();
        let shown = String::from_utf8(shown).expect("UTF-8");
        assert_eq!(output.status.code(), Some(code), "{url}: {shown}");
        assert!(!shown.contains("n33dle"), "{url}: {shown}");
    }
}

#[cfg(not(feature = "otel"))]
#[test]
fn a_build_without_opentelemetry_says_so_once_where_it_is_asked_for() {
    let mut command = stentor();
    command.env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318");
    let process = Process::start_as(&mut command, "json");
    let path = format!("{}/messages", crate::pod::BASE);
    let traced = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    let answer = crate::http::request(&mut process.socket(), "POST", &path, &traced, "{}");
    assert_eq!(answer.status, 202);
    process.signal(Signal::TERM);
    let (code, log) = process.end();
    assert_eq!((code, log.matches("no OpenTelemetry").count()), (Some(0), 1), "{log}");
    let quiet = run(&["--check-config"], &[("OTEL_SERVICE_NAME", "chat")]);
    assert_eq!(stderr(&quiet), "");
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
        "SETTINGS_FILE",
        "HOST",
        "PORT",
        "SHARE_PORT",
        "SHARDS",
        "BASE_PATH",
        "REDIS_URL",
        "REDIS_PREFIX",
        "REDIS_CA_FILE",
        "REDIS_SHARDED",
        "AUTH_ENABLED",
        "JWT_SECRET",
        "JWT_PUBLIC_KEY",
        "JWT_JWKS_FILE",
        "JWT_ISSUER",
        "JWT_AUDIENCE",
        "JWT_LEEWAY",
        "RATE_LIMIT_USER",
        "CLIENT_GLOBAL",
        "API_KEY",
        "ALLOWED_ORIGINS",
        "MAX_CONNECTIONS",
        "MAX_HANDSHAKES",
        "ACCEPT_RATE",
        "MAX_CONNECTIONS_PER_IP",
        "MAX_ATTEMPTS_PER_IP",
        "TRUSTED_PROXIES",
        "RATE_LIMIT",
        "SLOW_CONSUMER",
        "FLUSH_GAP_MAX",
        "PING_INTERVAL",
        "PONG_TIMEOUT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
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
fn a_second_server_on_the_same_port_ends_with_1_and_names_it() {
    let first = Process::start(&["--shards=2"]);
    let address = first.address().to_string();
    let port = first.address().port().to_string();
    let output = run(&["--host=127.0.0.1", "--port", &port, "--shards=2"], &[]);
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
