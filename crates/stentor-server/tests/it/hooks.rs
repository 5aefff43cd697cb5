//! Hooks of a program that embeds the server: what they decide, and what they cannot break.

use std::sync::{Arc, Mutex};

use serde_json::json;
use serde_json::value::RawValue;
use stentor_server::engine::hooks::{Client, Hooks, Verdict};
use stentor_server::engine::wire::close::CloseCode;
use stentor_server::engine::wire::draft::Draft;
use stentor_server::engine::wire::error_code::ErrorCode;
use uuid::Uuid;

use crate::client::CLOSE;
use crate::pod::{Pod, wait_until};

/// Does to a message what its `data` says, and notes who left.
#[derive(Default)]
struct Obedient {
    left: Mutex<Vec<(Uuid, Option<CloseCode>)>>,
}

impl Obedient {
    fn pod() -> (Pod, Arc<Obedient>) {
        let hooks = Arc::new(Obedient::default());
        let pod = Pod::start_with_hooks(|_| {}, Arc::<Obedient>::clone(&hooks));
        (pod, hooks)
    }

    fn left(&self) -> Vec<(Uuid, Option<CloseCode>)> {
        self.left.lock().expect("no panic while it is held").clone()
    }

    /// Waits until so many have left, and returns with which codes.
    fn codes(&self, count: usize) -> Vec<Option<CloseCode>> {
        wait_until("those who leave", || self.left().len() >= count);
        self.left().into_iter().map(|(_, code)| code).collect()
    }
}

impl Hooks for Obedient {
    fn on_message(&self, _client: &Client<'_>, draft: &Draft<'_>) -> Verdict {
        match draft.data {
            br#""change me""# => {
                let data = r#"{"changed": [ 1.0 ]}"#.to_owned();
                Verdict::Change(RawValue::from_string(data).expect("JSON"))
            }
            br#""suppress me""# => Verdict::Suppress,
            br#""refuse me""# => Verdict::Refuse {
                code: ErrorCode::ForbiddenRoom,
                message: "not \"here\"".to_owned(),
            },
            br#""panic""# => panic!("as the message says"),
            _ => Verdict::Pass,
        }
    }

    fn on_disconnect(&self, client: &Client<'_>, code: Option<CloseCode>) {
        self.left.lock().expect("no panic while it is held").push((client.id, code));
    }
}

/// Lets nobody in.
#[derive(Default)]
struct Closed {
    panics: bool,
    left: Mutex<usize>,
}

impl Hooks for Closed {
    fn on_connect(&self, _client: &Client<'_>) -> Result<(), CloseCode> {
        assert!(!self.panics, "as the test wants");
        Err(CloseCode::Forbidden)
    }

    fn on_disconnect(&self, _client: &Client<'_>, _code: Option<CloseCode>) {
        *self.left.lock().expect("no panic while it is held") += 1;
    }
}

#[test]
fn who_is_refused_at_connecting_is_closed_with_the_code_and_never_told_as_gone() {
    for (panics, code) in [(false, 4403), (true, 1011)] {
        let hooks = Arc::new(Closed { panics, ..Closed::default() });
        let pod = Pod::start_with_hooks(|_| {}, Arc::<Closed>::clone(&hooks));
        for _ in 0..3 {
            assert_eq!(pod.connect("/ws/general").next_close().0, code);
        }
        pod.wait_for_stats("the rooms to vanish", |stats| {
            stats["rooms"] == 0 && stats["connections"] == 0
        });
        assert_eq!(*hooks.left.lock().expect("no panic while it is held"), 0, "{code}");
    }
}

#[test]
fn a_message_may_be_changed_suppressed_or_refused() {
    let (pod, _hooks) = Obedient::pod();
    let mut client = pod.connect("/ws/general?ack=1");
    let mut other = pod.connect("/ws/general");
    client.send_text(r#"{"data":"suppress me"}"#);
    client.send_text(r#"{"id":"m1","data":"refuse me"}"#);
    let error = client.next_json();
    assert_eq!(
        error,
        json!({"type": "error", "data":
            {"code": "forbidden_room", "message": "not \"here\"", "ref": "m1"}})
    );
    client.send_text(r#"{"data":"change me"}"#);
    let text = other.next_text();
    assert!(text.contains(r#","data":{"changed": [ 1.0 ]},"timestamp""#), "{text}");
    client.send_text(r#"{"data":"pass"}"#);
    assert_eq!(other.next_json()["data"], "pass");
}

#[test]
fn a_hook_that_panics_costs_one_connection_and_not_the_pod() {
    let (pod, hooks) = Obedient::pod();
    let mut other = pod.connect("/ws/general");
    for _ in 0..3 {
        let mut client = pod.connect("/ws/general");
        client.send_text(r#"{"data":"before"}"#);
        assert_eq!(other.next_json()["data"], "before");
        assert_eq!(client.next_json()["data"], "before");
        client.send_text(r#"{"data":"panic"}"#);
        client.send_text(r#"{"data":"after"}"#);
        assert_eq!(client.next_close().0, 1011);
    }
    other.expect_nothing();
    assert_eq!(hooks.codes(3), [Some(CloseCode::Internal); 3]);
}

#[test]
fn everybody_is_told_as_gone_exactly_once_and_with_the_code() {
    let (pod, hooks) = Obedient::pod();
    drop(pod.connect("/ws/general"));
    assert_eq!(hooks.codes(1), [None]);
    let mut closes = pod.connect("/ws/general");
    closes.send_frame(0x80 | CLOSE, &1000_u16.to_be_bytes());
    assert_eq!(closes.next_close().0, 1000);
    drop(closes);
    assert_eq!(hooks.codes(2)[1], Some(CloseCode::Normal));
    let mut breaks = pod.connect("/ws/general");
    breaks.send_frame(0x80 | 3, b"");
    assert_eq!(breaks.next_close().0, 1002);
    drop(breaks);
    assert_eq!(hooks.codes(3)[2], Some(CloseCode::ProtocolError));
    let mut drained = pod.connect("/ws/general");
    let _never_reads = pod.connect("/ws/general");
    pod.stop();
    assert_eq!(drained.next_close().0, 1001);
    drop(drained);
    pod.join().expect("a clean end");
    let mut left = hooks.left();
    assert_eq!(left.len(), 5, "{left:?}");
    assert!(left[3..].iter().all(|(_, code)| *code == Some(CloseCode::GoingAway)), "{left:?}");
    left.sort_unstable_by_key(|(id, _)| *id);
    left.dedup_by_key(|(id, _)| *id);
    assert_eq!(left.len(), 5, "{left:?}");
}
