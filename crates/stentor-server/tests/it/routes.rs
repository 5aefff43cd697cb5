//! Each route, as a client sees it.

use std::io::{Read, Write};

use serde_json::json;

use crate::client::{Client, TEXT, handshake, masked_frame};
use crate::http::{read_answer, request};
use crate::pod::{BASE, Pod, wait_until};

#[test]
fn statistics_have_the_members_of_the_contract_in_their_order() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let _client = pod.connect("/ws/general");
    let answer = pod.get(&format!("{BASE}/ws/stats"));
    let members = [
        "pod",
        "uptime_seconds",
        "connections",
        "rooms",
        "messages_received",
        "messages_sent",
        "messages_dropped",
        "redis",
        "shards",
    ];
    let places: Vec<_> = members
        .iter()
        .map(|member| answer.body.find(&format!("\"{member}\":")).expect(member))
        .collect();
    assert!(places.is_sorted(), "{}", answer.body);
    let stats = answer.json();
    assert_eq!(stats.as_object().expect("an object").len(), members.len());
    assert_eq!(stats["redis"], json!({"enabled": false, "connected": false}));
    assert_eq!(stats["shards"].as_array().expect("shards").len(), 2);
    pod.wait_for_stats("the member", |s| s["connections"] == 1 && s["rooms"] == 1);
}

#[test]
fn rooms_are_listed_and_asked_for_by_name() {
    let pod = Pod::start(|_| {});
    let _two = [pod.connect("/ws/big"), pod.connect("/ws/big")];
    let _one = pod.connect("/ws/a%20%2Fb");
    pod.wait_for_stats("the members", |stats| stats["connections"] == 3);
    let rooms = pod.get(&format!("{BASE}/rooms"));
    assert_eq!(
        rooms.body,
        r#"{"total":2,"rooms":[{"room":"big","connections":2},{"room":"a /b","connections":1}]}"#
    );
    let fullest = pod.get(&format!("{BASE}/rooms?limit=1")).json();
    assert_eq!(fullest["total"], 2);
    assert_eq!(fullest["rooms"], json!([{"room": "big", "connections": 2}]));
    let room = |name: &str| pod.get(&format!("{BASE}/rooms/{name}"));
    assert_eq!(room("a%20%2Fb").body, r#"{"room":"a /b","connections":1}"#);
    assert_eq!(room("nobody").json()["connections"], 0);
    assert_eq!((room("%FF").status, room("%FF").code().as_str()), (400, "bad_room"));
    let limit = pod.get(&format!("{BASE}/rooms?limit=10001"));
    assert_eq!((limit.status, limit.code().as_str()), (400, "bad_parameter"));
}

#[test]
fn pages_and_their_files_come_with_headers_that_let_in_nothing_foreign() {
    let pod = Pod::start(|_| {});
    let pages = [
        ("/", stentor_web::chat_page(BASE)),
        (stentor_web::DASHBOARD_PATH, stentor_web::dashboard_page(BASE)),
    ];
    for (path, text) in &pages {
        let page = pod.get(path);
        assert_eq!((page.status, &page.body), (200, text), "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert!(page.header("content-security-policy").is_some_and(|p| p.contains("'self'")));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    }
    let is_page = |path| pages.iter().any(|(page, _)| *page == path);
    for asset in stentor_web::ASSETS.iter().filter(|asset| !is_page(asset.path)) {
        let answer = pod.get(asset.path);
        assert_eq!((answer.status, answer.body.len()), (200, asset.body.len()), "{}", asset.path);
        assert_eq!(answer.header("content-type"), Some(asset.content_type));
    }
    let foreign = |path| pod.get(path).header("access-control-allow-origin").map(str::to_owned);
    assert_eq!(foreign("/stentor.js").as_deref(), Some("*"));
    assert_eq!(foreign("/assets/chat.js"), None);
    assert_eq!(pod.get("/assets/nothing.js").status, 404);
    assert_eq!(pod.get("/assets/../Cargo.toml").status, 404);
}

#[test]
fn what_does_not_exist_is_404_and_another_method_405_with_allow() {
    let pod = Pod::start(|_| {});
    let nothing = pod.get("/nothing");
    assert_eq!((nothing.status, nothing.code().as_str()), (404, "not_found"));
    assert_eq!(pod.get("/ws/a/b").status, 404);
    for (method, path, allow) in [
        ("DELETE", "/healthz", "GET, HEAD, OPTIONS"),
        ("GET", "/api/chat-api/messages", "POST, OPTIONS"),
        ("POST", "/ws/general", "GET, HEAD, OPTIONS"),
        ("PUT", "/", "GET, HEAD, OPTIONS"),
    ] {
        let answer = pod.request(method, path, &[], "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {path}");
        assert_eq!(answer.code(), "method_not_allowed");
    }
}

#[test]
fn head_is_answered_like_get_without_the_body() {
    let pod = Pod::start(|_| {});
    let mut socket = pod.socket();
    for path in ["/", "/metrics", "/healthz"] {
        let head = request(&mut socket, "HEAD", path, &[], "");
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        assert_ne!(head.header("content-length"), None);
    }
    assert_eq!(request(&mut socket, "GET", "/docs", &[], "").status, 200);
}

#[test]
fn a_websocket_route_tells_who_asks_for_something_else_how_to_upgrade() {
    let pod = Pod::start(|_| {});
    let [get, head] = ["GET", "HEAD"].map(|method| pod.request(method, "/ws", &[], ""));
    for answer in [&get, &head] {
        assert_eq!((answer.status, answer.header("upgrade")), (426, Some("websocket")));
        assert_eq!(answer.header("connection"), Some("close, upgrade"));
    }
    assert_eq!(get.header("content-length"), head.header("content-length"));
}

#[test]
fn a_request_names_one_host() {
    let pod = Pod::start(|_| {});
    for hosts in ["", "Host: a\r\nHost: b\r\n"] {
        for path in ["/healthz", "/docs", "/ws"] {
            let mut socket = pod.socket();
            let request = format!("GET {path} HTTP/1.1\r\n{hosts}\r\n");
            socket.write_all(request.as_bytes()).expect("a pod that reads");
            let answer = read_answer(&mut socket, "GET");
            assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{request}");
        }
        let mut socket = pod.socket();
        assert_eq!(request(&mut socket, "GET", "/docs", &[], "").status, 200);
        socket.write_all(format!("GET / HTTP/1.1\r\n{hosts}\r\n").as_bytes()).expect("sent");
        assert_eq!(read_answer(&mut socket, "GET").status, 400, "the second request of a socket");
    }
    let mut socket = pod.socket();
    socket.write_all(b"GET /readyz HTTP/1.0\r\n\r\n").expect("a pod that reads");
    assert_eq!(read_answer(&mut socket, "GET").status, 200, "HTTP/1.0 knew no Host");
}

#[test]
fn a_body_in_a_coding_is_refused_by_name() {
    let pod = Pod::start(|_| {});
    let path = format!("{BASE}/messages");
    for coding in ["gzip", "br", "gzip, identity"] {
        let answer = pod.request("POST", &path, &[("Content-Encoding", coding)], "{}");
        assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported_coding"));
        assert!(answer.body.contains("content-encoding"), "{}", answer.body);
    }
    let plain = [("Content-Encoding", "Identity")];
    assert_eq!(pod.request("POST", &path, &plain, "{}").status, 202);
    for (coding, status) in [("gzip, chunked", 415), ("chunked", 202)] {
        let mut socket = pod.socket();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: {coding}\r\n\r\n");
        socket.write_all(head.as_bytes()).expect("a pod that reads");
        socket.write_all(b"2\r\n{}\r\n0\r\n\r\n").expect("a pod that reads");
        assert_eq!(read_answer(&mut socket, "POST").status, status, "{coding}");
    }
}

#[test]
fn a_base_path_moves_the_api_and_leaves_the_rest() {
    let pod = Pod::start(|settings| {
        settings.base_path = stentor_server::settings::BasePath::parse("/v1").expect("valid");
    });
    assert_eq!(pod.get("/v1/ws/stats").status, 200);
    assert_eq!(pod.get(&format!("{BASE}/ws/stats")).status, 404);
    assert_eq!(pod.get("/healthz").status, 200);
    let _moved = pod.connect("/v1/ws/general");
    let _at_the_root = pod.connect("/ws/general");
}

#[test]
fn a_kept_alive_connection_may_become_a_websocket() {
    let pod = Pod::start(|_| {});
    let mut socket = pod.socket();
    assert_eq!(request(&mut socket, "GET", "/docs", &[], "").status, 200);
    socket.write_all(handshake("/ws/general?ack=1", &[]).as_bytes()).expect("a pod that reads");
    let answer = read_answer(&mut socket, "GET");
    assert_eq!(answer.status, 101);
    assert_eq!(answer.header("sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    let mut client = Client::on(socket);
    client.expect_nothing();
    pod.wait_for_stats("the member", |stats| stats["rooms"] == 1);
}

#[test]
fn a_kept_alive_connection_is_told_that_the_pod_is_full() {
    let pod = Pod::start(|settings| settings.connections_max = 1);
    let mut socket = pod.socket();
    assert_eq!(request(&mut socket, "GET", "/docs", &[], "").status, 200);
    let _first = pod.connect("/ws/general");
    socket.write_all(handshake("/ws/general", &[]).as_bytes()).expect("a pod that reads");
    let answer = read_answer(&mut socket, "GET");
    assert_eq!((answer.status, answer.code().as_str()), (503, "at_capacity"));
    assert!(answer.header("retry-after").is_some());
}

#[test]
fn a_head_that_comes_byte_by_byte_is_served_all_the_same() {
    let pod = Pod::start(|_| {});
    let mut socket = pod.socket();
    for byte in b"GET /docs HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n" {
        socket.write_all(&[*byte]).expect("a pod that reads");
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer).expect("an answer and then the end");
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[test]
fn frames_behind_an_upgrade_on_a_kept_alive_connection_are_not_lost() {
    let pod = Pod::start(|_| {});
    let mut socket = pod.socket();
    assert_eq!(request(&mut socket, "GET", "/docs", &[], "").status, 200);
    let mut bytes = handshake("/ws/general", &[]).into_bytes();
    bytes.extend(masked_frame(0x80 | TEXT, br#"{"data":"early"}"#));
    socket.write_all(&bytes).expect("a pod that reads");
    assert_eq!(read_answer(&mut socket, "GET").status, 101);
    assert_eq!(Client::on(socket).next_json()["data"], "early");
}

#[test]
fn a_draining_pod_is_not_ready_lets_nobody_in_and_ends_in_order() {
    let pod = Pod::start(|settings| {
        settings.drain_timeout = std::time::Duration::from_secs(30);
    });
    let mut client = pod.connect("/ws/general");
    let mut kept = pod.socket();
    assert_eq!(request(&mut kept, "GET", "/docs", &[], "").status, 200);
    pod.stop();
    // The drain waits for this client, who has not read its close yet.
    wait_until("the pod to be unready", || pod.get("/readyz").status == 503);
    let asked_by_http = request(&mut kept, "GET", "/readyz", &[], "");
    assert_eq!(
        (asked_by_http.status, asked_by_http.json()["status"].as_str()),
        (503, Some("draining"))
    );
    assert_eq!(pod.get("/readyz").json(), json!({"status": "draining"}));
    assert_eq!(pod.get("/healthz").status, 200);
    let refusal = pod.try_connect("/ws/general", &[]).expect_err("draining");
    assert_eq!((refusal.status, refusal.code().as_str()), (503, "draining"));
    assert!(refusal.header("retry-after").is_some());
    assert_eq!(client.next_close().0, 1001);
    drop(client);
    pod.join().expect("a clean end");
}
