//! `ws/stats?top=`: who is behind, and what is busy.

use serde_json::{Value, json};
use stentor_server::engine::SlowConsumer;

use crate::pod::{BASE, Pod, wait_until};
use crate::slow::talk;

fn top(pod: &Pod, query: &str) -> Value {
    let answer = pod.get(&format!("{BASE}/ws/stats?{query}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["top"].clone()
}

#[test]
fn a_reader_that_stops_stands_in_front_on_every_shard_and_goes_with_its_connection() {
    let pod = Pod::start(|settings| {
        settings.rate_limit = 0;
        settings.slow_consumer = SlowConsumer::Gap;
        settings.shards = 2;
    });
    let none = json!({"by": "lag", "connections": []});
    assert_eq!(top(&pod, "top=lag"), none);
    let mut slow: Vec<_> = (0..4).map(|_| pod.connect("/ws/general?events=1")).collect();
    let ids: Vec<Value> =
        slow.iter_mut().map(|client| client.next_json()["data"]["client_id"].clone()).collect();
    let mut reader = pod.connect("/ws/general");
    talk(&pod, &mut reader);
    for order in ["lag", "bytes"] {
        let found = top(&pod, &format!("top={order}"));
        assert_eq!(found["by"], order);
        let behind = found["connections"].as_array().expect("a list");
        assert_eq!(behind.len(), 4, "{found}");
        for one in behind {
            assert!(ids.contains(&one["client_id"]), "{one}");
            assert_eq!((&one["user"], &one["rooms"]), (&Value::Null, &json!(1)));
            assert!(one["queued"].as_u64().is_some_and(|frames| frames > 0), "{one}");
            assert!(one["queued_bytes"].as_u64().is_some_and(|bytes| bytes > 32_000), "{one}");
        }
        let weight = |one: &Value| match order {
            "lag" => one["lag_seconds"].as_f64(),
            _ => one["queued_bytes"].as_f64(),
        };
        assert!(behind.is_sorted_by(|one, other| weight(one) >= weight(other)), "{found}");
        let two = top(&pod, &format!("top={order}&limit=2"));
        assert_eq!(two["connections"].as_array().map(Vec::len), Some(2));
    }
    drop(slow);
    wait_until("nobody is behind", || top(&pod, "top=lag") == none);
}

#[test]
fn the_busiest_room_comes_first_with_the_members_of_all_shards() {
    let pod = Pod::start(|settings| settings.shards = 2);
    let mut clients: Vec<_> = (0..6).map(|_| pod.connect("/ws/busy?room=other")).collect();
    let mut speaker = pod.connect("/ws/busy?room=other&echo=0");
    for text in 0..20 {
        speaker.send_text(&json!({"data": text}).to_string());
        for client in &mut clients {
            client.next_json();
        }
    }
    speaker.send_text(r#"{"room":"other","data":"once"}"#);
    let of = |found: &Value, number: usize| found["rooms"][number].clone();
    wait_until("both rooms", || {
        let found = top(&pod, "top=rooms");
        of(&found, 0)["room"] == "busy" && of(&found, 1)["room"] == "other"
    });
    let found = top(&pod, "top=rooms&limit=1");
    assert_eq!(found["rooms"].as_array().map(Vec::len), Some(1));
    assert_eq!(of(&found, 0)["connections"], 7);
    assert!(of(&found, 0)["deliveries_per_second"].as_f64().is_some_and(|rate| rate > 0.0));
}

#[test]
fn what_cannot_be_asked_is_400_and_statistics_without_a_question_are_as_ever() {
    let pod = Pod::start(|_| {});
    for query in
        ["top=", "top=LAG", "top=all", "top=lag&limit=101", "top=lag&limit=-1", "top=rooms&limit=x"]
    {
        let answer = pod.get(&format!("{BASE}/ws/stats?{query}"));
        assert_eq!(answer.status, 400, "{query}");
        assert_eq!(answer.json()["error"]["code"], "bad_parameter", "{query}");
    }
    for query in ["", "limit=x", "toplag", "room=top"] {
        let stats = pod.get(&format!("{BASE}/ws/stats?{query}")).json();
        assert!(stats.get("top").is_none() && stats["shards"].is_array(), "{query}");
    }
}
