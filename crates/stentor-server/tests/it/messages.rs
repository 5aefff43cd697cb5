//! What clients say and what becomes of it: the format, `data`, ids, the audience, the echo.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{BINARY, Client, TEXT};
use crate::pod::Pod;
use crate::rooms::clients_on_both_shards;

/// The id of a client that asked for events and has not read its welcome yet.
fn client_id(client: &mut Client) -> String {
    let welcome = client.next_json();
    assert_eq!(welcome["data"]["event"], "welcome", "{welcome}");
    welcome["data"]["client_id"].as_str().expect("an id").to_owned()
}

/// Sends a message and returns it as the sender hears it.
fn said(client: &mut Client, message: &Value) -> Value {
    client.send_text(&message.to_string());
    client.next_json()
}

#[test]
fn a_message_is_stamped_and_its_members_stand_in_the_promised_order() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general?events=1");
    let from = client_id(&mut client);
    client.send_text(
        r#"{"timestamp":"1999-01-01T00:00:00Z","data":{"content":"hi"},"from":"me",
            "type":"chat","mine":[1,{"room":"other"}]}"#,
    );
    let text = client.next_text();
    let message: Value = serde_json::from_str(&text).expect("JSON");
    let (id, timestamp) = (&message["id"], message["timestamp"].as_str().expect("a timestamp"));
    let said = format!(r#""from":"{from}","data":{{"content":"hi"}},"timestamp":"{timestamp}""#);
    assert_eq!(text, format!(r#"{{"id":{id},"type":"chat","room":"general",{said}}}"#));
    let shape: String =
        timestamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00.000Z");
    assert!(timestamp > "2026", "{timestamp}");
}

#[test]
fn a_global_message_has_no_room_and_absent_data_is_an_empty_object() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws?events=1");
    let from = client_id(&mut client);
    client.send_text(" {} ");
    let text = client.next_text();
    let message: Value = serde_json::from_str(&text).expect("JSON");
    let (id, timestamp) = (&message["id"], &message["timestamp"]);
    assert_eq!(
        text,
        format!(
            r#"{{"id":{id},"type":"chat","from":"{from}","data":{{}},"timestamp":{timestamp}}}"#
        )
    );
}

#[test]
fn data_is_delivered_byte_for_byte() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let mut speaker = pod.connect("/ws/general?echo=0");
    let mut listener = pod.connect("/ws/general");
    let nested = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let values = [
        "1e999",
        "-0.0",
        "-1E+2",
        "123456789012345678901234567890",
        "0.1000000000000000000000000000001",
        "null",
        "true",
        r#""""#,
        r#""\u00e9\/\u0000 \ud83d\ude00 é 😀""#,
        r#""\ud800""#,
        r#""}, \"timestamp\":\"""#,
        r#"{"b":1,  "a" : [ ] ,"b":2, "":{} }"#,
        "[1,\n\t 2\r]",
        r#"{"type":"error","room":"other","id":7}"#,
        &nested,
    ];
    for value in values {
        for message in [
            format!(r#"{{"data":{value}}}"#),
            format!("{{ \"data\" :\t{value} \r\n , \"type\" : \"chat\" }} "),
            format!("{{\"type\":\"chat\",\"d\\u0061ta\": {value}\n}}\n"),
        ] {
            speaker.send_text(&message);
            let heard = listener.next_text();
            assert!(heard.contains(&format!(r#","data":{value},"timestamp":""#)), "{heard}");
        }
    }
}

#[test]
fn a_binary_frame_with_json_is_a_message_and_goes_out_as_text() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    client.send_frame(0x80 | BINARY, r#"{"data":"é"}"#.as_bytes());
    let frame = client.next_frame().expect("a frame");
    assert_eq!((frame.is_final, frame.opcode), (true, TEXT));
    assert!(frame.payload.windows(4).any(|window| window == "\"é\"".as_bytes()));
}

#[test]
fn an_id_that_is_a_uuid_is_kept_and_any_other_becomes_a_new_uuidv7() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    for id in ["0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee", "00000000-0000-0000-0000-000000000000"] {
        assert_eq!(said(&mut client, &json!({"id": id}))["id"], id);
    }
    let mut seen = Vec::new();
    for id in [json!("mine"), json!(""), json!(7), json!(null), json!({}), json!("x".repeat(500))] {
        let message = said(&mut client, &json!({"id": id}));
        let new = Uuid::parse_str(message["id"].as_str().expect("an id")).expect("a UUID");
        assert_eq!(new.get_version_num(), 7, "{message}");
        seen.push(new);
    }
    assert!(seen.is_sorted() && seen.windows(2).all(|pair| pair[0] != pair[1]), "{seen:?}");
}

#[test]
fn an_absent_room_is_the_first_one_and_null_and_empty_are_everybody() {
    let pod = Pod::start(|_| {});
    let mut speaker = pod.connect("/ws/first?room=second");
    let mut others = [pod.connect("/ws/second"), pod.connect("/ws/third"), pod.connect("/ws")];
    assert_eq!(said(&mut speaker, &json!({}))["room"], "first");
    others.iter_mut().for_each(Client::expect_nothing);
    for room in [json!(null), json!("")] {
        assert_eq!(said(&mut speaker, &json!({"room": room})).get("room"), None);
        for other in &mut others {
            assert_eq!(other.next_json().get("room"), None);
        }
    }
    assert_eq!(said(&mut speaker, &json!({"room": "second"}))["room"], "second");
    assert_eq!(others[0].next_json()["room"], "second");
    others.iter_mut().for_each(Client::expect_nothing);
}

#[test]
fn who_is_in_no_room_speaks_to_everybody_by_default() {
    let pod = Pod::start(|_| {});
    let (mut speaker, mut other) = (pod.connect("/ws"), pod.connect("/ws/a"));
    assert_eq!(said(&mut speaker, &json!({"data": 1})).get("room"), None);
    assert_eq!(other.next_json()["data"], 1);
}

#[test]
fn sending_to_a_room_takes_no_membership() {
    let pod = Pod::start(|_| {});
    let (mut speaker, mut member) = (pod.connect("/ws/own"), pod.connect("/ws/foreign"));
    speaker.send_text(r#"{"room":"foreign","data":1}"#);
    speaker.expect_nothing();
    assert_eq!(member.next_json()["room"], "foreign");
    speaker.send_text(r#"{"room":"where nobody is"}"#);
    speaker.expect_nothing();
    member.expect_nothing();
}

#[test]
fn a_room_name_is_escaped_where_json_wants_it() {
    let pod = Pod::start(|_| {});
    let mut member = pod.connect("/ws?room=%22a%5C%20%C3%A9");
    let message = said(&mut member, &json!({"room": "\"a\\ é"}));
    assert_eq!(message["room"], "\"a\\ é");
}

#[test]
fn who_wants_no_echo_hears_all_but_its_own() {
    let pod = Pod::start(|_| {});
    let mut silent = pod.connect("/ws/general?echo=0");
    let mut other = pod.connect("/ws/general");
    for turn in 0..3 {
        silent.send_text(&json!({"data": ["silent", turn]}).to_string());
        assert_eq!(other.next_json()["data"], json!(["silent", turn]));
        said(&mut other, &json!({"data": ["other", turn]}));
        assert_eq!(silent.next_json()["data"], json!(["other", turn]));
    }
    silent.send_text(r#"{"room":null,"data":"to all"}"#);
    assert_eq!(other.next_json()["data"], "to all");
    silent.expect_nothing();
}

#[test]
fn a_ping_is_answered_to_its_sender_alone_with_its_id_and_data() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    let mut other = pod.connect("/ws/general");
    let id = "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
    client.send_text(&format!(r#"{{"type":"ping","id":"{id}","data":{{"n": 1.0}}}}"#));
    let text = client.next_text();
    let pong: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!((&pong["type"], &pong["id"]), (&json!("pong"), &json!(id)));
    assert!(text.contains(r#""data":{"n": 1.0},"#), "{text}");
    client.send_text(r#"{"type":"pong","data":"ignored"}"#);
    client.expect_nothing();
    other.expect_nothing();
}

#[test]
fn who_opts_into_nothing_hears_the_first_message_as_its_first_frame() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let mut quiet = pod.connect("/ws/general");
    let mut busy = pod.connect("/ws/general?events=1&ack=1&presence=1");
    busy.send_text(r#"{"type":"join","room":"another"}"#);
    busy.send_text(r#"{"type":"leave","room":"another"}"#);
    busy.send_text(r#"{"type":"nonsense"}"#);
    drop(pod.connect("/ws/general"));
    busy.send_text(r#"{"room":"general","data":"first"}"#);
    assert_eq!(quiet.next_json()["data"], "first");
}

#[test]
fn a_message_that_is_sent_again_is_delivered_once_on_every_shard() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let mut clients = clients_on_both_shards(&pod, "/ws/general");
    let id = "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
    let message = json!({"id": id, "data": "once"}).to_string();
    clients[0].send_text(&message);
    for client in &mut clients {
        assert_eq!(client.next_json()["data"], "once");
    }
    // Again from everywhere; what follows from the same sender shows that it went nowhere.
    for sender in 0..clients.len() {
        clients[sender].send_text(&message);
        clients[sender].send_text(&json!({"data": sender}).to_string());
        for client in &mut clients {
            assert_eq!(client.next_json()["data"], sender);
        }
    }
    clients[0].send_text(&json!({"id": id, "room": null, "data": "elsewhere"}).to_string());
    assert_eq!(clients[0].next_json()["data"], "elsewhere");
}

#[test]
fn an_ack_tells_the_id_and_whether_the_room_had_it_already() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/general?ack=1&echo=0");
    let id = "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
    for duplicate in [false, true, true] {
        let ack = said(&mut client, &json!({"id": id}));
        assert_eq!((&ack["type"], &ack["from"]), (&json!("system"), &json!("server")));
        assert_eq!(ack["data"], json!({"event": "ack", "id": id, "duplicate": duplicate}));
    }
    let mut member = pod.connect("/ws/general");
    let ack = said(&mut client, &json!({"id": "no uuid"}));
    assert_eq!(ack["data"]["id"], member.next_json()["id"]);
    assert_eq!(ack["data"]["duplicate"], false);
    client.send_text(r#"{"type":"pong"}"#);
    client.expect_nothing();
}

#[test]
fn the_welcome_is_the_first_frame_and_tells_who_and_where() {
    let pod = Pod::start(|settings| {
        settings.ping_interval = std::time::Duration::from_millis(1_500);
    });
    let mut client = pod.connect("/ws/b?room=a&room=b&events=1");
    let welcome = client.next_json();
    assert_eq!(welcome["type"], "system");
    let data = &welcome["data"];
    assert_eq!(data["event"], "welcome");
    assert_eq!(data["user"], Value::Null);
    assert_eq!(data["rooms"], json!(["b", "a"]));
    assert_eq!(data["pod"], pod.stats()["pod"]);
    assert_eq!(data["ping_interval_ms"], 1_500);
    assert_eq!(said(&mut client, &json!({}))["from"], data["client_id"]);
}
