//! Rooms: who is in which, who hears what, over several shards.

use serde_json::{Value, json};

use crate::client::Client;
use crate::pod::{BASE, Pod, wait_until};

/// Connects clients to one target until each of a pod's shards has two of them. The kernel
/// chooses the shard of a socket.
pub(crate) fn clients_on_both_shards(pod: &Pod, target: &str) -> Vec<Client> {
    let before = pod.engine().inspect().connections();
    let mut clients = Vec::new();
    for _ in 0..64 {
        clients.push(pod.connect(target));
        let expected = before + clients.len() as u64;
        wait_until("the new member", || pod.engine().inspect().connections() == expected);
        if pod.engine().inspect().shards.iter().all(|shard| shard.connections >= 2) {
            return clients;
        }
    }
    panic!("of 64 sockets none reached one of the shards: {:?}", pod.engine().inspect());
}

fn asks(client: &mut Client, kind: &str, room: &str) -> Value {
    client.send_text(&json!({"type": kind, "room": room}).to_string());
    client.next_json()
}

/// What `joined` and `left` say: their room and how many members it has.
fn answer(event: &str, members: usize) -> Value {
    json!({"event": event, "members": members})
}

fn occupancy(pod: &Pod, room: &str) -> Value {
    pod.get(&format!("{BASE}/rooms/{room}")).json()["connections"].clone()
}

#[test]
fn a_client_may_be_in_several_rooms_and_hears_each_message_once() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/a?room=b&room=a&room=c");
    let mut speaker = pod.connect("/ws");
    for room in ["a", "b", "c", "d"] {
        speaker.send_text(&json!({"room": room, "data": room}).to_string());
    }
    for room in ["a", "b", "c"] {
        assert_eq!(client.next_json()["room"], room);
    }
    client.expect_nothing();
    speaker.expect_nothing();
    assert_eq!(pod.get(&format!("{BASE}/rooms")).json()["total"], 3);
}

#[test]
fn joining_and_leaving_are_answered_with_the_members_of_all_shards() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let mut clients = clients_on_both_shards(&pod, "/ws");
    let total = clients.len();
    for (index, client) in clients.iter_mut().enumerate() {
        let joined = asks(client, "join", "general");
        assert_eq!((&joined["type"], &joined["room"]), (&json!("system"), &json!("general")));
        assert_eq!(joined["data"], answer("joined", index + 1));
    }
    assert_eq!(occupancy(&pod, "general"), total);
    clients[0].send_text(r#"{"data":"now it is the first room"}"#);
    for client in &mut clients {
        assert_eq!(client.next_json()["room"], "general");
    }
    for (index, client) in clients.iter_mut().enumerate() {
        let left = asks(client, "leave", "general");
        assert_eq!((&left["type"], &left["room"]), (&json!("system"), &json!("general")));
        assert_eq!(left["data"], answer("left", total - index - 1));
    }
    assert_eq!(pod.get(&format!("{BASE}/rooms")).json(), json!({"total": 0, "rooms": []}));
}

#[test]
fn joining_twice_is_answered_like_joining_and_counts_once() {
    let pod = Pod::start(|_| {});
    let (mut client, _other) = (pod.connect("/ws/a"), pod.connect("/ws/a"));
    for _ in 0..3 {
        assert_eq!(asks(&mut client, "join", "a")["data"], answer("joined", 2));
    }
    client.send_text(r#"{"data":"once"}"#);
    assert_eq!(client.next_json()["data"], "once");
    assert_eq!(asks(&mut client, "leave", "a")["data"], answer("left", 1));
    assert_eq!(asks(&mut client, "leave", "a")["data"]["code"], "not_a_member");
}

#[test]
fn after_leaving_the_first_room_the_next_one_is_the_first() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws?room=a&room=b&room=c");
    for (left, next) in [("a", Some("b")), ("c", Some("b")), ("b", None)] {
        assert_eq!(asks(&mut client, "leave", left)["data"]["event"], "left");
        client.send_text("{}");
        assert_eq!(client.next_json().get("room").and_then(Value::as_str), next);
    }
    asks(&mut client, "join", "d");
    client.send_text("{}");
    assert_eq!(client.next_json()["room"], "d");
}

#[test]
fn who_left_hears_what_was_said_before_and_nothing_after() {
    let pod = Pod::start(|_| {});
    let mut client = pod.connect("/ws/a");
    let mut other = pod.connect("/ws/a");
    // One segment, so that the pod takes all of it in one turn.
    let mut bytes = Vec::new();
    for text in [
        r#"{"data":"before"}"#,
        r#"{"type":"leave","room":"a"}"#,
        r#"{"room":"a","data":"away"}"#,
        r#"{"type":"join","room":"a"}"#,
        r#"{"data":"back"}"#,
    ] {
        bytes.extend(crate::client::masked_frame(0x81, text.as_bytes()));
    }
    client.send_raw(&bytes);
    let mut heard: Vec<Value> = (0..4).map(|_| client.next_json()).collect();
    client.expect_nothing();
    heard.retain(|message| message["type"] == "chat");
    let heard: Vec<&Value> = heard.iter().map(|message| &message["data"]).collect();
    assert_eq!(heard, ["before", "back"]);
    for data in ["before", "away", "back"] {
        assert_eq!(other.next_json()["data"], data);
    }
}

#[test]
fn a_room_without_members_leaves_nothing_behind() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let mut stays = pod.connect("/ws/stays");
    for round in 0..3 {
        let mut leaves = pod.connect("/ws/left?room=cut");
        let mut says_goodbye = pod.connect("/ws/closed?room=left");
        pod.wait_for_stats("the members", |stats| stats["rooms"] == 4);
        asks(&mut leaves, "leave", "left");
        drop(leaves);
        says_goodbye.send_frame(0x88, &1000_u16.to_be_bytes());
        assert_eq!(says_goodbye.next_close().0, 1000);
        pod.wait_for_stats("the rooms to vanish", |stats| stats["rooms"] == 1);
        let rooms = pod.get(&format!("{BASE}/rooms")).json()["rooms"].clone();
        assert_eq!(rooms, json!([{"room": "stays", "connections": 1}]), "round {round}");
    }
    stays.expect_nothing();
}

#[test]
fn a_global_message_reaches_members_of_any_room_and_of_none_on_every_shard() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let mut clients = clients_on_both_shards(&pod, "/ws/a");
    clients.push(pod.connect("/ws/b?room=c"));
    clients.push(pod.connect("/ws"));
    for sender in 0..clients.len() {
        clients[sender].send_text(&json!({"room": null, "data": sender}).to_string());
        for client in &mut clients {
            let message = client.next_json();
            assert_eq!((&message["data"], message.get("room")), (&json!(sender), None));
        }
    }
}

#[test]
fn a_room_message_reaches_its_members_on_every_shard_and_nobody_else() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let mut members = clients_on_both_shards(&pod, "/ws/general");
    let mut others = [pod.connect("/ws/other"), pod.connect("/ws")];
    for sender in 0..members.len() {
        members[sender].send_text(&json!({"data": sender}).to_string());
        for member in &mut members {
            assert_eq!(member.next_json()["data"], sender);
        }
    }
    others[0].send_text(r#"{"room":"general","data":"from outside"}"#);
    for member in &mut members {
        assert_eq!(member.next_json()["data"], "from outside");
    }
    others.iter_mut().for_each(Client::expect_nothing);
}

#[test]
fn a_room_of_128_bytes_of_any_script_is_a_room_by_path_and_by_query() {
    let pod = Pod::start(|_| {});
    let encoded = "%F0%9F%98%80".repeat(32);
    let mut by_path = pod.connect(&format!("/ws/{encoded}"));
    let mut by_query = pod.connect(&format!("/ws?room={encoded}"));
    by_path.send_text("{}");
    for client in [&mut by_path, &mut by_query] {
        assert_eq!(client.next_json()["room"], "😀".repeat(32));
    }
    let longer = pod.try_connect(&format!("/ws/{encoded}x"), &[]).expect_err("129 bytes");
    assert_eq!((longer.status, longer.code().as_str()), (400, "bad_room"));
}
