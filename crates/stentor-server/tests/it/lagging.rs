//! A shard that is too slow for what other pods say.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use stentor_server::Settings;
use stentor_server::engine::SlowConsumer;
use stentor_server::engine::hooks::{Client, Hooks, Verdict};
use stentor_server::engine::wire::draft::Draft;
use stentor_testbed::Redis;

use crate::pod::{DEADLINE, Pod, wait_until};
use crate::redis::{at, metric, pod, wait_for_metric, wait_up};

/// Messages of this size fill a batch of 256 KiB five at a time, so that few overflow the 256
/// batches that wait for a shard.
const TEXT_BYTES: usize = 60_000;

/// More than 256 batches, however they were cut.
const MESSAGES: usize = 1_400;

/// Few enough to wait in the pod that says them.
const AT_ONCE: usize = 100;

/// Keeps the shard on which somebody says `"hold"` until the test lets it go.
struct Holding {
    held: Sender<()>,
    released: Mutex<Receiver<()>>,
}

impl Hooks for Holding {
    fn on_message(&self, _client: &Client<'_>, draft: &Draft<'_>) -> Verdict {
        if draft.data == br#""hold""# {
            self.held.send(()).expect("the test waits");
            let released = self.released.lock().expect("one shard holds it");
            released.recv_timeout(DEADLINE * 4).expect("the test lets it go");
        }
        Verdict::Pass
    }
}

/// Messages that the pod's bus has given to its shards.
fn heard_by_bus(pod: &Pod) -> usize {
    let bus = pod.engine().inspect().bus;
    bus.map_or(0, |counters| counters.inbox.delivered as usize)
}

#[test]
fn members_of_a_shard_that_lags_are_told_or_counted_and_hear_what_comes_then() {
    let redis = Redis::start();
    let a = pod(&redis);
    let (held, is_held) = channel();
    let (release, released) = channel();
    let hooks = Arc::new(Holding { held, released: Mutex::new(released) });
    let with_redis = at(&redis.url());
    let change = |settings: &mut Settings| {
        with_redis(settings);
        // Nobody reads until all is said, and nobody is to be closed for it.
        settings.slow_consumer = SlowConsumer::Gap;
    };
    let b = Pod::start_with_hooks(change, hooks);
    let mut told = b.connect("/ws/general?events=1");
    let mut untold = b.connect("/ws/general");
    wait_up(&b);
    let mut speaker = a.connect("/ws");
    b.connect("/ws/aside").send_text(r#"{"room":"aside","data":"hold"}"#);
    is_held.recv_timeout(DEADLINE).expect("the shard is held");

    let text = json!({"room": "general", "data": "x".repeat(TEXT_BYTES)}).to_string();
    for said in (0..MESSAGES).step_by(AT_ONCE) {
        (0..AT_ONCE).for_each(|_| speaker.send_text(&text));
        // The shard answers no HTTP either.
        wait_until("the bus to hear them", || heard_by_bus(&b) >= said + AT_ONCE);
    }
    assert_eq!(metric(&a, "messages_dropped_total"), 0.0);
    release.send(()).expect("the shard waits");

    let gap = loop {
        let told = told.next_json();
        assert_eq!(told["type"], "system", "the gap comes before what was said behind it");
        if told["data"]["event"] == "gap" {
            break told;
        }
    };
    assert_eq!(gap["data"]["missed"], Value::Null);
    assert_eq!(gap.get("room").filter(|room| !room.is_null()), None, "any room may be meant");
    wait_for_metric(&b, "batches_lagged_total", 1.0);
    assert!(metric(&b, "gaps_told_total") >= 1.0);
    assert!(metric(&b, "gaps_untold_total") >= 1.0);
    assert_eq!(metric(&b, "gaps_total"), 0.0, "the bus itself has missed nothing");

    speaker.send_text(r#"{"room":"general","data":"last"}"#);
    for member in [&mut told, &mut untold] {
        let mut heard = 0;
        while member.next_json()["data"] != "last" {
            heard += 1;
        }
        assert!(heard < MESSAGES, "{heard} of {MESSAGES}");
    }
}
