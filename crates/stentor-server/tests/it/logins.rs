//! Who may use Redis, and what the log says of it.

use rustix::process::Signal;
use serde_json::Value;
use stentor_testbed::Redis;

use crate::binary::Process;
use crate::pod::{Pod, wait_until};
use crate::redis::{at, expect_all, metric, pod, say, wait_for_metric, wait_up};

/// What must not be in a log.
const NEEDLE: &str = "n33dle";

/// The figure of a process whose port is known.
fn process_metric(process: &Process, name: &str) -> f64 {
    let page = process.get("/metrics").body;
    let series = format!("realtime_redis_{name} ");
    let value = page.lines().find_map(|line| line.strip_prefix(&series));
    value.and_then(|value| value.parse().ok()).unwrap_or(f64::NAN)
}

/// Ends it, and gives the log lines that speak of Redis as level and text.
fn end(process: Process) -> Vec<(String, String)> {
    process.signal(Signal::TERM);
    let (code, log) = process.end();
    assert_eq!(code, Some(0), "{log}");
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines
        .filter(|line| line["message"].as_str().is_some_and(|text| text.contains("redis")))
        .map(|line| (line["level"].as_str().unwrap_or_default().to_owned(), line.to_string()))
        .collect()
}

fn levels(lines: &[(String, String)]) -> Vec<&str> {
    lines.iter().map(|(level, _)| level.as_str()).collect()
}

#[test]
fn a_change_of_state_is_one_line_however_many_attempts_it_takes() {
    let mut redis = Redis::start();
    redis.kill();
    let url = redis.url();
    let process = Process::start(&["--redis-url", &url]);
    let wait = |name: &str, least: f64| {
        wait_until(name, || process_metric(&process, name) >= least);
    };
    wait("connect_attempts_total", 3.0);
    redis.start_again();
    wait("up", 1.0);
    redis.kill();
    wait_until("redis to be missed", || process_metric(&process, "up") == 0.0);
    let attempts = process_metric(&process, "connect_attempts_total");
    wait("connect_attempts_total", attempts + 2.0);
    let lines = end(process);
    assert_eq!(levels(&lines), ["WARN", "INFO", "WARN"], "{lines:#?}");
    let address = url.trim_start_matches("redis://");
    assert!(lines.iter().all(|(_, line)| line.contains(address)), "{lines:#?}");
}

#[test]
fn a_wrong_password_is_said_clearly_and_tried_again_until_it_is_right() {
    let redis = Redis::options().password("another").start();
    let url = format!("redis://:{NEEDLE}@127.0.0.1:{}", redis.port());
    let process = Process::start(&["--redis-url", &url, "--log-level=trace"]);
    wait_until("attempts", || process_metric(&process, "connect_attempts_total") >= 3.0);
    assert_eq!(process_metric(&process, "up"), 0.0);
    let mut member = process.connect("/ws/general");
    say(&mut member, "general", 1);
    expect_all(&mut member, 1..2);

    redis.command(&["CONFIG", "SET", "requirepass", NEEDLE]);
    wait_until("redis to be heard", || process_metric(&process, "up") == 1.0);
    drop(member);
    process.signal(Signal::TERM);
    let (code, log) = process.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(NEEDLE), "the log shows the password");
    let warning = log.lines().find(|line| line.contains("redis is not heard"));
    let warning = warning.expect("a warning");
    assert!(warning.contains("password") || warning.contains("WRONGPASS"), "{warning}");
}

#[test]
fn a_password_lets_two_pods_hear_each_other() {
    let redis = Redis::options().password("secret").start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut member = b.connect("/ws/general");
    say(&mut a.connect("/ws"), "general", 1);
    expect_all(&mut member, 1..2);
}

#[test]
fn a_user_of_an_acl_needs_the_channels_below_the_prefix_and_nothing_else() {
    let rights = "resetkeys resetchannels &realtime:* -@all +publish +subscribe +unsubscribe +ping";
    let redis = Redis::options()
        .acl(&format!("user app on >secret {rights} +auth +hello +client +select +info\n"))
        .start();
    let url = redis.url_as("app", "secret");
    let pods = [Pod::start(at(&url)), Pod::start(at(&url))];
    pods.iter().for_each(wait_up);
    let mut member = pods[1].connect("/ws/general");
    say(&mut pods[0].connect("/ws"), "general", 1);
    expect_all(&mut member, 1..2);
    assert_eq!(metric(&pods[0], "subscription_failures_total"), 0.0);
}

#[test]
fn a_channel_that_the_user_may_not_use_fails_alone_and_is_counted() {
    let redis = Redis::options()
        .acl("user app on >secret resetchannels &realtime:probe:* &realtime:global +@all\n")
        .start();
    let a = Pod::start(at(&redis.url_as("app", "secret")));
    wait_up(&a);
    let mut member = a.connect("/ws/general");
    say(&mut member, "general", 1);
    expect_all(&mut member, 1..2);
    wait_for_metric(&a, "publish_errors", 1.0);
    wait_for_metric(&a, "subscription_failures_total", 1.0);
    assert_eq!(a.stats()["redis"]["connected"], true);
    a.connect("/ws").send_text(r#"{"data":2}"#);
    expect_all(&mut member, 2..3);
    wait_for_metric(&a, "messages_published_total", 1.0);
}

#[test]
fn tls_with_an_authority_of_ones_own_is_a_url_and_a_file() {
    let redis = Redis::options().tls().start();
    let file = redis.certificates().authority();
    let arguments = stentor_server::Arguments {
        redis_url: Some(redis.url()),
        redis_ca_file: Some(file.to_str().expect("a path of text").to_owned()),
        ..stentor_server::Arguments::default()
    };
    let told = stentor_server::Settings::read(&arguments).expect("valid settings").bus;
    let pods = [(); 2].map(|()| Pod::start(|settings| settings.bus.clone_from(&told)));
    pods.iter().for_each(wait_up);
    let mut member = pods[1].connect("/ws/general");
    say(&mut pods[0].connect("/ws"), "general", 1);
    expect_all(&mut member, 1..2);
}
