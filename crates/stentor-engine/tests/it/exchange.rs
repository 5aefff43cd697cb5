//! Two pods and a Redis that works.

use std::collections::HashMap;

use bytes::Bytes;
use stentor_engine::Publication;
use stentor_engine::wire::message_type::MessageType;
use stentor_testbed::Redis;

use crate::client::Client;
use crate::pod::{ACKS, EVENTS, Pod, room};

const ID: &str = "6fa459ea-ee8a-4ca4-894e-db77e160355e";

fn pods(redis: &Redis) -> (Pod, Pod) {
    let (a, b) = (Pod::start("a", &redis.url()), Pod::start("b", &redis.url()));
    (a.up(), b.up())
}

#[test]
fn everybody_hears_everything_once_and_each_sender_in_order() {
    const EACH: u64 = 200;
    let redis = Redis::start();
    let (a, b) = pods(&redis);
    let mut clients: Vec<Client> =
        [&a, &a, &a, &b, &b, &b].map(|pod| pod.client(&["general"])).into();
    for number in 0..EACH {
        let audience = if number.is_multiple_of(4) { "" } else { "general" };
        clients.iter_mut().for_each(|client| client.say(audience, number));
    }
    let all = clients.len() * EACH as usize;
    let said_in = |is_global: bool| -> Vec<u64> {
        (0..EACH).filter(|number| number.is_multiple_of(4) == is_global).collect()
    };
    for client in &mut clients {
        let mut heard: HashMap<(String, bool), Vec<u64>> = HashMap::new();
        for _ in 0..all {
            let message = client.hear();
            let from = message["from"].as_str().expect("a sender").to_owned();
            let number = message["data"].as_u64().expect("a number");
            heard.entry((from, message["room"].is_null())).or_default().push(number);
        }
        assert_eq!(heard.len(), 12, "six senders, each in a room and to everybody");
        for ((_, is_global), numbers) in heard {
            assert_eq!(numbers, said_in(is_global));
        }
    }
    for pod in [&a, &b] {
        let own = 3 * EACH;
        pod.wait_for_counters(|counters| counters.inbox.echoes == own);
        pod.wait_for_counters(|counters| counters.pipeline.published == own);
        assert_eq!(pod.counters().inbox.gaps, 0);
    }
}

#[test]
fn what_the_program_publishes_is_heard_on_the_other_pod_once() {
    let redis = Redis::start();
    let (a, b) = pods(&redis);
    let mut listeners = [a.client(&["general"]), b.client(&["general"])];
    let publication = |number: u64| Publication {
        id: None,
        kind: MessageType::Notification,
        room: number.is_multiple_of(2).then(|| room("general")),
        from: "backend".to_owned(),
        data: Bytes::from(number.to_string()),
    };
    let receipts = a.engine.publish((0..100).map(publication).collect()).expect("there is room");
    for listener in &mut listeners {
        let mut heard: Vec<(u64, String)> = (0..100)
            .map(|_| listener.hear())
            .map(|message| {
                let id = message["id"].as_str().expect("an id").to_owned();
                (message["data"].as_u64().expect("a number"), id)
            })
            .collect();
        heard.sort_unstable();
        let said: Vec<(u64, String)> =
            (0..100).zip(receipts.iter().map(|receipt| receipt.id.to_string())).collect();
        assert_eq!(heard, said);
    }
}

#[test]
fn a_resend_through_the_other_pod_is_not_delivered_again_to_those_who_had_it() {
    let redis = Redis::start();
    let (a, b) = pods(&redis);
    let mut listeners = [a.client(&["general"]), b.client(&["general"])];
    let mut first = a.client(&[]);
    first.say_as("general", 1, ID);
    assert_eq!(listeners[1].hear_numbers(1), [1]);

    let mut second = b.client_with(&["general"], ACKS);
    second.say_as("general", 1, ID);
    // Whether its own shard has members of the room already decides who finds the resend.
    let ack = loop {
        let message = second.hear();
        if message["data"]["event"] == "ack" {
            break message;
        }
    };
    assert_eq!(ack["data"]["id"], ID);
    second.say("general", 2);
    assert_eq!(listeners[0].hear_numbers(2), [1, 2]);
    assert_eq!(listeners[1].hear_numbers(1), [2]);
}

#[test]
fn a_resend_through_a_pod_without_members_of_the_room_is_dropped_by_the_one_that_has_them() {
    let redis = Redis::start();
    let (a, b) = pods(&redis);
    let mut listener = a.client(&["general"]);
    let (mut near, mut far) = (a.client(&[]), b.client(&[]));
    near.say_as("general", 1, ID);
    assert_eq!(listener.hear_numbers(1), [1]);
    far.say_as("general", 1, ID);
    far.say("general", 2);
    assert_eq!(listener.hear_numbers(1), [2]);
}

#[test]
fn what_another_program_publishes_is_heard_on_all_pods_and_rubbish_on_none() {
    let redis = Redis::start();
    let (a, b) = pods(&redis);
    let mut listeners = [a.client(&["general"]), b.client(&["general"])];
    let publish = |text: &str| redis.command(&["PUBLISH", "test:room:general", text]);
    publish("rubbish");
    publish(r#"{"type":"notification","data":1}"#);
    let chosen = format!(r#"{{"id":"{ID}","data":2}}"#);
    publish(&chosen);
    publish(&chosen);
    publish(r#"{"data":3}"#);
    for listener in &mut listeners {
        assert_eq!(listener.hear_numbers(3), [1, 2, 3]);
    }
    a.wait_for_counters(|counters| counters.inbox.rubbish == 1 && counters.inbox.foreign == 4);
}

#[test]
fn what_is_missing_of_another_pod_is_told_in_its_place_to_those_who_hear_events() {
    let redis = Redis::start();
    let pod = Pod::start("a", &redis.url()).up();
    let mut told = pod.client_with(&["general"], EVENTS);
    let mut untold = pod.client(&["general"]);
    told.hear_event("welcome");
    for (seq, data) in [(1, 1), (5, 2)] {
        let record = format!(
            r#"{{"pod":"other-1","seq":{seq},"id":"{ID}","type":"chat","room":"general","from":"ann","data":{data},"timestamp":"2026-02-05T00:00:00.000Z"}}"#
        );
        redis.command(&["PUBLISH", "test:room:general", &record]);
    }
    assert_eq!(told.hear_numbers(1), [1]);
    let gap = told.hear_event("gap");
    assert_eq!((&gap["room"], &gap["data"]["missed"]), (&"general".into(), &3.into()));
    assert!(gap["data"]["from_id"].is_null() && gap["data"]["to_id"].is_null());
    assert_eq!(told.hear_numbers(1), [2]);
    assert_eq!(untold.hear_numbers(2), [1, 2]);
}
