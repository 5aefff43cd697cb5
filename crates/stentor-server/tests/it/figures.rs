//! `/metrics` of a pod that has something to tell.

use crate::pod::{BASE, Pod, wait_until};

fn value(page: &str, series: &str) -> Option<f64> {
    let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))?;
    line.parse().ok()
}

#[test]
fn metrics_count_what_happened() {
    let pod = Pod::start(|_| {});
    let answer = pod.get("/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let mut clients = [pod.connect("/ws/general"), pod.connect("/ws/general")];
    assert_eq!(pod.post(&format!("{BASE}/messages"), r#"{"room":"general"}"#).status, 202);
    for client in &mut clients {
        client.next_json();
    }
    let expected = [
        ("realtime_connections_total", 2.0),
        ("realtime_connections", 2.0),
        ("realtime_rooms_total", 1.0),
        ("realtime_messages_received", 1.0),
        ("realtime_messages_sent", 2.0),
        ("realtime_messages_sent_total", 2.0),
        ("realtime_redis_publish_errors", 0.0),
        ("realtime_shard_connections{shard=\"0\"}", 2.0),
        ("realtime_connections_closed_total{code=\"1013\"}", 0.0),
        ("realtime_delivery_seconds_bucket{path=\"local\",le=\"+Inf\"}", 2.0),
        ("realtime_delivery_seconds_count{path=\"local\"}", 2.0),
        ("realtime_delivery_seconds_count{path=\"remote\"}", 0.0),
        ("realtime_messages_dropped_total{reason=\"ring_full\"}", 0.0),
    ];
    wait_until("the figures", || {
        let page = pod.get("/metrics").body;
        expected.iter().all(|(series, wanted)| value(&page, series) == Some(*wanted))
    });
    let page = pod.get("/metrics").body;
    assert!(value(&page, "process_start_time_seconds").is_some_and(|at| at > 1e9));
    assert!(value(&page, "process_resident_memory_bytes").is_some_and(|bytes| bytes > 1e6));
    assert!(
        value(&page, "realtime_shard_busy_seconds_total{shard=\"0\"}").is_some_and(|s| s > 0.0)
    );
    assert!(value(&page, "realtime_shard_lag_seconds{shard=\"0\"}").is_some());
    assert!(value(&page, "realtime_shard_turn_seconds_count").is_some_and(|turns| turns > 2.0));
}

#[test]
fn no_room_is_a_label() {
    let pod = Pod::start(|_| {});
    let _client = pod.connect("/ws/a-secret-room");
    pod.wait_for_stats("the member", |stats| stats["rooms"] == 1);
    assert!(!pod.get("/metrics").body.contains("a-secret-room"));
}
