use super::*;
use crate::cli::FeedingBy;
use crate::load::frames;
use crate::verdict::locator::Locator;

fn feeding(messages: u32, talkers: u32) -> Feeding {
    Feeding {
        members: 4,
        talkers,
        messages,
        content_bytes: 40,
        frames_per_send: 1,
        by: FeedingBy::Sendfile,
        leave_out: None,
    }
}

/// Talker and sequence number of each message.
fn messages(tape: &Tape) -> Vec<(u32, u32)> {
    let (mut rest, mut found, mut locator) = (&tape.bytes[..], Vec::new(), Locator::new());
    while let Some(frame) = frames::first(rest).unwrap() {
        let stamp = Stamp::decode(locator.find(frame.payload).unwrap());
        found.push((stamp.talker, stamp.sequence));
        rest = &rest[frame.bytes..];
    }
    assert_eq!(rest, b"", "nothing but whole frames");
    found
}

#[test]
fn the_tape_holds_what_its_talkers_say_in_turn() {
    let tape = Tape::record(&feeding(5, 2), 1, Moment(7)).unwrap();

    assert_eq!(messages(&tape), [(0, 1), (1, 1), (0, 2), (1, 2), (0, 3)]);
    assert_eq!(said(&feeding(5, 2)), [3, 2]);
    assert_eq!(tape.bytes.len(), 5 * tape.frame_bytes);
}

#[test]
fn both_processes_have_the_same_tape() {
    let tapes = [1, 1, 2].map(|run| Tape::record(&feeding(20, 3), run, Moment(7)).unwrap());

    assert_eq!(tapes[0].bytes, tapes[1].bytes);
    assert_ne!(tapes[0].bytes, tapes[2].bytes);
}

#[test]
fn a_message_is_left_out_and_still_owed() {
    let with_hole = Feeding { leave_out: Some(3), ..feeding(4, 1) };

    assert_eq!(
        messages(&Tape::record(&with_hole, 1, Moment(7)).unwrap()),
        [(0, 1), (0, 2), (0, 4)]
    );
    assert_eq!(said(&with_hole), [4]);
}

#[test]
fn a_tape_past_its_bound_is_refused() {
    let long = Feeding { messages: 100_000_000, ..feeding(1, 1) };

    assert!(
        Tape::record(&long, 1, Moment(7)).unwrap_err().to_string().contains("fewer --messages")
    );
}
