//! Tokens on real sockets: the ways in, what is refused and how, and keys that change.

use std::path::PathBuf;

use rustix::process::Signal;
use serde_json::Value;
use stentor_server::Settings;
use stentor_server::identity::{JwksFile, Keys, Rules, now_unix_millis};
use stentor_server::settings::IdentitySettings;

use crate::binary::{Process, stentor};
use crate::client::{Client, handshake};
use crate::forge::{self, SECRET, base64url, hs256, jwk, jwks, token};
use crate::http::{Answer, read_answer};
use crate::pod::{BASE, Pod, wait_until};

/// Claims of alice that are good for an hour, with these members beside.
fn claims(members: &str) -> String {
    let exp = now_unix_millis() / 1_000 + 3_600;
    format!(r#"{{"sub":"alice","exp":{exp}{members}}}"#)
}

fn good(members: &str) -> String {
    token("HS256", &claims(members))
}

fn identity(is_required: bool, keys: Keys) -> Option<IdentitySettings> {
    Some(IdentitySettings { is_required, keys, rules: Rules::default(), jwks_file: None })
}

fn by_secret(is_required: bool) -> impl FnOnce(&mut Settings) {
    let keys = Keys::default().with_secret(SECRET.as_bytes()).expect("a secret");
    move |settings| settings.identity = identity(is_required, keys)
}

/// Who the server says that this client is.
fn user(client: &mut Client) -> Value {
    let welcome = client.next_json();
    assert_eq!(welcome["data"]["event"], "welcome", "{welcome}");
    welcome["data"]["user"].clone()
}

fn refusal(outcome: Result<Client, Answer>) -> Answer {
    outcome.expect_err("a refusal")
}

#[test]
fn each_of_the_three_ways_lets_a_good_token_in_and_its_subject_speaks() {
    let pod = Pod::start(by_secret(true));
    let token = good("");
    let (bearer, protocol) = (format!("Bearer {token}"), format!("bearer.{token}"));
    let ways: [(String, &[(&str, &str)]); 4] = [
        (format!("/ws/a?events=1&token={token}"), &[]),
        ("/ws/a?events=1".to_owned(), &[("Authorization", &bearer)]),
        ("/ws/a?events=1".to_owned(), &[("Sec-WebSocket-Protocol", &protocol)]),
        (
            format!("{BASE}/ws/a?token={token}&events=1"),
            &[("Authorization", &bearer), ("Sec-WebSocket-Protocol", &protocol)],
        ),
    ];
    for (target, headers) in ways {
        let mut client = pod.try_connect(&target, headers).expect(&target);
        assert_eq!(user(&mut client), "alice");
        client.send_text(r#"{"data":"hello"}"#);
        assert_eq!(client.next_json()["from"], "alice");
    }
}

#[test]
fn the_way_through_a_kept_http_connection_is_the_same() {
    let pod = Pod::start(by_secret(true));
    let mut socket = pod.socket();
    let answer = crate::http::request(&mut socket, "GET", "/metrics", &[], "");
    assert_eq!(answer.status, 200);
    let target = format!("/ws/a?events=1&token={}", good(""));
    let mut client = Client::connect(socket, &target, &[]).expect("an upgrade");
    assert_eq!(user(&mut client), "alice");

    let mut socket = pod.socket();
    crate::http::request(&mut socket, "GET", "/metrics", &[], "");
    let answer = refusal(Client::connect(socket, "/ws/a?token=rubbish", &[]));
    assert_eq!((answer.status, answer.code().as_str()), (401, "invalid_token"));
}

#[test]
fn no_token_is_401_and_says_how_to_bring_one() {
    let pod = Pod::start(by_secret(true));
    for target in ["/ws", "/ws/a", "/ws?token=", "/ws?token"] {
        let answer = refusal(pod.try_connect(target, &[]));
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"), "{target}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let basic = refusal(pod.try_connect("/ws", &[("Authorization", "Basic YTpi")]));
    assert_eq!(basic.code(), "unauthorized");
}

#[test]
fn every_bad_token_is_answered_the_same_to_the_byte() {
    let keys = Keys::default().with_secret(SECRET.as_bytes()).expect("a secret");
    let keys = keys.with_public_key(forge::RSA_PUBLIC).expect("a key");
    let pod = Pod::start(|settings| settings.identity = identity(true, keys));
    let header = r#"{"alg":"HS256"}"#;
    let good = good("");
    let (message, _) = good.rsplit_once('.').expect("three parts");
    let bad = [
        ("rubbish", "x".repeat(9_000)),
        ("short rubbish", "x".to_owned()),
        ("no algorithm", format!("{}.{}.", base64url(r#"{"alg":"none"}"#), base64url(claims("")))),
        ("the public key as secret", hs256(forge::RSA_PUBLIC.as_bytes(), header, &claims(""))),
        ("another secret", hs256(b"another", header, &claims(""))),
        ("a key of another family", token("ES256", &claims(""))),
        ("no signature", format!("{message}.")),
        ("expired", token("HS256", r#"{"sub":"alice","exp":1}"#)),
        ("not yet", token("HS256", &claims(r#","nbf":250000000000"#))),
        ("no subject", token("HS256", r#"{"exp":250000000000}"#)),
        ("a subject of another type", token("HS256", r#"{"sub":1,"exp":250000000000}"#)),
        ("an absurd end", token("HS256", r#"{"sub":"alice","exp":1e300}"#)),
        ("rooms of another type", token("HS256", &claims(r#","rooms":"all""#))),
    ];
    let mut bytes = Vec::new();
    for (what, token) in &bad {
        let answers = [
            pod.exchange(handshake(&format!("/ws/a?token={token}"), &[]).as_bytes()),
            refusal(pod.try_connect("/ws", &[("Authorization", &format!("Bearer {token}"))])),
            refusal(pod.try_connect(
                "/ws",
                &[("Sec-WebSocket-Protocol", &format!("chat, bearer.{token}"))],
            )),
        ];
        for answer in answers {
            assert_eq!(answer.status, 401, "{what}");
            assert_eq!(
                answer.header("www-authenticate"),
                Some(r#"Bearer error="invalid_token""#),
                "{what}"
            );
            bytes.push((answer.headers, answer.body));
        }
    }
    let differing =
        refusal(pod.try_connect(&format!("/ws?token={good}"), &[("Authorization", "Bearer x")]));
    bytes.push((differing.headers, differing.body));
    bytes.dedup();
    assert_eq!(bytes.len(), 1, "{bytes:?}");
}

#[test]
fn a_room_that_the_token_does_not_allow_is_403() {
    let pod = Pod::start(by_secret(true));
    let token = good(r#","rooms":["team-*","lobby"]"#);
    for target in ["/ws/secret", "/ws?room=team-1&room=secret", "/ws/Lobby", "/ws/%74eam"] {
        let separator = if target.contains('?') { '&' } else { '?' };
        let answer = refusal(pod.try_connect(&format!("{target}{separator}token={token}"), &[]));
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden_room"), "{target}");
    }
    for target in ["/ws", "/ws/lobby", "/ws/team-", "/ws?room=team-1&room=team-2", "/ws/%6cobby"] {
        let separator = if target.contains('?') { '&' } else { '?' };
        let outcome = pod.try_connect(&format!("{target}{separator}token={token}"), &[]);
        assert!(outcome.is_ok(), "{target}: {outcome:?}");
    }
}

#[test]
fn where_no_token_is_needed_one_that_is_sent_must_still_be_good() {
    let pod = Pod::start(by_secret(false));
    let mut nobody = pod.connect("/ws/a?events=1");
    assert_eq!(user(&mut nobody), Value::Null);
    let mut alice = pod.connect(&format!("/ws/a?events=1&token={}", good("")));
    assert_eq!(user(&mut alice), "alice");
    assert_eq!(refusal(pod.try_connect("/ws/a?token=rubbish", &[])).status, 401);
    let keyless = Pod::start(|_| {});
    let mut ignored = keyless.connect("/ws/a?events=1&token=rubbish");
    assert_eq!(user(&mut ignored), Value::Null);
}

#[test]
fn a_cheaper_reason_is_told_before_a_token_is_looked_at() {
    let pod = Pod::start(|settings| {
        by_secret(true)(settings);
        settings.connections_max = 1;
    });
    assert_eq!(refusal(pod.try_connect("/ws?token=x&events=2", &[])).code(), "bad_parameter");
    assert_eq!(refusal(pod.try_connect("/ws/%FF?token=x", &[])).code(), "bad_room");
    let _only = pod.connect(&format!("/ws?token={}", good("")));
    assert_eq!(refusal(pod.try_connect("/ws?token=x", &[])).code(), "at_capacity");
}

#[test]
fn a_browser_gets_one_of_its_subprotocols_back() {
    let pod = Pod::start(by_secret(true));
    let protocol = format!("bearer.{}", good(""));
    for (offered, selected) in [
        (protocol.clone(), protocol.as_str()),
        (format!("chat, {protocol}"), "chat"),
        (format!("{protocol}, chat, other"), "chat"),
    ] {
        let request = handshake("/ws/a", &[("Sec-WebSocket-Protocol", &offered)]);
        let answer = pod.exchange(request.as_bytes());
        assert_eq!(answer.status, 101, "{answer:?}");
        let headers = answer.headers.iter().filter(|(name, _)| name == "sec-websocket-protocol");
        let values: Vec<_> = headers.map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, [selected]);
    }
    let mut socket = pod.socket();
    crate::http::request(&mut socket, "GET", "/metrics", &[], "");
    let request = handshake("/ws/a", &[("Sec-WebSocket-Protocol", &protocol)]);
    std::io::Write::write_all(&mut socket, request.as_bytes()).expect("a pod that reads");
    let answer = read_answer(&mut socket, "GET");
    assert_eq!(answer.header("sec-websocket-protocol"), Some(protocol.as_str()));
}

#[test]
fn the_api_key_is_no_token_and_a_token_is_no_api_key() {
    let pod = Pod::start(|settings| {
        by_secret(true)(settings);
        settings.api_key = Some(stentor_server::settings::Secret::new("open-sesame"));
    });
    let bearer = |value: &str| ("Authorization", format!("Bearer {value}"));
    let (name, key) = bearer("open-sesame");
    assert_eq!(refusal(pod.try_connect("/ws", &[(name, &key)])).code(), "invalid_token");
    let (name, token) = bearer(&good(""));
    let rooms = format!("{BASE}/rooms");
    assert_eq!(pod.request("GET", &rooms, &[(name, &token)], "").status, 401);
    assert_eq!(pod.request("GET", &rooms, &[(name, &key)], "").status, 200);
}

/// A file of its own for a test.
fn key_file(name: &str, keys: &[String]) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("jwks-{name}.json"));
    std::fs::write(&path, jwks(keys)).expect("a folder for tests");
    path
}

/// Replaces a file at once, as a careful operator does.
fn replace(path: &std::path::Path, content: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, content).expect("a folder for tests");
    std::fs::rename(&new, path).expect("the same folder");
}

#[test]
fn a_file_of_keys_that_changes_is_read_again() {
    let path = key_file("changes", &[jwk("RS256", r#","kid":"old""#)]);
    let mut file = JwksFile::new(&path);
    let set = file.read_if_changed().expect("a set").expect("never read before");
    let pod = Pod::start(|settings| {
        settings.identity = identity(true, Keys::default().with_set(&set));
        settings.identity.as_mut().expect("just set").jwks_file = Some(file);
    });
    let is_in = |algorithm: &str| {
        pod.try_connect(&format!("/ws?token={}", token(algorithm, &claims(""))), &[]).is_ok()
    };
    assert!(is_in("RS256") && !is_in("ES256"));
    replace(&path, &jwks(&[jwk("RS256", ""), jwk("ES256", r#","kid":"new""#)]));
    wait_until("the new key", || is_in("ES256"));
    assert!(is_in("RS256"));
    replace(&path, &jwks(&[jwk("ES256", r#","kid":"new""#)]));
    wait_until("the old key to go", || !is_in("RS256"));
    assert!(is_in("ES256"));
}

#[test]
fn a_broken_file_of_keys_leaves_them_as_they_are_and_warns_once_until_it_is_whole() {
    let path = key_file("broken", &[jwk("RS256", "")]);
    let process = Process::start_as(
        stentor().env("AUTH_ENABLED", "true").env("JWT_JWKS_FILE", &path),
        "json",
    );
    let is_in = |algorithm: &str| {
        let target = format!("/ws?token={}", token(algorithm, &claims("")));
        process.try_connect(&target, &[]).is_ok()
    };
    assert!(is_in("RS256"));
    replace(&path, r#"{"keys":"n33dle"}"#);
    process.wait_for_log("the keys stay as they are", 1);
    assert!(is_in("RS256"));
    std::fs::remove_file(&path).expect("a file");
    process.wait_for_log("the keys stay as they are", 2);
    assert!(is_in("RS256"));
    std::fs::write(&path, jwks(&[jwk("EdDSA", "")])).expect("a folder for tests");
    process.wait_for_log("JWT_JWKS_FILE was read again", 1);
    assert!(is_in("EdDSA") && !is_in("RS256"));
    process.signal(Signal::TERM);
    let (code, log) = process.end();
    assert_eq!(code, Some(0), "{log}");
    assert_eq!(log.matches("the keys stay as they are").count(), 2, "{log}");
    assert!(!log.contains("n33dle"), "{log}");
}

#[test]
fn sighup_has_the_file_of_keys_read_at_once_changed_or_not() {
    let path = key_file("hangup", &[jwk("HS256", "")]);
    let process = Process::start_as(stentor().env("JWT_JWKS_FILE", &path), "json");
    process.signal(Signal::HUP);
    process.wait_for_log(r#""settings":"JWT_JWKS_FILE""#, 1);
    process.signal(Signal::HUP);
    process.wait_for_log(r#""settings":"JWT_JWKS_FILE""#, 2);
    let _still_there = process.connect(&format!("/ws?token={}", good("")));
    process.signal(Signal::TERM);
    assert_eq!(process.end().0, Some(0));
}
