//! What is refused before an upgrade, on a real socket that then ends in order.

use std::io::Read;

use crate::client::handshake;
use crate::pod::Pod;

#[test]
fn no_upgrade_headers_on_a_websocket_route_is_426() {
    let pod = Pod::start(|_| {});
    for path in ["/ws", "/ws/general", "/api/chat-api/ws", "/api/chat-api/ws/general"] {
        let answer = pod.get(path);
        assert_eq!((answer.status, answer.code().as_str()), (426, "upgrade_required"), "{path}");
        assert_eq!(answer.header("upgrade"), Some("websocket"));
        assert_eq!(answer.header("connection"), Some("close, upgrade"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

#[test]
fn bad_rooms_and_parameters_are_400_with_their_code() {
    let pod = Pod::start(|_| {});
    for (target, code) in [
        ("/ws/%FF", "bad_room"),
        ("/ws?room=", "bad_room"),
        ("/ws?events=2", "bad_parameter"),
        ("/api/chat-api/ws/a?ack=yes", "bad_parameter"),
    ] {
        let answer = pod.try_connect(target, &[]).expect_err(target);
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{target}");
    }
}

#[test]
fn another_websocket_version_is_426_and_names_ours() {
    let pod = Pod::start(|_| {});
    let request = handshake("/ws", &[]).replace("Version: 13", "Version: 8");
    let answer = pod.exchange(request.as_bytes());
    assert_eq!((answer.status, answer.header("sec-websocket-version")), (426, Some("13")));
}

#[test]
fn a_full_pod_answers_503_and_takes_the_next_once_one_left() {
    let pod = Pod::start(|settings| settings.connections_max = 2);
    let first = pod.connect("/ws/a");
    let _second = pod.connect("/ws/a");
    let answer = pod.try_connect("/ws/a", &[]).expect_err("full");
    assert_eq!((answer.status, answer.code().as_str()), (503, "at_capacity"));
    let seconds: u32 = answer.header("retry-after").expect("a hint").parse().expect("seconds");
    assert!((1..=60).contains(&seconds));
    drop(first);
    pod.wait_for_stats("one to leave", |stats| stats["connections"] == 1);
    let _third = pod.connect("/ws/a");
}

#[test]
fn a_head_over_16_kib_is_431() {
    let pod = Pod::start(|_| {});
    let padding = "p".repeat(17 * 1024);
    for target in ["/ws", "/healthz"] {
        let answer = pod.exchange(handshake(target, &[("X", &padding)]).as_bytes());
        assert_eq!(answer.status, 431, "{target}");
        assert_eq!(answer.code(), "request_head_too_large");
    }
}

#[test]
fn a_head_with_bare_line_feeds_is_400_at_once() {
    let pod = Pod::start(|_| {});
    for request in ["GET /ws HTTP/1.1\nHost: h\n\n", "GET / HTTP/1.1\nHost: h", "\n"] {
        let answer = pod.exchange(request.as_bytes());
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{request:?}");
    }
}

#[test]
fn what_is_no_http_is_400_and_the_end() {
    let pod = Pod::start(|_| {});
    let mut socket = pod.socket();
    std::io::Write::write_all(&mut socket, b"nonsense\r\n\r\n").expect("a pod that reads");
    let answer = crate::http::read_answer(&mut socket, "GET");
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
    let mut rest = Vec::new();
    socket.read_to_end(&mut rest).expect("an end in order");
    assert!(rest.is_empty());
}
