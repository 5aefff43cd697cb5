//! Bad neighbours: each costs a bounded amount for a bounded time, while others are served.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::pod::{BASE, Pod, wait_until};

/// How many of a kind hang there at once.
const CROWD: usize = 60;

/// Peers may take so long here, instead of ten seconds.
const PATIENCE: Duration = Duration::from_secs(3);

type Neighbour = fn(&Pod) -> TcpStream;

fn say(pod: &Pod, bytes: &[u8]) -> TcpStream {
    let mut socket = pod.socket();
    socket.write_all(bytes).expect("a socket's buffer");
    socket
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!("POST {BASE}/messages HTTP/1.1\r\nHost: h\r\n{headers}\r\n{body}").into_bytes()
}

const NEIGHBOURS: [(&str, Neighbour); 9] = [
    ("says nothing", |pod| pod.socket()),
    ("never ends its head", |pod| say(pod, b"GET /ws HTTP/1.1\r\nHost: h\r\n")),
    ("has ended its side in its head", |pod| {
        let socket = say(pod, b"GET /ws HTTP/1.1\r\n");
        socket.shutdown(Shutdown::Write).expect("a socket");
        socket
    }),
    ("never sends the body that it announced", |pod| {
        say(pod, &post("Content-Length: 1000\r\n", "{"))
    }),
    ("never ends its chunks", |pod| {
        say(pod, &post("Transfer-Encoding: chunked\r\n", "1\r\n{\r\n1\r\n"))
    }),
    ("waits for 100-continue and says no more", |pod| {
        say(pod, &post("Expect: 100-continue\r\nContent-Length: 9\r\n", ""))
    }),
    ("keeps its connection and says no more", |pod| {
        let stats = format!("GET {BASE}/ws/stats HTTP/1.1\r\nHost: h\r\n\r\n");
        say(pod, stats.as_bytes())
    }),
    ("asks much and reads nothing", |pod| {
        let page = "GET /docs HTTP/1.1\r\nHost: h\r\n\r\n";
        say(pod, page.repeat(200).as_bytes())
    }),
    ("begins a second request and never ends it", |pod| {
        let stats = format!("GET {BASE}/ws/stats HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\n");
        say(pod, stats.as_bytes())
    }),
];

fn patient_pod() -> Pod {
    Pod::start(|settings| {
        settings.patience.head = PATIENCE;
        settings.patience.body = PATIENCE;
        settings.patience.write = PATIENCE;
    })
}

/// Everything that a good neighbour does works now.
fn expect_service(pod: &Pod, what: &str) {
    let mut client = pod.connect("/ws/general");
    client.send_text(r#"{"data":"still here"}"#);
    assert_eq!(client.next_json()["data"], "still here", "{what}");
    assert_eq!(pod.get("/healthz").status, 200, "{what}");
    let published = pod.post(&format!("{BASE}/messages"), r#"{"room":"general","data":7}"#);
    assert_eq!(published.status, 202, "{what}");
    assert_eq!(client.next_json()["data"], 7, "{what}");
}

/// Reads to the end, whatever it says; a reset is an end too.
fn wait_for_end(mut socket: TcpStream, what: &str) {
    let mut scratch = [0; 64 * 1024];
    loop {
        match socket.read(&mut scratch) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return,
            Err(error) => panic!("who {what} is never closed: {error}"),
        }
    }
}

#[test]
fn whoever_hangs_is_closed_in_time_and_the_others_are_served_meanwhile() {
    for (what, neighbour) in NEIGHBOURS {
        let pod = patient_pod();
        let crowd: Vec<_> = (0..CROWD).map(|_| neighbour(&pod)).collect();
        expect_service(&pod, what);
        crowd.into_iter().for_each(|socket| wait_for_end(socket, what));
        wait_until(what, || {
            let figures = pod.engine().inspect();
            (figures.handshakes, figures.places, figures.rooms) == (0, 0, 0)
        });
        expect_service(&pod, what);
    }
}

#[test]
fn all_of_them_at_once_keep_nobody_out() {
    let pod = patient_pod();
    let crowd: Vec<_> = NEIGHBOURS
        .iter()
        .cycle()
        .take(NEIGHBOURS.len() * 20)
        .map(|(_, neighbour)| neighbour(&pod))
        .collect();
    for _ in 0..5 {
        expect_service(&pod, "all at once");
    }
    drop(crowd);
    wait_until("the crowd to go", || pod.engine().inspect().handshakes == 0);
}

#[test]
fn a_head_that_comes_a_byte_at_a_time_is_bounded_as_a_whole() {
    let pod = patient_pod();
    let mut socket = pod.socket();
    let mut bytes = 0;
    // Each byte is progress, and does not buy time: the write fails once the pod has closed.
    wait_until("the slow head to be closed", || {
        bytes += 1;
        socket.write_all(b"G").is_err()
    });
    assert!(bytes > 1 && pod.engine().inspect().shards[0].timed_out == 1, "{bytes}");
    expect_service(&pod, "a slow head");
}

#[test]
fn a_body_that_comes_a_byte_at_a_time_is_bounded_as_a_whole() {
    let pod = patient_pod();
    let mut socket = say(&pod, &post("Content-Length: 1000000\r\n", ""));
    let mut reader = socket.try_clone().expect("a second handle");
    let answer = std::thread::spawn(move || crate::http::read_answer(&mut reader, "POST"));
    let mut bytes = 0;
    wait_until("the slow body to be answered", || {
        bytes += usize::from(socket.write_all(b" ").is_ok());
        answer.is_finished()
    });
    assert_eq!(answer.join().expect("an answer").status, 408);
    assert!(bytes > 1, "{bytes}");
    expect_service(&pod, "a slow body");
}

#[test]
fn requests_that_are_odd_but_valid_are_answered() {
    let pod = patient_pod();
    let absolute = format!("GET http://h{BASE}/ws/stats HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(pod.exchange(absolute.as_bytes()).status, 200);
    let old = format!("GET {BASE}/ws/stats HTTP/1.0\r\n\r\n");
    assert_eq!(pod.exchange(old.as_bytes()).status, 200);
    let many = "x: y\r\n".repeat(200);
    let head = format!("GET /ws HTTP/1.1\r\nHost: h\r\n{many}\r\n");
    assert_eq!(pod.exchange(head.as_bytes()).status, 431);
    let mut socket = say(&pod, &post("Expect: 100-continue\r\nContent-Length: 2\r\n", ""));
    let mut interim = [0; 25];
    socket.read_exact(&mut interim).expect("an interim answer");
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    socket.write_all(b"{}").expect("a socket");
    assert_eq!(crate::http::read_answer(&mut socket, "POST").status, 202);
}
