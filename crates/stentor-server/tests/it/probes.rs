//! What an orchestrator asks, answered whatever else goes on.

use std::io::{Read, Write};

use serde_json::json;

use crate::http::request;
use crate::pod::{Pod, wait_until};

#[test]
fn a_probe_is_answered_with_json_and_the_end_of_its_connection() {
    let pod = Pod::start(|_| {});
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let mut socket = pod.socket();
        let answer = request(&mut socket, "GET", path, &[], "");
        assert_eq!((answer.status, answer.json()), (200, json!({"status": status})), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("connection"), Some("close"));
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).expect("an end in order");
        assert!(rest.is_empty());
    }
}

#[test]
fn a_probe_by_head_is_answered_without_the_body() {
    let pod = Pod::start(|_| {});
    let mut socket = pod.socket();
    socket.write_all(b"HEAD /healthz HTTP/1.1\r\nHost: h\r\n\r\n").expect("a pod that reads");
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an end in order");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\ncontent-length: 15\r\n") && answer.ends_with("\r\n\r\n"));
}

/// 1. HTTP has 512 places, and each is held by who sends a head and then nothing.
/// 2. An orchestrator asks whether the pod lives, hears nothing in time, and kills it.
#[test]
fn slow_requests_in_every_place_of_http_do_not_silence_the_probes() {
    let pod = Pod::start(|_| {});
    let head = b"POST /api/chat-api/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n";
    let slow: Vec<_> = (0..stentor_server::http::CONNECTIONS_MAX)
        .map(|_| {
            let mut socket = pod.socket();
            socket.write_all(head).expect("a pod that reads");
            socket
        })
        .collect();
    wait_until("every place to be taken", || pod.get("/metrics").status == 503);
    for method in ["GET", "HEAD"] {
        assert_eq!(pod.request(method, "/healthz", &[], "").status, 200);
        assert_eq!(pod.request(method, "/readyz", &[], "").status, 200);
    }
    drop(slow);
}

#[test]
fn http_answers_probes_on_a_connection_that_it_has_already() {
    let pod = Pod::start(|_| {});
    let mut socket = pod.socket();
    assert_eq!(request(&mut socket, "GET", "/docs", &[], "").status, 200);
    for (path, status) in [("/healthz", "ok"), ("/readyz", "ready")] {
        let answer = request(&mut socket, "GET", path, &[], "");
        assert_eq!((answer.status, answer.json()), (200, json!({"status": status})), "{path}");
        assert_eq!(answer.header("connection"), None);
    }
}
