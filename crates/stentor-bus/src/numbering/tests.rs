use std::time::Duration;

use stentor_wire::room_name::RoomName;
use stentor_wire::time::Instant;

use super::{CHANNELS_MAX, MARK_INTERVAL, Numbering, REMEMBERED_FOR};
use crate::channel::Audience;
use crate::hearing::SETTLED_AFTER;
use crate::seq::Seq;

const START: Instant = Instant::from_micros(1_000_000);

fn room(number: usize) -> Audience {
    Some(RoomName::parse(&format!("room {number}")).unwrap())
}

fn after(seconds: u64) -> Instant {
    START + Duration::from_secs(seconds)
}

#[test]
fn each_channel_counts_for_itself_from_one() {
    let mut numbering = Numbering::default();
    for value in 1..=3 {
        assert_eq!(numbering.next(START, &None).value(), value);
        assert_eq!(numbering.next(START, &room(1)).value(), value);
    }
    assert_eq!(numbering.skip(START, &None, 10).value(), 13);
    assert_eq!(numbering.next(START, &room(2)).value(), 1);
}

#[test]
fn a_quiet_channel_is_marked_twice_and_then_left_alone() {
    let mut numbering = Numbering::default();
    let last = numbering.next(START, &room(1));
    assert_eq!(numbering.poll_timeout(), Some(after(2)));
    assert_eq!(numbering.poll_mark(after(1)), None);
    assert_eq!(numbering.poll_mark(after(2)), Some((room(1), last)));
    assert_eq!(numbering.poll_mark(after(16)), None);
    assert_eq!(numbering.poll_mark(after(17)), Some((room(1), last)));
    assert_eq!(numbering.poll_mark(after(500)), None);
    assert_eq!(numbering.poll_timeout(), None);
}

#[test]
fn a_channel_that_goes_on_is_not_marked() {
    let mut numbering = Numbering::default();
    for second in 0..20 {
        numbering.next(after(second), &None);
        assert_eq!(numbering.poll_mark(after(second)), None);
    }
    assert!((20..=23).any(|second| numbering.poll_mark(after(second)).is_some()));
}

#[test]
fn a_message_after_the_first_mark_starts_the_marks_anew() {
    let mut numbering = Numbering::default();
    numbering.next(START, &None);
    assert!(numbering.poll_mark(after(2)).is_some());
    let last = numbering.next(after(3), &None);
    assert_eq!(numbering.poll_mark(after(5)), Some((None, last)));
    assert_eq!(numbering.poll_mark(after(17)), None, "the second mark of before is stale");
    assert_eq!(numbering.poll_mark(after(20)), Some((None, last)));
}

#[test]
fn a_dropped_message_is_marked_though_the_channel_was() {
    let mut numbering = Numbering::default();
    let last = numbering.next(START, &None);
    assert!(numbering.poll_mark(after(2)).is_some());
    assert!(numbering.poll_mark(after(17)).is_some());
    numbering.handle_dropped(after(60), &None, last);
    assert_eq!(numbering.poll_mark(after(62)), Some((None, last)));
}

#[test]
fn marks_are_spaced_however_many_channels_go_quiet_at_once() {
    let mut numbering = Numbering::default();
    for number in 0..10 {
        numbering.next(START, &room(number));
    }
    assert!(numbering.poll_mark(after(2)).is_some());
    assert_eq!(numbering.poll_mark(after(2)), None);
    assert!(numbering.poll_mark(after(2) + MARK_INTERVAL).is_some());
}

#[test]
fn all_marks_are_out_within_what_hearing_waits_for_however_many_channels_go_quiet_at_once() {
    let mut numbering = Numbering::default();
    let channels = CHANNELS_MAX / 2;
    for number in 0..channels {
        numbering.next(START, &room(number));
    }
    // Looked at first when they are not quiet yet, which is the longest way to a mark.
    let last_said_at = START + Duration::from_millis(1_999);
    for number in 0..channels {
        numbering.next(last_said_at, &room(number));
    }
    let step = Duration::from_millis(1);
    let (mut now, mut marks) = (last_said_at, 0);
    while now < last_said_at + SETTLED_AFTER {
        while numbering.poll_mark(now).is_some() {
            marks += 1;
        }
        now = now + step;
    }
    assert_eq!(marks, 2 * channels);
    assert_eq!(numbering.poll_timeout(), None);
}

#[test]
fn marks_that_are_late_for_once_are_spaced_again_when_they_are_not() {
    let mut numbering = Numbering::default();
    for number in 0..10 {
        numbering.next(START, &room(number));
    }
    let late = after(3);
    assert_eq!(std::iter::from_fn(|| numbering.poll_mark(late)).count(), 10);
    numbering.next(after(4), &room(1));
    numbering.next(after(4), &room(2));
    assert!(numbering.poll_mark(after(6)).is_some());
    assert_eq!(numbering.poll_mark(after(6)), None);
}

#[test]
fn a_channel_that_was_forgotten_goes_on_in_a_later_epoch() {
    let mut numbering = Numbering::default();
    let last = (0..57).map(|_| numbering.next(START, &None)).last().unwrap();
    let later = START + REMEMBERED_FOR + Duration::from_secs(1);
    numbering.sweep(later);
    assert!(numbering.is_empty());
    let next = numbering.next(later, &None);
    assert!(next > last);
    assert_eq!(next.steps_since(last), 1);
}

#[test]
fn a_channel_with_a_hole_is_remembered_until_it_was_told() {
    let mut numbering = Numbering::default();
    let last = numbering.skip(START, &None, 3);
    let later = START + REMEMBERED_FOR + Duration::from_secs(1);
    numbering.sweep(later);
    assert_eq!(numbering.poll_mark(later), Some((None, last)));
    assert_eq!(numbering.poll_base(&None, last), Some(last.minus(3)));
    assert_eq!(numbering.poll_base(&None, last), None, "it is out");
    numbering.handle_unsure(&None);
    assert_eq!(numbering.poll_base(&None, last), Some(last.minus(3)));
    numbering.handle_published(&None, last);
    numbering.handle_unsure(&None);
    assert_eq!(numbering.poll_base(&None, last), None, "redis has it");
}

#[test]
fn an_answer_to_what_went_out_before_the_base_says_nothing_of_it() {
    let mut numbering = Numbering::default();
    let first = numbering.next(START, &None);
    let second = numbering.next(START, &None);
    let third = numbering.next(START, &None);
    numbering.handle_dropped(START, &None, first);
    assert_eq!(numbering.poll_base(&None, third), Some(first.minus(1)));
    numbering.handle_published(&None, second);
    numbering.handle_all_unsure();
    assert_eq!(numbering.poll_base(&None, third), Some(first.minus(1)));
}

#[test]
fn past_the_bound_the_quietest_quarter_is_forgotten() {
    let mut numbering = Numbering::default();
    let at = |number: usize| Instant::from_micros(number as u64);
    let first = numbering.skip(at(0), &room(0), 9);
    for number in 1..CHANNELS_MAX {
        numbering.next(at(number), &room(number));
    }
    let last_of_kept = numbering.next(at(CHANNELS_MAX), &room(CHANNELS_MAX - 1));
    assert_eq!(last_of_kept, Seq::first_of(0).plus(1));
    numbering.next(at(CHANNELS_MAX), &room(CHANNELS_MAX));
    assert_eq!(numbering.len(), CHANNELS_MAX - CHANNELS_MAX / 4 + 1);
    assert_eq!(numbering.next(at(CHANNELS_MAX), &room(0)).steps_since(first), 1);
    assert_eq!(numbering.next(at(CHANNELS_MAX), &room(CHANNELS_MAX - 1)), last_of_kept.plus(1));
}
