use std::net::SocketAddr;

use stentor_engine::{Gate, MemberOptions};

use super::*;
use crate::settings::Settings;

const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 1);

const HANDSHAKE: &str = "Host: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
                         Sec-WebSocket-Version: 13\r\n\
                         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn door_of(settings: &Settings) -> HttpDoor {
    let (divert, _diverted) = mpsc::channel(1);
    HttpDoor::new(Arc::new(Upgrades::new(settings)), Arc::new(Health::new(settings)), divert)
}

fn knock(received: &[u8], gate: Gate) -> Answer {
    door_of(&Settings::default()).knock(&Knock { peer: PEER, received, gate })
}

fn upgrade_of(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\n{HANDSHAKE}\r\n")
}

fn admission_of(target: &str) -> Admission {
    match knock(upgrade_of(target).as_bytes(), Gate::Open) {
        Answer::Admit(admission) => *admission,
        other => panic!("{target}: {other:?}"),
    }
}

fn refusal_of(request: &str, gate: Gate) -> String {
    match knock(request.as_bytes(), gate) {
        Answer::Refuse(bytes) => String::from_utf8(bytes).expect("UTF-8"),
        other => panic!("{request}: {other:?}"),
    }
}

fn refusal_code(target: &str) -> String {
    let text = refusal_of(&upgrade_of(target), Gate::Open);
    let (_, code) = text.split_once(r#""code":""#).expect("a code");
    code.split('"').next().unwrap_or_default().to_owned()
}

fn rooms(admission: &Admission) -> Vec<&str> {
    admission.rooms.iter().map(|room| room.as_str()).collect()
}

#[test]
fn an_upgrade_is_answered_with_the_key_of_rfc_6455() {
    let admission = admission_of("/api/chat-api/ws/general");
    let response = String::from_utf8(admission.response.clone()).expect("UTF-8");
    assert!(response.starts_with("HTTP/1.1 101 Switching Protocols\r\n"), "{response}");
    assert!(response.contains("\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert!(response.contains("\r\nconnection: upgrade\r\n"), "{response}");
    assert!(response.contains("\r\nupgrade: websocket\r\n"), "{response}");
    assert!(!response.contains("close") && response.ends_with("\r\n\r\n"), "{response}");
    assert_eq!(rooms(&admission), ["general"]);
}

#[test]
fn bytes_behind_the_head_are_left_for_the_codec() {
    let head = upgrade_of("/ws");
    let received = [head.as_bytes(), b"\x81\x82\0\0\0\0hi"].concat();
    match knock(&received, Gate::Open) {
        Answer::Admit(admission) => assert_eq!(admission.consumed, head.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_beginning_of_a_head_waits() {
    let head = upgrade_of("/ws");
    for end in 1..head.len() {
        assert!(matches!(knock(&head.as_bytes()[..end], Gate::Open), Answer::Wait), "{end}");
    }
}

#[test]
fn rooms_of_path_and_query_add_up_without_repetition() {
    assert_eq!(rooms(&admission_of("/ws")), [""; 0]);
    assert_eq!(
        rooms(&admission_of("/ws/a%20b?room=c&room=a+b&room=%C3%A4&room=c")),
        ["a b", "c", "ä"]
    );
    assert_eq!(rooms(&admission_of("/api/chat-api/ws?room=stats")), ["stats"]);
}

#[test]
fn rooms_that_cannot_be_are_refused() {
    let long = "x".repeat(129);
    for target in
        ["/ws/", "/ws/%FF", "/ws?room=", "/ws?room=%ff", "/ws/a%0Ab", &format!("/ws/{long}")]
    {
        assert_eq!(refusal_code(target), "bad_room", "{target}");
    }
    let many = |count: usize| {
        let rooms: Vec<_> = (0..count).map(|room| format!("room={room}")).collect();
        format!("/ws?{}", rooms.join("&"))
    };
    assert_eq!(admission_of(&many(128)).rooms.len(), 128);
    assert_eq!(refusal_code(&many(129)), "too_many_rooms");
}

#[test]
fn opt_ins_are_read_and_their_values_checked() {
    let options = |target| admission_of(target).options;
    assert_eq!(options("/ws"), MemberOptions::default());
    assert_eq!(
        options("/ws?events=1&presence=true&ack=1&echo=0&unknown=x&token=secret"),
        MemberOptions { events: true, presence: true, ack: true, echo: false }
    );
    for parameter in ["events=2", "presence=yes", "ack=", "echo"] {
        let text = refusal_of(&upgrade_of(&format!("/ws?{parameter}")), Gate::Open);
        let name = parameter.split('=').next().expect("a name");
        assert!(text.contains("bad_parameter") && text.contains(name), "{text}");
    }
}

#[test]
fn a_real_last_id_implies_events_and_any_other_counts_as_none() {
    let admission = admission_of("/ws/a?last_id=0190aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee");
    assert!(admission.last_id.is_some() && admission.options.events);
    for nothing in ["", "undefined", "null", "12"] {
        let admission = admission_of(&format!("/ws/a?last_id={nothing}"));
        assert!(admission.last_id.is_none() && !admission.options.events, "{nothing}");
    }
}

#[test]
fn what_is_no_upgrade_is_diverted() {
    for request in [
        "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /api/chat-api/ws/stats HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /ws/a/b HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /wsx HTTP/1.1\r\nHost: h\r\n\r\n",
        "POST /ws HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n",
        "POST /api/chat-api/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n{",
        "GET /docs HTTP/1.0\r\n\r\n",
        "DELETE /healthz HTTP/1.1\r\nHost: h\r\n\r\n",
    ] {
        assert!(matches!(knock(request.as_bytes(), Gate::Open), Answer::Divert), "{request}");
    }
}

#[test]
fn a_handshake_that_breaks_rfc_6455_is_refused() {
    let cases = [
        ("Upgrade: WebSocket\r\n", "", "426", "upgrade: websocket"),
        ("Connection: keep-alive, Upgrade", "Connection: keep-alive", "426", "upgrade: websocket"),
        ("Version: 13", "Version: 8", "426", "sec-websocket-version: 13"),
        ("Version: 13", "Version: 8", "426", "upgrade: websocket"),
        ("Host: h\r\n", "", "400", "Host"),
        ("Host: h", "Host: h\r\nHost: g", "400", "Host"),
        ("Sec-WebSocket-Version: 13\r\n", "", "426", "sec-websocket-version: 13"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=", "400", "Sec-WebSocket-Key"),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZ===", "400", "Sec-WebSocket-Key"),
        ("Host: h", "Host: h\r\nContent-Length: 5", "400", "body"),
    ];
    for (wanted, instead, status, sign) in cases {
        let request = upgrade_of("/ws").replace(wanted, instead);
        let answer = refusal_of(&request, Gate::Open);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{instead}: {answer}");
        assert!(answer.contains(sign), "{instead}: {answer}");
        let connection = if status == "426" { "close, upgrade" } else { "close" };
        assert!(answer.contains(&format!("connection: {connection}\r\n")), "{answer}");
    }
    let old = upgrade_of("/ws").replace("HTTP/1.1", "HTTP/1.0");
    assert!(refusal_of(&old, Gate::Open).starts_with("HTTP/1.1 4"));
}

#[test]
fn an_offered_subprotocol_is_not_selected() {
    let request = upgrade_of("/ws").replace("Host: h", "Host: h\r\nSec-WebSocket-Protocol: chat");
    match knock(request.as_bytes(), Gate::Open) {
        Answer::Admit(admission) => {
            let response = String::from_utf8(admission.response).expect("UTF-8");
            assert!(!response.contains("protocol"), "{response}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_full_or_leaving_pod_says_so_and_when_to_come_back() {
    for (gate, code) in [(Gate::Full, "at_capacity"), (Gate::Draining, "draining")] {
        let answer = refusal_of(&upgrade_of("/ws"), gate);
        assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
        assert!(answer.contains(code) && answer.contains("retry-after: "), "{answer}");
    }
}

#[test]
fn a_foreign_origin_is_refused_and_none_is_not() {
    let settings = Settings {
        allowed_origins: crate::origins::Origins::parse("https://a.example").expect("valid"),
        ..Settings::default()
    };
    let door = door_of(&settings);
    let answer = |origin: &str| {
        let request = upgrade_of("/ws").replace("Host: h\r\n", &format!("Host: h\r\n{origin}"));
        door.knock(&Knock { peer: PEER, received: request.as_bytes(), gate: Gate::Open })
    };
    assert!(matches!(answer("Origin: https://a.example\r\n"), Answer::Admit(_)));
    assert!(matches!(answer(""), Answer::Admit(_)));
    match answer("Origin: https://b.example\r\n") {
        Answer::Refuse(bytes) => assert!(bytes.starts_with(b"HTTP/1.1 403 ")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_head_of_16_kib_passes_and_a_larger_one_is_refused_complete_or_not() {
    let padded = |bytes: usize| {
        let head = upgrade_of("/ws");
        let padding = "p".repeat(bytes - head.len() - "P: \r\n".len());
        head.replace("\r\n\r\n", &format!("\r\nP: {padding}\r\n\r\n"))
    };
    assert_eq!(padded(HEAD_BYTES_MAX).len(), HEAD_BYTES_MAX);
    let whole = padded(HEAD_BYTES_MAX);
    assert!(matches!(knock(whole.as_bytes(), Gate::Open), Answer::Admit(_)));
    assert!(refusal_of(&padded(HEAD_BYTES_MAX + 1), Gate::Open).starts_with("HTTP/1.1 431 "));
    let endless = "x".repeat(HEAD_BYTES_MAX);
    assert!(refusal_of(&endless, Gate::Open).starts_with("HTTP/1.1 431 "));
    let crowd = upgrade_of("/ws").replace("Host: h", &vec!["X: y"; 101].join("\r\n"));
    assert!(refusal_of(&crowd, Gate::Open).starts_with("HTTP/1.1 431 "));
}

/// A fault that the fuzz target `heads` found: 1. a client sends a head of over 16 KiB with a bare
/// LF behind the 16 KiB. 2. Where it arrived in pieces it was told 431, because the first 16 KiB
/// had no end; where it arrived at once, 400 for the LF.
#[test]
fn a_head_gets_one_answer_however_its_bytes_arrive() {
    let head = format!("GET /ws HTTP/1.1\r\nP: {}\nQ: q\r\n\r\n", "p".repeat(HEAD_BYTES_MAX));
    for bytes in [HEAD_BYTES_MAX, HEAD_BYTES_MAX + 1, head.len()] {
        let answer = refusal_of(&head[..bytes], Gate::Open);
        assert!(answer.starts_with("HTTP/1.1 431 "), "{bytes} bytes: {answer}");
    }
}

#[test]
fn a_probe_is_answered_at_the_door_whatever_the_gate() {
    for (path, gate, status) in [
        ("/healthz", Gate::Open, 200),
        ("/healthz", Gate::Full, 200),
        ("/healthz", Gate::Draining, 200),
        ("/readyz", Gate::Open, 200),
        ("/readyz", Gate::Full, 200),
        ("/readyz?verbose", Gate::Draining, 503),
    ] {
        for method in ["GET", "HEAD"] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n");
            let Answer::Respond(bytes) = knock(request.as_bytes(), gate) else { panic!("{path}") };
            let text = String::from_utf8(bytes).expect("UTF-8");
            assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{request}{text}");
            assert!(text.contains("connection: close\r\n\r\n"), "{text}");
            assert_eq!(text.ends_with('}'), method == "GET", "{text}");
        }
    }
}

#[test]
fn who_finds_no_place_at_the_door_is_told_when_to_come_back() {
    let text = String::from_utf8(door_of(&Settings::default()).crowded()).expect("UTF-8");
    assert!(text.starts_with("HTTP/1.1 503 ") && text.contains("\"overloaded\""), "{text}");
    assert!(text.contains("\r\nretry-after: ") && text.contains("\r\nconnection: close\r\n"));
}

#[test]
fn a_bare_line_feed_in_a_head_is_refused_at_once_and_in_a_body_is_not() {
    for request in [
        "GET /ws HTTP/1.1\nHost: h\n\n".to_owned(),
        "GET /ws HTTP/1.1\n".to_owned(),
        "\n".to_owned(),
        upgrade_of("/ws").replace("Host: h\r\n", "Host: h\n"),
    ] {
        let answer = refusal_of(&request, Gate::Open);
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("CR LF"), "{request:?}");
    }
    let with_body = b"POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n\n\n";
    assert!(matches!(knock(with_body, Gate::Open), Answer::Divert));
}

#[test]
fn what_is_no_http_is_refused_with_400() {
    for request in ["\x16\x03\x01 hello\r\n\r\n", "GET /\r\n\r\n", "GET / HTTP/3.7\r\n\r\n"] {
        assert!(refusal_of(request, Gate::Open).starts_with("HTTP/1.1 400 "), "{request:?}");
    }
}

#[test]
fn a_connected_client_is_recognised_by_the_keys_of_the_settings() {
    let secret = b"a secret of tests that is long enough for HS256";
    let settings = Settings {
        identity: Some(crate::settings::IdentitySettings {
            is_required: true,
            keys: crate::identity::Keys::default().with_secret(secret).expect("a secret"),
            rules: crate::identity::Rules::default(),
            jwks_file: None,
        }),
        ..Settings::default()
    };
    let draft = crate::identity::TokenDraft {
        subject: "alice",
        expires_at: 250_000_000_000,
        ..crate::identity::TokenDraft::default()
    };
    let token = crate::identity::mint(secret, &draft).expect("a token");
    let data = format!(r#"{{"token":"{token}"}}"#);
    let identity = door_of(&settings).recognise(data.as_bytes()).expect("a good token");
    assert_eq!(&*identity.user, "alice");
    assert!(door_of(&Settings::default()).recognise(data.as_bytes()).is_err());
}
