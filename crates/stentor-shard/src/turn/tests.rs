use std::rc::Rc;

use super::{KEPT_BYTES_MAX, Turn};
use crate::numbers::MemberId;
use crate::ring::{Ring, Slot};

const ANY: MemberId = MemberId(1);
const OTHER: MemberId = MemberId(2);

fn turn(frames: &[&str]) -> Turn {
    let mut turn = Turn::default();
    frames.iter().for_each(|frame| turn.append(frame.as_bytes()));
    turn
}

fn text(slots: impl IntoIterator<Item = Slot>) -> String {
    let mut ring = Ring::default();
    slots.into_iter().for_each(|slot| ring.push(slot));
    crate::ring::tests::waiting(&ring)
}

/// What the member is owed, by both ways to ask.
fn owed(turn: &mut Turn, member: MemberId) -> String {
    let apart = text(turn.owed_apart(member));
    let exceptional = turn.exceptional_members().into_iter().find(|(id, _)| *id == member);
    match exceptional {
        Some((_, slots)) => assert_eq!(text(slots), apart),
        None => assert_eq!(apart.as_bytes(), turn.bytes()),
    }
    apart
}

#[test]
fn frames_lie_back_to_back() {
    let mut turn = turn(&["one", "two", "three"]);
    assert_eq!(turn.bytes(), b"onetwothree");
    assert_eq!(turn.frames(), 3);
    assert_eq!(owed(&mut turn, ANY), "onetwothree");
}

#[test]
fn a_member_that_joined_is_owed_what_came_after_its_last_join() {
    let mut turn = turn(&["one"]);
    turn.note_join(ANY);
    turn.append(b"two");
    assert_eq!(owed(&mut turn, ANY), "two");
    turn.note_join(ANY);
    assert_eq!(owed(&mut turn, ANY), "");
    turn.append(b"three");
    assert_eq!(owed(&mut turn, ANY), "three");
    assert_eq!(owed(&mut turn, OTHER), "onetwothree");
}

#[test]
fn a_muted_frame_is_left_out_for_its_sender_alone() {
    let mut turn = turn(&["one", "two"]);
    turn.mute_last(ANY);
    turn.append(b"three");
    turn.append(b"four");
    turn.mute_last(ANY);
    assert_eq!(owed(&mut turn, ANY), "onethree");
    assert_eq!(owed(&mut turn, OTHER), "onetwothreefour");
    assert!(turn.exceptional_members().iter().all(|(member, _)| *member == ANY));
}

#[test]
fn the_rest_begins_with_the_frame_that_holds_the_offset() {
    let turn = turn(&["one", "two", "three"]);
    for (offset, expected, sent) in [
        (0, "onetwothree", 0),
        (1, "onetwothree", 1),
        (2, "onetwothree", 2),
        (3, "twothree", 0),
        (5, "twothree", 2),
        (6, "three", 0),
        (10, "three", 4),
    ] {
        let (slot, already_sent) = turn.rest(offset);
        assert_eq!(text([slot]), expected, "from {offset}");
        assert_eq!(already_sent, sent, "from {offset}");
    }
}

#[test]
fn what_a_ring_holds_is_not_changed_by_what_is_appended_later() {
    let mut turn = turn(&["one"]);
    let held = turn.owed_apart(ANY);
    turn.append(b"two");
    assert_eq!(text(held), "one");
    assert_eq!(turn.bytes(), b"onetwo");
}

#[test]
fn a_buffer_is_used_again_empty_and_only_when_nobody_holds_it() {
    let mut first = Box::new(turn(&["one"]));
    first.note_join(ANY);
    let mut again = first.recycle().expect("nobody holds it");
    assert_eq!(again.frames(), 0);
    assert!(again.bytes().is_empty());
    assert!(again.exceptional_members().is_empty());
    assert!(again.bytes.capacity() > 0);

    let held = Box::new(turn(&["one"]));
    let (slot, _) = held.rest(0);
    assert!(held.recycle().is_none());
    assert_eq!(text([slot]), "one");
}

#[test]
fn a_buffer_that_grew_too_large_is_given_back() {
    let large = "x".repeat(KEPT_BYTES_MAX + 1);
    let turn = Box::new(turn(&[&large]));
    assert_eq!(Rc::strong_count(&turn.bytes), 1);
    assert!(turn.recycle().is_none());
}
