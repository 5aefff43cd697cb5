//! Bad messages: answered to their sender alone, delivered to nobody, and no reason to close.

use serde_json::{Value, json};

use crate::client::{Client, TEXT};
use crate::pod::Pod;

/// Sends a text and returns `data` of the error that answers it.
fn refused(client: &mut Client, text: &str) -> Value {
    client.send_text(text);
    let answer = client.next_json();
    assert_eq!(answer["type"], "error", "{text}: {answer}");
    assert_eq!(answer.as_object().expect("an object").len(), 2, "{answer}");
    assert!(answer["data"]["message"].is_string(), "{answer}");
    answer["data"].clone()
}

#[test]
fn an_error_has_the_promised_form() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    client.send_text(r#"{"id":"my own","type":"system"}"#);
    let text = client.next_text();
    let data = serde_json::from_str::<Value>(&text).expect("JSON")["data"].clone();
    let message = &data["message"];
    let said = format!(r#""code":"forbidden_type","message":{message},"ref":"my own""#);
    assert_eq!(text, format!(r#"{{"type":"error","data":{{{said}}}}}"#));
}

#[test]
fn every_bad_message_has_its_code_and_the_connection_stays_open() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let mut client = pod.connect("/ws/general");
    let mut other = pod.connect("/ws/general");
    let long_room = format!(r#"{{"room":"{}"}}"#, "x".repeat(129));
    for (text, code) in [
        ("", "invalid_json"),
        ("{", "invalid_json"),
        ("nonsense", "invalid_json"),
        ("{} {}", "invalid_json"),
        ("{}x", "invalid_json"),
        (r#"{"data":01}"#, "invalid_json"),
        (r#"{"data":1,}"#, "invalid_json"),
        ("\u{feff}{}", "invalid_json"),
        ("[]", "invalid_message"),
        ("7", "invalid_message"),
        ("null", "invalid_message"),
        (r#""{}""#, "invalid_message"),
        (r#"{"type":7}"#, "invalid_message"),
        (r#"{"type":null}"#, "invalid_message"),
        (r#"{"room":7}"#, "invalid_message"),
        (r#"{"room":["a"]}"#, "invalid_message"),
        (r#"{"type":"shout"}"#, "unknown_type"),
        (r#"{"type":""}"#, "unknown_type"),
        (r#"{"type":"CHAT"}"#, "unknown_type"),
        (r#"{"type":"system"}"#, "forbidden_type"),
        (r#"{"type":"notification"}"#, "forbidden_type"),
        (r#"{"type":"error"}"#, "forbidden_type"),
        (r#"{"room":"a\u0000"}"#, "bad_room"),
        (r#"{"room":"\u0085"}"#, "bad_room"),
        (long_room.as_str(), "bad_room"),
        (r#"{"type":"join"}"#, "bad_room"),
        (r#"{"type":"join","room":null}"#, "bad_room"),
        (r#"{"type":"join","room":""}"#, "bad_room"),
        (r#"{"type":"leave"}"#, "bad_room"),
        (r#"{"type":"leave","room":"elsewhere"}"#, "not_a_member"),
        (r#"{"type":"auth","data":{"token":"t"}}"#, "invalid_message"),
    ] {
        let data = refused(&mut client, text);
        assert_eq!((&data["code"], data.get("ref")), (&json!(code), None), "{text}");
    }
    client.expect_nothing();
    other.expect_nothing();
}

#[test]
fn an_error_names_the_messages_own_id() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    let uuid = "0190AAAA-bbbb-7ccc-8ddd-eeeeeeeeeeee";
    for id in [uuid, "m1", "", "\"quoted\" é\n"] {
        for body in [
            json!({"id": id, "type": 7}),
            json!({"id": id, "type": "shout"}),
            json!({"id": id, "type": "error"}),
            json!({"id": id, "room": "a\n"}),
            json!({"id": id, "type": "leave", "room": "elsewhere"}),
            json!({"id": id, "type": "auth"}),
        ] {
            assert_eq!(refused(&mut client, &body.to_string())["ref"], id, "{body}");
        }
    }
}

#[test]
fn what_nests_more_than_64_deep_is_no_message() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    for inner in ["1", "1e999"] {
        // The message's own braces are the first level.
        let nested = |depth: usize| {
            let (open, close) = ("[".repeat(depth - 1), "]".repeat(depth - 1));
            format!(r#"{{"data":{open}{inner}{close}}}"#)
        };
        client.send_text(&nested(64));
        assert!(client.next_text().contains(inner));
        assert_eq!(refused(&mut client, &nested(65))["code"], "invalid_json");
    }
    let bottomless = "[".repeat(65_000);
    assert_eq!(refused(&mut client, &bottomless)["code"], "invalid_json");
}

#[test]
fn a_binary_frame_without_json_is_answered_like_a_text() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    for bytes in [&b"\xff\xfe"[..], b"", b"{\"data\":\"\xff\"}"] {
        client.send_frame(0x82, bytes);
        assert_eq!(client.next_json()["data"]["code"], "invalid_json");
    }
    client.send_frame(0x80 | TEXT, b"{}");
    assert_eq!(client.next_json()["type"], "chat");
}

#[test]
fn the_129th_room_is_too_many() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let mut client = pod.connect("/ws/r0");
    for room in 1..128 {
        client.send_text(&json!({"type": "join", "room": format!("r{room}")}).to_string());
        assert_eq!(client.next_json()["data"]["event"], "joined", "{room}");
    }
    let join = r#"{"id":"m1","type":"join","room":"r128"}"#;
    let data = refused(&mut client, join);
    assert_eq!((&data["code"], &data["ref"]), (&json!("too_many_rooms"), &json!("m1")));
    assert_eq!(pod.stats()["rooms"], 128);
    client.send_text(r#"{"type":"join","room":"r5"}"#);
    assert_eq!(client.next_json()["data"]["event"], "joined");
    client.send_text(r#"{"type":"leave","room":"r5"}"#);
    assert_eq!(client.next_json()["data"]["event"], "left");
    client.send_text(join);
    assert_eq!(client.next_json()["data"]["event"], "joined");
}
