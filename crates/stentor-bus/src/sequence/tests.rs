use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::Instant;

use super::{INTERRUPTED_FOR, INTERRUPTED_MAX, PAIRS_MAX, REMEMBERED_FOR, Sequence, Verdict};
use crate::channel::Audience;
use crate::seq::Seq;

const START: Instant = Instant::from_micros(1_000_000);

fn seq(value: u64) -> Seq {
    Seq::new(value).unwrap()
}

fn room(number: usize) -> Audience {
    Some(RoomName::parse(&format!("room {number}")).unwrap())
}

fn judge(sequence: &mut Sequence, value: u64) -> Verdict {
    sequence.handle_message(START, "a", &None, seq(value))
}

#[test]
fn a_late_subscriber_starts_without_a_gap() {
    let mut sequence = Sequence::default();
    assert_eq!(judge(&mut sequence, 57), Verdict::New { missed: Some(0) });
    assert_eq!(judge(&mut sequence, 58), Verdict::New { missed: Some(0) });
}

#[test]
fn a_mark_before_the_first_number_is_a_base_to_count_from() {
    let mut sequence = Sequence::default();
    sequence.handle_interrupted(START, &None);
    assert_eq!(sequence.handle_mark(START, "a", &None, seq(0)), Some(0), "nothing was before it");
    assert_eq!(judge(&mut sequence, 4), Verdict::New { missed: Some(3) });
    assert_eq!(sequence.handle_mark(START, "a", &None, seq(0)), Some(0));
    assert_eq!(judge(&mut sequence, 5), Verdict::New { missed: Some(0) });
}

#[test]
fn the_number_of_a_first_mark_was_not_heard_and_is_told_where_it_comes_yet() {
    let mut sequence = Sequence::default();
    assert_eq!(sequence.handle_mark(START, "a", &None, seq(5)), Some(0));
    assert_eq!(judge(&mut sequence, 5), Verdict::Late { announced: false });
}

#[test]
fn a_hole_is_counted_for_its_channel_alone() {
    let mut sequence = Sequence::default();
    for (audience, value) in [(None, 1), (room(1), 1), (None, 2)] {
        sequence.handle_message(START, "a", &audience, seq(value));
    }
    assert_eq!(judge(&mut sequence, 6), Verdict::New { missed: Some(3) });
    let other = sequence.handle_message(START, "a", &room(1), seq(2));
    assert_eq!(other, Verdict::New { missed: Some(0) });
}

#[test]
fn what_is_published_again_is_recognised() {
    let mut sequence = Sequence::default();
    for value in 1..=5 {
        judge(&mut sequence, value);
    }
    (1..=5).for_each(|value| assert_eq!(judge(&mut sequence, value), Verdict::Duplicate));
}

#[test]
fn a_late_number_is_told_from_a_duplicate_once() {
    let mut sequence = Sequence::default();
    judge(&mut sequence, 1);
    assert_eq!(judge(&mut sequence, 3), Verdict::New { missed: Some(1) });
    assert_eq!(judge(&mut sequence, 2), Verdict::Late { announced: true });
    assert_eq!(judge(&mut sequence, 2), Verdict::Duplicate);
}

#[test]
fn a_late_number_before_the_base_was_never_told_of() {
    let mut sequence = Sequence::default();
    judge(&mut sequence, 6);
    assert_eq!(judge(&mut sequence, 5), Verdict::Late { announced: false });
}

#[test]
fn a_mark_shows_what_nothing_followed() {
    let mut sequence = Sequence::default();
    judge(&mut sequence, 1);
    assert_eq!(sequence.handle_mark(START, "a", &None, seq(1)), Some(0));
    assert_eq!(sequence.handle_mark(START, "a", &None, seq(4)), Some(3));
    assert_eq!(sequence.handle_mark(START, "a", &None, seq(4)), Some(0));
    assert_eq!(judge(&mut sequence, 4), Verdict::Late { announced: true });
    assert_eq!(judge(&mut sequence, 5), Verdict::New { missed: Some(0) });
}

#[test]
fn another_run_of_a_pod_is_another_sender() {
    let mut sequence = Sequence::default();
    sequence.handle_message(START, "a-1", &None, seq(100));
    let restarted = sequence.handle_message(START, "a-2", &None, seq(1));
    assert_eq!(restarted, Verdict::New { missed: Some(0) });
}

#[test]
fn a_new_epoch_is_no_loss_and_the_old_one_does_not_come_back() {
    let mut sequence = Sequence::default();
    judge(&mut sequence, 57);
    let next = Seq::first_of(1);
    let verdict = sequence.handle_message(START, "a", &None, next);
    assert_eq!(verdict, Verdict::New { missed: Some(0) });
    assert_eq!(judge(&mut sequence, 56), Verdict::Duplicate);
    let verdict = sequence.handle_message(START, "a", &None, next.plus(3));
    assert_eq!(verdict, Verdict::New { missed: Some(2) });
}

#[test]
fn a_channel_that_was_left_starts_anew() {
    let mut sequence = Sequence::default();
    judge(&mut sequence, 1);
    sequence.forget(&None);
    assert_eq!(sequence.len(), 0);
    assert_eq!(judge(&mut sequence, 9), Verdict::New { missed: Some(0) });
}

#[test]
fn quiet_pairs_are_forgotten() {
    let mut sequence = Sequence::default();
    judge(&mut sequence, 1);
    sequence.sweep(START + REMEMBERED_FOR);
    assert_eq!(sequence.len(), 1);
    sequence.sweep(START + REMEMBERED_FOR + Duration::from_secs(61));
    assert!(sequence.is_empty());
}

#[test]
fn past_the_bound_the_quietest_are_forgotten() {
    let mut sequence = Sequence::default();
    let at = |number: usize| Instant::from_micros(number as u64);
    for number in 0..=PAIRS_MAX {
        let pod = format!("pod {}", number % 3);
        sequence.handle_message(at(number), &pod, &room(number), seq(1));
    }
    assert!(sequence.len() <= PAIRS_MAX - PAIRS_MAX / 4 + 1);
    let pod = format!("pod {}", (PAIRS_MAX - 1) % 3);
    let kept = sequence.handle_message(START, &pod, &room(PAIRS_MAX - 1), seq(3));
    assert_eq!(kept, Verdict::New { missed: Some(1) });
}

proptest! {
    /// Whatever is lost, doubled and reordered: each number is delivered at most once, in rising
    /// order, and what was neither delivered nor before the base has been announced.
    #[test]
    fn nothing_is_doubled_or_lost_unannounced(
        values in proptest::collection::vec((1_u64..200, any::<bool>()), 1..100),
    ) {
        let mut sequence = Sequence::default();
        let mut delivered = BTreeSet::new();
        let (mut base, mut last, mut missed) = (None, 0, 0);
        for (value, is_mark) in values {
            if is_mark {
                missed += sequence.handle_mark(START, "a", &None, seq(value)).unwrap();
                base.get_or_insert(value + 1);
                last = last.max(value);
            } else if let Verdict::New { missed: more } = judge(&mut sequence, value) {
                prop_assert!(value > last);
                base.get_or_insert(value);
                delivered.insert(value);
                last = value;
                missed += more.unwrap();
            }
        }
        let promised = (last + 1).saturating_sub(base.unwrap_or(0));
        prop_assert_eq!(delivered.len() as u64 + missed, promised);
    }
}

#[test]
fn a_base_after_an_interruption_is_announced_once_for_each_pod() {
    let mut sequence = Sequence::default();
    sequence.handle_interrupted(START, &None);
    assert_eq!(judge(&mut sequence, 2), Verdict::New { missed: None });
    assert_eq!(judge(&mut sequence, 3), Verdict::New { missed: Some(0) });
    assert_eq!(sequence.handle_mark(START, "b", &None, seq(1)), None);
    assert_eq!(sequence.handle_mark(START, "b", &None, seq(1)), Some(0));
    assert_eq!(sequence.handle_mark(START, "b", &room(1), seq(1)), Some(0), "another channel");
}

#[test]
fn after_an_interruption_a_first_number_and_a_known_pod_lack_nothing() {
    let mut sequence = Sequence::default();
    judge(&mut sequence, 5);
    sequence.handle_interrupted(START, &None);
    assert_eq!(judge(&mut sequence, 6), Verdict::New { missed: Some(0) });
    let first = sequence.handle_message(START, "b", &None, Seq::first_of(7));
    assert_eq!(first, Verdict::New { missed: Some(0) });
}

#[test]
fn an_interruption_ends_with_its_time_and_with_its_channel() {
    let mut sequence = Sequence::default();
    sequence.handle_interrupted(START, &None);
    sequence.handle_interrupted(START, &room(1));
    sequence.forget(&room(1));
    let in_room = sequence.handle_message(START, "a", &room(1), seq(2));
    assert_eq!(in_room, Verdict::New { missed: Some(0) });
    sequence.sweep(START + INTERRUPTED_FOR + Duration::from_micros(1));
    assert_eq!(judge(&mut sequence, 2), Verdict::New { missed: Some(0) });
}

#[test]
fn past_the_most_interruptions_every_channel_is_interrupted() {
    let mut sequence = Sequence::default();
    (0..INTERRUPTED_MAX).for_each(|number| sequence.handle_interrupted(START, &room(number)));
    assert_eq!(judge(&mut sequence, 2), Verdict::New { missed: Some(0) });
    sequence.handle_interrupted(START, &room(INTERRUPTED_MAX));
    let later = sequence.handle_message(START, "b", &None, seq(2));
    assert_eq!(later, Verdict::New { missed: None });
    sequence.sweep(START + INTERRUPTED_FOR + Duration::from_micros(1));
    let after = sequence.handle_message(START, "c", &None, seq(2));
    assert_eq!(after, Verdict::New { missed: Some(0) });
}
