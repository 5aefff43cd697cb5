//! Heartbeats: who answers lives, who is silent is closed with 4408.

use std::time::Duration;

use crate::client::{Client, PING, PONG, TEXT, masked_frame};
use crate::pod::Pod;

const PING_INTERVAL: Duration = Duration::from_millis(100);

/// Long enough for a busy machine to answer in.
const PONG_TIMEOUT: Duration = Duration::from_millis(1_500);

/// So many pings take longer than the timeout.
const PINGS: usize = 20;

fn start(pong_timeout: Duration) -> Pod {
    Pod::start(|settings| {
        settings.ping_interval = PING_INTERVAL;
        settings.pong_timeout = pong_timeout;
        settings.rate_limit = 0;
    })
}

/// What a client does about a ping: the bytes that it sends, by how many pings came before and the
/// payload.
type Reaction = fn(usize, &[u8]) -> Vec<u8>;

/// Answers each of several pings with these bytes, and wants to be alive after them.
fn outlive_pings(client: &mut Client, answer: Reaction) {
    let mut pings = 0;
    while pings < PINGS {
        let frame = client.next_frame().expect("a connection that lives");
        if frame.opcode == PING {
            client.send_raw(&answer(pings, &frame.payload));
            pings += 1;
        } else {
            assert_eq!(frame.opcode, PONG, "{frame:?}");
        }
    }
}

#[test]
fn a_client_that_says_nothing_but_answers_pings_lives_on() {
    let pod = start(PONG_TIMEOUT);
    let mut client = pod.connect("/ws/general");
    outlive_pings(&mut client, |_, payload| masked_frame(0x80 | PONG, payload));
    client.expect_nothing();
}

#[test]
fn a_client_that_answers_nothing_is_closed_with_4408_and_leaves_its_rooms() {
    let pod = start(4 * PING_INTERVAL);
    let mut client = pod.connect("/ws/general");
    client.answers_pings = false;
    let (code, reason) = client.next_close();
    assert_eq!((code, reason.is_empty()), (4408, false));
    assert!((1..=4).contains(&client.pings_heard), "{}", client.pings_heard);
    pod.wait_for_stats("it to be gone", |stats| stats["connections"] == 0 && stats["rooms"] == 0);
}

#[test]
fn any_frame_is_a_sign_of_life() {
    let pod = start(PONG_TIMEOUT);
    let mut clients: Vec<Client> = (0..3).map(|_| pod.connect("/ws/general?echo=0")).collect();
    let answers: [Reaction; 3] = [
        |_, _| masked_frame(0x80 | PING, b"mine"),
        |_, _| masked_frame(0x80 | PONG, b"another payload"),
        |_, _| masked_frame(0x80 | TEXT, br#"{"type":"pong"}"#),
    ];
    std::thread::scope(|scope| {
        for (client, answer) in clients.iter_mut().zip(answers) {
            scope.spawn(move || outlive_pings(client, answer));
        }
    });
}

#[test]
fn the_fragments_of_a_message_are_signs_of_life() {
    let pod = start(PONG_TIMEOUT);
    let mut client = pod.connect("/ws/general");
    outlive_pings(&mut client, |pings, _| {
        let opcode = if pings == 0 { TEXT } else { 0 };
        masked_frame(opcode, b" ")
    });
    client.send_frame(0x80, br#"{"data":"at last"}"#);
    assert_eq!(client.next_json()["data"], "at last");
}
