//! TLS on the server's own sockets.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::{Value, json};
use stentor_server::Settings;
use stentor_server::engine::rustls::HandshakeKind;
use stentor_server::engine::{Figures, Publication, wire};
use stentor_server::settings::TlsSettings;
use stentor_server::tls::CertificateFiles;
use stentor_testbed::{Certificates, Leaf, TlsStream, tls_stream};

use crate::binary::{Process, stentor};
use crate::client::{BINARY, CLOSE, Client};
use crate::http::{Answer, request};
use crate::pod::{BASE, Pod, socket_to, wait_until};

/// A pod that speaks TLS.
pub(crate) struct SafePod {
    pod: Pod,
    certificates: Certificates,
}

impl SafePod {
    pub(crate) fn start(change: impl FnOnce(&mut Settings)) -> SafePod {
        let certificates = Certificates::create();
        let pod = Pod::start(|settings| {
            settings.tls = Some(tls(&certificates.server(), &certificates.server_key()));
            settings.shards = 2;
            change(settings);
        });
        SafePod { pod, certificates }
    }

    fn socket(&self) -> TlsStream {
        self.certificates.wrap(self.pod.socket())
    }

    fn connect(&self, target: &str) -> Client<TlsStream> {
        Client::connect(self.socket(), target, &[]).expect("a WebSocket")
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        request(&mut self.socket(), "GET", path, &[], "")
    }

    /// The count of those who were refused for this reason.
    fn refused(&self, reason: &str) -> u64 {
        let line = format!("realtime_connections_refused_total{{reason=\"{reason}\"}} ");
        let page = self.get("/metrics").body;
        let count = page.lines().find_map(|of| of.strip_prefix(&line)).expect("a line");
        count.parse().expect("a number")
    }
}

fn tls(certificate: &Path, key: &Path) -> TlsSettings {
    let mut files = CertificateFiles::new(certificate, key);
    let certificate = files.read_if_changed().expect("good files").expect("a first time");
    TlsSettings { files, certificate }
}

#[test]
fn every_route_answers_as_without() {
    let pod = SafePod::start(|_| {});
    assert_eq!(pod.get("/healthz").json(), json!({"status": "ok"}));
    assert_eq!(pod.get("/readyz").status, 200);
    assert_eq!(pod.get(&format!("{BASE}/ws/stats")).json()["shards"][1]["connections"], 0);
    assert_eq!(pod.get("/ws").status, 426);
    assert_eq!(pod.get("/nowhere").status, 404);
    let page = pod.get("/docs");
    assert!(page.status == 200 && page.body.len() > 64 * 1024, "more than a record, or a read");
    let metrics = pod.get("/metrics").body;
    assert!(metrics.contains("realtime_tls_certificate_expiration_timestamp_seconds "));
}

#[test]
fn messages_of_every_size_reach_the_room_byte_for_byte() {
    let pod = SafePod::start(|settings| settings.rate_limit = 0);
    let mut listener = pod.connect("/ws/general");
    let mut speaker = pod.connect("/ws/general?echo=0");
    let around = r#"{"data":""}"#.len();
    for bytes in [0, 1, 125, 126, 4_000, 16_383, 16_384, 16_385, 40_000, 65_536 - around] {
        let said = "x".repeat(bytes);
        speaker.send_text(&json!({ "data": said }).to_string());
        assert_eq!(listener.next_json()["data"], said);
    }
    speaker.send_frame(0x80 | BINARY, br#"{"data":"by the other opcode"}"#);
    assert_eq!(listener.next_json()["data"], "by the other opcode");
    speaker.send_text(&json!({ "data": "x".repeat(65_536 - around + 1) }).to_string());
    assert_eq!(speaker.next_close().0, 1009);
    listener.send_frame(0x80 | CLOSE, &1_000_u16.to_be_bytes());
    assert_eq!(listener.next_frame().expect("an answer").opcode, CLOSE);
    assert_eq!(listener.socket().read(&mut [0]).expect("a close_notify"), 0);
}

/// What is kept alive passes from the shard to HTTP, and with the upgrade back to a shard; its keys
/// pass with it.
/// More than a server reads behind its last answer, and than the buffers of both sockets hold.
const JUNK_BYTES_MAX: usize = 64 * 1024 * 1024;

#[test]
fn junk_behind_the_last_answer_is_read_up_to_a_bound_only() {
    let pod = SafePod::start(|_| {});
    let mut socket = pod.socket();
    socket.write_all(b"GET /docs HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").expect("sent");
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).expect("an answer and its end");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", answer.escape_ascii());
    let bare = socket.get_mut();
    let taken = std::iter::repeat_with(|| bare.write(&[0x17; 64 * 1024]))
        .map_while(Result::ok)
        .scan(0, |sum, count| {
            *sum += count;
            Some(*sum)
        })
        .find(|sum| *sum > JUNK_BYTES_MAX);
    assert_eq!(taken, None, "it reads on and on");
}

#[test]
fn a_connection_of_http_becomes_a_websocket() {
    let pod = SafePod::start(|_| {});
    let mut listener = pod.connect("/ws/general");
    let mut socket = pod.socket();
    let body = json!({"room": "general", "data": "y".repeat(60_000)}).to_string();
    for path in ["/openapi.json", &format!("{BASE}/rooms")] {
        assert_eq!(request(&mut socket, "GET", path, &[], "").status, 200);
    }
    let published = request(&mut socket, "POST", &format!("{BASE}/messages"), &[], &body);
    assert_eq!(published.status, 202, "{published:?}");
    assert_eq!(listener.next_json()["data"].as_str().map(str::len), Some(60_000));
    let mut late = Client::connect(socket, "/ws/general", &[]).expect("an upgrade");
    late.send_text(r#"{"data":"hello"}"#);
    assert_eq!(listener.next_json()["data"], "hello");
    assert_eq!(late.next_json()["data"], "hello");
}

#[test]
fn an_upgrade_that_finds_no_place_is_told_so() {
    let pod = SafePod::start(|settings| settings.connections_max = 1);
    let _first = pod.connect("/ws");
    let mut socket = pod.socket();
    assert_eq!(request(&mut socket, "GET", "/openapi.json", &[], "").status, 200);
    for refused in [Client::connect(socket, "/ws", &[]), Client::connect(pod.socket(), "/ws", &[])]
    {
        let answer = refused.expect_err("no place");
        assert_eq!((answer.status, answer.code().as_str()), (503, "at_capacity"));
    }
}

/// The ring, its gap and the order hold where a record, and not a message, is what a socket takes.
#[test]
fn who_reads_slowly_is_told_what_is_missing() {
    const MESSAGES: u64 = 1_200;
    let pod = SafePod::start(|_| {});
    let mut slow = pod.connect("/ws/general?events=1");
    assert_eq!(slow.next_json()["data"]["event"], "welcome");
    let padding = "x".repeat(20_000);
    for number in 0..MESSAGES {
        let data = serde_json::to_vec(&json!([number, padding])).expect("JSON");
        let publication = Publication {
            id: None,
            kind: wire::message_type::MessageType::Chat,
            room: Some(wire::room_name::RoomName::parse("general").expect("a name")),
            from: "test".to_owned(),
            data: data.into(),
        };
        wait_until("room for it", || pod.pod.engine().publish(vec![publication.clone()]).is_ok());
    }
    let sent = |figures: &Figures| {
        figures.messages_sent() + figures.shards.iter().map(|of| of.dropped.ring_full).sum::<u64>()
    };
    wait_until("all to be sent or dropped", || sent(&pod.pod.engine().inspect()) >= MESSAGES);
    let (mut next, mut missed) = (0, 0);
    while next < MESSAGES {
        let message = slow.next_json();
        if message["data"]["event"] == "gap" {
            let gap = message["data"]["missed"].as_u64().expect("a number");
            (next, missed) = (next + gap, missed + gap);
        } else {
            assert_eq!(message["data"][0], next, "in order");
            next += 1;
        }
    }
    assert!(missed > 0, "24 MB fit into no socket");
    slow.expect_nothing();
}

#[test]
fn who_speaks_no_tls_is_told_so_in_plain_words() {
    let pod = SafePod::start(|_| {});
    let answer = pod.pod.get("/healthz");
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
    assert!(answer.body.contains("https://"), "{answer:?}");
    // A ClientHello of one byte.
    let mut socket = pod.pod.socket();
    socket.write_all(&[22, 3, 1, 0, 5, 1, 0, 0, 1, 0]).expect("a pod that reads");
    let mut told = Vec::new();
    socket.read_to_end(&mut told).expect("an end in order");
    assert_eq!(told.first(), Some(&21), "an alert: {told:?}");
    assert_eq!(pod.refused("no_tls"), 2);
}

#[test]
fn a_handshake_that_does_not_go_on_is_given_up() {
    let pod = SafePod::start(|settings| settings.patience.head = Duration::from_millis(100));
    let mut silent = pod.pod.socket();
    let mut half = pod.pod.socket();
    half.write_all(&[22, 3, 1, 2, 0, 1, 0, 1]).expect("a pod that reads");
    for socket in [&mut silent, &mut half] {
        let end = socket.read(&mut [0; 64]);
        assert!(matches!(end, Ok(0)), "{end:?}");
    }
    assert_eq!(pod.refused("timeout"), 2);
}

#[test]
fn a_client_that_does_not_trust_the_certificate_is_counted() {
    let pod = SafePod::start(|_| {});
    let stranger = Certificates::create();
    let mut socket = stranger.wrap(pod.pod.socket());
    let error = socket.write_all(b"GET / HTTP/1.1\r\n\r\n").expect_err("an unknown authority");
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    drop(socket);
    wait_until("it to be counted", || pod.refused("no_tls") + pod.refused("gone") >= 1);
}

#[test]
fn a_pod_that_leaves_says_so_and_ends_in_order() {
    let pod = SafePod::start(|_| {});
    let mut client = pod.connect("/ws/general");
    pod.pod.stop();
    assert_eq!(client.next_close().0, 1001);
    let SafePod { pod, .. } = pod;
    pod.join().expect("a drain");
}

/// Writes another certificate in place of the one that a server has.
fn renew(from: &Leaf, certificate: &Path, key: &Path) {
    for (from, to) in [(&from.certificate, certificate), (&from.key, key)] {
        let next = to.with_extension("next");
        fs::copy(from, &next).expect("a folder");
        fs::rename(next, to).expect("a folder");
    }
}

fn reaches(pod: &Process, trusted: &Certificates) -> bool {
    let mut socket = trusted.wrap(socket_to(pod.address()));
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n").is_ok()
        && matches!(socket.read(&mut [0]), Ok(1))
}

/// By looking at the files as well as by SIGHUP, and nobody is dropped.
#[test]
fn a_renewed_certificate_is_taken_while_everybody_stays() {
    let (old, new) = (Certificates::create(), Certificates::create());
    let folder = old.folder().to_owned();
    let (certificate, key) = (folder.join("live.pem"), folder.join("live-key.pem"));
    let of = |authority: &Certificates| authority.named(&["localhost"]);
    renew(&of(&old), &certificate, &key);
    let mut command = stentor();
    command.env("TLS_CERT", &certificate).env("TLS_KEY", &key).env("DRAIN_TIMEOUT", "200ms");
    let pod = Process::start_as(&mut command, "json");
    let socket = old.wrap(socket_to(pod.address()));
    let mut early = Client::connect(socket, "/ws/general", &[]).expect("a WebSocket");
    assert!(reaches(&pod, &old) && !reaches(&pod, &new));

    renew(&of(&new), &certificate, &key);
    pod.wait_for_log("TLS_CERT and TLS_KEY were read again", 1);
    assert!(reaches(&pod, &new) && !reaches(&pod, &old));

    fs::write(&key, "n33dle").expect("a folder");
    pod.wait_for_log("the certificate stays as it is", 1);
    pod.signal(Signal::HUP);
    pod.wait_for_log("the settings stay as they are", 1);
    assert!(reaches(&pod, &new));

    renew(&of(&old), &certificate, &key);
    pod.signal(Signal::HUP);
    pod.wait_for_log("the settings were read again", 1);
    assert!(reaches(&pod, &old) && !reaches(&pod, &new));

    early.send_text(r#"{"data":"still here"}"#);
    assert_eq!(early.next_json()["data"], "still here");
    pod.signal(Signal::TERM);
    assert_eq!(early.next_close().0, 1001);
    let (code, log) = pod.end();
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("n33dle"), "{log}");
    for line in log.lines() {
        serde_json::from_str::<Value>(line).expect("a line of JSON");
    }
}

/// A session of before is resumed on a new connection, whichever shard that comes to, without the
/// certificate being asked again.
#[test]
fn a_session_is_resumed_by_a_ticket() {
    let pod = SafePod::start(|_| {});
    let config = pod.certificates.client_config();
    let mut resumed = 0;
    for _ in 0..8 {
        let mut socket = tls_stream(&config, pod.pod.socket());
        assert_eq!(request(&mut socket, "GET", "/healthz", &[], "").status, 200);
        resumed += usize::from(socket.conn.handshake_kind() == Some(HandshakeKind::Resumed));
    }
    assert_eq!(resumed, 7, "all but the first");
}
