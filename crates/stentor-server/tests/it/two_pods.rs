//! Two pods with Redis between them, in good weather.

use serde_json::{Value, json};
use stentor_testbed::Redis;

use crate::client::Client;
use crate::pod::{BASE, Pod};
use crate::redis::{at, expect_all, metric, pod, publish, say, say_all, wait_for_metric, wait_up};

/// Hears so many messages, each of which says by whom it is and which number it has there.
fn hear(mut client: Client, count: usize) -> Vec<(String, u64)> {
    let of = |message: &Value| {
        let by = message["data"]["by"].as_str().expect("a name").to_owned();
        (by, message["data"]["n"].as_u64().expect("a number"))
    };
    (0..count).map(|_| of(&client.next_json())).collect()
}

#[test]
fn five_thousand_messages_each_way_come_once_and_in_order() {
    const MESSAGES: u64 = 5_000;
    let redis = Redis::start();
    let pods = [("ann", pod(&redis)), ("bob", pod(&redis))];
    let listeners = pods.each_ref().map(|(_, pod)| {
        let client = pod.connect("/ws/general");
        std::thread::spawn(move || hear(client, 2 * MESSAGES as usize))
    });
    let speakers = pods.each_ref().map(|(name, pod)| {
        let mut speaker = pod.connect("/ws");
        let name = *name;
        std::thread::spawn(move || {
            for n in 0..MESSAGES {
                let message = json!({"room": "general", "data": {"by": name, "n": n}});
                speaker.send_text(&message.to_string());
            }
            speaker
        })
    });
    for listener in listeners {
        let heard = listener.join().expect("a listener that hears all");
        for (name, _) in &pods {
            let numbers: Vec<u64> =
                heard.iter().filter(|(by, _)| by == name).map(|(_, n)| *n).collect();
            assert_eq!(numbers, (0..MESSAGES).collect::<Vec<u64>>(), "{name}");
        }
    }
    for speaker in speakers {
        speaker.join().expect("a speaker that says all").expect_nothing();
    }
    for (_, pod) in &pods {
        assert_eq!(pod.stats()["messages_dropped"], 0);
        assert_eq!(metric(pod, "messages_dropped_total"), 0.0);
    }
}

#[test]
fn two_hundred_fresh_rooms_hear_what_is_said_elsewhere_right_after_their_101() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut speaker = a.connect("/ws");
    let mut members = Vec::new();
    for n in 0..200 {
        members.push(b.connect(&format!("/ws/room-{n}")));
        say(&mut speaker, &format!("room-{n}"), n);
    }
    for (n, member) in members.iter_mut().enumerate() {
        assert_eq!(member.next_json()["data"], n);
    }
}

#[test]
fn a_room_that_is_joined_later_by_message_hears_the_other_pod_too() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut member = b.connect("/ws");
    member.send_text(r#"{"type":"join","room":"late"}"#);
    assert_eq!(member.next_json()["data"]["event"], "joined");
    say(&mut a.connect("/ws"), "late", 7);
    assert_eq!(member.next_json()["data"], 7);
}

#[test]
fn what_is_for_everybody_reaches_who_is_in_no_room_of_the_other_pod() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut listeners = [b.connect("/ws"), b.connect("/ws/general")];
    a.connect("/ws").send_text(r#"{"data":"to all"}"#);
    for listener in &mut listeners {
        let message = listener.next_json();
        assert_eq!((&message["data"], message.get("room")), (&json!("to all"), None));
    }
}

#[test]
fn what_a_backend_posts_to_one_pod_is_heard_on_the_other_as_it_was_stamped() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut here = a.connect("/ws/general");
    let mut there = b.connect("/ws/general");
    let body = r#"{"type":"notification","room":"general","data":{"n": 1.00,"a":[ ]}}"#;
    let answer = a.post(&format!("{BASE}/messages"), body);
    assert_eq!(answer.status, 202);
    let text = there.next_text();
    assert_eq!(text, here.next_text());
    assert!(text.contains(r#""data":{"n": 1.00,"a":[ ]}"#), "{text}");
    let message: Value = serde_json::from_str(&text).expect("JSON");
    for member in ["id", "timestamp"] {
        assert_eq!(message[member], answer.json()[member], "{member}");
    }
}

#[test]
fn a_pod_ignores_the_echo_of_what_it_said() {
    let redis = Redis::start();
    let a = pod(&redis);
    let mut member = a.connect("/ws/general");
    say_all(&mut member, "general", 0..3);
    expect_all(&mut member, 0..3);
    wait_for_metric(&a, "messages_echoed_total", 3.0);
    member.expect_nothing();
    assert_eq!(metric(&a, "messages_heard_total"), 0.0);
}

#[test]
fn a_resend_through_another_pod_is_delivered_once() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut listeners = [a.connect("/ws/general"), b.connect("/ws/general")];
    let message = r#"{"id":"0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee","room":"general","data":1}"#;
    a.connect("/ws").send_text(message);
    listeners.iter_mut().for_each(|listener| expect_all(listener, 1..2));
    let mut again = b.connect("/ws");
    again.send_text(message);
    say(&mut again, "general", 2);
    listeners.iter_mut().for_each(|listener| expect_all(listener, 2..3));
}

#[test]
fn another_program_is_heard_stamped_and_its_rubbish_harms_nobody() {
    let redis = Redis::start();
    let pods = [pod(&redis), pod(&redis)];
    let mut members = pods.each_ref().map(|pod| pod.connect("/ws/general"));
    let too_large = format!(r#"{{"data":"{}"}}"#, "x".repeat(65_536));
    let rubbish: [&[u8]; 7] = [
        b"rubbish",
        b"",
        b"\xff\xfe",
        b"[1]",
        b"{\"type\":\"nonsense\"}",
        too_large.as_bytes(),
        &[b'['; 70_000],
    ];
    for payload in rubbish {
        publish(&redis, "realtime:room:general", payload);
    }
    publish(&redis, "realtime:room:general", r#"{"type":"notification","data":{"n": 1.00}}"#);
    for member in &mut members {
        let text = member.next_text();
        assert!(text.contains(r#""data":{"n": 1.00}"#), "{text}");
        let message: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(message["type"], "notification");
        assert_eq!(message["room"], "general");
        for stamped in ["id", "from", "timestamp"] {
            assert!(message[stamped].as_str().is_some_and(|text| !text.is_empty()), "{message}");
        }
        member.expect_nothing();
    }
    for pod in &pods {
        wait_for_metric(pod, "messages_foreign_total", 1.0);
        assert_eq!(metric(pod, "messages_foreign_total"), 1.0);
        assert_eq!(metric(pod, "payloads_rubbish_total"), rubbish.len() as f64);
    }
}

#[test]
fn a_stamp_that_another_program_brings_is_kept() {
    let redis = Redis::start();
    let a = pod(&redis);
    let mut member = a.connect("/ws/general");
    let id = "0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
    let message = json!({"id": id, "from": "cron", "timestamp": "2026-02-05T00:00:00.000Z"});
    publish(&redis, "realtime:room:general", message.to_string());
    let heard = member.next_json();
    for kept in ["id", "from", "timestamp"] {
        assert_eq!(heard[kept], message[kept], "{heard}");
    }
}

#[test]
fn a_prefix_keeps_two_deployments_on_one_redis_apart() {
    let redis = Redis::start();
    let arguments = stentor_server::Arguments {
        redis_url: Some(redis.url()),
        redis_prefix: Some("blue".to_owned()),
        ..stentor_server::Arguments::default()
    };
    let told = stentor_server::Settings::read(&arguments).expect("valid settings");
    let blue = Pod::start(|settings| settings.bus = told.bus);
    wait_up(&blue);
    let green = pod(&redis);
    let mut member_of_blue = blue.connect("/ws/general");
    let mut member_of_green = green.connect("/ws/general");
    say(&mut member_of_green, "general", 1);
    expect_all(&mut member_of_green, 1..2);
    wait_for_metric(&green, "messages_published_total", 1.0);
    // What blue hears of its own channel was published behind what green said.
    publish(&redis, "blue:room:general", r#"{"data":2}"#);
    expect_all(&mut member_of_blue, 2..3);
    member_of_green.expect_nothing();
}

#[test]
fn a_room_without_members_here_costs_this_pod_no_message() {
    let redis = Redis::start();
    let (a, b) = (pod(&redis), pod(&redis));
    let mut member = b.connect("/ws/served");
    let mut speaker = a.connect("/ws");
    say_all(&mut speaker, "elsewhere", 0..100);
    say(&mut speaker, "served", 100);
    expect_all(&mut member, 100..101);
    wait_for_metric(&b, "messages_heard_total", 1.0);
    assert_eq!(metric(&b, "messages_heard_total"), 1.0);
}

#[test]
fn a_pod_with_several_shards_is_heard_and_hears_on_all_of_them() {
    let redis = Redis::start();
    let many = |settings: &mut stentor_server::Settings| {
        at(&redis.url())(settings);
        settings.shards = 2;
    };
    let pods = [Pod::start(many), Pod::start(many)];
    pods.iter().for_each(wait_up);
    let mut members: Vec<Client> = (0..16).map(|n| pods[n % 2].connect("/ws/general")).collect();
    let mut speakers = pods.each_ref().map(|pod| pod.connect("/ws"));
    say_all(&mut speakers[0], "general", 0..50);
    members.iter_mut().for_each(|member| expect_all(member, 0..50));
    say_all(&mut speakers[1], "general", 50..100);
    members.iter_mut().for_each(|member| expect_all(member, 50..100));
}
