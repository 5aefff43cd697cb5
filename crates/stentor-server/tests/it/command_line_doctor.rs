//! `stentor doctor` on this machine, and with real servers of Redis.

use std::net::TcpListener;
use std::process::Output;

use stentor_testbed::{Redis, RedisCluster, Sentinels};

use crate::binary::{run, stdout, stentor};

/// Runs it with these flags.
fn doctor(flags: &[&str]) -> Output {
    run(stentor().arg("doctor").args(flags))
}

/// The line about this begins with this verdict.
#[track_caller]
fn assert_line(output: &Output, verdict: &str, name: &str) -> String {
    let begin = format!("{verdict:<4}  {name}  ");
    let line = stdout(output).lines().find(|line| line.starts_with(&begin));
    line.unwrap_or_else(|| panic!("no {begin:?} in\n{}", stdout(output))).to_owned()
}

#[test]
fn a_pod_alone_needs_no_redis_and_hears_what_decides() {
    let output = doctor(&["--max-connections=10", "--history=off", "--shards=1"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    for name in ["descriptors", "memory", "tcp memory"] {
        let line = assert_line(&output, "ok", name);
        assert!(line.contains("room for"), "{line}");
    }
    assert_line(&output, "ok", "redis");
    for line in stdout(&output).lines() {
        let is_known = ["ok  ", "warn", "fail", "safe"].iter().any(|word| line.starts_with(word));
        assert!(is_known, "{line}");
    }
    let last = stdout(&output).lines().last().expect("a line");
    assert!(last.starts_with("safe: 10 connections, bounded by MAX_CONNECTIONS:"), "{last}");
}

#[test]
fn more_connections_than_descriptors_fail_and_end_with_1() {
    let output = doctor(&["--max-connections=90000000"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let line = assert_line(&output, "fail", "descriptors");
    assert!(line.contains("LimitNOFILE=90001024"), "{line}");
}

#[test]
fn bad_settings_end_with_2_and_nothing_is_looked_at() {
    for flags in [&["--port=x"][..], &["--redis-url=nowhere"], &["--no-such-flag"]] {
        let output = doctor(flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(output.stdout.is_empty(), "{flags:?}");
    }
}

#[test]
fn a_redis_as_it_comes_is_warned_about_and_one_as_the_guide_has_it_is_not() {
    let as_it_comes = Redis::start();
    let asked = ["--max-connections=10", "--history=redis", "--redis-url"];
    let output = doctor(&[&asked[..], &[&as_it_comes.url()]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_line(&output, "ok", "redis version");
    let limit = assert_line(&output, "warn", "redis pubsub limit");
    assert!(limit.contains("32 MiB, 8 MiB for 60 s"), "{limit}");
    assert_line(&output, "ok", "redis maxmemory");
    assert_line(&output, "ok", "redis clock");
    assert!(stdout(&output).contains("  redis round trip"), "{}", stdout(&output));
    let as_the_guide_has_it = Redis::options()
        .line("client-output-buffer-limit pubsub 256mb 64mb 60")
        .line("maxmemory 100mb")
        .line("maxmemory-policy allkeys-lru")
        .start();
    let output = doctor(&[&asked[..], &[&as_the_guide_has_it.url()]].concat());
    assert_line(&output, "ok", "redis pubsub limit");
    let evicts = assert_line(&output, "warn", "redis maxmemory");
    assert!(evicts.contains("100 MiB, allkeys-lru"), "{evicts}");
}

#[test]
fn a_user_who_may_not_ask_is_told_so_and_no_password_is_shown() {
    let rules = "user chat on >n33dle ~* &realtime:* -@all +publish +subscribe +unsubscribe +ping \
                 +auth +hello +client +select +info\nuser default off";
    let redis = Redis::options().acl(rules).start();
    let output = doctor(&["--max-connections=10", "--redis-url", &redis.url_as("chat", "n33dle")]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_line(&output, "ok", "redis version");
    let refused = assert_line(&output, "warn", "redis clock");
    assert!(refused.contains("NOPERM"), "{refused}");
    assert!(!stdout(&output).contains("n33dle"), "{}", stdout(&output));
    let wrong = doctor(&["--redis-url", &redis.url_as("chat", "wr0ng")]);
    assert_eq!(wrong.status.code(), Some(1), "{}", stdout(&wrong));
    let line = assert_line(&wrong, "fail", "redis");
    assert!(line.contains("WRONGPASS") && !line.contains("wr0ng"), "{line}");
}

#[test]
fn a_redis_over_tls_is_asked_as_the_server_asks_it() {
    let redis = Redis::options().tls().start();
    let authority = redis.certificates().authority().display().to_string();
    let flags =
        ["--max-connections=10", "--redis-url", &redis.url(), "--redis-ca-file", &authority];
    let output = doctor(&flags);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    assert_line(&output, "ok", "redis version");
}

#[test]
fn a_redis_that_is_not_there_fails() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let output = doctor(&["--redis-url", &format!("redis://{address}")]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let line = assert_line(&output, "fail", "redis");
    assert!(line.contains(&address.to_string()) && line.contains("refused"), "{line}");
}

#[test]
fn every_node_of_a_cluster_is_asked_and_the_master_that_sentinels_name() {
    let cluster = RedisCluster::start(3);
    let flags = ["--max-connections=10", "--redis-sharded", "--redis-url", &cluster.url()];
    let output = doctor(&flags);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    for number in 0..3 {
        let line = format!("ok  redis  127.0.0.1:{}  ", cluster.node(number).port());
        assert!(squeezed(&output).contains(&line), "{line}: {}", stdout(&output));
    }
    let sentinels = Sentinels::start();
    let output = doctor(&["--max-connections=10", "--redis-url", &sentinels.url()]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let master = sentinels.server(sentinels.master()).port();
    assert!(squeezed(&output).contains(&format!("127.0.0.1:{master}")), "{}", stdout(&output));
}

#[test]
fn a_redis_that_says_nothing_fails_and_is_not_waited_for_for_ever() {
    let redis = Redis::start();
    redis.pause();
    let output = doctor(&["--redis-url", &redis.url()]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    assert!(assert_line(&output, "fail", "redis").contains("no answer within"));
}

/// The output with two spaces between its columns, however wide these are.
fn squeezed(output: &Output) -> String {
    let lines = stdout(output).lines().map(|line| {
        let columns = line.split("  ").map(str::trim).filter(|column| !column.is_empty());
        columns.collect::<Vec<_>>().join("  ")
    });
    lines.collect::<Vec<_>>().join("\n")
}
