//! Many at once: nothing is lost, doubled or out of order.

use std::collections::HashMap;
use std::thread;

use serde_json::json;

use crate::client::{CLOSE, Client};
use crate::pod::Pod;

const ROOMS: usize = 20;
const CLIENTS_PER_ROOM: usize = 25;
const MESSAGES: usize = 20;

/// Everybody in the room says its numbers and checks what it hears; returns how many deliveries
/// there were.
fn converse(room: usize, mut clients: Vec<Client>) -> usize {
    for number in 0..MESSAGES {
        for (speaker, client) in clients.iter_mut().enumerate() {
            client.send_text(&json!({"data": [room, speaker, number]}).to_string());
        }
    }
    let mut deliveries = 0;
    for client in &mut clients {
        let mut next = HashMap::new();
        for _ in 0..CLIENTS_PER_ROOM * MESSAGES {
            let message = client.next_json();
            let data = &message["data"];
            assert_eq!(data[0], room, "{message}");
            let expected: &mut usize = next.entry(data[1].to_string()).or_default();
            assert_eq!(data[2], *expected, "{message}");
            *expected += 1;
            deliveries += 1;
        }
        assert_eq!(next.len(), CLIENTS_PER_ROOM);
        client.expect_nothing();
    }
    deliveries
}

#[test]
fn five_hundred_clients_in_twenty_rooms_hear_every_message_once_and_in_order() {
    let pod = Pod::start(|settings| {
        settings.shards = 2;
        settings.rate_limit = 0;
    });
    let rooms: Vec<_> = (0..ROOMS)
        .map(|room| {
            let target = format!("/ws/room-{room}");
            let clients: Vec<_> = (0..CLIENTS_PER_ROOM).map(|_| pod.connect(&target)).collect();
            (room, clients)
        })
        .collect();
    let heard: usize = thread::scope(|scope| {
        let rooms: Vec<_> = rooms
            .into_iter()
            .map(|(room, clients)| scope.spawn(move || converse(room, clients)))
            .collect();
        rooms.into_iter().map(|room| room.join().expect("a room that hears all")).sum()
    });
    assert_eq!(heard, ROOMS * CLIENTS_PER_ROOM * CLIENTS_PER_ROOM * MESSAGES);
    pod.wait_for_stats("everybody to be gone", |stats| {
        stats["connections"] == 0 && stats["rooms"] == 0
    });
    let stats = pod.stats();
    assert_eq!(stats["messages_sent"], heard);
    assert_eq!(stats["messages_dropped"], 0);
}

/// Clients in a circle: each is in the room of its own number and in the next one.
const CIRCLE: usize = 40;
const ROUNDS: usize = 15;

#[test]
fn members_of_several_rooms_hear_each_room_and_everybody_once_and_in_order() {
    let pod = Pod::start(|settings| {
        settings.shards = 2;
        settings.rate_limit = 0;
    });
    let mut clients: Vec<_> = (0..CIRCLE)
        .map(|n| pod.connect(&format!("/ws?room={n}&room={}", (n + 1) % CIRCLE)))
        .collect();
    for round in 0..ROUNDS {
        for (speaker, client) in clients.iter_mut().enumerate() {
            let rooms = [speaker.to_string(), ((speaker + 1) % CIRCLE).to_string(), String::new()];
            // One segment, so that the rooms are flushed in one turn.
            let bytes: Vec<_> = rooms
                .iter()
                .map(|room| json!({"room": room, "data": [speaker, round]}).to_string())
                .flat_map(|text| crate::client::masked_frame(0x81, text.as_bytes()))
                .collect();
            client.send_raw(&bytes);
        }
    }
    for client in &mut clients {
        let mut next: HashMap<(String, String), usize> = HashMap::new();
        // In each of its two rooms two clients speak, and everybody speaks to everybody.
        for _ in 0..(2 * 2 + CIRCLE) * ROUNDS {
            let message = client.next_json();
            let stream = (message["room"].to_string(), message["data"][0].to_string());
            let expected = next.entry(stream).or_default();
            assert_eq!(message["data"][1], *expected, "{message}");
            *expected += 1;
        }
        assert_eq!(next.len(), 2 * 2 + CIRCLE);
        assert!(next.values().all(|heard| *heard == ROUNDS), "{next:?}");
        client.expect_nothing();
    }
}

/// FIN, RFC 6455, section 5.2.
const FIN: u8 = 0x80;
/// More than the shard lets go in one turn.
const LEAVERS: usize = 300;

#[test]
fn a_crowd_that_leaves_at_once_is_let_go_and_those_who_stay_hear_each_other() {
    let pod = Pod::start(|settings| {
        settings.shards = 1;
        settings.rate_limit = 0;
    });
    let mut speaker = pod.connect("/ws/room");
    let mut listener = pod.connect("/ws/room");
    let mut polite: Vec<_> = (0..LEAVERS).map(|_| pod.connect("/ws/crowd")).collect();
    let rude: Vec<_> = (0..LEAVERS).map(|_| pod.connect("/ws/crowd")).collect();

    for client in &mut polite {
        client.send_frame(FIN | CLOSE, &1000_u16.to_be_bytes());
    }
    drop(rude);
    speaker.send_text(&json!({"data": "still here"}).to_string());

    assert_eq!(listener.next_json()["data"], "still here");
    for client in &mut polite {
        assert_eq!(client.next_close().0, 1000);
    }
    drop(polite);
    pod.wait_for_stats("the crowd to be gone", |stats| {
        stats["connections"] == 2 && stats["rooms"] == 1
    });
}
