use std::collections::HashSet;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use stentor_wire::encode::envelope_frame;
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::timestamp::Timestamp;
use uuid::{Builder, Uuid};

use super::{Cut, Kept, LACK_COVERS, Replay, StreamHistory, WINDOW, millis};
use crate::seq::Seq;
use crate::stream_entry::{StreamEntry, StreamId};

const START: u64 = 1_770_249_600_000;
const HISTORY: StreamHistory = StreamHistory { size: 256, ttl: Duration::from_secs(60) };

/// Message `seq` of pod `pod`, stamped and in the stream `at` so many milliseconds after the start;
/// the server made its id.
fn entry(pod: u8, seq: u64, at: u64) -> StreamEntry {
    StreamEntry {
        at: StreamId { unix_millis: START + at, count: seq },
        pod: format!("pod-{pod}").into(),
        seq: Seq::new(seq).unwrap(),
        id: id_made_at(pod, seq, at),
        is_id_chosen: false,
        frame: Bytes::from(format!("{pod}/{seq}")),
        is_settled: false,
    }
}

fn settled(pod: u8, seq: u64, at: u64) -> StreamEntry {
    StreamEntry { is_settled: true, ..entry(pod, seq, at) }
}

/// The id that the server made so many milliseconds after the start.
fn id_made_at(pod: u8, seq: u64, at: u64) -> Uuid {
    let mut tail = [0; 10];
    tail[2..].copy_from_slice(&(u64::from(pod) << 48 | seq).to_be_bytes());
    Builder::from_unix_timestamp_millis(START + at, &tail).into_uuid()
}

/// The same message said again, under the same id.
fn resent(first: &StreamEntry, pod: u8, seq: u64, at: u64) -> StreamEntry {
    StreamEntry { id: first.id, ..entry(pod, seq, at) }
}

fn kept(entries: Vec<StreamEntry>) -> Kept {
    Kept { entries, is_whole: true, sound_since: 0, lacking_at: None }
}

fn behind(kept: &Kept, pod: u8, seq: u64) -> Replay {
    kept.replay(Cut::Id(id_in(kept, pod, seq)), HISTORY, START + 10_000, u64::MAX)
}

/// The id of this message; the nil UUID where it is not there.
fn id_in(kept: &Kept, pod: u8, seq: u64) -> Uuid {
    let pod = format!("pod-{pod}");
    let is_it = |entry: &&StreamEntry| *entry.pod == *pod && entry.seq.value() == seq;
    kept.entries.iter().find(is_it).map_or(Uuid::nil(), |entry| entry.id)
}

fn texts(replay: &Replay) -> Vec<&str> {
    replay.messages.iter().map(|one| std::str::from_utf8(&one.frame).unwrap()).collect()
}

#[test]
fn what_stands_behind_the_last_message_was_missed() {
    let kept = kept((1..=5).map(|seq| settled(1, seq, seq * 2_000)).collect());
    let replay = behind(&kept, 1, 3);
    assert_eq!((texts(&replay), replay.recovered), (vec!["1/4", "1/5"], true));
    assert_eq!(replay.oldest_id, Some(kept.entries[0].id));
    let replay = behind(&kept, 1, 5);
    assert!(replay.recovered && replay.messages.is_empty());
}

#[test]
fn of_other_pods_the_last_second_before_is_missed_too() {
    let kept = kept(vec![
        entry(2, 1, 0),
        entry(2, 2, 1_000),
        settled(1, 1, 1_500),
        settled(1, 2, 1_999),
        entry(2, 3, 3_000),
    ]);
    let replay = behind(&kept, 1, 2);
    assert_eq!((texts(&replay), replay.recovered), (vec!["2/2", "2/3"], true));
}

/// The same message, stamped so many milliseconds after the start: its own pod's members heard it
/// from then on.
fn stamped(entry: StreamEntry, at: u64) -> StreamEntry {
    let id = id_made_at(1, entry.seq.value(), at);
    let envelope = Envelope {
        id,
        kind: MessageType::Chat,
        room: Some("a"),
        from: "somebody",
        data: b"1",
        timestamp: Timestamp::from_unix_millis(START + at),
    };
    let mut frame = Vec::new();
    envelope_frame(&envelope, &mut frame);
    StreamEntry { id, frame: Bytes::from(frame), ..entry }
}

#[test]
fn behind_a_message_that_may_be_a_resend_counts_what_was_said_since_its_first_copy() {
    let heard_last = |id: Uuid| {
        let said = [(1, 0), (2, 8_000), (3, 12_000), (4, 35_000)];
        let mut entries: Vec<_> = said.map(|(seq, at)| settled(2, seq, at)).into();
        // Of the same pod, so that it is certain for who heard a message that is no resend.
        entries.push(StreamEntry { id, ..settled(2, 5, 40_000) });
        let replay = kept(entries).replay(Cut::Id(id), HISTORY, START + 41_000, u64::MAX);
        assert!(replay.recovered);
        texts(&replay).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(heard_last(id_made_at(2, 5, 40_000)).is_empty(), "the server made the id");
    assert_eq!(heard_last(id_made_at(9, 9, 13_000)), ["2/3", "2/4"]);
    assert!(heard_last(Uuid::max()).is_empty(), "an id without a time is taken at its word");
    assert!(heard_last(id_made_at(9, 9, 99_000)).is_empty(), "and so is that of a wrong clock");
    // What is not kept so far back may be missing.
    let id = id_made_at(9, 9, 13_000);
    let trimmed = Kept {
        is_whole: false,
        ..kept(vec![entry(2, 3, 12_000), StreamEntry { id, ..entry(2, 4, 40_000) }])
    };
    assert!(!trimmed.replay(Cut::Id(id), HISTORY, START + 41_000, u64::MAX).recovered);
}

#[test]
fn of_a_message_that_redis_took_late_the_second_before_it_was_said_counts() {
    let entries = vec![
        entry(2, 1, 0),
        entry(2, 2, 1_000),
        entry(2, 3, 4_000),
        // An outage of its pod lay between.
        stamped(settled(1, 1, 6_000), 1_999),
        entry(2, 4, 6_100),
    ];
    let replay = behind(&kept(entries.clone()), 1, 1);
    assert_eq!((texts(&replay), replay.recovered), (vec!["2/2", "2/3", "2/4"], true));
    // What was lost then may have been lost by who heard it.
    for lacking_at in [Some(START + 3_000), None] {
        let sound_since = if lacking_at.is_none() { START + 3_000 } else { 0 };
        let replay = behind(&Kept { lacking_at, sound_since, ..kept(entries.clone()) }, 1, 1);
        assert!(!replay.recovered);
    }
    // A stamp from a clock that is ahead says nothing.
    let ahead =
        kept(vec![entry(2, 1, 0), entry(2, 2, 1_000), stamped(settled(1, 1, 1_500), 9_000)]);
    assert_eq!(texts(&behind(&ahead, 1, 1)), ["2/2"]);
}

#[test]
fn of_its_own_pod_is_missed_what_was_not_settled() {
    let kept = kept(vec![entry(1, 1, 0), settled(1, 2, 1), entry(1, 3, 2), entry(1, 4, 3)]);
    assert_eq!(texts(&behind(&kept, 1, 4)), ["1/2", "1/3"], "2 says that 1 was handed out");
    assert_eq!(texts(&behind(&kept, 1, 1)), ["1/2", "1/3", "1/4"]);
}

#[test]
fn a_message_that_is_not_there_brings_all_and_the_truth() {
    let kept = kept(vec![entry(1, 1, 0), entry(1, 2, 1)]);
    let replay = behind(&kept, 9, 9);
    assert_eq!((texts(&replay), replay.recovered), (vec!["1/1", "1/2"], false));
    assert_eq!(behind(&Kept { is_whole: true, ..Kept::default() }, 1, 1), Replay::default());
}

#[test]
fn a_stream_that_was_trimmed_into_the_second_before_is_not_enough() {
    let whole = kept(vec![entry(1, 7, 1_000), entry(2, 1, 1_500), entry(2, 2, 3_000)]);
    let trimmed = Kept { is_whole: false, ..whole.clone() };
    assert!(behind(&whole, 2, 1).recovered);
    assert!(!behind(&trimmed, 2, 1).recovered);
    assert_eq!(behind(&trimmed, 2, 1).messages.len(), 3);
    assert!(behind(&trimmed, 2, 2).recovered, "the first stands before the second before");
}

#[test]
fn a_hole_counts_where_it_may_concern_the_client() {
    let kept =
        kept(vec![entry(1, 1, 0), entry(1, 3, 1_000), entry(2, 1, 1_500), entry(2, 2, 4_000)]);
    assert!(!behind(&kept, 2, 1).recovered);
    assert!(behind(&kept, 2, 2).recovered);
}

#[test]
fn a_lack_counts_for_the_second_that_it_covers() {
    let lacking = |at| Kept { lacking_at: Some(START + at), ..kept(vec![entry(1, 1, 5_000)]) };
    let covers = millis(LACK_COVERS) + millis(WINDOW);
    assert!(!behind(&lacking(5_000 - covers), 1, 1).recovered);
    assert!(behind(&lacking(5_000 - covers - 1), 1, 1).recovered);
    assert!(!behind(&lacking(9_000), 1, 1).recovered);
}

#[test]
fn what_was_published_twice_is_replayed_once_and_in_its_order() {
    let kept = kept(vec![
        entry(1, 1, 0),
        entry(1, 3, 10),
        entry(2, 1, 11),
        entry(1, 2, 12),
        entry(1, 3, 13),
        entry(1, 4, 14),
    ]);
    let replay = behind(&kept, 1, 1);
    assert_eq!((texts(&replay), replay.recovered), (vec!["1/2", "1/3", "2/1", "1/4"], true));
}

#[test]
fn a_time_counts_where_the_stream_reaches_back_to_it() {
    let whole = kept(vec![entry(1, 1, 0), entry(1, 2, 3_000), entry(1, 3, 5_000)]);
    let kept = Kept { is_whole: false, ..whole.clone() };
    let at = |millis| kept.replay(Cut::Time(START + millis), HISTORY, START + 10_000, u64::MAX);
    assert_eq!((texts(&at(4_500)), at(4_500).recovered), (vec!["1/3"], true));
    assert_eq!(texts(&at(4_000)), ["1/2", "1/3"]);
    assert!(at(1_001).recovered && !at(1_000).recovered, "nothing is known of before");
    assert!(whole.replay(Cut::Time(START + 1_000), HISTORY, START + 10_000, u64::MAX).recovered);
}

#[test]
fn what_is_too_old_is_not_kept() {
    let kept = kept(vec![entry(1, 1, 0), entry(1, 2, 50_000)]);
    let [first, second] = [&kept.entries[0], &kept.entries[1]].map(|entry| entry.id);
    let replay = |cut| kept.replay(cut, HISTORY, START + 60_001, u64::MAX);
    assert!(!replay(Cut::Id(first)).recovered);
    assert_eq!(texts(&replay(Cut::Id(first))), ["1/2"]);
    assert_eq!(replay(Cut::Id(second)).oldest_id, Some(second));
    assert!(!replay(Cut::Time(START)).recovered);
    assert!(!kept.replay(Cut::Id(second), HISTORY, u64::MAX, u64::MAX).recovered);
}

/// A message as it really was.
struct Said {
    pod: u8,
    seq: u64,
    at: u64,
    is_lost: bool,
}

/// What was said, what became of it, and what one client heard.
struct World {
    said: Vec<Said>,
    stream: Vec<StreamEntry>,
    kept: Kept,
    last: StreamEntry,
    heard: HashSet<Uuid>,
    is_clean: bool,
}

impl World {
    /// `None` where the client has heard nothing.
    fn new(random: &mut fastrand::Rng) -> Option<World> {
        let losses = random.choice([0, 0, 10, 40]).unwrap_or(0);
        let (mut said, mut stream) = (Vec::new(), Vec::new());
        let (mut seqs, mut at) = ([0_u64; 3], 0);
        seqs.fill_with(|| random.u64(0..3));
        for _ in 0..random.usize(1..40) {
            at += random.u64(0..700);
            let pod = random.u8(0..3);
            seqs[usize::from(pod)] += 1;
            let seq = seqs[usize::from(pod)];
            let is_lost = random.u32(0..100) < losses;
            said.push(Said { pod, seq, at, is_lost });
            if is_lost {
                continue;
            }
            let is_settled = random.u32(0..3) == 0;
            stream.push(StreamEntry { is_settled, ..entry(pod, seq, at) });
            if random.u32(0..8) == 0 {
                // Published again, or only later.
                let again = resent(&stream[stream.len() - 1], pod, seq, at + random.u64(0..900));
                let again = StreamEntry { is_settled, ..again };
                if random.bool() {
                    stream.pop();
                }
                stream.push(again);
            }
        }
        stream.sort_by_key(|entry| entry.at.unix_millis);
        let trimmed = if random.bool() { 0 } else { random.usize(0..=stream.len() / 2) };
        let entries = stream[trimmed..].to_vec();
        let last = random.choice(&stream)?.clone();
        let heard = heard_with(&stream, &last, random);
        let lacking_at = lacking_at(&said, &entries, random);
        let is_clean = losses == 0 && trimmed == 0;
        let kept = Kept { entries, is_whole: trimmed == 0, sound_since: 0, lacking_at };
        Some(World { said, stream, kept, last, heard, is_clean })
    }

    /// Everything that was said since the window began, and that the client has not heard.
    fn missing(&self, window: u64) -> HashSet<Uuid> {
        let lost = self.said.iter().filter(|one| one.is_lost && START + one.at >= window);
        let there = self.stream.iter().filter(|entry| entry.at.unix_millis >= window);
        let ids =
            lost.map(|one| id_made_at(one.pod, one.seq, one.at)).chain(there.map(|entry| entry.id));
        ids.filter(|id| !self.heard.contains(id)).collect()
    }
}

/// What somebody who heard `last` as the last has heard: everything that stood more than a second
/// before it, what is certain, and any of the rest.
fn heard_with(
    stream: &[StreamEntry],
    last: &StreamEntry,
    random: &mut fastrand::Rng,
) -> HashSet<Uuid> {
    let window = last.at.unix_millis - millis(WINDOW);
    let of_its_pod = |entry: &&StreamEntry| entry.pod == last.pod && entry.seq <= last.seq;
    let settled = stream.iter().filter(of_its_pod).filter(|entry| entry.is_settled);
    let settled = settled.map(|entry| entry.seq).max();
    let mut heard: HashSet<Uuid> = stream.iter().map(|entry| entry.id).collect();
    // What stands there twice may have been heard only the second time.
    for entry in stream.iter().filter(|entry| entry.at.unix_millis >= window) {
        let is_certain = entry.pod == last.pod && Some(entry.seq) < settled;
        if entry.id != last.id && !is_certain && random.bool() {
            heard.remove(&entry.id);
        }
    }
    heard
}

/// A lack is written down when something is lost, or within the second that an earlier one covers;
/// not, sometimes, where a hole stands between two numbers.
fn lacking_at(said: &[Said], kept: &[StreamEntry], random: &mut fastrand::Rng) -> Option<u64> {
    let is_silent = random.bool();
    let is_between = |one: &Said| {
        let of_pod = |entry: &&StreamEntry| *entry.pod == *format!("pod-{}", one.pod);
        let seqs = || kept.iter().filter(of_pod).map(|entry| entry.seq.value());
        seqs().any(|seq| seq < one.seq) && seqs().any(|seq| seq > one.seq)
    };
    let lost = said.iter().filter(|one| one.is_lost && !(is_silent && is_between(one)));
    let written = lost.map(|one| START + one.at).max()?;
    Some(written + random.u64(0..2_000) - millis(LACK_COVERS))
}

fn assert_in_order(messages: &[super::Replayed]) {
    let numbers: Vec<(u64, u64)> = messages
        .iter()
        .map(|one| {
            let tail = one.id.as_u128() as u64;
            (tail >> 48 & 0xff, tail & 0xffff_ffff_ffff)
        })
        .collect();
    for (place, (pod, seq)) in numbers.iter().enumerate() {
        let mut later = numbers[place + 1..].iter().filter(|(other, _)| other == pod);
        assert!(later.all(|(_, other)| other > seq), "{numbers:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Whatever was lost, trimmed, said twice or late: who is told that nothing is missing gets all
    /// that he has not heard.
    #[test]
    fn nothing_is_missing_where_the_replay_says_so(seed in any::<u64>()) {
        let mut random = fastrand::Rng::with_seed(seed);
        let Some(world) = World::new(&mut random) else { return Ok(()) };
        let now = START + 40_000;
        let replay = world.kept.replay(Cut::Id(world.last.id), HISTORY, now, u64::MAX);
        assert_in_order(&replay.messages);
        let replayed: HashSet<Uuid> = replay.messages.iter().map(|one| one.id).collect();
        // Of a message that stands there twice the client has heard the one or the other.
        let mut places = world.stream.iter().filter(|entry| entry.id == world.last.id);
        let first = places.next().map_or(0, |entry| entry.at.unix_millis);
        let window = first.max(world.last.at.unix_millis) - millis(WINDOW);
        if replay.recovered {
            let missing = world.missing(window);
            prop_assert!(missing.is_subset(&replayed), "{missing:?} not in {replayed:?}");
        }
        if world.is_clean {
            prop_assert!(replay.recovered);
        }
        if !replay.recovered {
            let kept: HashSet<Uuid> = world.kept.entries.iter().map(|entry| entry.id).collect();
            prop_assert_eq!(replayed, kept);
        }
    }

    /// The same for somebody who heard everything up to a moment.
    #[test]
    fn nothing_is_missing_behind_a_time_where_the_replay_says_so(
        seed in any::<u64>(),
        at in 0_u64..14_000,
    ) {
        let mut random = fastrand::Rng::with_seed(seed);
        let Some(mut world) = World::new(&mut random) else { return Ok(()) };
        world.heard.clear();
        let replay = world.kept.replay(Cut::Time(START + at), HISTORY, START + 40_000, u64::MAX);
        assert_in_order(&replay.messages);
        let replayed: HashSet<Uuid> = replay.messages.iter().map(|one| one.id).collect();
        if replay.recovered {
            let missing = world.missing(START + at - millis(WINDOW));
            prop_assert!(missing.is_subset(&replayed), "{missing:?} not in {replayed:?}");
        }
    }
}

#[test]
fn an_empty_stream_of_a_redis_that_lost_nothing_says_that_nothing_was_said() {
    let empty = Kept { sound_since: START + 2_000, ..kept(Vec::new()) };
    let at = |at| empty.replay(Cut::Time(START + at), HISTORY, START + 10_000, u64::MAX).recovered;
    assert!(at(2_000) && !at(1_999));
}

#[test]
fn a_redis_that_began_after_the_last_message_promises_nothing() {
    let mut kept = kept(vec![settled(1, 1, 1_000), settled(1, 2, 5_000)]);
    kept.sound_since = START + 1_000;
    assert!(behind(&kept, 1, 1).recovered);
    kept.sound_since = START + 1_001;
    assert!(!behind(&kept, 1, 1).recovered && behind(&kept, 1, 2).recovered);
}
