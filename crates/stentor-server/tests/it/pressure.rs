//! A shard that cannot follow: what waits for it is bounded, and nothing that was taken is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use stentor_server::engine::hooks::{Client, Hooks, Verdict};
use stentor_server::engine::wire::draft::Draft;
use stentor_server::engine::wire::message_type::MessageType;
use stentor_server::engine::wire::room_name::RoomName;
use stentor_server::engine::{Engine, Overloaded, Publication};

use crate::pod::{Pod, wait_until};

/// Keeps the shard of whoever says something from doing anything else, until it is released.
#[derive(Default)]
struct Blocker {
    is_blocked: AtomicBool,
    is_released: AtomicBool,
}

impl Hooks for Blocker {
    fn on_message(&self, _client: &Client<'_>, _draft: &Draft<'_>) -> Verdict {
        self.is_blocked.store(true, Ordering::SeqCst);
        while !self.is_released.load(Ordering::SeqCst) {
            std::thread::park_timeout(Duration::from_millis(1));
        }
        Verdict::Suppress
    }
}

/// A mebibyte of messages for a room.
fn mebibyte() -> Vec<Publication> {
    let data = json!("x".repeat(65_000)).to_string();
    (0..16)
        .map(|_| Publication {
            id: None,
            kind: MessageType::Notification,
            room: Some(RoomName::parse("general").expect("a valid name")),
            from: "backend".to_owned(),
            data: data.clone().into(),
        })
        .collect()
}

/// Publishes until the engine has no room, and returns how many messages it took.
fn publish_until_full(engine: &Engine) -> usize {
    let mut taken = 0;
    loop {
        match engine.publish(mebibyte()) {
            Ok(receipts) => taken += receipts.len(),
            Err(Overloaded) => return taken,
        }
        assert!(taken < 4_096, "256 MiB wait, and no end");
    }
}

#[test]
fn publications_wait_up_to_a_bound_and_all_that_were_taken_are_dealt_with() {
    let hooks = Arc::new(Blocker::default());
    let pod = Pod::start_with_hooks(|_| {}, Arc::<Blocker>::clone(&hooks));
    pod.connect("/ws/elsewhere").send_text(r#"{"data":"stand still"}"#);
    wait_until("the shard to stand still", || hooks.is_blocked.load(Ordering::SeqCst));

    let taken = publish_until_full(pod.engine());
    assert!((512..1_100).contains(&taken), "about 64 MiB, not {taken} messages of 64 KiB");

    hooks.is_released.store(true, Ordering::SeqCst);
    let received = || pod.engine().inspect().messages_received();
    wait_until("all that were taken", || received() == taken as u64);
    assert!(pod.engine().publish(mebibyte()).is_ok(), "there is room again");
}

// 1. A slow reader's ring fills, and the figures say so.
// 2. It reads on, its ring drains within a moment, and then nothing happens any more.
// 3. Nobody wakes the shard, so the figures went on telling of frames that had long gone.
#[test]
fn what_waited_is_not_told_for_ever_once_nothing_moves() {
    let pod = Pod::start(|settings| settings.rate_limit = 0);
    let mut slow = pod.connect("/ws/general?events=1");
    let mut speaker = pod.connect("/ws/general?echo=0");
    let queued = || pod.engine().inspect().shards.iter().map(|shard| shard.queued).sum::<u64>();
    let message = json!({"data": "x".repeat(32 * 1024)}).to_string();
    wait_until("frames to wait", || {
        speaker.send_text(&message);
        queued() > 0
    });
    speaker.send_text(r#"{"data":"last"}"#);
    while slow.next_json()["data"] != "last" {}
    wait_until("the figures to follow", || queued() == 0);
}
