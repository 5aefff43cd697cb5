//! The gates: who is turned away before anything is spent, how it is told so, and who comes first.

use std::io::Write;
use std::net::{Shutdown, TcpStream};

use stentor_server::client_address::TrustedProxies;

use crate::client::{Client, handshake};
use crate::http::{Answer, read_answer};
use crate::pod::{BASE, Pod, wait_until};

const RESUMING: &str = "/ws/general?last_id=0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";

fn retry_after(answer: &Answer) -> u32 {
    answer.header("retry-after").expect("a hint").parse().expect("seconds")
}

fn expect_refusal(outcome: Result<Client, Answer>, status: u16, code: &str) -> Answer {
    let answer = outcome.expect_err(code);
    assert_eq!((answer.status, answer.code().as_str()), (status, code));
    assert!((1..=600).contains(&retry_after(&answer)));
    answer
}

fn silent(pod: &Pod, sockets: usize) -> Vec<TcpStream> {
    let before = pod.engine().inspect().handshakes;
    let silent: Vec<_> = (0..sockets).map(|_| pod.socket()).collect();
    wait_until("all to stand at the door", || {
        pod.engine().inspect().handshakes == before + sockets as u64
    });
    silent
}

#[test]
fn a_crowded_door_takes_those_who_resume_and_tells_the_others_to_come_back() {
    let pod = Pod::start(|settings| settings.gates.handshakes_max = 16);
    let mut crowd = silent(&pod, 14);
    expect_refusal(pod.try_connect("/ws/general", &[]), 503, "overloaded");
    let mut client = pod.connect(RESUMING);
    assert_eq!(client.next_json()["data"]["event"], "welcome");
    // Probes are no upgrades.
    assert_eq!(pod.get("/healthz").status, 200);
    wait_until("the last answer's socket to go", || pod.engine().inspect().handshakes == 14);
    crowd.extend(silent(&pod, 2));
    // Not even its head is read, and it can read the answer all the same.
    let answer = expect_refusal(pod.try_connect(RESUMING, &[]), 503, "overloaded");
    assert_eq!(answer.header("connection"), Some("close"));
    drop(crowd);
    wait_until("the crowd to go", || pod.engine().inspect().handshakes == 0);
    pod.connect("/ws/general").expect_nothing();
    let page = pod.get("/metrics").body;
    for series in ["reason=\"overloaded\"} 1\n", "reason=\"no_place_at_the_door\"} 1\n"] {
        assert!(page.contains(series), "{series}: {page}");
    }
}

#[test]
fn past_the_accept_rate_who_resumes_comes_first_and_the_others_are_told_when() {
    let pod = Pod::start(|settings| settings.gates.accept_rate = 1);
    let _first = pod.connect("/ws/general");
    let mut pauses = Vec::new();
    for _ in 0..20 {
        let refused = pod.try_connect("/ws/general", &[]);
        // A second may pass on a busy machine.
        if let Err(answer) = refused {
            assert_eq!((answer.status, answer.code().as_str()), (503, "overloaded"));
            pauses.push(retry_after(&answer));
        }
    }
    assert!(pauses.len() >= 10, "{pauses:?}");
    assert!(pauses[pauses.len() - 1] > 5, "later ones are sent further away: {pauses:?}");
    pod.connect(RESUMING);
    assert_eq!(pod.get("/readyz").status, 200);
}

fn per_address(pod_max: usize) -> Pod {
    Pod::start(|settings| {
        settings.shards = 2;
        settings.gates.connections_per_ip_max = pod_max;
        settings.gates.trusted_proxies = TrustedProxies::parse("127.0.0.0/8").expect("a list");
    })
}

#[test]
fn an_address_has_so_many_connections_over_all_shards_and_others_have_theirs() {
    let pod = per_address(3);
    let of = |address: &str| pod.try_connect("/ws/general", &[("X-Forwarded-For", address)]);
    let mut clients: Vec<_> = (0..3).map(|_| of("2001:db8::1").expect("a place")).collect();
    expect_refusal(of("2001:db8::2"), 429, "too_many_connections");
    clients.push(of("2001:db8:0:1::1").expect("another block"));
    // What the client itself puts in front changes nothing.
    expect_refusal(of("203.0.113.1, 2001:db8::3"), 429, "too_many_connections");
    assert_eq!(pod.engine().inspect().addresses, 2);
    drop(clients.remove(0));
    wait_until("one to leave", || pod.engine().inspect().places == 3);
    clients.push(of("2001:db8::4").expect("a place again"));
    drop(clients);
    wait_until("all to leave", || {
        let figures = pod.engine().inspect();
        (figures.places, figures.addresses) == (0, 0)
    });
    assert!(!pod.get("/metrics").body.contains("2001:db8"));
}

#[test]
fn an_upgrade_on_a_kept_connection_counts_like_any_other() {
    let pod = Pod::start(|settings| settings.gates.connections_per_ip_max = 1);
    let _first = pod.connect("/ws/general");
    let mut socket = pod.socket();
    let stats = format!("{BASE}/ws/stats");
    assert_eq!(crate::http::request(&mut socket, "GET", &stats, &[], "").status, 200);
    let refused = Client::connect(socket, "/ws/general", &[]);
    expect_refusal(refused, 429, "too_many_connections");
}

#[test]
fn an_address_that_was_refused_too_often_is_not_listened_to_and_others_are() {
    let pod = Pod::start(|settings| {
        settings.gates.attempts_per_ip_max = 3;
        settings.gates.trusted_proxies = TrustedProxies::parse("127.0.0.1").expect("a list");
    });
    let from = |target, forwarded: &str| pod.try_connect(target, &[("Forwarded", forwarded)]);
    for _ in 0..3 {
        assert_eq!(from("/ws/%FF", "for=192.0.2.1").expect_err("a bad room").status, 400);
    }
    let answer = expect_refusal(from("/ws/a", "for=192.0.2.1"), 429, "too_many_attempts");
    assert!(retry_after(&answer) > 1);
    from("/ws/a", "for=192.0.2.2").expect("somebody else");
    pod.connect("/ws/a").expect_nothing();
}

#[test]
fn two_thousand_at_the_same_instant_are_all_let_in_by_default() {
    let pod = Pod::start(|settings| {
        settings.shards = 2;
        settings.connections_max = 2_000;
    });
    let request = handshake("/ws/general", &[]);
    let mut sockets: Vec<_> = (0..2_000).map(|_| pod.socket()).collect();
    sockets.iter_mut().for_each(|socket| socket.write_all(request.as_bytes()).expect("a buffer"));
    for socket in &mut sockets {
        assert_eq!(read_answer(socket, "GET").status, 101);
    }
    assert_eq!(pod.engine().inspect().handshakes, 0);
    sockets.iter().for_each(|socket| socket.shutdown(Shutdown::Both).expect("a socket"));
    wait_until("all to leave", || pod.engine().inspect().places == 0);
}
