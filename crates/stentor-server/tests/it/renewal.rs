//! What a token allows while its bearer is connected: rooms, everybody, a rate, and until when.

use stentor_server::Settings;
use stentor_server::identity::{Keys, Rules, now_unix_millis};
use stentor_server::settings::IdentitySettings;

use crate::client::{Client, TEXT, masked_frame};
use crate::forge::{SECRET, token};
use crate::pod::Pod;

fn pod() -> Pod {
    pod_with(|_| ())
}

fn pod_with(change: impl FnOnce(&mut Settings)) -> Pod {
    let keys = Keys::default().with_secret(SECRET.as_bytes()).expect("a secret");
    Pod::start(|settings| {
        let rules = Rules::default();
        settings.identity =
            Some(IdentitySettings { is_required: true, keys, rules, jwks_file: None });
        change(settings);
    })
}

fn good_for(seconds: u64, subject: &str) -> String {
    good_for_rooms(seconds, subject, "")
}

/// `rooms` is a member of the claims, with the comma in front.
fn good_for_rooms(seconds: u64, subject: &str, rooms: &str) -> String {
    let exp = now_unix_millis() / 1_000 + seconds;
    token("HS256", &format!(r#"{{"sub":"{subject}","exp":{exp}{rooms}}}"#))
}

fn connect_as(pod: &Pod, target: &str, subject: &str, rooms: &str) -> Client {
    pod.connect(&format!("{target}?token={}", good_for_rooms(3_600, subject, rooms)))
}

fn expect_forbidden(client: &mut Client, message: &str) {
    client.send_text(message);
    let answer = client.next_json();
    assert_eq!(answer["type"], "error", "{message}: {answer}");
    assert_eq!(answer["data"]["code"], "forbidden_room", "{message}: {answer}");
}

fn connect(pod: &Pod, seconds: u64) -> Client {
    let token = good_for(seconds, "alice");
    let mut client = pod.connect(&format!("/ws/a?events=1&token={token}"));
    assert_eq!(client.next_json()["data"]["event"], "welcome");
    assert_eq!(client.next_json()["data"]["event"], "token_expiring");
    client
}

fn auth(client: &mut Client, token: &str) {
    client.send_text(&format!(r#"{{"type":"auth","data":{{"token":"{token}"}}}}"#));
}

#[test]
fn a_token_that_ends_is_told_and_closes_with_4401() {
    let pod = pod();
    assert_eq!(connect(&pod, 2).next_close().0, 4401);
}

#[test]
fn a_new_token_of_the_same_subject_renews_and_no_other_does() {
    let pod = pod();
    let mut client = connect(&pod, 20);
    auth(&mut client, &good_for(3_600, "bob"));
    assert_eq!(client.next_json()["type"], "error");
    auth(&mut client, "rubbish");
    let refused = client.next_json();
    assert_eq!(refused["type"], "error", "{refused}");
    assert!(!refused.to_string().contains("rubbish"), "{refused}");
    auth(&mut client, &good_for(3_600, "alice"));
    assert_eq!(client.next_json()["data"]["event"], "authenticated");
    client.expect_nothing();
}

#[test]
fn a_token_limits_joining_and_sending_and_everybody_takes_a_lone_star() {
    let pod = pod();
    let mut other = connect_as(&pod, "/ws/elsewhere", "bob", "");
    let mut client = connect_as(&pod, "/ws/team-a", "alice", r#","rooms":["team-*"]"#);
    expect_forbidden(&mut client, r#"{"type":"join","room":"elsewhere"}"#);
    expect_forbidden(&mut client, r#"{"room":"elsewhere","data":1}"#);
    expect_forbidden(&mut client, r#"{"room":null,"data":1}"#);
    client.send_text(r#"{"type":"join","room":"team-b"}"#);
    assert_eq!(client.next_json()["data"]["event"], "joined");
    client.send_text(r#"{"data":"hello"}"#);
    assert_eq!(client.next_json()["room"], "team-a");
    other.expect_nothing();
    let mut speaker = connect_as(&pod, "/ws/team-a", "carol", r#","rooms":["*"]"#);
    speaker.send_text(r#"{"room":null,"data":"to all"}"#);
    assert_eq!(other.next_json()["data"], "to all");
}

#[test]
fn a_narrower_token_takes_its_bearer_out_of_rooms() {
    let pod = pod();
    let mut client = connect_as(&pod, "/ws/team-a", "alice", "");
    auth(&mut client, &good_for_rooms(3_600, "alice", r#","rooms":["team-b"]"#));
    let told = [client.next_json(), client.next_json()];
    for event in ["authenticated", "left"] {
        assert!(told.iter().any(|message| message["data"]["event"] == event), "{told:?}");
    }
    expect_forbidden(&mut client, r#"{"room":"team-a","data":1}"#);
}

#[test]
fn clients_may_be_kept_from_speaking_to_everybody() {
    let pod = pod_with(|settings| settings.client_global = false);
    let mut client = connect_as(&pod, "/ws", "alice", "");
    expect_forbidden(&mut client, r#"{"room":null,"data":1}"#);
    expect_forbidden(&mut client, r#"{"data":1}"#);
}

#[test]
fn connections_of_one_subject_share_a_rate() {
    let pod = pod_with(|settings| settings.rate_limit_user = 5);
    let mut clients = ["/ws/a", "/ws/a"].map(|target| connect_as(&pod, target, "alice", ""));
    // One segment each, so that the second finds what the first has left of the burst.
    let burst = masked_frame(0x80 | TEXT, br#"{"type":"ping"}"#).repeat(30);
    for client in &mut clients {
        client.send_raw(&burst);
    }
    for client in &mut clients {
        let refused = (0..30).filter(|_| client.next_json()["type"] == "error").count();
        assert!(refused > 0, "nothing was refused");
    }
    let mut other = connect_as(&pod, "/ws/a", "bob", "");
    other.send_text(r#"{"type":"ping"}"#);
    assert_eq!(other.next_json()["type"], "pong");
}
