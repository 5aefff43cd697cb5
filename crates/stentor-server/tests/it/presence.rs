//! Who comes and goes, for those who asked.

use rustix::process::Signal;
use serde_json::{Value, json};
use stentor_server::Settings;
use stentor_testbed::Redis;

use crate::binary::Process;
use crate::client::Client;
use crate::pod::{BASE, Pod, wait_until};
use crate::redis::{at, pod, wait_down, wait_up};
use crate::rooms::clients_on_both_shards;
use crate::shapes::{token_of, with_tokens};

/// A client that hears its welcome and is told who comes and goes; and its own id.
fn watcher(pod: &Pod, room: &str) -> (Client, String) {
    arrival(pod, &format!("/ws/{room}?events=1&presence=1"))
}

/// A client that hears its welcome, and its own id.
fn arrival(pod: &Pod, target: &str) -> (Client, String) {
    let mut client = pod.connect(target);
    let welcome = client.next_json();
    let id = welcome["data"]["client_id"].as_str().expect("an id").to_owned();
    (client, id)
}

/// The next word about presence: of whom, and what.
fn told(client: &mut Client) -> (String, String) {
    let message = client.next_json();
    assert_eq!((&message["type"], &message["from"]), (&json!("presence"), &json!("server")));
    let word = |name: &str| message["data"][name].as_str().unwrap_or_default().to_owned();
    (word("client_id"), word("status"))
}

fn says(client: &mut Client, data: Value) {
    client.send_text(&json!({"type": "presence", "data": data}).to_string());
}

fn quick(grace_millis: u64) -> impl FnOnce(&mut Settings) {
    move |settings| {
        settings.shards = 2;
        settings.presence.grace = std::time::Duration::from_millis(grace_millis);
    }
}

fn word(id: &str, status: &str) -> (String, String) {
    (id.to_owned(), status.to_owned())
}

#[test]
fn who_asked_is_told_who_comes_is_away_and_goes_and_nobody_else_is() {
    let pod = Pod::start(quick(0));
    let (mut watcher, own) = watcher(&pod, "a");
    let mut deaf = pod.connect("/ws/a");
    let (mut guest, id) = arrival(&pod, "/ws/a?events=1");
    let mut come: Vec<(String, String)> = (0..2).map(|_| told(&mut watcher)).collect();
    come.retain(|(_, status)| status == "online");
    assert!(come.len() == 2 && come.contains(&word(&id, "online")), "{come:?}");
    says(&mut guest, json!({"status": "away", "mood": "tired"}));
    assert_eq!(told(&mut watcher), word(&id, "away"));
    says(&mut guest, json!({"status": "online"}));
    assert_eq!(told(&mut watcher), word(&id, "online"));
    // It hears what it says of itself, as with every message.
    says(&mut watcher, json!({"status": "away"}));
    assert_eq!(told(&mut watcher), word(&own, "away"));
    guest.expect_nothing();
    deaf.expect_nothing();
    drop(guest);
    assert_eq!(told(&mut watcher), word(&id, "offline"));
    watcher.expect_nothing();
}

#[test]
fn members_of_other_shards_come_and_go_too() {
    let pod = Pod::start(quick(0));
    let mut watchers = clients_on_both_shards(&pod, "/ws/a?presence=1");
    let (guest, id) = arrival(&pod, "/ws/a?events=1");
    for watcher in &mut watchers {
        // The others came one after the other.
        while told(watcher) != word(&id, "online") {}
    }
    drop(guest);
    for watcher in &mut watchers {
        while told(watcher) != word(&id, "offline") {}
    }
}

#[test]
fn who_comes_back_within_the_grace_never_went() {
    let pod = Pod::start(|settings| {
        with_tokens(settings);
        quick(60_000)(settings);
    });
    let target = |name: &str| format!("/ws/a?presence=1&token={}", token_of(name));
    let mut watcher = pod.connect(&target("ann"));
    let bob = pod.connect(&target("bob"));
    let of = |message: Value| (message["data"]["user"].clone(), message["data"]["status"].clone());
    assert_eq!(of(watcher.next_json()), (json!("bob"), json!("online")));
    drop(bob);
    wait_until("bob to be gone", || pod.engine().inspect().connections() == 1);
    let mut bob = pod.connect(&target("bob"));
    let _second = pod.connect(&target("bob"));
    let _carl = pod.connect(&target("carl"));
    assert_eq!(of(watcher.next_json()), (json!("carl"), json!("online")), "bob never went");
    assert_eq!(of(bob.next_json()), (json!("carl"), json!("online")));
    watcher.expect_nothing();
}

#[test]
fn a_room_with_many_members_tells_how_many() {
    let pod = Pod::start(|settings| {
        quick(0)(settings);
        settings.presence.members_max = 3;
    });
    let (mut watcher, _) = watcher(&pod, "a");
    wait_until("the watcher to be counted", || pod.engine().inspect().connections() == 1);
    let mut crowd = clients_on_both_shards(&pod, "/ws/a");
    while crowd.len() < 8 {
        crowd.push(pod.connect("/ws/a"));
    }
    let everybody = crowd.len() + 1;
    let mut message = watcher.next_json();
    while message["data"]["members"] != everybody {
        message = watcher.next_json();
    }
    assert_eq!(message["data"], json!({"members": everybody}));
    let room = pod.get(&format!("{BASE}/rooms/a")).json();
    assert_eq!(room["connections_in_all_pods"], everybody);
    assert_eq!(room["members"], Value::Null);
}

#[test]
fn the_room_says_who_is_in_it_once_somebody_asked() {
    let pod = Pod::start(quick(0));
    let (_guest, guest) = arrival(&pod, "/ws/a?events=1");
    let room = format!("{BASE}/rooms/a");
    assert_eq!(pod.get(&room).json(), json!({"room": "a", "connections": 1}));
    let (watcher, own) = watcher(&pod, "a");
    let mut known = json!(null);
    wait_until("the room to be known", || {
        known = pod.get(&room).json();
        known["connections_in_all_pods"] == 2
    });
    let mut ids: Vec<&str> = known["members"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|member| {
            assert_eq!(member["status"], "online");
            member["client_id"].as_str()
        })
        .collect();
    ids.sort_unstable();
    let mut expected = [guest.as_str(), own.as_str()];
    expected.sort_unstable();
    assert_eq!(ids, expected);
    drop(watcher);
    wait_until("nobody to ask any more", || pod.get(&room).json()["members"].is_null());
}

#[test]
fn a_bad_word_of_presence_is_refused_and_told_to_nobody() {
    let pod = Pod::start(quick(0));
    let (mut watcher, _) = watcher(&pod, "a");
    let (mut guest, _) = arrival(&pod, "/ws/a?events=1&ack=1");
    told(&mut watcher);
    let huge = "x".repeat(60_000);
    for (message, code) in [
        (json!({"data": {"status": "offline"}}), "invalid_message"),
        (json!({"data": {"status": 7}}), "invalid_message"),
        (json!({"data": {"status": huge}}), "invalid_message"),
        (json!({"data": "away"}), "invalid_message"),
        (json!({}), "invalid_message"),
        (json!({"room": "elsewhere", "data": {"status": "away"}}), "not_a_member"),
        (json!({"room": null, "data": {"status": "away"}}), "not_a_member"),
    ] {
        let mut message = message;
        message["type"] = json!("presence");
        guest.send_text(&message.to_string());
        let answer = guest.next_json();
        assert_eq!(answer["data"]["code"], code, "{answer}");
    }
    watcher.expect_nothing();
    says(&mut guest, json!({"status": "away"}));
    assert_eq!(guest.next_json()["data"]["event"], "ack");
    assert_eq!(told(&mut watcher).1, "away");
}

#[test]
fn other_pods_members_come_and_go_too_and_rubbish_harms_nobody() {
    let redis = Redis::start();
    let start = || {
        let tell = at(&redis.url());
        let pod = Pod::start(|settings| {
            tell(settings);
            quick(0)(settings);
        });
        wait_up(&pod);
        pod
    };
    let (a, b) = (start(), start());
    let (_there, there) = arrival(&b, "/ws/a?events=1");
    let (mut watcher, own) = watcher(&a, "a");
    let room = format!("{BASE}/rooms/a");
    wait_until("the other pod to be known", || a.get(&room).json()["connections_in_all_pods"] == 2);
    // The first of a room that the other pod did not hear before, and one more of one that it did.
    let (mut guest, id) = arrival(&b, "/ws/a?events=1");
    assert_eq!(told(&mut watcher), word(&id, "online"));
    for rubbish in [
        r#"{"pod":"x","presence":{"tale":"gossip"}}"#,
        r#"{"pod":"x","presence":}"#,
        r#"{"pod":"x","presence":{"tale":"here","shard":70000,"answer":true,"count":1,"people":[]}}"#,
    ] {
        crate::redis::publish(&redis, "realtime:room:a", rubbish);
    }
    says(&mut guest, json!({"status": "away"}));
    assert_eq!(told(&mut watcher), word(&id, "away"));
    drop(guest);
    assert_eq!(told(&mut watcher), word(&id, "offline"));
    let members = a.get(&room).json()["members"].as_array().expect("a list").len();
    assert_eq!(members, 2, "{own} and {there}");
    watcher.expect_nothing();
}

#[test]
fn the_first_of_a_room_on_another_pod_is_told_though_that_had_not_heard_the_question() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let (mut watcher, _) = watcher(&a, "a");
    let (_guest, id) = arrival(&b, "/ws/a?events=1");
    assert_eq!(told(&mut watcher), word(&id, "online"));
}

#[test]
fn the_people_of_a_pod_that_is_killed_are_gone_and_a_redis_that_is_away_takes_nobody() {
    let mut redis = Redis::start();
    let a = pod(&redis);
    let b = Process::start(&["--redis-url", &redis.url(), "--shards=2"]);
    let (mut watcher, _) = watcher(&a, "a");
    let mut guest = b.connect("/ws/a?events=1");
    let id = guest.next_json()["data"]["client_id"].as_str().expect("an id").to_owned();
    assert_eq!(told(&mut watcher), word(&id, "online"));
    // Nothing is heard of the other pod while nothing is heard at all.
    redis.kill();
    wait_down(&a);
    redis.start_again();
    wait_up(&a);
    // Those events of its own are told, and nothing of presence before the kill.
    b.signal(Signal::KILL);
    let mut message = watcher.next_json();
    while message["type"] != "presence" {
        message = watcher.next_json();
    }
    assert_eq!(message["data"]["client_id"], id);
    assert_eq!(message["data"]["status"], "offline");
}

#[test]
fn who_goes_or_comes_while_redis_is_away_is_told_when_it_is_back() {
    let mut redis = Redis::start();
    let start = || {
        let tell = at(&redis.url());
        let pod = Pod::start(|settings| {
            tell(settings);
            quick(0)(settings);
        });
        wait_up(&pod);
        pod
    };
    let (a, b) = (start(), start());
    let mut watcher = a.connect("/ws/a?presence=1");
    let (_stays, stays) = arrival(&b, "/ws/a?events=1");
    let (goes, gone) = arrival(&b, "/ws/a?events=1");
    let mut come = [told(&mut watcher), told(&mut watcher)];
    come.sort_unstable();
    let mut expected = [word(&stays, "online"), word(&gone, "online")];
    expected.sort_unstable();
    assert_eq!(come, expected);
    redis.kill();
    wait_down(&a);
    wait_down(&b);
    drop(goes);
    wait_until("it to be gone", || b.engine().inspect().connections() == 1);
    let _comes = b.connect("/ws/a");
    watcher.expect_nothing();
    redis.start_again();
    wait_up(&a);
    let mut words = [told(&mut watcher).1, told(&mut watcher).1];
    words.sort_unstable();
    assert_eq!(words, ["offline", "online"], "{gone} went and another came");
    let room = format!("{BASE}/rooms/a");
    wait_until("the room", || a.get(&room).json()["connections_in_all_pods"] == 3);
}
