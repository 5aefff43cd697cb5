//! Who is in, is heard: the response comes behind the bus's confirmation, and never takes long.

use stentor_engine::bus::link::LinkState;
use stentor_engine::{Gate, MemberOptions};
use stentor_testbed::{DEADLINE, Port, Redis, until};

use crate::client::{frame, numbered};
use crate::pod::{EVENTS, Pod};

#[test]
fn two_hundred_fresh_rooms_hear_what_is_said_right_after_the_response() {
    let redis = Redis::start();
    let (a, b) = (Pod::start("a", &redis.url()).up(), Pod::start("b", &redis.url()).up());
    let mut speaker = a.client(&[]);
    for number in 0..200 {
        let name = format!("room {number}");
        let mut listener = b.client(&[&name]);
        speaker.say(&name, number);
        assert_eq!(listener.hear_numbers(1), [number]);
    }
}

#[test]
fn a_hundred_fresh_rooms_of_one_connection_are_heard_behind_its_response() {
    let redis = Redis::start();
    let (a, b) = (Pod::start("a", &redis.url()).up(), Pod::start("b", &redis.url()).up());
    let mut speaker = a.client(&[]);
    let names: Vec<String> = (0..100).map(|number| format!("room {number}")).collect();
    let mut listener = b.client(&names.iter().map(String::as_str).collect::<Vec<_>>());
    names.iter().zip(0..).for_each(|(name, number)| speaker.say(name, number));
    let mut heard = listener.hear_numbers(100);
    heard.sort_unstable();
    assert_eq!(heard, (0..100).collect::<Vec<_>>());
}

#[test]
fn who_asks_to_join_is_answered_when_the_room_is_heard() {
    let redis = Redis::start();
    let (a, b) = (Pod::start("a", &redis.url()).up(), Pod::start("b", &redis.url()).up());
    let mut speaker = a.client(&[]);
    let mut listener = b.client(&[]);
    for number in 0..100 {
        let name = format!("room {number}");
        listener.send(&format!(r#"{{"type":"join","room":"{name}"}}"#));
        let joined = listener.hear_event("joined");
        assert_eq!((&joined["room"], &joined["data"]["members"]), (&name.into(), &1.into()));
        speaker.say(&format!("room {number}"), number);
        assert_eq!(listener.hear_numbers(1), [number]);
    }
}

#[test]
fn who_leaves_before_it_is_answered_hears_both_answers_in_order() {
    let redis = Redis::start();
    let pod = Pod::start("a", &redis.url()).up();
    redis.pause();
    let mut client = pod.client(&[]);
    for kind in ["join", "join", "leave", "join"] {
        client.send(&format!(r#"{{"type":"{kind}","room":"a"}}"#));
    }
    let events: Vec<String> = (0..4)
        .map(|_| client.hear()["data"]["event"].as_str().unwrap_or_default().to_owned())
        .collect();
    redis.resume();
    assert_eq!(events, ["joined", "joined", "left", "joined"]);
}

#[test]
fn a_redis_that_does_not_answer_keeps_nobody_out_and_what_is_said_meanwhile_is_heard() {
    let redis = Redis::start();
    let pod = Pod::start("a", &redis.url()).up();
    redis.pause();
    let mut held = pod.attach(&["a"], EVENTS, &frame(&numbered("a", 1)));
    until(DEADLINE, "both shards know the member", || {
        (pod.engine.inspect().connections() == 1).then_some(())
    });
    held.say("a", 2);
    held.expect_response();
    held.hear_event("welcome");
    assert_eq!(held.hear_numbers(2), [1, 2]);
    redis.resume();
}

#[test]
fn whoever_goes_away_while_it_waits_leaves_its_place() {
    let redis = Redis::start();
    let pod = Pod::start_with("a", &redis.url(), |config| config.connections_max = 20).up();
    for round in 0..3 {
        redis.pause();
        let names: Vec<String> = (0..20).map(|number| format!("{round} {number}")).collect();
        let mut clients: Vec<_> =
            names.iter().map(|name| pod.attach(&[name], MemberOptions::default(), &[])).collect();
        assert_eq!(pod.engine.gate(), Gate::Full);
        // Some go away at once, some after a word, some when they are in.
        clients.drain(..7);
        clients[..7].iter_mut().for_each(|client| client.say("elsewhere", 1));
        clients.drain(..7);
        redis.resume();
        clients.iter_mut().for_each(crate::client::Client::expect_response);
        drop(clients);
        until(DEADLINE, "all places are free", || {
            let figures = pod.engine.inspect();
            (figures.connections() == 0 && figures.rooms == 0).then_some(())
        });
        until(DEADLINE, "the gate is open", || (pod.engine.gate() == Gate::Open).then_some(()));
        pod.wait_for_link(|state| state == LinkState::Up);
    }
    let mut again: Vec<_> = (0..20).map(|_| pod.client(&["a"])).collect();
    again[0].say("a", 7);
    again.iter_mut().for_each(|client| assert_eq!(client.hear_numbers(1), [7]));
}

#[test]
fn without_a_redis_nobody_waits() {
    let port = Port::lease();
    let pod = Pod::start("a", &format!("redis://{}", port.address()));
    let mut clients: Vec<_> = (0..50).map(|number| pod.client(&[&number.to_string()])).collect();
    clients.iter_mut().zip(0..).for_each(|(client, number)| {
        client.say(&number.to_string(), number);
        assert_eq!(client.hear_numbers(1), [number]);
    });
    assert_ne!(pod.engine.bus_link(), Some(LinkState::Up));
}
