//! The graceful end: nobody loses what was said before it.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use serde_json::json;

use crate::binary::Process;
use crate::pod::{BASE, Pod, wait_until};

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
fn a_server_raises_the_descriptor_limit_on_which_its_settings_count() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let lower = maximum.map_or(65_536, |maximum| maximum - 1).min(current.unwrap_or(u64::MAX));
    setrlimit(Resource::Nofile, Rlimit { current: Some(lower), maximum }).expect("a limit");
    let _pod = Pod::start(|_| {});
    assert_eq!(getrlimit(Resource::Nofile).current, maximum);
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
    let process = Process::start(&["--shards=2"]);
    let mut clients: Vec<_> = (0..CLIENTS).map(|_| process.connect("/ws/general")).collect();
    clients[0].send_text(r#"{"data":"last words"}"#);
    clients.iter_mut().for_each(|client| assert_eq!(client.next_json()["data"], "last words"));
    process.signal(Signal::TERM);
    for mut client in clients {
        assert_eq!(client.next_close().0, 1001);
    }
    let (code, rest) = process.end();
    assert_eq!(code, Some(0), "{rest}");
}
