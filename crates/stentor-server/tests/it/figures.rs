//! `/metrics` of a pod that has something to tell.

use stentor_testbed::Redis;

use crate::pod::{BASE, Pod, wait_until};
use crate::tls::SafePod;

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

fn deploy_file(name: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy").join(name);
    std::fs::read_to_string(path).expect("a file of deploy/")
}

/// The metrics that a text names, without the ends that a histogram's series have.
fn metrics_named(text: &str) -> std::collections::BTreeSet<&str> {
    let is_of_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let starts = text.match_indices("realtime_").chain(text.match_indices("process_"));
    let names = starts.map(|(at, _)| {
        let rest = &text[at..];
        rest.split(|c| !is_of_name(c)).next().unwrap_or(rest)
    });
    names.map(|name| name.strip_suffix("_bucket").unwrap_or(name)).collect()
}

#[test]
fn alerts_dashboard_and_runbook_name_what_a_pod_exports() {
    let redis = Redis::start();
    let pod = crate::redis::pod(&redis);
    // What is told of a certificate only a pod with TLS has.
    let page = pod.get("/metrics").body + &SafePod::start(|_| {}).get("/metrics").body;
    let exported: std::collections::BTreeSet<&str> =
        page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for file in ["prometheus/rules.yaml", "grafana/stentor.json", "RUNBOOK.md", "README.md"] {
        let text = deploy_file(file);
        let named = metrics_named(&text);
        let unknown: Vec<_> = named.difference(&exported).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
        assert!(named.len() > 2 || file == "README.md", "{file}: {named:?}");
    }
}

#[test]
fn every_alert_has_its_entry_in_the_runbook() {
    let rules = deploy_file("prometheus/rules.yaml");
    let runbook = deploy_file("RUNBOOK.md");
    let alerts: Vec<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let entries: Vec<&str> = runbook.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(alerts, entries);
    for alert in alerts {
        let anchor = format!("RUNBOOK.md#{}\n", alert.to_lowercase());
        assert_eq!(rules.matches(&anchor).count(), 1, "{alert}");
    }
}
