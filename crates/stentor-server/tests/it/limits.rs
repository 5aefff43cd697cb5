//! The limits of a pod and of a connection, and that nothing stays behind when they were hit.

use std::net::Shutdown;

use serde_json::json;

use crate::client::{CLOSE, Client, TEXT, masked_frame};
use crate::pod::Pod;

const RATE_LIMITED: &str = "rate_limited";

fn full_pod() -> Pod {
    Pod::start(|settings| settings.connections_max = 5)
}

fn fill(pod: &Pod, round: usize) -> Vec<Client> {
    let clients: Vec<_> = (0..5).map(|n| pod.connect(&format!("/ws/{round}-{n}"))).collect();
    for target in ["/ws", "/ws/general"] {
        let refusal = pod.try_connect(target, &[]).expect_err("the sixth");
        assert_eq!((refusal.status, refusal.code().as_str()), (503, "at_capacity"));
        let pause: u32 = refusal.header("retry-after").expect("a hint").parse().expect("seconds");
        assert!((1..=60).contains(&pause), "{pause}");
    }
    clients
}

#[test]
fn every_way_of_leaving_makes_room_for_another() {
    let pod = full_pod();
    let mut clients = fill(&pod, 0);
    let leavings: [fn(&mut Client); 4] = [
        |client| client.socket().shutdown(Shutdown::Both).expect("a socket"),
        |client| client.socket().shutdown(Shutdown::Write).expect("a socket"),
        |client| client.send_frame(0x80 | CLOSE, &1000_u16.to_be_bytes()),
        |client| client.send_frame(0x80 | 3, b""),
    ];
    for leave in leavings {
        let mut client = clients.remove(0);
        leave(&mut client);
        pod.wait_for_stats("one to leave", |stats| stats["connections"] == 4);
        drop(client);
        clients.push(connect_in_time(&pod));
        clients.last_mut().expect("a client").expect_nothing();
    }
}

/// A place is free once the socket is, which may be a moment after the member is gone.
fn connect_in_time(pod: &Pod) -> Client {
    let mut connected = None;
    crate::pod::wait_until("a free place", || {
        connected = pod.try_connect("/ws/again", &[]).ok();
        connected.is_some()
    });
    connected.expect("it was waited for")
}

#[test]
fn many_rounds_of_filling_and_emptying_leak_no_place() {
    let pod = full_pod();
    for round in 0..40 {
        let mut clients = fill(&pod, round);
        // Some have something unread, so that their end is a reset.
        clients[round % 5].send_text(r#"{"room":null}"#);
        clients[(round + 1) % 5].next_json();
        drop(clients);
        pod.wait_for_stats("everybody to leave", |stats| {
            stats["connections"] == 0 && stats["rooms"] == 0
        });
    }
    let _last = fill(&pod, 40);
}

#[test]
fn sockets_that_never_ask_for_an_upgrade_take_no_place() {
    let pod = full_pod();
    let mut idle: Vec<_> = (0..20).map(|_| pod.socket()).collect();
    for socket in &mut idle {
        std::io::Write::write_all(socket, b"GET /ws HTTP/1.1\r\n").expect("a pod that reads");
    }
    let _clients = fill(&pod, 0);
}

#[test]
fn twice_the_rate_passes_in_a_burst_and_the_rest_is_refused() {
    let pod = Pod::start(|settings| settings.rate_limit = 10);
    let mut client = pod.connect("/ws/general?echo=0");
    let mut other = pod.connect("/ws/general");
    // One segment, so that the pod takes all of it at the same instant.
    let burst: Vec<_> = (0..30_u32)
        .map(|n| json!({"id": n.to_string(), "data": n}).to_string())
        .map(|text| masked_frame(0x80 | TEXT, text.as_bytes()))
        .collect();
    client.send_raw(&burst.concat());
    for n in 20..30_u32 {
        let answer = client.next_json();
        assert_eq!(answer["type"], "error");
        assert_eq!(answer["data"]["code"], RATE_LIMITED);
        assert_eq!(answer["data"]["ref"], n.to_string());
    }
    for n in 0..20 {
        assert_eq!(other.next_json()["data"], n);
    }
    other.expect_nothing();
    // Control frames are not counted, and the connection lives.
    client.send_frame(0x89, b"alive");
    assert_eq!(client.next_frame().map(|frame| frame.payload), Some(b"alive".to_vec()));
    // The bucket fills again.
    crate::pod::wait_until("the next message to pass", || {
        client.send_text(r#"{"type":"ping"}"#);
        client.next_json()["type"] == "pong"
    });
}

#[test]
fn sustained_abuse_is_closed_with_4429_and_harms_nobody_else() {
    let pod = Pod::start(|settings| settings.rate_limit = 10);
    let mut client = pod.connect("/ws/general?echo=0");
    let mut other = pod.connect("/ws/general");
    let flood: Vec<_> = (0..400)
        .map(|n| masked_frame(0x80 | TEXT, json!({"data": n}).to_string().as_bytes()))
        .collect();
    client.send_raw(&flood.concat());
    let mut refused = 0;
    let close = loop {
        let frame = client.next_but_ping().expect("a close before the end");
        if frame.opcode == CLOSE {
            break frame.payload;
        }
        let error: serde_json::Value = serde_json::from_slice(&frame.payload).expect("JSON");
        assert_eq!(error["data"]["code"], RATE_LIMITED);
        refused += 1;
    };
    assert_eq!(close[..2], 4429_u16.to_be_bytes());
    assert_eq!(client.next_frame(), None);
    assert!((100..300).contains(&refused), "{refused}");
    for n in 0..20 {
        assert_eq!(other.next_json()["data"], n);
    }
    other.expect_nothing();
}

#[test]
fn no_rate_limit_is_none() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let mut client = pod.connect("/ws/general");
    let flood: Vec<_> = (0..2_000)
        .map(|n| masked_frame(0x80 | TEXT, json!({"data": n}).to_string().as_bytes()))
        .collect();
    for (burst, frames) in flood.chunks(100).enumerate() {
        client.send_raw(&frames.concat());
        for n in 0..frames.len() {
            assert_eq!(client.next_json()["data"], burst * 100 + n);
        }
    }
}
