//! What is in a trace, and what is not.

use std::collections::BTreeSet;

use rustix::process::Signal;
use stentor_testbed::Redis;

use crate::binary::Process;
use crate::client::Client;
use crate::collector::{Answering, Collector};
use crate::pod::{BASE, wait_until};
use crate::publisher::{ASKER, TRACE, nth, publish, publish_in, traced, traceparent};
use crate::span::{ERROR, INTERNAL, SERVER, Span};

fn attribute<'a>(span: &'a Span, name: &str) -> &'a str {
    span.attributes.get(name).unwrap_or_else(|| panic!("no {name}: {span:?}"))
}

fn named<'a>(spans: &'a [Span], name: &str) -> Vec<&'a Span> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn stats(process: &Process, key: &str) -> serde_json::Value {
    let path = format!("{BASE}/ws/stats");
    crate::http::request(&mut process.socket(), "GET", &path, &[("X-API-Key", key)], "").json()
}

/// Members of the room, until each of so many shards has one; the kernel chooses.
fn members_on_all(process: &Process, key: &str, shards: usize, room: &str) -> Vec<Client> {
    let mut members = Vec::new();
    wait_until("members on all shards", || {
        members.push(process.connect(&format!("/ws/{room}")));
        let stats = stats(process, key);
        let with_members = |shard: &&serde_json::Value| shard["connections"] != 0;
        stats["shards"].as_array().expect("shards").iter().filter(with_members).count() == shards
    });
    members
}

#[test]
fn a_publication_is_one_trace_from_its_request_to_the_sockets_of_every_shard_and_to_redis() {
    let (collector, redis) = (Collector::start(Answering::Status(200)), Redis::start());
    let mut command = traced(&collector);
    command.env("REDIS_URL", redis.url()).env("SHARDS", "3").env("API_KEY", "n33dle-key");
    let process = Process::start_as(&mut command, "json");
    wait_until("redis to be heard", || stats(&process, "n33dle-key")["redis"]["connected"] == true);
    let mut members = members_on_all(&process, "n33dle-key", 3, "n33dle-room");
    let body = r#"[{"room":"n33dle-room","from":"n33dle-user","data":{"content":"n33dle-data"}},
        {"room":"n33dle-empty","from":"n33dle-user"},
        {"room":"n33dle-room","id":"n33dle-id","from":"n33dle-user","data":"n33dle-data"}]"#;
    let parent = traceparent(TRACE, "01");
    let headers =
        [("traceparent", &*parent), ("tracestate", "a=1,b=2"), ("X-API-Key", "n33dle-key")];
    assert_eq!(publish(&process, &headers, body).status, 202);
    for member in &mut members {
        assert!(
            member.next_text().contains("n33dle-data") && member.next_text().contains("n33dle")
        );
    }

    // A shard has a second leg where it had flushed a part before the rest came to it.
    let of_shard = |spans: &[Span], shard: &str| -> usize {
        let legs = spans.iter().filter(|span| span.name == "deliver");
        let own = legs.filter(|leg| attribute(leg, "stentor.shard") == shard);
        own.map(|leg| attribute(leg, "stentor.messages").parse::<usize>().expect("a count")).sum()
    };
    let spans = collector.wait_for_all(TRACE, |spans| {
        let others = spans.iter().filter(|span| span.name != "deliver").count();
        others >= 4 && ["0", "1", "2"].iter().all(|shard| of_shard(spans, shard) >= 3)
    });
    for shard in ["0", "1", "2"] {
        assert_eq!(of_shard(&spans, shard), 3, "each shard keeps all of them: {spans:?}");
    }
    let names = spans.iter().map(|span| &*span.name).filter(|name| *name != "deliver");
    let server = format!("POST {BASE}/messages");
    assert_eq!(Vec::from_iter(names), [&*server, "hand over", "publish to pods", "validate"]);
    let server = &spans[0];
    assert_eq!((&*server.parent, server.kind, server.status), (ASKER, SERVER, 0));
    assert_eq!(attribute(server, "http.request.method"), r#""POST""#);
    assert_eq!(attribute(server, "http.route"), format!("{:?}", format!("{BASE}/messages")));
    assert_eq!(attribute(server, "http.response.status_code"), "202");
    for span in &spans {
        assert_eq!(span.state, "a=1,b=2", "{span:?}");
        assert!(span.began <= span.ended && server.began <= span.began, "{span:?} {server:?}");
    }
    for part in &spans[1..] {
        assert_eq!((&part.parent, part.kind), (&server.id, INTERNAL), "{part:?}");
    }
    let legs = named(&spans, "deliver");
    let delivered = legs.iter().map(|leg| attribute(leg, "stentor.deliveries").parse::<usize>());
    assert_eq!(delivered.sum::<Result<usize, _>>(), Ok(2 * members.len()));
    assert_eq!(attribute(named(&spans, "hand over")[0], "stentor.messages"), "3");
    let to_pods = named(&spans, "publish to pods")[0];
    for (name, value) in [("messages", "3"), ("published", "3"), ("deferred", "0")] {
        assert_eq!(attribute(to_pods, &format!("stentor.{name}")), value);
    }
    for request in collector.requests() {
        let body = request.body.escape_ascii().to_string();
        assert!(!body.contains("n33dle") && !request.head.contains("n33dle"), "{body}");
    }
}

#[test]
fn without_history_only_shards_with_members_have_a_part_in_it() {
    let collector = Collector::start(Answering::Status(200));
    let mut command = traced(&collector);
    command.env("SHARDS", "4").env("HISTORY", "off");
    let process = Process::start_as(&mut command, "json");
    let mut member = process.connect("/ws/general");
    let parent = traceparent(TRACE, "01");
    publish(&process, &[("traceparent", &parent)], r#"{"room":"general"}"#);
    member.next_text();
    // The first shard takes all that the program says.
    let at_first = stats(&process, "")["shards"][0]["connections"] == 1;
    let spans = collector.wait_for(TRACE, if at_first { 4 } else { 5 });
    let legs = named(&spans, "deliver");
    assert_eq!(legs.len(), if at_first { 1 } else { 2 }, "{spans:?}");
    let delivered = |leg: &&&Span| attribute(leg, "stentor.deliveries") == "1";
    assert_eq!(legs.iter().filter(delivered).count(), 1, "{spans:?}");
    assert!(named(&spans, "publish to pods").is_empty(), "there is no bus");
}

#[test]
fn a_resend_is_handed_over_and_delivered_to_nobody() {
    let collector = Collector::start(Answering::Status(200));
    let process = Process::start_as(traced(&collector).env("SHARDS", "1"), "json");
    let mut member = process.connect("/ws/general");
    let body = r#"{"room":"general","id":"0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee"}"#;
    for n in 1..=2 {
        publish(&process, &[("traceparent", &traceparent(&nth(n), "01"))], body);
    }
    member.next_text();
    for (n, deliveries) in [(1, "1"), (2, "0")] {
        let spans = collector.wait_for(&nth(n), 4);
        let leg = named(&spans, "deliver")[0];
        assert_eq!(attribute(leg, "stentor.messages"), deliveries, "{n}");
        assert_eq!(attribute(leg, "stentor.deliveries"), deliveries, "{n}");
    }
}

#[test]
fn what_is_refused_has_its_status_and_only_faults_of_the_server_are_errors() {
    let collector = Collector::start(Answering::Status(200));
    let process = Process::start_as(&mut traced(&collector), "json");
    let bad = publish(&process, &[("traceparent", &traceparent(TRACE, "01"))], "{");
    assert_eq!(bad.status, 400);
    let spans = collector.wait_for(TRACE, 2);
    assert_eq!(attribute(&spans[0], "http.response.status_code"), "400");
    assert_ne!(spans[0].status, ERROR);
    assert_eq!(spans[1].name, "validate");
    // In one order: what else there was to that trace would have come before the next.
    publish_in(&process, &nth(7));
    collector.wait_for(&nth(7), 4);
    assert_eq!(collector.wait_for(TRACE, 2).len(), 2);
}

#[test]
fn a_malformed_parent_is_none_and_the_publication_is_taken_all_the_same() {
    let collector = Collector::start(Answering::Status(200));
    let process = Process::start_as(&mut traced(&collector), "json");
    let bad = [
        "",
        "00",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e47zz-00f067aa0ba902b7-01",
        "\u{e4}\u{f6}\u{fc}",
    ];
    for parent in bad {
        let answer = publish(&process, &[("traceparent", parent), ("tracestate", "a=1")], "{}");
        assert_eq!(answer.status, 202, "{parent:?}");
    }
    let mut servers: Vec<Span> = Vec::new();
    wait_until("the spans of the requests", || {
        servers = collector.taken().into_iter().map(|(_, span)| span).collect();
        servers.retain(|span| span.kind == SERVER);
        servers.len() == bad.len()
    });
    assert!(servers.iter().all(|span| span.parent.is_empty() && span.state.is_empty()));
    let traces: BTreeSet<&str> = servers.iter().map(|span| &*span.trace).collect();
    assert_eq!(traces.len(), bad.len(), "each begins a trace of its own");
    assert!(!traces.contains(TRACE));
}

#[test]
fn what_a_parent_does_not_sample_and_what_clients_say_is_not_traced() {
    let collector = Collector::start(Answering::Status(200));
    let process = Process::start_as(&mut traced(&collector), "json");
    let mut member = process.connect("/ws/general");
    assert_eq!(publish(&process, &[("traceparent", &traceparent(TRACE, "00"))], "{}").status, 202);
    member.next_text();
    member.send_text(r#"{"data":1}"#);
    member.next_text();
    process.get(&format!("{BASE}/rooms"));
    publish_in(&process, &nth(1));
    collector.wait_for(&nth(1), 4);
    assert!(collector.taken().iter().all(|(_, span)| span.trace == nth(1)));
}

#[test]
fn traces_do_not_depend_on_the_level_of_the_log_and_are_not_in_it() {
    let collector = Collector::start(Answering::Status(200));
    let file = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("settings-traces-level");
    std::fs::write(&file, "LOG_LEVEL=debug\n").expect("a folder for tests");
    let process = Process::start_as(traced(&collector).env("SETTINGS_FILE", &file), "text");
    publish_in(&process, &nth(1));
    collector.wait_for(&nth(1), 4);
    std::fs::write(&file, "LOG_LEVEL=off\n").expect("a folder for tests");
    process.signal(Signal::HUP);
    process.wait_for_log("the settings were read again", 1);
    publish_in(&process, &nth(2));
    collector.wait_for(&nth(2), 4);
    for word in ["http.route", "stentor.shard", "validate", &*nth(1)] {
        assert!(!process.log().contains(word), "{word}: {}", process.log());
    }
}
