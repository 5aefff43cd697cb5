use std::io::IoSlice;
use std::rc::Rc;

use stentor_wire::encode;
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

use super::{Class, RING_SLOTS_MAX, Ring, Slot, WRITE_SLICES_MAX};

/// What the ring would write now, up to a gap.
pub(crate) fn waiting(ring: &Ring) -> String {
    let mut slices = [IoSlice::new(&[]); WRITE_SLICES_MAX];
    let used = ring.gather(&mut slices);
    slices[..used].iter().map(|slice| String::from_utf8_lossy(slice).into_owned()).collect()
}

fn message(text: &str) -> Slot {
    Slot::alone(text.as_bytes().to_vec(), 1, Class::Message)
}

fn notice(text: &str) -> Slot {
    Slot::notice(text.as_bytes().to_vec())
}

fn ring(slots: impl IntoIterator<Item = Slot>) -> Ring {
    let mut ring = Ring::default();
    slots.into_iter().for_each(|slot| ring.push(slot));
    ring
}

/// A frame of a message with this id.
fn envelope(id: u128) -> Slot {
    let mut frame = Vec::new();
    let envelope = Envelope {
        id: Uuid::from_u128(id),
        kind: MessageType::Chat,
        room: Some("a"),
        from: "ada",
        data: b"{}",
        timestamp: Timestamp::from_unix_millis(0),
    };
    encode::envelope_frame(&envelope, &mut frame);
    Slot::alone(frame, 1, Class::Message)
}

/// A slot of several text frames side by side.
fn stretch(texts: &[&str]) -> Slot {
    let mut bytes = Vec::new();
    texts.iter().for_each(|text| encode::text_frame(text.as_bytes(), &mut bytes));
    Slot::alone(bytes, texts.len() as u32, Class::Message)
}

#[test]
fn a_stretch_is_counted_taken_and_dropped_frame_by_frame() {
    let mut ring = ring([stretch(&["a", "b", "c", "d"])]);
    assert_eq!(ring.len(), 4);
    // The first frame whole and half of the second: three bytes each.
    ring.advance(4);
    assert_eq!(ring.len(), 3);
    assert!(ring.drop_oldest());
    assert_eq!(ring.len(), 2, "the half-sent b stays, c is gone");
    assert_eq!(waiting(&ring), "\u{1}b", "then comes the gap");
    ring.advance(2);
    assert_eq!(ring.poll_gap().map(|gap| gap.missed), Some(1));
    ring.announce(b"gap".to_vec());
    assert_eq!(waiting(&ring), "gap\u{fffd}\u{1}d");
    ring.advance(6);
    assert!(ring.is_empty());
    assert_eq!(ring.len(), 0);
}

#[test]
fn clearing_a_stretch_keeps_its_half_sent_frame_alone() {
    let mut ring = ring([stretch(&["a", "b", "c"]), message("later")]);
    ring.advance(1);
    assert_eq!(ring.clear(), 3);
    assert_eq!((ring.len(), waiting(&ring)), (1, "\u{1}a".to_owned()));
}

#[test]
fn a_flood_of_pings_is_answered_with_the_latest_pong() {
    let mut ring = Ring::default();
    for ping in 0..10_000 {
        ring.push_pong(format!("{ping};").into_bytes());
    }
    assert_eq!(ring.len(), RING_SLOTS_MAX);
    let mut said = String::new();
    while !ring.is_empty() {
        let part = waiting(&ring);
        ring.advance(part.len());
        said += &part;
    }
    assert!(said.starts_with("0;1;2;") && said.ends_with(";9999;"), "{said}");
}

#[test]
fn frames_that_lie_side_by_side_are_one_slice() {
    let shared = Rc::new(b"onetwothree".to_vec());
    let slot = |range| Slot::new(Rc::clone(&shared), range, 1, Class::Message);
    let whole = ring([slot(0..3), slot(3..6), slot(6..11)]);
    let mut slices = [IoSlice::new(&[]); WRITE_SLICES_MAX];
    assert_eq!(whole.gather(&mut slices), 1);
    let apart = ring([slot(0..3), slot(6..11), message("four")]);
    assert_eq!(apart.gather(&mut slices), 3);
    assert_eq!(waiting(&apart), "onethreefour");
}

#[test]
fn what_was_taken_is_not_written_again_wherever_it_ended() {
    for taken in 0..=11 {
        let mut ring = ring([message("one"), notice("two"), message("three")]);
        ring.advance(taken);
        assert_eq!(waiting(&ring), "onetwothree"[taken..]);
        ring.advance(11 - taken);
        assert!(ring.is_empty());
    }
}

#[test]
fn one_write_has_a_bounded_number_of_slices() {
    let mut ring = ring((0..200).map(|_| message("x")));
    assert_eq!(waiting(&ring).len(), WRITE_SLICES_MAX);
    ring.advance(WRITE_SLICES_MAX);
    assert_eq!(ring.len(), 200 - WRITE_SLICES_MAX);
}

#[test]
fn a_ring_is_over_full_behind_its_last_slot() {
    let mut ring = ring((0..RING_SLOTS_MAX).map(|_| message("x")));
    assert!(!ring.is_over_full());
    ring.push(message("x"));
    assert!(ring.is_over_full());
    assert!(ring.drop_oldest());
    assert!(!ring.is_over_full(), "the announcement takes no message's place");
}

#[test]
fn a_gap_stands_where_the_first_dropped_message_stood() {
    let mut ring = ring([notice("a"), message("b"), notice("c"), message("d"), message("e")]);
    assert!(ring.drop_oldest());
    assert!(ring.drop_oldest());
    assert_eq!(waiting(&ring), "a", "what follows waits for the announcement");
    assert!(ring.poll_gap().is_none(), "its turn has not come");
    ring.advance(1);
    let gap = ring.poll_gap().expect("it is the next");
    assert_eq!((gap.missed, gap.first_id(), gap.last_id()), (2, None, None));
    ring.announce(b"gap".to_vec());
    assert_eq!(waiting(&ring), "gapce");
    assert_eq!(ring.len(), 3);
}

#[test]
fn a_gap_names_the_first_and_the_last_message_that_are_missing() {
    let mut ring = ring((1..=5).map(envelope));
    for _ in 0..3 {
        assert!(ring.drop_oldest());
    }
    let gap = ring.poll_gap().expect("it is the next");
    assert_eq!(gap.missed, 3);
    assert_eq!(gap.first_id(), Some(&*Uuid::from_u128(1).to_string()));
    assert_eq!(gap.last_id(), Some(&*Uuid::from_u128(3).to_string()));
}

#[test]
fn a_new_loss_after_an_announcement_is_a_gap_of_its_own() {
    let mut ring = ring([message("a"), message("b"), message("c")]);
    assert!(ring.drop_oldest());
    assert!(ring.poll_gap().is_some());
    ring.announce(b"gap".to_vec());
    assert!(ring.drop_oldest());
    assert_eq!(waiting(&ring), "gap");
    ring.advance(3);
    assert_eq!(ring.poll_gap().map(|gap| gap.missed), Some(1));
}

#[test]
fn a_frame_that_is_half_sent_and_a_notice_are_never_dropped() {
    let mut ring = ring([message("one"), notice("two"), message("three")]);
    ring.advance(1);
    assert!(ring.drop_oldest());
    assert!(!ring.drop_oldest());
    assert_eq!(waiting(&ring), "netwo");
}

#[test]
fn a_cleared_ring_keeps_only_the_frame_that_is_half_sent() {
    let mut untouched = ring([message("one"), notice("two"), message("three")]);
    assert_eq!(untouched.clear(), 2);
    assert!(untouched.is_empty());

    let mut half_sent = ring([message("one"), notice("two"), message("three")]);
    half_sent.advance(2);
    assert_eq!(half_sent.clear(), 1);
    assert_eq!(waiting(&half_sent), "e");
}

#[test]
fn a_ring_is_used_again_empty_unless_it_grew_too_large() {
    let mut used = Box::new(ring((0..100).map(|_| message("x"))));
    used.advance(1);
    used.blocked = true;
    used.drop_oldest();
    let again = used.recycle().expect("small enough");
    assert!(again.is_empty() && !again.blocked && again.gaps.is_empty() && again.sent == 0);

    let grown = Box::new(ring((0..2 * RING_SLOTS_MAX).map(|_| message("x"))));
    assert!(grown.recycle().is_none());
}

/// Frames of messages of these types side by side, with ids from `first` on.
fn typed(first: u128, kinds: &[MessageType]) -> Slot {
    let mut bytes = Vec::new();
    for (number, kind) in kinds.iter().enumerate() {
        let envelope = Envelope {
            id: Uuid::from_u128(first + number as u128),
            kind: *kind,
            room: Some("a"),
            from: "ada",
            data: b"{}",
            timestamp: Timestamp::from_unix_millis(0),
        };
        encode::envelope_frame(&envelope, &mut bytes);
    }
    Slot::alone(bytes, kinds.len() as u32, Class::Message)
}

#[test]
fn system_and_error_messages_are_never_dropped_and_each_stretch_between_them_is_a_gap() {
    use MessageType::{Chat, Error, Notification, System};
    let kinds = [Chat, Notification, System, Chat, Error, System, Chat, Chat];
    let mut ring = ring([typed(1, &kinds), notice("answer"), typed(9, &[Chat])]);
    let mut dropped = 0;
    while ring.drop_oldest() {
        dropped += 1;
    }
    assert_eq!((dropped, ring.len()), (6, 4));
    let mut course = Vec::new();
    while !ring.is_empty() {
        if let Some(gap) = ring.poll_gap() {
            let last = |id: Option<&str>| id.and_then(|id| id.chars().last());
            course.push((gap.missed, last(gap.first_id()), last(gap.last_id())));
            ring.announce(b"gap".to_vec());
        }
        let mut slices = [IoSlice::new(&[]); WRITE_SLICES_MAX];
        let used = ring.gather(&mut slices);
        let bytes = slices[..used].iter().map(|slice| slice.len()).sum();
        ring.advance(bytes);
    }
    let gap = |missed, first, last| (missed, Some(first), Some(last));
    assert_eq!(course, [gap(2, '1', '2'), gap(1, '4', '4'), gap(3, '7', '9')]);
}
