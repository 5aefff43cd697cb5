use std::time::Duration;

use stentor_wire::room_name::RoomName;
use stentor_wire::time::Instant;

use super::{LACK_COVERS, StreamUpkeep, Upkeep};
use crate::channel::Audience;

const START: Instant = Instant::from_micros(1_000_000);
const TTL: Duration = Duration::from_secs(60);

fn room() -> Audience {
    Some(RoomName::parse("room").unwrap())
}

fn upkeep() -> StreamUpkeep {
    StreamUpkeep::new(TTL)
}

/// For how long the stream lives from each moment on, with a message every `pause`.
fn said_every(pause: Duration, times: u32) {
    let mut upkeep = upkeep();
    let mut dies_at = START;
    for message in 0..times {
        let now = START + pause * message;
        while let Some(due) = upkeep.poll_timeout().filter(|due| *due <= now) {
            if upkeep.poll_upkeep(due).is_some() {
                dies_at = due + upkeep.lifetime();
            }
        }
        if upkeep.handle_message(now, &room()) {
            dies_at = now + upkeep.lifetime();
        }
        assert!(dies_at >= now + TTL, "message {message} would die before its time");
    }
}

#[test]
fn no_stream_dies_while_it_holds_a_message_that_is_young_enough() {
    for millis in [1, 100, 999, 14_999, 15_000, 15_001, 40_000, 61_000] {
        said_every(Duration::from_millis(millis), 200);
    }
}

#[test]
fn a_busy_room_costs_a_word_for_each_quarter_of_the_time() {
    let mut upkeep = upkeep();
    let mut words = 0;
    for message in 0..60_000_u64 {
        let now = START + Duration::from_millis(message);
        words += u32::from(upkeep.handle_message(now, &room()));
        words += std::iter::from_fn(|| upkeep.poll_upkeep(now)).count() as u32;
    }
    assert_eq!(words, 4);
}

#[test]
fn a_room_that_falls_silent_gets_a_last_word_and_is_forgotten() {
    let mut upkeep = upkeep();
    assert!(upkeep.handle_message(START, &room()));
    assert!(!upkeep.handle_message(START + TTL / 8, &room()));
    assert_eq!(upkeep.poll_upkeep(START + TTL / 4), Some(Upkeep::Renew(room())));
    assert_eq!(upkeep.poll_upkeep(START + TTL / 2), None);
    assert_eq!(upkeep.poll_timeout(), None);
    assert!(upkeep.handle_message(START + TTL, &room()));
}

#[test]
fn after_a_lost_link_every_stream_is_told_anew() {
    let mut upkeep = upkeep();
    upkeep.handle_message(START, &room());
    upkeep.handle_link_down(START);
    assert!(upkeep.handle_message(START, &room()));
}

#[test]
fn a_lack_is_written_at_once_and_then_once_a_second() {
    let mut upkeep = upkeep();
    upkeep.handle_lack(START, &room());
    upkeep.handle_lack(START, &room());
    assert!(upkeep.is_lacking(&room()));
    assert_eq!(upkeep.poll_upkeep(START), Some(Upkeep::Lack(room())));
    assert_eq!(upkeep.poll_upkeep(START), None);
    upkeep.handle_lack_written(START, &room());
    assert!(!upkeep.is_lacking(&room()));
    upkeep.handle_lack(START, &room());
    assert_eq!(upkeep.poll_upkeep(START), None, "what is written covers it");
    assert_eq!(upkeep.poll_timeout(), Some(START + LACK_COVERS));
    assert_eq!(upkeep.poll_upkeep(START + LACK_COVERS), Some(Upkeep::Lack(room())));
    upkeep.handle_lack_written(START + LACK_COVERS, &room());
    assert_eq!(upkeep.poll_upkeep(START + LACK_COVERS * 2), None);
    assert_eq!(upkeep.poll_timeout(), None);
}

#[test]
fn a_lack_is_tried_until_redis_has_it() {
    let mut upkeep = upkeep();
    upkeep.handle_lack(START, &room());
    for second in 0..5 {
        let now = START + LACK_COVERS * second;
        assert_eq!(upkeep.poll_upkeep(now), Some(Upkeep::Lack(room())));
        upkeep.handle_lack_not_written(now, &room());
        assert!(upkeep.is_lacking(&room()));
    }
    let later = START + LACK_COVERS * 5;
    assert_eq!(upkeep.poll_upkeep(later), Some(Upkeep::Lack(room())));
    upkeep.handle_link_down(later);
    assert_eq!(upkeep.poll_upkeep(later), Some(Upkeep::Lack(room())), "its answer is lost");
}
