use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::config::HistoryConfig;

fn history(bytes_max: usize, shards: usize) -> History {
    History::new(HistoryConfig {
        size: 4,
        ttl: Duration::from_secs(60),
        bytes_max,
        is_shared: false,
        has_archive: false,
        traffic: Arc::new(Traffic::new(shards)),
    })
}

fn at(seconds: u64) -> Now {
    Now { instant: Instant::from_micros(seconds * 1_000_000), unix_millis: seconds * 1_000 }
}

fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect("a valid name")
}

fn append(history: &mut History, seconds: u64, name: &str, frame: &'static str) {
    let frame = Bytes::from_static(frame.as_bytes());
    history.append(at(seconds), Some(&room(name)), None, frame, Passage::UNKNOWN);
}

/// What a room keeps, oldest first.
fn kept(history: &History, name: &str) -> Vec<String> {
    let Some(id) = history.find(&room(name)) else { return Vec::new() };
    let entries = &history.rooms[id.index()].entries;
    entries.iter().map(|entry| String::from_utf8_lossy(&entry.frame).into_owned()).collect()
}

#[test]
fn a_room_keeps_its_last_messages() {
    let mut history = history(1 << 20, 1);
    for frame in ["1", "2", "3", "4", "5", "6"] {
        append(&mut history, 1, "a", frame);
        append(&mut history, 1, "b", frame);
    }
    assert_eq!(kept(&history, "a"), ["3", "4", "5", "6"]);
    assert_eq!((history.len(), kept(&history, "b").len()), (8, 4));
}

#[test]
fn a_room_is_forgotten_with_its_last_message_and_its_number_serves_another() {
    let mut history = history(1 << 20, 1);
    append(&mut history, 1, "a", "1");
    append(&mut history, 30, "b", "2");
    history.expire(at(61));
    assert!(history.find(&room("a")).is_none());
    append(&mut history, 62, "c", "3");
    history.expire(at(90));
    assert_eq!((kept(&history, "b"), kept(&history, "c")), (vec![], vec!["3".to_owned()]));
    history.expire(at(122));
    assert_eq!((history.len(), history.weight()), (0, 0));
}

#[test]
fn places_of_what_went_are_not_kept_for_ever() {
    let mut history = history(1 << 20, 1);
    for _ in 0..100_000 {
        append(&mut history, 1, "a", "x");
    }
    assert!(history.order.len() <= 2 * 4 + STALE_PLACES_MAX + 1, "{}", history.order.len());
}

#[test]
fn every_shard_has_its_share_in_the_weight() {
    let (mut one, mut eight) = (history(1 << 20, 1), history(1 << 20, 8));
    append(&mut one, 1, "a", "x");
    append(&mut eight, 1, "a", "x");
    assert_eq!(eight.weight() - one.weight(), 7 * (ENTRY_WEIGHT + ROOM_WEIGHT));
}

#[test]
fn a_message_larger_than_all_that_may_be_kept_is_not_kept() {
    let mut history = history(400, 1);
    append(&mut history, 1, "a", "x");
    assert_eq!((history.len(), history.weight()), (0, 0));
}

#[test]
fn an_open_room_is_known_without_a_message() {
    let mut history = history(1 << 20, 1);
    let id = history.open(&room("a"));
    assert_eq!(history.find(&room("a")), Some(id));
    append(&mut history, 1, "a", "x");
    history.expire(at(100));
    assert_eq!(history.find(&room("a")), Some(id));
    history.close(id);
    assert_eq!(history.find(&room("a")), None);
}

/// 1. Two rooms are heard, and nobody here is in either.
/// 2. The first is heard no more, and its number is free.
/// 3. Redis is lost: with the second room the last one is forgotten, and the memory of all given
///    back, while the numbers behind it were still to be looked at.
#[test]
fn losing_redis_forgets_the_last_room_whatever_number_it_has() {
    let mut shared = history(1 << 20, 1);
    shared.config.is_shared = true;
    let (first, last) = (room("a"), room("b"));
    shared.handle_audience_heard(at(1), Some(&last));
    shared.handle_audience_heard(at(1), Some(&first));
    shared.handle_audience_unheard(Some(&first));
    shared.handle_pods_unheard();
    assert_eq!((shared.find(&first), shared.find(&last)), (None, None));
    assert_eq!(shared.weight(), 0);
}

/// 1. A message of another shard comes late: its ticket is smaller than that of the one before it.
/// 2. Both are let go of, the one with the larger ticket first, and then their room is forgotten, as
///    another was before.
/// 3. Who comes back to the room has heard it only where it has heard all of that.
#[test]
fn a_forgotten_room_is_remembered_by_the_largest_ticket_of_what_it_let_go_of() {
    let mut history = history(1 << 20, 2);
    let [older, newer] = [0, 1].map(|_| history.traffic().begin(at(1).instant, 0, 0));
    let mut say = |name: &str, passage: Passage| {
        history.append(at(1), Some(&room(name)), None, Bytes::from_static(b"x"), passage);
    };
    say("b", older);
    say("a", newer);
    say("a", older);
    history.expire(at(61));
    let forgotten = history.forgotten.as_ref().map(|evicted| evicted.all().ticket);
    assert_eq!(forgotten, Some(newer.ticket));
}
