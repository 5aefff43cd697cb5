use bytes::Bytes;
use stentor_wire::encode::envelope_frame;
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::place::Place;
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

use super::*;

/// A message by its sender, its number among all and its stamp.
type Said = (&'static str, u128, u64);

/// Each sender is on a pod of its own, which has published it under this number.
fn message((from, number, stamp): Said) -> Remembered {
    let mut frame = Vec::new();
    let envelope = Envelope {
        id: Uuid::from_u128(number),
        kind: MessageType::Chat,
        room: Some("a \"room\""),
        from,
        data: b"{}",
        timestamp: Timestamp::from_unix_millis(stamp),
    };
    envelope_frame(&envelope, &mut frame);
    let seq = u64::try_from(number).expect("a small one");
    Remembered { frame: Bytes::from(frame), place: Some(Place::new(from, seq)) }
}

fn messages(said: &[Said]) -> Vec<Remembered> {
    said.iter().copied().map(message).collect()
}

/// The same where nobody knows the numbers.
fn unnumbered(said: &[Said]) -> Vec<Remembered> {
    let messages = messages(said).into_iter();
    messages.map(|message| Remembered { place: None, ..message }).collect()
}

fn woven(archived: &[Said], kept: &[Said]) -> Vec<u128> {
    ids(&weave(&messages(archived), &messages(kept)))
}

fn ids(woven: &[Remembered]) -> Vec<u128> {
    let ids = woven.iter().map(|message| message.id().expect("an envelope's"));
    ids.map(|id| Uuid::parse_str(id).expect("a UUID").as_u128()).collect()
}

/// 1. One says 4 to 10 to a pod, which keeps them and publishes them.
/// 2. Redis dies and has lost 4 to 6 when it begins anew; the pod publishes the rest again.
/// 3. Somebody comes back and is told all that is kept: 7 to 10 were before 4.
#[test]
fn what_an_archive_lost_of_a_sender_goes_before_what_it_has_of_that() {
    let said: Vec<Said> = (4..=10).map(|number| ("one", number, 50)).collect();
    let others = [("two", 1, 10), ("two", 2, 70)];
    let archived = [&others[..1], &said[3..], &others[1..]].concat();
    let kept = [&others[..1], &said[..], &others[1..]].concat();
    assert_eq!(woven(&archived, &kept), [1, 4, 5, 6, 7, 8, 9, 10, 2]);
}

#[test]
fn a_hole_in_an_archive_is_filled_where_it_is() {
    assert_eq!(woven(&[("one", 1, 4), ("one", 3, 5)], &[("one", 2, 5), ("one", 3, 5)]), [1, 2, 3]);
    assert_eq!(woven(&[("one", 1, 5), ("one", 3, 6)], &[("one", 1, 5), ("one", 2, 5)]), [1, 2, 3]);
    assert_eq!(woven(&[("one", 1, 4), ("one", 3, 6)], &[("one", 2, 5)]), [1, 2, 3]);
}

#[test]
fn what_only_the_one_or_the_other_has_stands_by_its_stamp() {
    let archived = [("one", 4, 10), ("two", 3, 30)];
    assert_eq!(
        woven(&archived, &[("one", 9, 20), ("three", 1, 5), ("two", 5, 40)]),
        [1, 4, 9, 3, 5]
    );
}

#[test]
fn a_senders_order_counts_for_more_than_stamps() {
    let archived = [("one", 1, 90), ("one", 2, 20)];
    let kept = [("one", 1, 90), ("one", 7, 10), ("one", 2, 20), ("one", 8, 5)];
    assert_eq!(woven(&archived, &kept), [1, 7, 2, 8]);
}

#[test]
fn nothing_is_woven_with_something() {
    let one = [("one", 1, 10)];
    assert_eq!(woven(&[], &one), [1]);
    assert_eq!(woven(&one, &[]), [1]);
    assert_eq!(woven(&one, &one), [1]);
    assert!(woven(&[], &[]).is_empty());
}

/// Whatever each has: it is told once, and each sender's in the order in which it was said.
#[test]
fn each_sender_is_told_in_its_order_whatever_is_missing_where() {
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..2_000 {
        let mut said: Vec<Said> = Vec::new();
        for number in 1..=24 {
            let stamp = said.last().map_or(0, |last| last.2) + random.u64(0..3);
            said.push((["one", "two", "three"][random.usize(0..3)], number, stamp));
        }
        // Senders are heard in orders of their own.
        let mut heard = said.clone();
        heard.sort_by_key(|(from, _, stamp)| if *from == "two" { stamp + 3 } else { *stamp });
        let archived: Vec<Said> = said.into_iter().filter(|_| random.bool()).collect();
        let kept: Vec<Said> = heard.into_iter().filter(|_| random.bool()).collect();
        let all: HashMap<u128, &str> =
            archived.iter().chain(&kept).map(|(from, number, _)| (*number, *from)).collect();
        let woven = woven(&archived, &kept);
        let is_there = |number: u128| woven.iter().filter(|other| **other == number).count() == 1;
        assert!(kept.iter().all(|(_, number, _)| is_there(*number)), "{archived:?} {kept:?}");
        assert!(archived.iter().all(|(_, number, _)| is_there(*number)), "{archived:?} {kept:?}");
        for from in ["one", "two", "three"] {
            let of_sender = woven.iter().filter(|number| all[number] == from);
            assert!(of_sender.is_sorted(), "{archived:?} {kept:?}: {woven:?}");
        }
    }
}

/// 1. One says 1 to 4 on a pod, which keeps them; of these 4 comes into the archive.
/// 2. Its next connection, which has another name, says 1 and 3 again to another pod, and these come
///    into the archive too.
/// 3. Somebody comes back to the first pod: 2 was woven in behind that 1, and so behind 4.
#[test]
fn another_senders_copy_of_a_message_says_nothing_of_an_order() {
    let archived = [("one", 4, 13), ("again", 1, 20), ("again", 3, 20)];
    let kept = [("one", 1, 10), ("one", 2, 11), ("one", 3, 12), ("one", 4, 13)];
    assert_eq!(woven(&archived, &kept), [2, 4, 1, 3]);
}

/// 1. One says 1 to 6 in one millisecond. The shard keeps 3 and 4, and the archive the others.
/// 2. Somebody comes back and is told both: stamps do not tell which were first.
#[test]
fn what_was_said_in_one_millisecond_is_told_by_its_numbers() {
    let said: Vec<Said> = (1..=6).map(|number| ("one", number, 50)).collect();
    assert_eq!(woven(&[&said[..2], &said[4..]].concat(), &said[2..4]), [1, 2, 3, 4, 5, 6]);
    assert_eq!(woven(&[&said[..2], &said[3..]].concat(), &said[2..4]), [1, 2, 3, 4, 5, 6]);
}

/// 1. One says 6 and 7 in one millisecond, and its next connection 7 again to another pod.
/// 2. A shard has heard 6 and that copy of 7, and the archive has both copies and no 6.
#[test]
fn a_copy_of_another_sender_does_not_stand_for_the_first() {
    let [first, again] = [("one", 7, 50), ("again", 7, 90)];
    assert_eq!(woven(&[first, again], &[("one", 6, 50), again]), [6, 7]);
}

/// 1. A pod's calendar is a minute ahead while one says 1 and 2, and is set back.
/// 2. One says 3 and 4. The archive has lost 3, and the shard has let go of the first two.
#[test]
fn numbers_count_for_more_than_stamps() {
    let said = [("one", 1, 60_010), ("one", 2, 60_020), ("one", 3, 30), ("one", 4, 40)];
    let archived = [said[0], said[1], said[3]];
    assert_eq!(woven(&archived, &said[2..]), [1, 2, 3, 4]);
}

/// 1. One says 1 and 2 on this pod, and again 2 on its next connection, which comes to the shard first.
/// 2. The archive is without 1, and has the first copy of 2.
#[test]
fn what_was_said_here_and_is_here_as_a_copy_is_no_older_than_the_rest() {
    let own = Some(Place::behind_all("one"));
    let kept = [("one", 1, 30), ("again", 2, 50)].map(message);
    let kept = kept.map(|message| Remembered { place: own, ..message });
    assert_eq!(ids(&weave(&messages(&[("one", 2, 40)]), &kept)), [1, 2]);
    // But what is not here at all is gone, whatever the stamps say.
    assert_eq!(ids(&weave(&messages(&[("one", 3, 40)]), &kept)), [3, 1, 2]);
}

#[test]
fn without_numbers_stamps_tell_and_nothing_is_left_out() {
    let (archived, kept) = ([("one", 1, 10), ("one", 3, 30)], [("one", 2, 20), ("one", 4, 30)]);
    assert_eq!(ids(&weave(&unnumbered(&archived), &unnumbered(&kept))), [1, 2, 3, 4]);
}
