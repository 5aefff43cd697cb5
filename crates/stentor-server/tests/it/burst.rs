//! More at one instant than a shard takes in one turn, and then silence.
//!
//! The fault: a poll holds 512 events, and nothing wakes the shard for those that it had no room
//! for. 1. A shard is busy. 2. Meanwhile more than 512 sockets get something to read and their end.
//! 3. The shard takes 512 of them and waits; the rest wait for a timer or for another socket. So
//! these tests look at the engine's figures and never ask the pod over a socket, which would wake
//! it.

use std::net::Shutdown;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use stentor_server::engine::hooks::{Client, Hooks, Verdict};
use stentor_server::engine::wire::draft::Draft;

use crate::pod::{DEADLINE, Pod, wait_until};

const SOCKETS: usize = 900;

/// Keeps the shard busy, from a message that says `"hold"` until the test lets go.
struct Hold {
    holding: Mutex<Sender<()>>,
    let_go: Mutex<Receiver<()>>,
}

impl Hooks for Hold {
    fn on_message(&self, _client: &Client<'_>, draft: &Draft<'_>) -> Verdict {
        if draft.data == br#""hold""# {
            self.holding.lock().expect("one shard").send(()).expect("the test waits");
            let let_go = self.let_go.lock().expect("one shard");
            let_go.recv_timeout(DEADLINE).expect("the test lets go");
            return Verdict::Suppress;
        }
        Verdict::Pass
    }
}

/// A pod whose shard can be held: what tells that it is, and what ends it.
fn pod_to_hold() -> (Pod, Receiver<()>, Sender<()>) {
    let (holding, held) = channel();
    let (let_go, wait) = channel();
    let hooks = Hold { holding: Mutex::new(holding), let_go: Mutex::new(wait) };
    let pod = Pod::start_with_hooks(|_| {}, Arc::new(hooks));
    (pod, held, let_go)
}

fn connections(pod: &Pod) -> u64 {
    pod.engine().inspect().connections()
}

#[test]
fn more_sockets_than_a_turn_takes_are_all_served_without_another_event() {
    let (pod, held, let_go) = pod_to_hold();
    let mut witness = pod.connect("/ws/general");
    let mut clients: Vec<_> = (0..SOCKETS).map(|_| pod.connect("/ws/elsewhere")).collect();
    witness.send_text(r#"{"data":"hold"}"#);
    held.recv_timeout(DEADLINE).expect("a shard that is held");
    for (n, client) in clients.iter_mut().enumerate() {
        client.send_text(&format!(r#"{{"room":"general","data":{n}}}"#));
    }
    let_go.send(()).expect("a shard that waits");
    let mut heard: Vec<_> = (0..SOCKETS)
        .map(|_| witness.next_json()["data"].as_u64().expect("a number") as usize)
        .collect();
    heard.sort_unstable();
    assert!(heard.into_iter().eq(0..SOCKETS));
}

#[test]
fn more_sockets_than_a_turn_takes_may_speak_and_hang_up_at_the_same_instant() {
    let (pod, held, let_go) = pod_to_hold();
    let mut witness = pod.connect("/ws/general");
    let mut clients: Vec<_> = (0..SOCKETS).map(|_| pod.connect("/ws/elsewhere")).collect();
    witness.send_text(r#"{"data":"hold"}"#);
    held.recv_timeout(DEADLINE).expect("a shard that is held");
    for (n, client) in clients.iter_mut().enumerate() {
        client.send_text(&format!(r#"{{"room":"general","data":{n}}}"#));
        client.socket().shutdown(Shutdown::Write).expect("a socket");
    }
    let_go.send(()).expect("a shard that waits");
    let mut heard: Vec<_> = (0..SOCKETS)
        .map(|_| witness.next_json()["data"].as_u64().expect("a number") as usize)
        .collect();
    heard.sort_unstable();
    assert!(heard.into_iter().eq(0..SOCKETS));
    wait_until("all but the witness to be gone", || connections(&pod) == 1);
}

#[test]
fn more_sockets_than_a_turn_takes_may_be_cut_at_the_same_instant() {
    let (pod, held, let_go) = pod_to_hold();
    let mut witness = pod.connect("/ws/general");
    let clients: Vec<_> = (0..SOCKETS).map(|_| pod.connect("/ws/elsewhere")).collect();
    witness.send_text(r#"{"data":"hold"}"#);
    held.recv_timeout(DEADLINE).expect("a shard that is held");
    drop(clients);
    let_go.send(()).expect("a shard that waits");
    wait_until("all but the witness to be gone", || connections(&pod) == 1);
    assert_eq!(pod.engine().inspect().rooms, 1);
}

#[test]
fn more_sockets_than_a_turn_accepts_are_all_let_in() {
    let (pod, held, let_go) = pod_to_hold();
    let mut witness = pod.connect("/ws/general");
    witness.send_text(r#"{"data":"hold"}"#);
    held.recv_timeout(DEADLINE).expect("a shard that is held");
    let handshake = crate::client::handshake("/ws/general", &[]);
    let mut sockets: Vec<_> = (0..SOCKETS).map(|_| pod.socket()).collect();
    for socket in &mut sockets {
        std::io::Write::write_all(socket, handshake.as_bytes()).expect("a socket's buffer");
    }
    let_go.send(()).expect("a shard that waits");
    for socket in &mut sockets {
        assert_eq!(crate::http::read_answer(socket, "GET").status, 101);
    }
    wait_until("all to be members", || connections(&pod) == SOCKETS as u64 + 1);
}

#[test]
fn an_end_in_the_same_segment_as_data_is_noticed() {
    let (pod, held, let_go) = pod_to_hold();
    let mut witness = pod.connect("/ws/general");
    for round in 0..20 {
        let mut client = pod.connect("/ws/general?echo=0");
        witness.send_text(r#"{"data":"hold"}"#);
        held.recv_timeout(DEADLINE).expect("a shard that is held");
        // Both are there before the shard looks, so that it hears of them in one event.
        client.send_text(&format!(r#"{{"data":{round}}}"#));
        client.socket().shutdown(Shutdown::Write).expect("a socket");
        let_go.send(()).expect("a shard that waits");
        assert_eq!(witness.next_json()["data"], round);
        wait_until("the end to be noticed", || connections(&pod) == 1);
    }
}

#[test]
fn a_request_whose_end_comes_in_the_same_segment_is_answered() {
    let (pod, held, let_go) = pod_to_hold();
    let mut witness = pod.connect("/ws/general");
    let get = "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n".to_owned();
    let not_allowed = "GET /ws HTTP/1.1\r\nHost: test\r\n\r\n".to_owned();
    let upgrade = crate::client::handshake("/ws/general", &[]);
    for (request, status) in [(get, 200), (not_allowed, 426), (upgrade, 101)] {
        witness.send_text(r#"{"data":"hold"}"#);
        held.recv_timeout(DEADLINE).expect("a shard that is held");
        let mut socket = pod.socket();
        std::io::Write::write_all(&mut socket, request.as_bytes()).expect("a socket's buffer");
        socket.shutdown(Shutdown::Write).expect("a socket");
        let_go.send(()).expect("a shard that waits");
        assert_eq!(crate::http::read_answer(&mut socket, "GET").status, status);
        wait_until("the end to be noticed", || connections(&pod) == 1);
    }
}
