//! What a backend publishes over HTTP, and what clients hear of it.

use std::io::Write;

use serde_json::json;

use crate::pod::{BASE, Pod};

fn messages() -> String {
    format!("{BASE}/messages")
}

#[test]
fn one_message_is_stamped_and_heard_by_its_room_alone() {
    let pod = Pod::start(|_| {});
    let mut member = pod.connect("/ws/general");
    let mut other = pod.connect("/ws/other");
    let body = r#"{"type":"notification","room":"general","data":{"n": 1.00,"a":[ ]}}"#;
    let answer = pod.post(&messages(), body);
    assert_eq!(answer.status, 202);
    let stamp = answer.json();
    assert_eq!(stamp.as_object().expect("an object").len(), 2);
    let (id, timestamp) = (&stamp["id"], &stamp["timestamp"]);
    let said = r#""from":"server","data":{"n": 1.00,"a":[ ]}"#;
    assert_eq!(
        member.next_text(),
        format!(
            r#"{{"id":{id},"type":"notification","room":"general",{said},"timestamp":{timestamp}}}"#
        )
    );
    other.expect_nothing();
}

#[test]
fn without_a_room_everybody_hears_it_and_a_from_is_taken() {
    let pod = Pod::start(|_| {});
    let mut clients = [pod.connect("/ws/a"), pod.connect("/ws/b"), pod.connect("/ws")];
    for body in
        [r#"{"from":"bot"}"#, r#"{"from":"bot","room":null}"#, r#"{"from":"bot","room":""}"#]
    {
        assert_eq!(pod.post(&messages(), body).status, 202, "{body}");
        for client in &mut clients {
            let message = client.next_json();
            assert_eq!((&message["from"], message.get("room")), (&json!("bot"), None), "{body}");
            assert_eq!((&message["type"], &message["data"]), (&json!("chat"), &json!({})));
        }
    }
}

#[test]
fn an_array_is_published_in_order_and_each_gets_its_stamp() {
    let pod = Pod::start(|_| {});
    let mut member = pod.connect("/ws/general");
    let batch: Vec<_> = (0..1_000).map(|n| json!({"room": "general", "data": n})).collect();
    let answer = pod.post(&messages(), &json!(batch).to_string());
    assert_eq!(answer.status, 202, "{}", answer.body);
    let stamps = answer.json()["messages"].as_array().expect("stamps").clone();
    assert_eq!(stamps.len(), 1_000);
    for (n, stamp) in stamps.iter().enumerate() {
        let message = member.next_json();
        assert_eq!((&message["data"], &message["id"]), (&json!(n), &stamp["id"]));
    }
}

#[test]
fn an_id_that_is_a_uuid_is_kept() {
    let pod = Pod::start(|_| {});
    let id = "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
    let answer = pod.post(&messages(), &json!({"id": id}).to_string());
    assert_eq!(answer.json()["id"], id);
    assert_ne!(pod.post(&messages(), r#"{"id":"mine"}"#).json()["id"], "mine");
}

#[test]
fn a_bad_message_is_named_and_none_is_published() {
    let pod = Pod::start(|_| {});
    let mut member = pod.connect("/ws/general");
    let batch = r#"[{"room":"general"},{"room":"general","type":"nonsense"}]"#;
    let answer = pod.post(&messages(), batch);
    assert_eq!((answer.status, answer.code().as_str()), (400, "unknown_type"));
    assert_eq!(answer.json()["error"]["index"], 1);
    member.expect_nothing();
    for (body, code) in [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("[{}", "invalid_json"),
        ("7", "invalid_message"),
        (r#"{"room":"a\u0000"}"#, "bad_room"),
    ] {
        let answer = pod.post(&messages(), body);
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{body}");
    }
}

#[test]
fn what_is_too_large_is_413_announced_or_not() {
    let pod = Pod::start(|_| {});
    let message = format!(r#"{{"data":"{}"}}"#, "x".repeat(65_536));
    let large = pod.post(&messages(), &message);
    assert_eq!((large.status, large.code().as_str()), (413, "payload_too_large"));
    let batch = format!("[{}]", vec!["{}"; 1_001].join(","));
    assert_eq!(pod.post(&messages(), &batch).status, 413);

    let announced =
        format!("POST {} HTTP/1.1\r\nHost: t\r\nContent-Length: 9999999\r\n\r\n", messages());
    assert_eq!(pod.exchange(announced.as_bytes()).status, 413);

    let mut socket = pod.socket();
    let chunked =
        format!("POST {} HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n", messages());
    socket.write_all(chunked.as_bytes()).expect("a pod that reads");
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(65_536));
    for _ in 0..20 {
        socket.write_all(chunk.as_bytes()).expect("a pod that reads on after it refused");
    }
    let answer = crate::http::read_answer(&mut socket, "POST");
    assert_eq!((answer.status, answer.header("connection")), (413, Some("close")));
}

#[test]
fn a_full_mebibyte_is_taken() {
    let pod = Pod::start(|_| {});
    let message = format!(r#"{{"data":"{}"}}"#, "x".repeat(65_000));
    let mut batch = format!("[{}", vec![message; 16].join(","));
    batch.push_str(&" ".repeat(1024 * 1024 - batch.len() - 1));
    batch.push(']');
    assert_eq!(batch.len(), 1024 * 1024);
    assert_eq!(pod.post(&messages(), &batch).status, 202);
}
