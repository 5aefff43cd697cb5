//! The graceful end: nobody loses what was said before it.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::client::Client;
use crate::pod::{BASE, DEADLINE, Pod, wait_until};

const CLIENTS: usize = 50;
const ROOMS: usize = 5;
const MESSAGES: usize = 100;

fn patient_pod() -> Pod {
    Pod::start(|settings| settings.drain_timeout = Duration::from_secs(30))
}

/// Publishes numbered messages to a room, as a backend does.
fn publish(pod: &Pod, room: usize) {
    let batch: Vec<_> =
        (0..MESSAGES).map(|n| json!({"room": format!("room-{room}"), "data": n})).collect();
    assert_eq!(pod.post(&format!("{BASE}/messages"), &json!(batch).to_string()).status, 202);
}

#[test]
fn everybody_hears_what_was_said_before_the_end_and_then_1001() {
    let pod = patient_pod();
    let mut clients: Vec<_> =
        (0..CLIENTS).map(|n| pod.connect(&format!("/ws/room-{}", n % ROOMS))).collect();
    (0..ROOMS).for_each(|room| publish(&pod, room));
    pod.stop();
    for mut client in clients.drain(..) {
        for n in 0..MESSAGES {
            assert_eq!(client.next_json()["data"], n);
        }
        let (code, reason) = client.next_close();
        assert_eq!((code, reason.as_str()), (1001, "server going away"));
    }
    pod.join().expect("a clean end");
}

#[test]
fn who_hears_events_is_told_of_the_drain_before_the_close() {
    let pod = patient_pod();
    let mut client = pod.connect("/ws/room-0?events=1");
    assert_eq!(client.next_json()["data"]["event"], "welcome");
    publish(&pod, 0);
    pod.stop();
    let mut next = 0;
    let drain = loop {
        let message = client.next_json();
        if message["type"] == "system" {
            break message;
        }
        assert_eq!(message["data"], next);
        next += 1;
    };
    assert_eq!(drain["data"]["event"], "drain");
    assert!(drain["data"]["reconnect_after_ms"].is_u64(), "{drain}");
    for n in next..MESSAGES {
        assert_eq!(client.next_json()["data"], n);
    }
    assert_eq!(client.next_close().0, 1001);
    drop(client);
    pod.join().expect("a clean end");
}

#[test]
fn who_reads_late_is_owed_its_whole_ring_before_the_close() {
    let pod = Pod::start(|settings| {
        settings.drain_timeout = Duration::from_secs(30);
        settings.rate_limit = 0;
    });
    let mut late = pod.connect("/ws/general");
    let mut speaker = pod.connect("/ws/general?echo=0");
    let padding = "x".repeat(32 * 1024);
    // More than a socket's buffers hold, less than those and a ring.
    for n in 0..250 {
        speaker.send_text(&json!({"data": [n, padding]}).to_string());
    }
    speaker.expect_nothing();
    pod.stop();
    assert_eq!(speaker.next_close().0, 1001);
    drop(speaker);
    for n in 0..250 {
        assert_eq!(late.next_json()["data"][0], n);
    }
    assert_eq!(late.next_close().0, 1001);
    drop(late);
    pod.join().expect("a clean end");
}

#[test]
fn a_client_that_never_leaves_does_not_hold_the_end_beyond_its_timeout() {
    let pod = Pod::start(|settings| settings.drain_timeout = Duration::from_millis(300));
    let _silent = pod.connect("/ws/general");
    let _at_the_door = pod.socket();
    pod.stop();
    pod.join().expect("a clean end");
}

#[test]
fn a_pod_without_clients_ends_at_once() {
    let pod = Pod::start(|settings| {
        settings.drain_timeout = Duration::from_secs(3_600);
        settings.shards = 2;
    });
    drop(pod.connect("/ws/general"));
    pod.stop();
    pod.join().expect("a clean end");
}

#[test]
fn said_twice_the_end_comes_at_once() {
    let pod = Pod::start(|settings| settings.drain_timeout = Duration::from_secs(3_600));
    let _silent = pod.connect("/ws/general");
    pod.stop();
    wait_until("the drain to begin", || pod.engine().is_draining());
    pod.stop();
    assert!(matches!(pod.join(), Err(stentor_server::ServeError::Interrupted)));
}

#[test]
fn a_new_pod_listens_where_one_has_just_ended() {
    let pod = patient_pod();
    let address = pod.address();
    let mut client = pod.connect("/ws/general");
    pod.stop();
    assert_eq!(client.next_close().0, 1001);
    drop(client);
    pod.join().expect("a clean end");
    let next = Pod::start(|settings| settings.address = address);
    next.connect("/ws/general").expect_nothing();
}

#[test]
fn the_binary_closes_fifty_clients_on_sigterm_and_exits_with_0() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_stentor"))
        .env_clear()
        .args(["--host=127.0.0.1", "--port=0", "--shards=2", "--log-format=json"])
        .stderr(Stdio::piped())
        .spawn()
        .expect("a binary that runs");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.contains("\"address\"") {
        line.clear();
        assert_ne!(lines.read_line(&mut line).expect("a line"), 0, "it ended");
    }
    let line: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
    let address: SocketAddr =
        line["address"].as_str().and_then(|text| text.parse().ok()).expect("an address");
    let mut clients: Vec<Client> = (0..CLIENTS)
        .map(|_| {
            let socket = TcpStream::connect(address).expect("a server that accepts");
            socket.set_read_timeout(Some(DEADLINE)).expect("a timeout");
            Client::connect(socket, "/ws/general", &[]).expect("an upgrade")
        })
        .collect();
    clients[0].send_text(r#"{"data":"last words"}"#);
    clients.iter_mut().for_each(|client| assert_eq!(client.next_json()["data"], "last words"));
    kill_process(Pid::from_child(&child), Signal::TERM).expect("a process that lives");
    for mut client in clients {
        assert_eq!(client.next_close().0, 1001);
    }
    let mut rest = String::new();
    lines.read_to_string(&mut rest).expect("UTF-8");
    assert_eq!(child.wait().expect("a child").code(), Some(0), "{rest}");
}
