use stentor_wire::presence::Tale;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::{Instant, Now};

use super::{Arrival, Delivery, Gap, Inbox, Origin};
use crate::channel::Audience;
use crate::pod_id::PodId;
use crate::relay;
use crate::seq::Seq;
use crate::stream_entry::StreamEntry;
use crate::stream_history::Kept;

const ID: &str = "0198a1b2-0000-7000-8000-000000000001";

fn now() -> Now {
    Now { instant: Instant::from_micros(1_000_000), unix_millis: 1_770_249_600_000 }
}

fn general() -> Audience {
    Some(RoomName::parse("general").unwrap())
}

fn message(data: &str) -> String {
    format!(
        r#"{{"id":"{ID}","type":"chat","room":"general","from":"ann","data":{data},"timestamp":"2026-02-05T00:00:00.000Z"}}"#
    )
}

fn record(pod: &str, seq: u64, data: &str) -> Vec<u8> {
    let pod = PodId::new(pod, 1);
    relay::encode(&pod, Seq::new(seq).unwrap(), message(data).as_bytes()).to_vec()
}

fn inbox() -> Inbox {
    Inbox::new(PodId::new("own", 1), 1)
}

fn take(inbox: &mut Inbox, audience: &Audience, payload: &[u8]) -> Vec<Arrival> {
    let mut out = Vec::new();
    inbox.handle_payload(now(), audience, payload, &mut out);
    out
}

fn text(delivery: &Delivery) -> &str {
    let head = stentor_wire::frame::FrameHead::parse(&delivery.frame).unwrap().unwrap().1;
    std::str::from_utf8(&delivery.frame[head..]).unwrap()
}

fn gap(missed: u64) -> Arrival {
    Arrival::Gap(Gap { audience: general(), missed: Some(missed) })
}

#[test]
fn a_message_of_another_pod_is_delivered_byte_for_byte() {
    let mut inbox = inbox();
    let arrivals = take(&mut inbox, &general(), &record("a", 1, "{\"n\": 1.50}"));
    let [Arrival::Delivery(delivery)] = &arrivals[..] else { panic!("{arrivals:?}") };
    assert_eq!(text(delivery), message("{\"n\": 1.50}"));
    assert_eq!(delivery.id.to_string(), ID);
    assert_eq!((&delivery.audience, delivery.origin), (&general(), Origin::Pod));
    assert_eq!(delivery.chosen_id(), None, "an id of a pod's own making comes only once");
}

#[test]
fn an_id_that_a_sender_chose_on_another_pod_is_told_as_such() {
    let pod = PodId::new("a", 1);
    let record = relay::encode_chosen(&pod, Seq::new(1).unwrap(), message("{}").as_bytes());
    let arrivals = take(&mut inbox(), &general(), &record);
    let [Arrival::Delivery(delivery)] = &arrivals[..] else { panic!("{arrivals:?}") };
    assert_eq!(delivery.chosen_id().map(|id| id.to_string()), Some(ID.to_owned()));
    assert_eq!(text(delivery), message("{}"), "the marker is not passed on");
}

#[test]
fn the_own_echo_is_dropped_and_takes_no_part_in_the_numbers() {
    let mut inbox = inbox();
    assert!(take(&mut inbox, &general(), &record("own", 1, "1")).is_empty());
    let mark = relay::encode_mark(&PodId::new("own", 1), Seq::new(9).unwrap());
    assert!(take(&mut inbox, &general(), &mark).is_empty());
    assert_eq!(inbox.counters().echoes, 2);
    assert_eq!(inbox.counters().pairs, 0);
}

#[test]
fn a_gap_stands_before_the_message_behind_it() {
    let mut inbox = inbox();
    take(&mut inbox, &general(), &record("a", 1, "1"));
    let arrivals = take(&mut inbox, &general(), &record("a", 4, "4"));
    assert_eq!(arrivals[0], gap(2));
    assert!(matches!(arrivals[1], Arrival::Delivery(_)));
    assert!(take(&mut inbox, &general(), &record("a", 4, "4")).is_empty());
    let counters = inbox.counters();
    assert_eq!((counters.missed, counters.gaps, counters.duplicates), (2, 1, 1));
}

#[test]
fn a_mark_tells_of_a_loss_and_is_no_message() {
    let mut inbox = inbox();
    take(&mut inbox, &general(), &record("a", 1, "1"));
    let mark = relay::encode_mark(&PodId::new("a", 1), Seq::new(3).unwrap());
    assert_eq!(take(&mut inbox, &general(), &mark), [gap(2)]);
}

#[test]
fn a_late_message_below_the_base_is_told_of() {
    let mut inbox = inbox();
    take(&mut inbox, &general(), &record("a", 6, "6"));
    assert_eq!(take(&mut inbox, &general(), &record("a", 5, "5")), [gap(1)]);
    assert!(take(&mut inbox, &general(), &record("a", 5, "5")).is_empty());
}

#[test]
fn another_programs_message_is_stamped_where_it_lacks_something() {
    let mut inbox = inbox();
    let payload = br#"{"type":"notification","room":"elsewhere","data":{"b" : 2}}"#;
    let arrivals = take(&mut inbox, &general(), payload);
    let [Arrival::Delivery(delivery)] = &arrivals[..] else { panic!("{arrivals:?}") };
    assert_eq!(delivery.origin, Origin::ForeignWithoutId);
    assert_eq!(delivery.id.get_version_num(), 7);
    let expected = format!(
        r#"{{"id":"{}","type":"notification","room":"general","from":"server","data":{{"b" : 2}},"timestamp":"2026-02-05T00:00:00.000Z"}}"#,
        delivery.id
    );
    assert_eq!(text(delivery), expected);
}

#[test]
fn another_programs_own_stamps_are_kept() {
    let mut inbox = inbox();
    let payload =
        format!(r#"{{"id":"{ID}","from":"cron","timestamp":"2020-01-01T00:00:00Z","data":null}}"#);
    let arrivals = take(&mut inbox, &None, payload.as_bytes());
    let [Arrival::Delivery(delivery)] = &arrivals[..] else { panic!("{arrivals:?}") };
    assert_eq!((delivery.origin, delivery.id.to_string()), (Origin::Foreign, ID.to_owned()));
    let expected = format!(
        r#"{{"id":"{ID}","type":"chat","from":"cron","data":null,"timestamp":"2020-01-01T00:00:00.000Z"}}"#
    );
    assert_eq!(text(delivery), expected);
}

#[test]
fn rubbish_is_counted_and_delivered_to_nobody() {
    let mut inbox = inbox();
    let large = format!(r#"{{"data":"{}"}}"#, "x".repeat(65_536));
    let rubbish: [&[u8]; 6] =
        [b"", b"hello", b"[1]", b"\xff\xfe", br#"{"type":"unknown"}"#, large.as_bytes()];
    for payload in rubbish {
        assert!(take(&mut inbox, &None, payload).is_empty());
    }
    assert_eq!(inbox.counters().rubbish, 6);
}

#[test]
fn a_lag_is_told_without_a_count() {
    let mut out = Vec::new();
    inbox().handle_lag(&general(), &mut out);
    assert_eq!(out, [Arrival::Gap(Gap { audience: general(), missed: None })]);
}

#[test]
fn what_a_pod_said_during_an_interruption_is_told_without_a_count() {
    let mut inbox = inbox();
    inbox.handle_interrupted(now(), &general());
    let arrivals = take(&mut inbox, &general(), &record("a", 2, "1"));
    let uncounted = Arrival::Gap(Gap { audience: general(), missed: None });
    assert!(matches!(&arrivals[..], [gap, Arrival::Delivery(_)] if *gap == uncounted));
    assert_eq!((inbox.counters().gaps, inbox.counters().missed), (1, 0));
}

fn entry(pod: &str, seq: u64) -> StreamEntry {
    let record = record(pod, seq, &seq.to_string());
    let fields: [&[u8]; 2] = [b"p", &record];
    StreamEntry::parse(format!("{seq}-0").as_bytes(), fields.into_iter()).expect("a message")
}

/// What follows from a stream with these numbers of the pod `a`, and from these that it publishes
/// later: numbers of messages, and gaps.
fn told_behind(mut inbox: Inbox, kept: &[u64], later: &[u64]) -> Vec<String> {
    let entries = kept.iter().map(|seq| entry("a", *seq)).chain([entry("own", 5)]).collect();
    let kept = Kept { entries, ..Kept::default() };
    let mut out = Vec::new();
    inbox.handle_kept(now(), &general(), &kept, &mut out);
    for seq in later {
        let record = record("a", *seq, &seq.to_string());
        inbox.handle_payload(now(), &general(), &record, &mut out);
    }
    let told = out.iter().map(|arrival| match arrival {
        Arrival::Delivery(delivery) => {
            let place = delivery.place.expect("of a pod").parts().1;
            assert!(text(delivery).contains(&format!(r#""data":{place},"#)));
            place.to_string()
        }
        Arrival::Gap(gap) => format!("{:?} missed", gap.missed),
        other => panic!("{other:?}"),
    });
    told.collect()
}

/// 1. A pod says 1 to 9, of which a short stream keeps 8 and 9, and hears no answer to most.
/// 2. Another begins, hears the room and tells who comes back what the stream has.
/// 3. The first publishes again what it is not sure of: 1 came behind 9.
#[test]
fn what_a_stream_has_of_a_pod_that_was_not_heard_is_not_overtaken_by_what_was_before_it() {
    let later = [1, 3, 4, 7, 8, 9, 10];
    assert_eq!(told_behind(inbox(), &[8, 9], &later), ["10"]);
    // As a stream has it of which some was published again.
    assert_eq!(told_behind(inbox(), &[9, 8, 9], &later), ["10"]);
}

#[test]
fn what_a_pod_said_that_was_not_heard_is_told_as_missing_where_it_may_have_been_owed() {
    let mut inbox = inbox();
    inbox.handle_interrupted(now(), &general());
    assert_eq!(told_behind(inbox, &[8, 9], &[7, 9, 10]), ["None missed", "10"]);
}

#[test]
fn what_a_stream_has_and_the_channel_has_lost_is_delivered_once() {
    let mut inbox = inbox();
    take(&mut inbox, &general(), &record("a", 1, "1"));
    assert_eq!(told_behind(inbox, &[1, 2, 3], &[1, 2, 3, 4]), ["2", "3", "4"]);
}

#[test]
fn what_neither_has_is_missed_before_what_the_stream_has() {
    let mut inbox = inbox();
    take(&mut inbox, &general(), &record("a", 1, "1"));
    let told = told_behind(inbox, &[4, 5], &[2, 3, 4, 6]);
    assert_eq!(told, ["Some(2) missed", "4", "5", "6"]);
}

#[test]
fn a_word_to_oneself_is_nothing_to_others_and_comes_back_with_its_channel() {
    let word = |pod: &str| relay::encode_tale(&PodId::new(pod, 1), &Tale::Echo(7));
    let mut inbox = inbox();
    assert!(take(&mut inbox, &general(), &word("a")).is_empty());
    assert_eq!(inbox.poll_echo(), None);
    assert!(take(&mut inbox, &general(), &word("own")).is_empty());
    assert_eq!(inbox.poll_echo(), Some((general(), 7)));
    assert_eq!((inbox.poll_echo(), inbox.counters().rubbish), (None, 0));
}
