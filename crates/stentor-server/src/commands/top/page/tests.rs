use std::time::Duration;

use serde_json::json;

use super::super::metrics::Metrics;
use super::super::reading::{Order, Reading, Stats};
use super::Page;

/// A reading of a pod of two shards that has sent so many messages and was busy for so long.
fn reading(sent: u64, busy_seconds: f64) -> Reading {
    let stats: Stats = serde_json::from_value(json!({
        "pod": "pod-1", "uptime_seconds": 3_661, "connections": 30, "rooms": 3,
        "messages_received": sent / 10, "messages_sent": sent, "messages_dropped": 0,
        "redis": {"enabled": true, "connected": true},
        "shards": [
            {"connections": 10, "rooms": 1, "queued": 0},
            {"connections": 20, "rooms": 2, "queued": 5}
        ]
    }))
    .expect("statistics");
    let metrics = format!(
        "realtime_shard_busy_seconds_total{{shard=\"0\"}} {busy_seconds}\n\
         realtime_shard_busy_seconds_total{{shard=\"1\"}} 0\n\
         realtime_shard_lag_seconds{{shard=\"1\"}} 0.0015\n\
         realtime_connections_max 1000\nprocess_resident_memory_bytes 20971520\n"
    );
    Reading { stats, behind: Vec::new(), rooms: Vec::new(), metrics: Metrics::parse(&metrics) }
}

fn text(earlier: &Reading, later: &Reading, seconds: u64) -> String {
    let between = Duration::from_secs(seconds);
    Page::of("http://h:8080", earlier, later, between, Order::Lag).text()
}

#[test]
fn a_page_tells_figures_and_the_rates_between_two_readings() {
    let expected = "\
pod pod-1   http://h:8080   up 1h 1m 1s
connections 30 of 1000   rooms 3   memory 20 MiB
messages/s in 50.0   out 500.0   dropped 0.0 (0 since the start)
bus up   publish errors 0 since the start

shard  connections      rooms     queued    busy       late
    0           10          1          0    25 %          -
    1           20          2          5     0 %     1.5 ms

slowest consumers: nobody is behind

busiest rooms: nothing is said
";
    assert_eq!(text(&reading(1_000, 1.0), &reading(2_000, 1.5), 2), expected);
}

#[test]
fn no_rate_is_told_without_time_nor_of_a_pod_that_began_anew() {
    let shown = text(&reading(1_000, 1.0), &reading(1_000, 1.0), 0);
    assert!(shown.contains("out -   dropped -"), "{shown}");
    let shown = text(&reading(1_000, 5.0), &reading(10, 0.1), 1);
    assert!(shown.contains("in -   out -   dropped 0.0"), "{shown}");
    assert!(shown.contains("    0           10          1          0       -"), "{shown}");
}

#[test]
fn standouts_are_listed_and_their_names_cannot_steer_the_terminal() {
    let mut later = reading(1, 0.0);
    later.behind = serde_json::from_value(json!([
        {"client_id": "c-1", "user": "al\u{1b}[2Jice", "rooms": 2, "queued": 7,
         "queued_bytes": 4_096, "lag_seconds": 1.25}
    ]))
    .expect("connections");
    later.rooms = serde_json::from_value(json!([
        {"room": "x".repeat(100), "connections": 9, "deliveries_per_second": 12.34},
        {"room": null, "connections": 30, "deliveries_per_second": 1.0}
    ]))
    .expect("rooms");
    let shown = text(&reading(1, 0.0), &later, 1);
    assert!(
        shown.contains(" 1250.0 ms       4096         7       2  c-1  al\\u{1b}[2Jice"),
        "{shown}"
    );
    assert!(shown.contains(&format!("12.3            9  {}…\n", "x".repeat(40))), "{shown}");
    assert!(shown.contains("1.0           30  (everybody)"), "{shown}");
    assert!(!shown.contains('\u{1b}'));
}

#[test]
fn a_bus_that_is_down_and_one_that_is_not_wanted_are_told_apart() {
    let mut later = reading(1, 0.0);
    later.stats.redis.connected = false;
    assert!(text(&later, &later, 1).contains("bus DOWN"));
    later.stats.redis.enabled = false;
    assert!(text(&later, &later, 1).contains("bus none: this pod is alone"));
}

#[test]
fn a_pod_that_stopped_answering_is_said_to_above_the_old_figures() {
    let (earlier, later) = (reading(1, 0.0), reading(1, 0.0));
    let mut page = Page::of("http://h:8080", &earlier, &later, Duration::from_secs(1), Order::Lag);
    page.set_fault("http://h:8080 cannot be reached".to_owned());
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(lines[0], "http://h:8080 cannot be reached");
    assert!(lines[1].starts_with("pod pod-1"));
}
