//! Readers that stop: closed, or told what they missed; the others never notice.

use serde_json::{Value, json};
use stentor_server::engine::SlowConsumer;

use crate::client::{CLOSE, Client, TEXT};
use crate::pod::Pod;

/// More than the buffers of a socket (4 MiB on the way out) and a ring of 256 hold.
const MESSAGES: u64 = 640;
const MESSAGE_BYTES: usize = 32 * 1024;

/// So many are on their way to the readers at once, so that none of those is slow by accident.
const BURST: u64 = 16;

fn start(slow_consumer: SlowConsumer) -> Pod {
    Pod::start(|settings| {
        settings.rate_limit = 0;
        settings.slow_consumer = slow_consumer;
    })
}

/// Has a speaker say numbered messages, all of which `reader` hears. Returns their ids.
pub(crate) fn talk(pod: &Pod, reader: &mut Client) -> Vec<Value> {
    let mut speaker = pod.connect("/ws/general?echo=0");
    let padding = "x".repeat(MESSAGE_BYTES);
    let mut ids = Vec::new();
    for burst in 0..MESSAGES / BURST {
        let numbers = burst * BURST..(burst + 1) * BURST;
        for number in numbers.clone() {
            speaker.send_text(&json!({"data": [number, padding]}).to_string());
        }
        for number in numbers {
            let message = reader.next_json();
            assert_eq!(message["data"][0], number);
            ids.push(message["id"].clone());
        }
    }
    ids
}

/// Reads what a client that fell behind is owed, up to the last message; checks that it is in
/// order and that every gap is announced with its ids. Returns how many were missed.
fn catch_up(slow: &mut Client, ids: &[Value]) -> u64 {
    let (mut next, mut missed_in_all) = (0, 0);
    while next < MESSAGES {
        let message = slow.next_json();
        if message["type"] == "chat" {
            assert_eq!(message["data"][0], next);
            next += 1;
            continue;
        }
        let gap = &message["data"];
        assert_eq!(gap["event"], "gap", "{gap}");
        let missed = gap["missed"].as_u64().expect("a number");
        assert_eq!(gap["from_id"], ids[next as usize]);
        assert_eq!(gap["to_id"], ids[(next + missed - 1) as usize]);
        next += missed;
        missed_in_all += missed;
    }
    missed_in_all
}

/// Reads what a closed client got: whole messages from the first on, then the close. Returns how
/// many messages that were.
fn read_until_closed(slow: &mut Client) -> u64 {
    let mut next = 0;
    loop {
        let frame = slow.next_but_ping().expect("a close before the end");
        if frame.opcode == CLOSE {
            assert_eq!(frame.payload[..2], 1013_u16.to_be_bytes());
            assert_eq!(slow.next_frame(), None, "the end in order");
            return next;
        }
        assert_eq!((frame.opcode, frame.is_final), (TEXT, true));
        let message: Value = serde_json::from_slice(&frame.payload).expect("a whole message");
        assert_eq!(message["data"][0], next);
        next += 1;
    }
}

fn dropped(pod: &Pod) -> u64 {
    pod.stats()["messages_dropped"].as_u64().expect("a number")
}

#[test]
fn a_reader_that_stops_is_closed_with_1013_and_the_others_hear_everything() {
    let pod = start(SlowConsumer::Auto);
    let mut slow = pod.connect("/ws/general");
    let mut reader = pod.connect("/ws/general");
    talk(&pod, &mut reader);
    let heard = read_until_closed(&mut slow);
    assert!(heard < MESSAGES, "{heard}");
    pod.wait_for_stats("the slow one to be gone", |stats| stats["connections"] == 1);
    assert!(dropped(&pod) > 0);
    let closed = "realtime_connections_closed_total{code=\"1013\"} 1\n";
    assert!(pod.get("/metrics").body.contains(closed));
    reader.expect_nothing();
}

#[test]
fn a_reader_that_stops_and_hears_events_is_told_exactly_what_it_missed() {
    let pod = start(SlowConsumer::Auto);
    let mut slow = pod.connect("/ws/general?events=1");
    assert_eq!(slow.next_json()["data"]["event"], "welcome");
    let mut reader = pod.connect("/ws/general");
    let ids = talk(&pod, &mut reader);
    let missed = catch_up(&mut slow, &ids);
    assert!(missed > 0 && missed < MESSAGES - 256, "{missed}");
    assert_eq!(dropped(&pod), missed);
    slow.expect_nothing();
    reader.expect_nothing();
}

#[test]
fn the_policy_gap_keeps_everybody() {
    let pod = start(SlowConsumer::Gap);
    let mut slow = pod.connect("/ws/general");
    let mut reader = pod.connect("/ws/general");
    let ids = talk(&pod, &mut reader);
    let missed = catch_up(&mut slow, &ids);
    assert!(missed > 0, "{missed}");
    assert_eq!(dropped(&pod), missed);
    slow.expect_nothing();
}

#[test]
fn the_policy_close_closes_everybody() {
    let pod = start(SlowConsumer::Close);
    let mut slow = pod.connect("/ws/general?events=1");
    assert_eq!(slow.next_json()["data"]["event"], "welcome");
    let mut reader = pod.connect("/ws/general");
    talk(&pod, &mut reader);
    assert!(read_until_closed(&mut slow) < MESSAGES);
}

#[test]
fn a_reader_that_pauses_for_less_than_a_ring_misses_nothing() {
    let pod = start(SlowConsumer::Auto);
    let mut pauses = pod.connect("/ws/general");
    let mut speaker = pod.connect("/ws/general?echo=0");
    for number in 0..256 {
        speaker.send_text(&json!({"data": [number, "x".repeat(MESSAGE_BYTES)]}).to_string());
    }
    speaker.expect_nothing();
    for number in 0..256 {
        assert_eq!(pauses.next_json()["data"][0], number);
    }
    pod.wait_for_stats("the ring to be empty", |stats| stats["shards"][0]["queued"] == 0);
    assert_eq!(dropped(&pod), 0);
}
